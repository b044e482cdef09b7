import { join } from 'node:path';

import { AjvJsonSchemaValidator } from '@modelcontextprotocol/sdk/validation/ajv';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { Control } from '../../src/control/control.ts';
import { createControl } from '../../src/control/create.ts';
import { openSqliteLedger } from '../../src/ledger/sqlite.ts';
import { callTool } from '../../src/mcp/call.ts';
import { listTools } from '../../src/mcp/catalogue.ts';
import { toolCall } from '../../src/mcp/exchange.ts';
import type { Json, JsonObject } from '../../src/mcp/json.ts';
import { DemandRequest } from '../../src/model/demand.ts';
import { Observation } from '../../src/model/fact.ts';
import { PrincipalId } from '../../src/model/id.ts';
import { builtInTemplates } from '../../src/templates/built-in.ts';
import { tools } from '../../tools/index.ts';
import { demoHome } from '../cli/run.ts';
import { key, nowMs, operator, thePlan } from '../control/desk.ts';

const demand = {
  tenant: 'globex',
  parts: [{ name: 'train', count: 2, each: { gpus: { count: 8, models: ['H100'] } } }],
  window: { earliestStart: '2026-11-30T00:00:00Z', durationS: 86_400 },
  where: ['iad3', 'fra1'],
  rules: { countries: ['US'] },
};

/** Real answers of the demo world, one of each kind that a tool gives. */
const asked: readonly (readonly [string, object])[] = [
  ['inventory_search', { within: 'fra1', labels: true }],
  ['inventory_get', { ids: ['fra1-r11-n01', 'ams2', 'nowhere'], devices: true }],
  ['event_search', {}],
  ['template_search', { text: 'training' }],
  ['template_search', { name: 'serve' }],
  ['placement_plan', { demand }],
  ['placement_plan', { demand: { ...demand, tenant: 'acme' } }],
  ['placement_plan', { demand: { ...demand, parts: [{ ...demand.parts[0], count: 200 }] } }],
  ['placement_plan', { template: 'notebook', parameters: { tenant: 'acme' } }],
  ['placement_explain', { contract: 'C-101' }],
  ['placement_explain', { demand: { ...demand, tenant: 'acme' } }],
  ['contract_search', {}],
  ['contract_get', { contract: 'C-101' }],
  ['contract_get', { contract: 'C-106' }],
  ['ledger_search', {}],
];

let control: Control;
let closing: () => Promise<void>;

afterAll(() => closing());

beforeAll(async () => {
  const ledger = await openSqliteLedger(join(await demoHome(), 'ledger.db'));
  closing = () => ledger.close();
  control = createControl({
    ledger,
    clock: { kind: 'set', nowMs: () => nowMs },
    templates: builtInTemplates,
  });
  const fact = { confidence: 'stated', origin: { file: 'nodes.json', line: 3 } };
  const cordoned = { kind: 'node', subject: 'iad3/h1/c01/n02', set: { schedulable: false }, ...fact };
  const scraped = { schema: 'berth/observation/1', source: 'kubernetes', observedAtMs: nowMs, evidence: [] };
  const plan = thePlan(
    await control.plan(operator, DemandRequest.parse({ ...demand, rules: { countries: ['US'] } })),
  );
  const asIfByTool = { ...operator, toolDigest: plan.digest, catalogue: plan.digest, software: plan.digest };
  await control.commit(asIfByTool, { plan: plan.id, idemKey: key('format-01') });
  await control.importObservation(
    operator,
    Observation.parse({ ...scraped, assumptions: [], unknown: [], facts: [cordoned] }),
    false,
  );
});

async function answer(tool: string, args: object): Promise<JsonObject> {
  const said = await callTool(tools, tool, args, { control, caller: operator, log: () => undefined });
  if (!said.ok) throw new Error(said.error.message);
  return said.content;
}

/** What stands in one and not, or otherwise, in the other: nothing where it is a part of it. */
function beyond(part: Json | undefined, whole: Json | undefined, path = '$'): readonly string[] {
  if (Array.isArray(part) && Array.isArray(whole) && part.length === whole.length)
    return part.flatMap((item, at) => beyond(item, whole[at], `${path}[${at}]`));
  if (isObject(part) && isObject(whole))
    return Object.entries(part).flatMap(([name, value]) => beyond(value, whole[name], `${path}.${name}`));
  return JSON.stringify(part) === JSON.stringify(whole) ? [] : [path];
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

describe.each(asked)('%s %j', (tool, args) => {
  test('is concise unless details are wanted; concise is part of it, and much less', async () => {
    const detailed = await answer(tool, { ...args, responseFormat: 'detailed' });
    const concise = await answer(tool, args);
    expect(await answer(tool, { ...args, responseFormat: 'concise' })).toEqual(concise);
    expect(beyond(concise, detailed)).toEqual([]);
    const [little, much] = [concise, detailed].map((one) => countTokens(JSON.stringify(one)));
    expect(little).toBeLessThan((much ?? 0) * 0.9);
  });

  test('keeps to the schema that is published, in both formats', async () => {
    const listed = listTools(tools).find(({ name }) => name === tool);
    const isValid = new AjvJsonSchemaValidator().getValidator(listed?.outputSchema ?? {});
    for (const responseFormat of ['concise', 'detailed'])
      expect(isValid(await answer(tool, { ...args, responseFormat }))).toMatchObject({ valid: true });
  });
});

test('every tool that takes a format is asked above, and leaves something out', () => {
  const formatted = tools.filter(({ input }) => Object.hasOwn(input.shape, 'responseFormat'));
  expect(formatted.filter(({ brief }) => brief === undefined)).toEqual([]);
  expect(tools.filter(({ brief }) => brief !== undefined)).toEqual(formatted);
  const names = new Set(asked.map(([tool]) => tool));
  expect(formatted.map(({ name }) => name).filter((name) => !names.has(name))).toEqual([]);
});

test('what a format leaves out is there', async () => {
  const found = new Map<string, Set<string>>();
  for (const [tool, args] of asked) {
    const { brief = [] } = tools.find(({ name }) => name === tool) ?? {};
    const detailed = await answer(tool, { ...args, responseFormat: 'detailed' });
    const there = found.get(tool) ?? new Set();
    for (const path of brief) if (reaches(detailed, path.split('.'))) there.add(path);
    found.set(tool, there);
  }
  const missing = tools.flatMap(({ name, brief = [] }) =>
    brief.filter((path) => found.get(name)?.has(path) !== true).map((path) => `${name} ${path}`),
  );
  expect(missing).toEqual([]);
});

function reaches(value: Json | undefined, [step = '', ...rest]: readonly string[]): boolean {
  if (step === '') return true;
  if (!isObject(value)) return false;
  const child = value[step.replace('[]', '')];
  if (child === undefined) return false;
  return Array.isArray(child) && step.endsWith('[]')
    ? child.some((item) => reaches(item, rest))
    : reaches(child, rest);
}

test('text says what structure says, and a front end of our own gets all of it', async () => {
  const served = { tools, control, version: '0', log: () => undefined };
  const link = {
    party: { principal: PrincipalId.parse('person:ada') },
    client: 'test',
    signal: new AbortController().signal,
    notify: () => Promise.resolve(),
  };
  const call = { name: 'contract_get', args: { contract: 'C-101' } };
  const concise = await toolCall(served, call, link);
  expect(JSON.parse(concise.content[0]?.text ?? '')).toEqual(concise.structuredContent);
  expect(concise.structuredContent).toEqual(await answer('contract_get', call.args));
  const own = await toolCall({ ...served, format: 'detailed' }, call, link);
  expect(own.structuredContent).toEqual(
    await answer('contract_get', { ...call.args, responseFormat: 'detailed' }),
  );
});

import { expect, test } from 'vitest';
import { z } from 'zod';

import { isJsonObject, type Json, type JsonObject, toJsonObject } from '../../src/mcp/json.ts';
import { tools } from '../../tools/index.ts';
import { fakeControl } from './fake-control.ts';
import { endpointWith, fetchFrom, modernClient } from './http/endpoint-at.ts';

const Failed = z.object({ error: z.object({ code: z.string(), fix: z.string() }) });

/** Does what one sentence of `fix` says to the value at its field, and nothing that it does not say. */
function mended(value: Json | undefined, said: string): Json | undefined {
  if (/send at least \d+ characters/.test(said)) return 'some words';
  const bound = /send at (?:least|most) (?<bound>\d+)/.exec(said)?.groups?.['bound'];
  if (bound !== undefined) return Number(bound);
  if (said.includes('send a number')) return Number.isNaN(Number(value)) ? 1 : Number(value);
  if (said.includes('send text') || said.includes('give text'))
    return typeof value === 'number' ? String(value) : 'acme';
  if (said.includes('`true` or `false`')) return value === 'yes';
  if (said.includes('/^[a-z]'))
    return (typeof value === 'string' ? value : '').toLowerCase().replaceAll(/[^a-z0-9-]/g, '-');
  if (/has 6 to 100 letters, digits/.test(said)) return 'key.1234';
  if (said.includes('must be later than')) return '2026-12-01T00:00:00+01:00';
  return /`(?<word>[^`]+)`/.exec(said.replace(/^.*?(?:such as|looks like|write)/, ''))?.groups?.['word'];
}

/** The arguments after one round of advice. A key that is not known gets the name that the advice gives. */
function heeding(args: JsonObject, fix: string): JsonObject {
  const copy = toJsonObject(args);
  for (const advice of fix.split(/; (?=`)/)) {
    const [, field = '', said = ''] = /^`([^`]+)`: (.*)$/.exec(advice) ?? [];
    const steps = field.match(/[^.[\]]+/g) ?? [];
    const key = steps.pop() ?? '';
    const parent = steps.reduce<Json | undefined>(
      (at, step) => (Array.isArray(at) ? at[Number(step)] : isJsonObject(at) ? at[step] : undefined),
      copy,
    );
    if (!isJsonObject(parent)) continue;
    const name = /^write `(?<name>[a-zA-Z]+)`$/.exec(said)?.groups?.['name'];
    const isKey =
      name !== undefined &&
      (isJsonObject(parent[key] ?? 0) || typeof parent[key] === 'string') &&
      misspelt.includes(key);
    const next = isKey ? parent[key] : mended(parent[key], said);
    if (isKey) delete parent[key];
    if (next !== undefined) parent[isKey ? name : key] = next;
  }
  return copy;
}

/** Fields of a tool that a call leaves alone: it is to be wrong in all of them, but for a plan that says its demand. */
function unharmed(name: string, wrong: JsonObject): readonly string[] {
  const shape = tools.find((tool) => tool.name === name)?.input.shape ?? {};
  const said = Object.keys(wrong).map((key) => (key === 'wthin' ? 'within' : key));
  return Object.keys('demand' in wrong ? { demand: true } : shape).filter((key) => !said.includes(key));
}

const misspelt = ['wthin', 'gpu', 'tenat'];

test.each<[string, JsonObject]>([
  [
    'inventory_search',
    {
      wthin: 'fra1',
      model: 7,
      link: 'NVLINK',
      rdma: 'yes',
      country: 'Germany',
      minFreeGpus: -1,
      text: '',
      from: 'tomorrow',
      to: 'next week',
      labels: 'yes',
      limit: 0,
      cursor: 5,
      responseFormat: 'long',
    },
  ],
  ['contract_commit', { plan: 'P-1', idempotencyKey: 'x', purpose: 5 }],
  ['contract_release', { contract: 'c101', idempotencyKey: '', expectedVersion: 'one', reason: ['because'] }],
  ['operation_get', { operation: 'op', waitS: 90, limit: 900, cursor: 3 }],
  ['maintenance_start', { place: 7, from: 'now', to: 'later', reason: '', idempotencyKey: '!' }],
  [
    'placement_plan',
    {
      demand: {
        tenat: 'acme',
        parts: [{ name: 'Train it', count: 0, each: { gpu: { count: '8' } } }],
        window: { earliestStart: 'monday' },
        objective: 'fast',
      },
    },
  ],
])(
  'a call of %s with an error in every field is mended by what the errors say alone',
  async (name, wrong) => {
    const { control, calls } = fakeControl();
    const client = await modernClient(fetchFrom(endpointWith({ control })));
    expect(unharmed(name, wrong)).toEqual([]);
    let args = wrong;
    let tries = 0;
    let result = await client.callTool({ name, arguments: args });
    while (result.isError === true && tries < 6) {
      const [block] = z.tuple([z.object({ text: z.string() })]).parse(result.content);
      const { error } = Failed.parse(JSON.parse(block.text));
      expect(error.code).toBe('INVALID_INPUT');
      args = heeding(
        args,
        /^`[^`]+`: /.test(error.fix)
          ? error.fix
          : `\`${z.object({ error: z.object({ field: z.string() }) }).parse(JSON.parse(block.text)).error.field}\`: ${error.fix}`,
      );
      tries += 1;
      result = await client.callTool({ name, arguments: args });
    }
    expect(result.isError).toBeUndefined();
    // An answer names four mistakes at a time, and what depends on two fields only once both are right.
    expect(tries).toBeLessThanOrEqual(Math.ceil(Object.keys(wrong).length / 4) + 2);
    expect(calls).toHaveLength(1);
  },
);

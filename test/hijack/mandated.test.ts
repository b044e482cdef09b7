import * as fc from 'fast-check';
import { expect, test, vi } from 'vitest';

import type { Caller } from '../../src/control/control.ts';
import { callTool } from '../../src/mcp/call.ts';
import { Mandate } from '../../src/model/authority.ts';
import { tools } from '../../tools/index.ts';
import { type Desk, nowMs, openDesk } from '../control/desk.ts';
import { agent, person } from '../control/people.ts';
import { anyCall } from './any-call.ts';

vi.setConfig({ testTimeout: 120_000 });

const helper = agent('helper');

/** The demo with an agent whose mandate is for one tenant at one site, and a server that would let it see everything. */
async function mandated(places: object = { sites: ['fra1'] }): Promise<Desk> {
  const desk = await openDesk();
  const { principal: sponsor } = person('sven');
  const { id: _id, ...wish } = Mandate.parse({
    id: 'M-2',
    agent: helper.principal,
    sponsor,
    tools: ['contract_commit'],
    tenants: ['acme'],
    expiresAtMs: nowMs + 3_600_000,
    ...places,
  });
  const known = { kind: 'agent', id: helper.principal, name: 'helper', sponsor } as const;
  const olga = person('ada');
  await desk.control.recordAuthority(olga, { command: { kind: 'register-principal', principal: known } });
  const { decision } = await desk.control.recordAuthority(olga, { command: { kind: 'grant-mandate', wish } });
  expect(decision).toBe('recorded');
  return desk;
}

async function ask(desk: Desk, tool: string, args: unknown, caller: Caller = helper): Promise<string> {
  const parts = { control: desk.control, caller, log: () => undefined };
  return JSON.stringify(await callTool(tools, tool, args, parts));
}

const reads: readonly (readonly [string, object])[] = [
  ['inventory_summary', { racks: true }],
  ['inventory_search', { limit: 200 }],
  ['inventory_get', { ids: ['iad3', 'ams2', 'a01', 'edge-muc'] }],
  ['contract_search', {}],
  ['contract_get', { contract: 'C-102' }],
  ['contract_get', { contract: 'C-103' }],
  ['ledger_search', { limit: 200 }],
  ['approval_list', { all: true }],
  ['placement_explain', { contract: 'C-104' }],
  ['placement_simulate', { lose: ['fra1'] }],
  ['placement_simulate', { lose: ['iad3'] }],
  ['policy_check', { tenant: 'acme' }],
  ['policy_check', { tenant: 'globex' }],
  ['policy_check', { contract: 'C-103' }],
];

/** What stands only in what is not the agent's: names of other tenants and theirs, and nodes of other sites. */
const foreign =
  /Globex|Initech|vision pre-training|fraud model|nightly batch|person:(?:hank|peter)|(?:iad3|ams2|edge-muc)\/h|"(?:site|id)":"(?:iad3|ams2|edge-muc)"/;

test.each(reads)('%s %j shows the mandate’s tenants and places only', async (tool, args) => {
  const desk = await mandated();
  const said = await ask(desk, tool, args);
  expect(said).not.toMatch(foreign);
  expect(said).not.toContain('"code":"INTERNAL"');
});

test('the same reads of the operator do show what is foreign: the law above can fail', async () => {
  const desk = await mandated();
  const operator = { ...person('ada'), client: 'test' };
  const said = await Promise.all(reads.map(([tool, args]) => ask(desk, tool, args, operator)));
  expect(said.filter((text) => foreign.test(text)).length).toBeGreaterThan(8);
});

const mask = (text: string) => text.replaceAll(/C-\d+/g, 'ID');

test('what lies outside is answered as what does not exist', async () => {
  const desk = await mandated();
  for (const theirs of ['C-102', 'C-103', 'C-104'])
    expect(mask(await ask(desk, 'contract_get', { contract: theirs }))).toBe(
      mask(await ask(desk, 'contract_get', { contract: 'C-999' })),
    );
  const nodes = await ask(desk, 'inventory_search', { within: 'iad3' });
  expect(nodes.replaceAll('iad3', 'zzz9')).toBe(await ask(desk, 'inventory_search', { within: 'zzz9' }));
});

test('its own are there, and a plan without a place is made inside', async () => {
  const desk = await mandated();
  expect(await ask(desk, 'contract_get', { contract: 'C-101' })).toContain('"id":"C-101"');
  const said = await ask(desk, 'placement_plan', {
    demand: {
      tenant: 'acme',
      parts: [{ name: 'train', count: 1, each: { gpus: { count: 4 } } }],
      window: { earliestStart: '2026-12-20T00:00:00Z', durationS: 3600 },
    },
  });
  expect(said).toContain('"decision":"planned"');
  expect(said).toMatch(/"node":"fra1\//);
  expect(said).not.toMatch(/"node":"(?!fra1\/)/);
});

test('a mandate that has ended shows nothing, and one for every place all places', async () => {
  const desk = await mandated();
  desk.clock.atMs = nowMs + 3_600_000;
  expect(await ask(desk, 'contract_search', {})).toContain('"total":0');
  const wide = await mandated({});
  expect(await ask(wide, 'inventory_search', { within: 'iad3' })).toContain('iad3/h1');
  expect(await ask(wide, 'contract_search', {})).not.toMatch(/"tenant":"(?!acme)/);
});

test('whatever it tries, it reads nothing foreign', async () => {
  const desk = await mandated();
  await fc.assert(
    fc.asyncProperty(anyCall, async ({ name, args }) => {
      const said = await ask(desk, name, args);
      const echo = JSON.stringify(args ?? null);
      expect(foreign.test(echo) ? [] : (said.match(foreign) ?? [])).toEqual([]);
      expect(said).not.toContain('"code":"INTERNAL"');
    }),
    { numRuns: 600, seed: 9 },
  );
});

import { expect, test } from 'vitest';
import { z } from 'zod';

import { keysIn } from '../../src/cli/key-list.ts';
import { toJsonObject } from '../../src/mcp/json.ts';
import { lastEntry } from '../control/desk.ts';
import { flaws } from './refusal.ts';
import { berth, demoHome } from './run.ts';

/** What somebody meets who has never seen Berth and types what the help shows. */

const planId = /plan-[0-9a-f]{16}/;

async function exampleDemand(): Promise<string> {
  const { stdout } = await berth(['plan', '--help']);
  const [, example = ''] = /^A demand;.*\n((?: {2}.*\n)+)/m.exec(stdout) ?? [];
  return example;
}

async function plannedAt(home: string): Promise<string> {
  const { stdout } = await berth(['plan', '-f', '-'], { home, stdin: await exampleDemand() });
  return planId.exec(stdout)?.[0] ?? '';
}

test('the demand in the manual can be copied and is planned, with its spare', async () => {
  const home = await demoHome();
  const ran = await berth(['plan', '-f', '-'], { home, stdin: await exampleDemand() });
  expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 3, stderr: '' });
  expect(ran.stdout).toContain('train spare');
});

test.each([
  ['demand', ['parts[].each.gpus.slice.profile', 'survive.membersLeft*', 'flows[].from*', 'mayPreempt']],
  ['scenario', ['edits[].lose', 'edits[].price.percent', 'edits[].add.from: text or lead-time']],
  [
    'inventory',
    ['sites.NAME.halls.NAME.racks.NAME.feeds: NAME: text', 'wan[].mbps', 'shapes.NAME.gpus[].island'],
  ],
])('`schema %s` lists its keys, and as JSON its schema', async (kind, keys) => {
  const listed = await berth(['schema', kind]);
  expect(listed).toMatchObject({ code: 0, stderr: '' });
  for (const key of keys) expect(listed.stdout).toContain(`  ${key}`);
  expect(listed.stdout).not.toMatch(/undefined|\[object/);
  const { stdout } = await berth(['schema', kind, '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ type: 'object', additionalProperties: false });
});

test('a list of keys goes into lists, records and unions', () => {
  const schema = z.strictObject({
    a: z.int().min(1).max(9).describe('how many'),
    b: z.array(z.strictObject({ c: z.enum(['x', 'y']).optional() })),
    d: z.record(z.string(), z.strictObject({ e: z.boolean() })).optional(),
    f: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('one'), g: z.string() }),
      z.strictObject({ kind: z.literal('two') }),
    ]),
  });
  const keys = keysIn(toJsonObject(z.toJSONSchema(schema)));
  expect(keys.map(({ path, isNeeded }) => `${path}${isNeeded ? '*' : ''}`)).toEqual([
    'a*',
    'b*',
    'b[].c',
    'd',
    'd.NAME.e*',
    'f*',
    'f.kind*',
    'f.g',
  ]);
  expect(keys.filter(({ path }) => ['a', 'b[].c', 'f.kind'].includes(path))).toEqual([
    { path: 'a', takes: 'a whole number, 1 to 9', isNeeded: true, meaning: 'how many' },
    { path: 'b[].c', takes: 'one of x, y', isNeeded: false, meaning: '' },
    { path: 'f.kind', takes: 'one or two', isNeeded: true, meaning: '' },
  ]);
});

test('a hold that was given up is taken again, not answered from before', async () => {
  const home = await demoHome();
  const plan = await plannedAt(home);
  const holding = await berth(['hold', plan], { home });
  expect(holding.stdout).toContain('is held until');
  expect((await berth(['hold', plan, '--drop'], { home })).stdout).toContain('is not held any more');
  expect((await berth(['hold', plan, '--drop'], { home })).stdout).toContain('is not held');
  const again = await berth(['hold', plan, '--json'], { home });
  expect(JSON.parse(again.stdout)).toMatchObject({
    decision: 'held',
    replayed: false,
    entry: { seq: lastEntry + 3 },
  });
});

test('a place that was opened again can be closed again for the same window', async () => {
  const home = await demoHome();
  const window = ['--from', '2026-12-04T00:00:00Z', '--to', '2026-12-04T06:00:00Z', '--reason', 'firmware'];
  const close = ['maintenance', 'iad3-c01-n01', ...window];
  expect((await berth(close, { home })).stdout).toContain('Closed: MW-1 planned');
  const twice = await berth(close, { home });
  expect(twice.code).toBe(4);
  expect(twice.stdout).toContain('MW-1');
  expect((await berth(['maintenance', '--cancel', 'MW-1'], { home })).code).toBe(0);
  expect((await berth(close, { home })).stdout).toContain('Closed: MW-2 planned');
});

test('a contract that has ended says so, whatever the reason that is given now', async () => {
  const home = await demoHome();
  expect((await berth(['release', 'C-104', '--reason', 'done'], { home })).code).toBe(0);
  expect((await berth(['release', 'C-104', '--reason', 'done'], { home })).code).toBe(0);
  const other = await berth(['release', 'C-104'], { home });
  expect(other.code).toBe(4);
  expect(other.stdout).toContain('C-104 is released since');
});

test('a demo world that is there is not made again', async () => {
  const home = await demoHome();
  const { code, stdout } = await berth(['init', '--demo', 'four-sites'], { home });
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: `the demo world four-sites is in ${home} already: nothing was changed\n`,
  });
});

const demand = `tenant: globex
parts:
  - { name: p, count: 4, each: { gpus: { count: 1, models: [H100] } } }
window: { earliestStart: 2026-11-26T00:00:00+01:00, durationS: 10800 }
`;
const gpus = 'gpus: { count: 1, models: [H100]';

test.each([
  ['count: 4', 'count: 4, minCount: 2', '`guarantee` is missing', 'goes with `guarantee: elastic` only'],
  ['count: 4', 'count: 4, minCount: 6', 'line 3: `parts[0].minCount` cannot be `6`', 'at most `count`'],
  [gpus, `${gpus}, slice: { kind: mig, profile: 9g.1gb }`, 'slice.profile` cannot be `9g.1gb`', '`3g.40gb`'],
  [gpus, `${gpus}, slices: {}`, 'stdin line 3: `parts[0].each.gpus.slices` is not known', 'write `slice`'],
  ['window', 'survive: { loss: nod, membersLeft: 1 }\nwindow', '`survive.loss` cannot be `nod`', '`node`'],
  ['window', 'mayPrempt: true\nwindow', 'line 4: `mayPrempt` is not known', 'write `mayPreempt`'],
])('%j in a demand as %j names line, fault and fix', async (old, wrong, fault, fix) => {
  const ran = await berth(['plan', '-f', '-'], { home: await demoHome(), stdin: demand.replace(old, wrong) });
  expect(flaws(ran, 2, fault, fix)).toEqual([]);
});

test.each([
  [['commit', 'plan-0000000000000000', '--key', 'k1'], '`--key` cannot be `k1`', '6 to 100 letters'],
  [
    ['maintenance', 'r12'],
    '`--from` is missing; `--to` is missing; `--reason` is missing',
    '`--reason`: give',
  ],
  [['inventory', '--from', 'tomorrow'], '`--from` cannot be `tomorrow`', 'ISO 8601'],
  [['contracts', '--of', 'acmee'], 'no tenant `acmee`', 'did you mean `acme`?'],
  [['maintenance', '--tenant', 'acme', 'r12', '--reason', 'x'], 'no place', 'name the place first'],
  [['explain', 'foo'], '`foo` is neither a plan nor a contract', '`C-101`'],
])('%j is answered in the words of the command line', async (args, fault, fix) => {
  expect(flaws(await berth(args, { home: await demoHome() }), 2, fault, fix)).toEqual([]);
});

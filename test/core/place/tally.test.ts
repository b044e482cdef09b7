import { assert, constantFrom, integer, property, record } from 'fast-check';
import { expect, test } from 'vitest';

import { sizeOf } from '../../../src/core/mask.ts';
import { tally } from '../../../src/core/place/count.ts';
import { fitnessOf } from '../../../src/core/place/fitness.ts';
import { Rooms } from '../../../src/core/place/rooms.ts';
import { endOf } from '../../../src/core/place/site.ts';
import { modelsFor, usableGpus } from '../../../src/core/place/want.ts';
import type { State } from '../../../src/core/state.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { withRdma } from '../fabric/ask.ts';
import { t0, world } from '../fleet.ts';
import { calendarsOf } from '../index/holds.ts';

/** Two sites; racks, a hall and a site that carry less than they hold; facts that are missing, things that are down. */
const { state } = world(
  'fra1/h1/r1 3×8 H100 nvlink rdma cpu96 mem512 gpuw700 basew1000 leaf',
  'fra1/h1/r2 3×8 H100 nvlink rdma cpu96 mem512 gpuw700 basew1000 leaf',
  'fra1/h2/r3 2×4 L40S nolink nordma cpu32 mem128 gpuw300 basew400',
  'ams1/r1 2×8 H100',
  {
    racks: { 'fra1/h1/r2': { feedLimitW: { A: 15_000, B: 15_000 } } },
    halls: { 'fra1/h1': { powerBudgetW: 30_000 } },
    sites: { fra1: { powerBudgetW: 31_000 } },
    gpus: { 'fra1/h1/r1/n02/gpu3': { health: 'down' } },
    nodes: { 'fra1/h1/r2/n03': { schedulable: false } },
    leafs: { 'fra1/leaf-r1': { uplinkMbps: 800_000 }, 'fra1/leaf-r2': { uplinkMbps: 300_000 } },
  },
);

const asks = record({
  text: constantFrom(
    '1×8 H100 nvlink',
    '2×4',
    '5×3 H100 rdma',
    '2×2 L40S',
    '3×cpu24 mem16',
    '4×8 H100 nvlink rdma',
    '2×1 share:300',
    'train: 2×4 + load: 1×cpu8 mem8',
  ),
  uplinkMbps: constantFrom(0, 200_000, 500_000),
  more: constantFrom(
    {},
    { isolation: 'rack' },
    { powerCapW: 9000 },
    { where: ['fra1/h1'] },
    { avoid: ['fra1/h1/r1/n01', 'ams1'] },
    { survive: { loss: 'rack', membersLeft: 1 } },
  ),
  tenant: constantFrom('acme', 'globex'),
  fromH: integer({ min: 0, max: 20 }),
  sites: constantFrom(['fra1', 'ams1'], ['fra1'], ['ams1'], []),
});

test('counted by kinds and by numbers is counted as a scan does, and as one by one', () => {
  const seen = new Set<string>();
  const recounted: (readonly [number, number])[] = [];
  assert(
    property(calendarsOf(state), asks, (calendar, { text, uplinkMbps, more, tenant, fromH, sites }) => {
      const startMs = t0 + fromH * 3_600_000;
      const window = { earliestStartMs: startMs, durationS: 7200 };
      const rest = { tenant, window, ...more };
      const asked = uplinkMbps === 0 ? demand(text, rest) : withRdma(text, { uplinkMbps }, rest);
      const held = { ...state, calendar };
      const open = new Set(sites);
      const found = tally(held, open, { demand: asked, startMs });
      expect(found).toEqual(tally(held, open, { demand: asked, startMs, isPlain: true }));
      for (const { constraint, before, after } of found.counts) {
        expect(after).toBeLessThan(before);
        seen.add(constraint);
      }
      const free = found.counts.find(({ constraint }) => constraint === 'free-over-window');
      const isWhole = asked.parts[0]?.each.gpus?.slice === undefined;
      if (free !== undefined && isWhole) recounted.push([free.after, freeOneByOne(held, open, asked)]);
    }),
    { seed, numRuns: 800 },
  );
  expect(recounted.length).toBeGreaterThan(100);
  expect(recounted.map(([counted]) => counted)).toEqual(recounted.map(([, oneByOne]) => oneByOne));
  expect([...seen]).toEqual(
    expect.arrayContaining([
      'site',
      'where',
      'health',
      'free-over-window',
      'isolation',
      'rack-power',
      'uplink',
    ]),
  );
  expect([...seen]).toEqual(expect.arrayContaining(['hall-power', 'site-power', 'power-cap', 'rdma']));
});

/** What is free of the nodes that fit the first part, asked of each node by itself. */
function freeOneByOne(held: State, open: ReadonlySet<string>, asked: Demand): number {
  const [part] = asked.parts;
  if (part === undefined) throw new Error('a part');
  const startMs = asked.window.earliestStartMs;
  const rooms = new Rooms(held, { startMs, endMs: endOf(startMs, asked) }, { isPlain: true });
  const gpuCount = part.each.gpus?.count ?? 0;
  const models = gpuCount === 0 ? [undefined] : modelsFor(part, held.fleet.models);
  const wants = models.map((model) => ({ part, gpuCount, model }));
  let free = 0;
  for (const node of held.fleet.nodes.filter(({ site }) => open.has(site))) {
    const want = wants.find((one) => fitnessOf(node, one, asked).kind === 'fits');
    if (want === undefined) continue;
    const room = rooms.of(node);
    const { cpuMilli = 0, memoryMib = 0, storageGib = 0 } = part.each;
    free +=
      gpuCount === 0
        ? Number(room.cpuMilli >= cpuMilli && room.memoryMib >= memoryMib && room.storageGib >= storageGib)
        : sizeOf((room.gpus & usableGpus(node, want)) >>> 0);
  }
  return free;
}

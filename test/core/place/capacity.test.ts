import { array, assert, constantFrom, integer, property } from 'fast-check';
import { expect, test } from 'vitest';

import { grant } from '../../../src/bench/bookings.ts';
import { Bench } from '../../../src/core/place/bench.ts';
import { Rooms } from '../../../src/core/place/rooms.ts';
import { combinations, hardestFirst } from '../../../src/core/place/want.ts';
import { plan } from '../../../src/core/plan.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, verdictAll, world } from '../fleet.ts';

/** One island, two islands, no link, rails and none, a rack that feeds less than it holds. */
const fleet = world(
  'fra1/h1/r1 2×8 H100 nvlink rdma cpu96 mem512 gpuw700 basew1000 leaf',
  'fra1/h1/r2 2×8 H100 nolink nordma cpu24 mem64 gpuw700 basew1000',
  'fra1/h1/r3 2×4 L40S nolink nordma cpu32 mem128 gpuw300 basew400',
  { racks: { 'fra1/h1/r1': { feedLimitW: { A: 9000, B: 9000 } } } },
);

const texts = [
  '9×1',
  '9×2',
  '9×3 H100',
  '9×4 nvlink',
  '9×3 nvlink rdma',
  '9×8 H100',
  '9×2 rdma',
  '9×1 cpu8 mem16',
  '9×2 align:numa',
  '9×1 H100 share:500',
  '9×cpu4 mem8',
] as const;

test(
  'as many replicas fit on a node as can be put down on it one after the other',
  { timeout: 60_000 },
  () => {
    const seen = { none: 0, some: 0 };
    assert(
      property(
        array(constantFrom(...texts), { maxLength: 4 }),
        constantFrom(...texts),
        integer({ min: 1, max: 9 }),
        (before, text, most) => {
          let { state } = fleet;
          for (const held of before) {
            const asked = demand(held.replace('9×', '2×'), {
              window: { earliestStartMs: t0, durationS: 7200 },
            });
            const found = plan(state, { atMs: t0, verdict: verdictAll(state, 'allowed') }, asked);
            if (found.kind === 'planned') state = grant(state, found.plan);
          }
          const asked = demand(text, { window: { earliestStartMs: t0, durationS: 3600 } });
          const rooms = new Rooms(state, { startMs: t0, endMs: t0 + hourMs });
          for (const wants of combinations(asked, state.fleet.models)) {
            for (const want of hardestFirst(wants)) {
              for (const node of state.fleet.nodes) {
                const bench = new Bench(rooms, asked);
                const trial = bench.fork();
                let put = 0;
                while (put < most && trial.put(node, want, put) !== undefined) put++;
                expect(bench.capacity(node, want, most)).toBe(put);
                if (put === 0) seen.none++;
                else seen.some++;
              }
            }
          }
        },
      ),
      { seed, numRuns: 120 },
    );
    expect(Math.min(seen.none, seen.some)).toBeGreaterThan(100);
  },
);

test('a bench that adopts its copy has what the copy has left', () => {
  const asked = demand('4×8 H100', { powerCapW: 40_000, window: { earliestStartMs: t0, durationS: 3600 } });
  const rooms = new Rooms(fleet.state, { startMs: t0, endMs: t0 + hourMs });
  const [node] = fleet.state.fleet.nodes;
  const [[want] = []] = combinations(asked, ['H100']);
  if (node === undefined || want === undefined) throw new Error('a node and a want');
  const bench = new Bench(rooms, asked);
  const copy = bench.fork();
  expect(copy.put(node, want, 0)).toBeDefined();
  expect(bench.capacity(node, want, 4)).toBe(1);
  bench.adopt(copy);
  expect(bench.capacity(node, want, 4)).toBe(0);
  expect(bench.freeGpus(node, want)).toBe(0);
  expect(bench.capLeftW).toBe(copy.capLeftW);
  expect(bench.capLeftW).toBeLessThan(40_000);
});

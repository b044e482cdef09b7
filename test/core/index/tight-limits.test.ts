import { assert, constantFrom, integer, property } from 'fast-check';
import { expect, test } from 'vitest';

import { levelOf, packedOf } from '../../../src/core/index/packed.ts';
import { Stretches } from '../../../src/core/index/stretches.ts';
import { Sweep } from '../../../src/core/index/sweep.ts';
import { tightLimitsOf } from '../../../src/core/index/tight-limits.ts';
import { layoutOf } from '../../../src/core/place/layout.ts';
import { NodeSet } from '../../../src/core/place/node-set.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { world } from '../fleet.ts';
import { calendarOf, drawnHolds } from './drawn-holds.ts';
import { openAt } from './open-at.ts';

/** A replica of all four GPUs draws 4 × 700 + 1000 = 3800 watts, one of a single GPU 700 + 250. */
const line = '4×4 H100 gpuw700 basew1000 cpu96 mem512';
const fleetWith = (feedLimitW: number) =>
  world(`fra1/h1/r1 ${line}`, `fra1/h1/r2 ${line}`, {
    racks: { 'fra1/h1/r1': { feedLimitW: { A: feedLimitW, B: 99_000 } } },
  }).state.fleet;

function wantOf(gpuCount: number) {
  const [part] = demand(`9×${gpuCount}`).parts;
  if (part === undefined) throw new Error('a demand has a part');
  return { part, gpuCount, model: 'H100' };
}

test.each([
  [4, 4 * 3800, undefined],
  [4, 4 * 3800 - 1, 3],
  [4, 3800, 1],
  [4, 3799, 0],
  [1, 16 * 950, undefined],
  [1, 16 * 950 - 1, 15],
] as const)('replicas of %i GPUs under a feed of %i watts', (gpuCount, feedLimitW, carried) => {
  const fleet = fleetWith(feedLimitW);
  const { of, most } = tightLimitsOf(layoutOf(fleet), new NodeSet(fleet.nodes), wantOf(gpuCount));
  const byNode = fleet.nodes.map(({ index }) => most[of[index] ?? -1]);
  expect(byNode).toEqual(fleet.nodes.map(({ rack }) => (rack === 'fra1/h1/r1' ? carried : undefined)));
});

const fleet = fleetWith(2 * 3800 + 950);
const horizon = 44;

test('at every start as many stretches overlap as nodes could take and a tight limit carries', () => {
  let cut = 0;
  assert(
    property(
      drawnHolds(fleet.nodes.length, 16),
      constantFrom(1, 4),
      constantFrom(1, 4, 11),
      integer({ min: 0, max: 12 }),
      (drawn, gpuCount, lengthMs, fromMs) => {
        const packed = packedOf({ fleet, calendar: calendarOf(fleet.nodes.length, drawn) });
        const sweep = new Sweep(packed, new NodeSet(fleet.nodes), {
          want: wantOf(gpuCount),
          asker: { tenant: packed.tenantNumber('acme'), level: levelOf('shared') },
          starts: { fromMs, toMs: horizon },
          lengthMs,
          layout: layoutOf(fleet),
          mostW: () => 0,
        });
        const together = new Stretches();
        sweep.addIn(fleet.nodes, together);
        const each = fleet.nodes.map((node) => {
          const own = new Stretches();
          sweep.addOn(node, own);
          return { rack: node.rack, own };
        });
        // 8550 watts feed two whole nodes, or nine single GPUs.
        const carried = gpuCount === 4 ? 2 : 9;
        for (let atMs = fromMs; atMs <= horizon; atMs++) {
          const inRack = (rack: string) =>
            each.reduce((sum, node) => sum + (node.rack === rack ? openAt(node.own, atMs) : 0), 0);
          const tight = inRack('fra1/h1/r1');
          if (tight > carried) cut++;
          expect(openAt(together, atMs)).toBe(Math.min(tight, carried) + inRack('fra1/h1/r2'));
        }
      },
    ),
    { seed, numRuns: 100 },
  );
  expect(cut).toBeGreaterThan(100);
});

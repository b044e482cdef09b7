import { array, assert, boolean, constantFrom, integer, property } from 'fast-check';
import { expect, test } from 'vitest';

import type { Calendar, Hold } from '../../../src/core/calendar/calendar.ts';
import { levelOf, type Packed, packedOf } from '../../../src/core/index/packed.ts';
import { endOfHolds, firstReaching } from '../../../src/core/index/reaching.ts';
import { endAt } from '../../../src/core/index/rows.ts';
import { endsIn } from '../../../src/core/index/starts.ts';
import { Stretches } from '../../../src/core/index/stretches.ts';
import { Sweep } from '../../../src/core/index/sweep.ts';
import { sizeOf, without } from '../../../src/core/mask.ts';
import { layoutOf } from '../../../src/core/place/layout.ts';
import { NodeSet } from '../../../src/core/place/node-set.ts';
import { Isolation } from '../../../src/model/demand.ts';
import { demand } from '../demand.ts';
import { world } from '../fleet.ts';
import { calendarOf, drawnHolds } from './drawn-holds.ts';
import { openAt } from './open-at.ts';

const { fleet } = world('fra1/h1/r1 3×4 H100', 'fra1/h1/r2 2×4 H100').state;
const nodes = fleet.nodes.length;
const horizon = 44;

function overlaps({ startMs, endMs }: Hold, atMs: number, lengthMs: number): boolean {
  return startMs < atMs + lengthMs && endMs > atMs;
}

/** Whether a hold of a node in the same rack, or of the node itself, keeps a tenant out as far as a sweep knows. */
function keepsOut(hold: Hold, isSameNode: boolean, tenant: string, isolation: Isolation): boolean {
  if (hold.tenant === undefined || hold.tenant === tenant) return false;
  const reach = Math.max(levelOf(hold.alone), levelOf(isolation));
  return isSameNode ? reach >= levelOf('node') : reach >= levelOf('rack');
}

/** Replicas that a node could take at a start, by looking at every hold. */
function replicasAt(
  calendar: Calendar,
  node: number,
  atMs: number,
  asked: { lengthMs: number; gpuCount: number; tenant: string; isolation: Isolation },
): number {
  const rack = fleet.nodes[node]?.rack;
  for (const [other, holds] of calendar.entries()) {
    if (fleet.nodes[other]?.rack !== rack) continue;
    for (const hold of holds)
      if (
        overlaps(hold, atMs, asked.lengthMs) &&
        keepsOut(hold, other === node, asked.tenant, asked.isolation)
      )
        return 0;
  }
  const taken = (calendar[node] ?? [])
    .filter((hold) => overlaps(hold, atMs, asked.lengthMs))
    .reduce((mask, { gpus }) => (mask | gpus) >>> 0, 0);
  return Math.floor(sizeOf(without(15, taken)) / asked.gpuCount);
}

test('at every start a node has as many stretches as it could take replicas', { timeout: 60_000 }, () => {
  let cut = 0;
  assert(
    property(
      drawnHolds(nodes, 24),
      constantFrom(1, 2, 4),
      constantFrom(1, 2, 4, 11, Infinity),
      constantFrom('acme', 'initech', 'umbrella'),
      constantFrom<Isolation>(...Isolation.options),
      integer({ min: 0, max: 12 }),
      (drawn, gpuCount, lengthMs, tenant, isolation, fromMs) => {
        const calendar = calendarOf(nodes, drawn);
        const packed = packedOf({ fleet, calendar });
        const [part] = demand(`4×${gpuCount}`).parts;
        if (part === undefined) throw new Error('a demand has a part');
        const sweep = new Sweep(packed, new NodeSet(fleet.nodes), {
          want: { part, gpuCount, model: 'H100' },
          asker: { tenant: packed.tenantNumber(tenant), level: levelOf(isolation) },
          starts: { fromMs, toMs: horizon },
          lengthMs,
          layout: layoutOf(fleet),
          mostW: () => 0,
        });
        for (const node of fleet.nodes) {
          const found = new Stretches();
          sweep.addOn(node, found);
          for (let atMs = fromMs; atMs <= horizon; atMs++) {
            const expected = replicasAt(calendar, node.index, atMs, {
              lengthMs,
              gpuCount,
              tenant,
              isolation,
            });
            expect(openAt(found, atMs)).toBe(expected);
            if (expected < 4 / gpuCount) cut++;
          }
        }
      },
    ),
    { seed: 37, numRuns: 150 },
  );
  expect(cut).toBeGreaterThan(1000);
});

test('all that stands before the first hold that lasts beyond an instant is over by then, and it is not', () => {
  assert(
    property(drawnHolds(2, 30), integer({ min: -1, max: horizon }), (drawn, beyondMs) => {
      const packed = packedOf({ fleet, calendar: calendarOf(nodes, drawn) });
      for (const node of [0, 1, 2]) {
        const at = firstReaching(packed, node, beyondMs);
        const ends = endsOn(packed, node);
        const from = at - (packed.first[node] ?? 0);
        expect(ends.slice(0, from).every((endMs) => endMs <= beyondMs)).toBe(true);
        expect(ends[from] ?? Infinity).toBeGreaterThan(beyondMs);
      }
    }),
    { seed: 41, numRuns: 200 },
  );
});

function endsOn(packed: Packed, node: number): readonly number[] {
  const first = packed.first[node] ?? 0;
  return Array.from({ length: endOfHolds(packed, node) - first }, (_, at) => endAt(packed.rows, first + at));
}

test('the ends in a stretch are those of a scan, whatever calendar was packed before', () => {
  assert(
    property(
      array(drawnHolds(nodes, 12), { minLength: 1, maxLength: 4 }),
      integer({ min: 0, max: 20 }),
      integer({ min: 0, max: 20 }),
      boolean(),
      (all, fromMs, length, isBack) => {
        const calendars = all.map((drawn) => calendarOf(nodes, drawn));
        for (const calendar of isBack ? [...calendars, ...calendars.toReversed()] : calendars) {
          const packed = packedOf({ fleet, calendar });
          const toMs = fromMs + length;
          const scanned = calendar.slice(0, 3).flatMap((holds) => holds.map(({ endMs }) => endMs));
          const expected = [...new Set(scanned)].filter((endMs) => endMs >= fromMs && endMs <= toMs);
          expect(endsIn(packed, [0, 1, 2], { fromMs, toMs })).toEqual(expected.toSorted((a, b) => a - b));
        }
      },
    ),
    { seed: 43, numRuns: 150 },
  );
});

import { assert, integer, property, tuple } from 'fast-check';
import { expect, test } from 'vitest';

import type { Calendar } from '../../../src/core/calendar/calendar.ts';
import { closeLimitsOn } from '../../../src/core/index/close-limits.ts';
import { withoutOverloads } from '../../../src/core/index/overloads.ts';
import { Packed } from '../../../src/core/index/packed.ts';
import { Stretches } from '../../../src/core/index/stretches.ts';
import { layoutOf } from '../../../src/core/place/layout.ts';
import { combinations } from '../../../src/core/place/want.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { world } from '../fleet.ts';
import { calendarOf, drawnHolds } from './drawn-holds.ts';

const feeds = { feedLimitW: { A: 1500, B: 1500 } };
const { fleet } = world('fra1/h1/r1 3×4 H100 gpuw200 basew400', 'fra1/h1/r2 3×4 H100 gpuw200 basew400', {
  racks: { 'fra1/h1/r1': feeds, 'fra1/h1/r2': feeds },
}).state;

/** Starts that are left on every node, for one GPU over five instants. */
function leftOn(packed: Packed): readonly (readonly number[])[] {
  const [[want] = []] = combinations(demand('1×1 H100'), fleet.models);
  if (want === undefined) throw new Error('a want');
  return fleet.nodes.map((node) => {
    const starts = new Stretches();
    starts.add(0, 40);
    const limits = closeLimitsOn(layoutOf(fleet), node);
    const asked = { node, want, limits, lengthMs: 5, mostW: () => Infinity };
    const { froms, tos, count } = withoutOverloads(packed, asked, starts);
    return [...froms.subarray(0, count), ...tos.subarray(0, count)];
  });
}

test('what is remembered of overloads from calendar to calendar is what a fresh reading finds', () => {
  const calendars = tuple(drawnHolds(6, 40), drawnHolds(6, 12), integer({ min: 0, max: 5 })).map(
    ([drawn, others, from]): readonly Calendar[] => {
      const before = calendarOf(6, drawn);
      const other = calendarOf(6, others);
      // A few lists are others, as after a commit, and then the first calendar comes again.
      const after = before.map((holds, node) => (node === from ? (other[node] ?? holds) : holds));
      return [before, after, before, other, after];
    },
  );
  let differing = 0;
  assert(
    property(calendars, (steps) => {
      const packed = new Packed(fleet.nodes.length);
      const seen = new Set<string>();
      for (const calendar of steps) {
        packed.follow(calendar);
        const fresh = new Packed(fleet.nodes.length);
        fresh.follow(calendar);
        expect(leftOn(packed)).toEqual(leftOn(fresh));
        seen.add(JSON.stringify(leftOn(fresh)));
      }
      if (seen.size === 3) differing++;
    }),
    { seed, numRuns: 80 },
  );
  expect(differing).toBeGreaterThan(20);
});

import { array, assert, constantFrom, integer, property, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Calendar } from '../../../src/core/calendar/calendar.ts';
import { closeLimitsOn } from '../../../src/core/index/close-limits.ts';
import { smallLimit } from '../../../src/core/index/headroom.ts';
import { withoutOverloads } from '../../../src/core/index/overloads.ts';
import { Packed } from '../../../src/core/index/packed.ts';
import { Stretches } from '../../../src/core/index/stretches.ts';
import { layoutOf, limitsOn } from '../../../src/core/place/layout.ts';
import { combinations } from '../../../src/core/place/want.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { world } from '../fleet.ts';
import { calendarOf, type Drawn, drawnHolds } from './drawn-holds.ts';

/** A replica of one GPU draws 200 W and a quarter of 400 W: 300 W, of the 2000 W that its rack carries. */
const { fleet } = world('fra1/h1/r1 3×4 H100 gpuw200 basew400', {
  racks: { 'fra1/h1/r1': { feedLimitW: { A: 2000, B: 2000 } } },
}).state;
const layout = layoutOf(fleet);
const [first] = fleet.nodes;
const [[want] = []] = combinations(demand('1×1 H100'), fleet.models);
if (first === undefined || want === undefined) throw new Error('a want on a node');
const wanted = want;
const node = first;
const drawsW = 300;
const limitW = 2000;

type Pair = readonly [number, number];

function packedFrom(calendar: Calendar): Packed {
  const packed = new Packed(fleet.nodes.length);
  packed.follow(calendar);
  return packed;
}

/** The starts that are left of some, for a replica on the first node. */
function leftOf(
  packed: Packed,
  pairs: readonly Pair[],
  { lengthMs, mostW = Infinity }: { readonly lengthMs: number; readonly mostW?: number },
): readonly Pair[] {
  const starts = new Stretches();
  for (const [fromMs, toMs] of pairs) starts.add(fromMs, toMs);
  const limits = closeLimitsOn(layout, node);
  const asked = { node, want: wanted, limits, lengthMs, mostW: () => mostW };
  const { froms, tos, count } = withoutOverloads(packed, asked, starts);
  return Array.from({ length: count }, (_, at): Pair => [froms[at] ?? NaN, tos[at] ?? NaN]);
}

/** So many watts on a node from an instant up to another: 100 W for each number of GPUs and one more. */
function drawn(on: number, watts: number, from: number, to: number): Drawn {
  return { node: on, gpus: watts / 100 - 1, from, length: to - from, who: 'acme', alone: 'shared' };
}

describe('the starts at which a rack still carries one replica more', () => {
  test.each<readonly [string, readonly Drawn[], readonly Pair[]]>([
    ['nothing is held', [], [[0, 20]]],
    ['exactly as much as it carries', [drawn(1, 1700, 8, 12)], [[0, 20]]],
    [
      'a hundred watts too much',
      [drawn(1, 1800, 8, 12)],
      [
        [0, 5],
        [12, 20],
      ],
    ],
    [
      'too much on two nodes together',
      [drawn(1, 900, 4, 12), drawn(2, 900, 8, 16)],
      [
        [0, 5],
        [12, 20],
      ],
    ],
    ['one ends as the other begins', [drawn(1, 1600, 4, 8), drawn(2, 1600, 8, 12)], [[0, 20]]],
    [
      'two overloads with a gap that is just long enough',
      [drawn(1, 1800, 2, 6), drawn(2, 1800, 9, 12)],
      [
        [6, 6],
        [12, 20],
      ],
    ],
    ['two with a gap that is too short', [drawn(1, 1800, 2, 6), drawn(2, 1800, 8, 12)], [[12, 20]]],
    ['one after the last start and its length', [drawn(1, 1800, 23, 30)], [[0, 20]]],
    ['one that its last moment would meet', [drawn(1, 1800, 22, 30)], [[0, 19]]],
    ['one that ended as the first start comes', [drawn(1, 1800, -9, 0)], [[0, 20]]],
    ['one that never ends', [drawn(1, 1800, 10, Infinity)], [[0, 7]]],
    ['all the time', [drawn(1, 1800, -9, 99)], []],
  ])('for three moments: %s', (_, holds, expected) => {
    const packed = packedFrom(calendarOf(3, holds));
    expect(leftOf(packed, [[0, 20]], { lengthMs: 3 })).toEqual(expected);
  });

  test('are cut out of each stretch by itself', () => {
    const packed = packedFrom(calendarOf(3, [drawn(1, 1800, 8, 12), drawn(2, 1800, 30, 31)]));
    const asked: readonly Pair[] = [
      [0, 2],
      [4, 13],
      [14, 40],
    ];
    expect(leftOf(packed, asked, { lengthMs: 3 })).toEqual([
      [0, 2],
      [4, 5],
      [12, 13],
      [14, 27],
      [31, 40],
    ]);
  });

  test('are the very same list where no limit is near, or none are asked about', () => {
    const packed = packedFrom(calendarOf(3, [drawn(1, 1800, 8, 12)]));
    const starts = new Stretches();
    const asked = { node, want: wanted, lengthMs: 3, mostW: () => Infinity };
    expect(withoutOverloads(packed, { ...asked, limits: closeLimitsOn(layout, node) }, starts)).toBe(starts);
    starts.add(0, 20);
    expect(withoutOverloads(packed, { ...asked, limits: [] }, starts)).toBe(starts);
  });

  test('are looked at only where the neighbours may ever draw too much beside the replica', () => {
    const holds = [drawn(0, 600, 0, 30), drawn(1, 1800, 8, 12)];
    const packed = packedFrom(calendarOf(3, holds));
    // The nodes never draw more than 2400 W together, of which the node itself has 600: 1800 and 300 are too much.
    expect(leftOf(packed, [[0, 20]], { lengthMs: 3, mostW: 2400 })).toEqual([
      [0, 5],
      [12, 20],
    ]);
    expect(leftOf(packed, [[0, 20]], { lengthMs: 3, mostW: 2301 })).toEqual([
      [0, 5],
      [12, 20],
    ]);
    expect(leftOf(packed, [[0, 20]], { lengthMs: 3, mostW: 2300 })).toEqual([[0, 20]]);
  });

  test('are found anew for another calendar', () => {
    const packed = packedFrom(calendarOf(3, [drawn(1, 1800, 8, 12)]));
    expect(leftOf(packed, [[0, 20]], { lengthMs: 3 })).toEqual([
      [0, 5],
      [12, 20],
    ]);
    packed.follow(calendarOf(3, [drawn(1, 1800, 2, 3)]));
    expect(leftOf(packed, [[0, 20]], { lengthMs: 3 })).toEqual([[3, 20]]);
  });

  test('are those of counting at every instant', () => {
    const seen = { cut: 0, whole: 0 };
    const watts = constantFrom(0, 300, 900, 1500);
    const held = array(
      tuple(integer({ min: 0, max: 2 }), watts, integer({ min: 0, max: 20 }), constantFrom(1, 2, 5, 30)),
      { maxLength: 9 },
    );
    assert(
      property(held, constantFrom(1, 2, 5, Infinity), (all, lengthMs) => {
        const holds = all.map(([on, w, from, length]) => drawn(on, w + 100, from, from + length));
        const packed = packedFrom(calendarOf(3, holds));
        const levelAt = (atMs: number) =>
          holds
            .filter(({ from, length }) => from <= atMs && atMs < from + length)
            .reduce((sum, { gpus }) => sum + 100 * (gpus + 1), 0);
        const levels = Array.from({ length: 70 }, (_, atMs) => levelAt(atMs));
        const isCarried = (atMs: number) =>
          levels.slice(atMs, atMs + lengthMs).every((level) => level + drawsW <= limitW);
        const expected = Array.from({ length: 21 }, (_, atMs) => atMs).filter(isCarried);
        const left = leftOf(packed, [[0, 20]], { lengthMs });
        expect(
          left.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, at) => from + at)),
        ).toEqual(expected);
        seen[expected.length < 21 ? 'cut' : 'whole']++;
      }),
      { seed, numRuns: 300 },
    );
    expect(Math.min(seen.cut, seen.whole)).toBeGreaterThan(50);
  });
});

test('what is kept of limits on many nodes is left to others: only those on a few are near a node', () => {
  const wide = world('fra1/h1/r1 8×1 H100', 'fra1/h1/r2 9×1 H100', {
    racks: { 'fra1/h1/r1': { feedLimitW: { A: 2000 } }, 'fra1/h1/r2': { coolingLimitW: 900 } },
    halls: { 'fra1/h1': { powerBudgetW: 5000 } },
  }).state.fleet;
  expect(wide.nodes.length).toBeGreaterThan(smallLimit);
  const near = wide.nodes.map((one) => closeLimitsOn(layoutOf(wide), one).map(({ name }) => name));
  expect(near).toEqual(
    wide.nodes.map(({ rack }) => (rack === 'fra1/h1/r1' ? ['rack-power'] : ['rack-cooling'])),
  );
  const all = wide.nodes.map((one) => limitsOn(layoutOf(wide), one).map(({ name }) => name));
  expect(all.every((names) => names.includes('hall-power'))).toBe(true);
});

test('what is left comes in order, one stretch after the other, whatever is held', () => {
  assert(
    property(drawnHolds(3, 12), (all) => {
      const packed = packedFrom(calendarOf(3, all));
      const left = leftOf(packed, [[0, 40]], { lengthMs: 2 });
      expect(left.every(([from, to], at) => from <= to && from > (left[at - 1]?.[1] ?? -1))).toBe(true);
    }),
    { seed, numRuns: 100 },
  );
});

import { array, assert, integer, property, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { addBoth } from '../../../src/core/index/strangers.ts';
import { Stretches } from '../../../src/core/index/stretches.ts';
import { seed } from '../arbitrary.ts';

type Pair = readonly [number, number];

function listOf(pairs: readonly Pair[]): Stretches {
  const list = new Stretches();
  for (const [fromMs, toMs] of pairs) list.add(fromMs, toMs);
  return list;
}

function pairsOf({ froms, tos, count }: Stretches): readonly Pair[] {
  return Array.from({ length: count }, (_, at): Pair => [froms[at] ?? NaN, tos[at] ?? NaN]);
}

const pairs = array(
  tuple(integer({ min: 0, max: 99 }), integer({ min: 0, max: 99 })).map(([a, b]): Pair => [a, a + b]),
  { maxLength: 40 },
);

describe('a list of stretches', () => {
  test('has what was added, in that order, however much it grows', () => {
    assert(
      property(pairs, (added) => {
        expect(pairsOf(listOf(added))).toEqual(added);
      }),
      { seed, numRuns: 100 },
    );
  });

  test('takes some of another list, and leaves that as it is', () => {
    assert(
      property(
        pairs,
        pairs,
        integer({ min: 0, max: 40 }),
        integer({ min: 0, max: 40 }),
        (own, other, a, b) => {
          const [from, to] = [Math.min(a, b, other.length), Math.min(Math.max(a, b), other.length)];
          const [list, source] = [listOf(own), listOf(other)];
          list.addFrom(source, from, to);
          expect(pairsOf(list)).toEqual([...own, ...other.slice(from, to)]);
          expect(pairsOf(source)).toEqual(other);
          list.add(-1, -1);
          expect(pairsOf(list).at(-1)).toEqual([-1, -1]);
        },
      ),
      { seed, numRuns: 100 },
    );
  });

  test('begins anew once it is cleared', () => {
    const list = listOf([
      [1, 2],
      [3, 4],
    ]);
    list.clear();
    expect(pairsOf(list)).toEqual([]);
    list.add(5, 6);
    expect(pairsOf(list)).toEqual([[5, 6]]);
  });
});

/** Stretches in order, with at least one instant between them. */
const ordered = array(tuple(integer({ min: 1, max: 6 }), integer({ min: 0, max: 6 })), { maxLength: 8 }).map(
  (steps) => {
    let at = 0;
    return steps.map(([gap, length]): Pair => {
      const from = at + gap;
      at = from + length + 1;
      return [from, from + length];
    });
  },
);

describe('the starts that are in both of two lists', () => {
  test.each<readonly [string, readonly Pair[], readonly Pair[], readonly Pair[]]>([
    ['none of nothing', [], [[0, 9]], []],
    ['none that only touch', [[0, 4]], [[5, 9]], []],
    ['one instant that they share', [[0, 5]], [[5, 9]], [[5, 5]]],
    ['one inside the other', [[0, 9]], [[3, 4]], [[3, 4]]],
    [
      'a long one across several',
      [[0, 9]],
      [
        [0, 1],
        [3, 4],
        [9, 12],
      ],
      [
        [0, 1],
        [3, 4],
        [9, 9],
      ],
    ],
    [
      'two that end together',
      [
        [0, 4],
        [6, 9],
      ],
      [
        [2, 4],
        [6, 7],
      ],
      [
        [2, 4],
        [6, 7],
      ],
    ],
  ])('%s', (_, one, other, expected) => {
    for (const [a, b] of [
      [one, other],
      [other, one],
    ] as const) {
      const found = new Stretches();
      addBoth(listOf(a), listOf(b), found);
      expect(pairsOf(found)).toEqual(expected);
    }
  });

  test('are those that a scan finds in both', () => {
    assert(
      property(ordered, ordered, (one, other) => {
        const found = new Stretches();
        addBoth(listOf(one), listOf(other), found);
        const theirs = new Set(instantsIn(other));
        expect(instantsIn(pairsOf(found))).toEqual(instantsIn(one).filter((at) => theirs.has(at)));
      }),
      { seed, numRuns: 150 },
    );
  });
});

/** Every instant of the stretches as they come, so that one in two of them counts twice. */
function instantsIn(list: readonly Pair[]): readonly number[] {
  return list.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, at) => from + at));
}

import { array, assert, integer, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { overlapsOf } from '../../../src/core/index/overlaps.ts';
import { type Stretch, Stretches } from '../../../src/core/index/stretches.ts';

function listOf(stretches: readonly (readonly [number, number])[]): Stretches {
  const list = new Stretches();
  for (const [fromMs, toMs] of stretches) list.add(fromMs, toMs);
  return list;
}

describe('where enough stretches overlap', () => {
  test.each([
    ['none', 1, [], []],
    [
      'too few',
      3,
      [
        [0, 9],
        [2, 5],
      ],
      [],
    ],
    [
      'one instant that two share',
      2,
      [
        [0, 4],
        [4, 9],
      ],
      [[4, 4]],
    ],
    [
      'stretches that only touch',
      2,
      [
        [0, 4],
        [5, 9],
      ],
      [],
    ],
    ['a single instant', 1, [[7, 7]], [[7, 7]]],
    [
      'the same one several times',
      3,
      [
        [1, 8],
        [1, 8],
        [1, 8],
      ],
      [[1, 8]],
    ],
    [
      'two places',
      2,
      [
        [0, 9],
        [1, 2],
        [8, 9],
      ],
      [
        [1, 2],
        [8, 9],
      ],
    ],
    [
      'up to the ends of the range',
      1,
      [
        [0, 3],
        [6, 9],
      ],
      [
        [0, 3],
        [6, 9],
      ],
    ],
  ] as const)('%s', (_, count, stretches, expected) => {
    const found = overlapsOf(count, listOf(stretches), { fromMs: 0, toMs: 9 });
    expect(found.map(({ fromMs, toMs }) => [fromMs, toMs])).toEqual(expected);
  });
});

/** Instant by instant. */
function counted(
  count: number,
  stretches: readonly (readonly [number, number])[],
  toMs: number,
): Set<number> {
  const crowded = new Set<number>();
  for (let atMs = 0; atMs <= toMs; atMs++)
    if (stretches.filter(([from, to]) => from <= atMs && atMs <= to).length >= count) crowded.add(atMs);
  return crowded;
}

function instantsOf(stretches: readonly Stretch[]): Set<number> {
  return new Set(
    stretches.flatMap(({ fromMs, toMs }) =>
      Array.from({ length: toMs - fromMs + 1 }, (_, at) => fromMs + at),
    ),
  );
}

test('long lists, counted by parts of their range first, give what counting every instant gives', () => {
  let long = 0;
  assert(
    property(
      integer({ min: 0, max: 900 }),
      integer({ min: 1, max: 60 }),
      array(record({ from: integer({ min: 0, max: 900 }), length: integer({ min: 0, max: 200 }) }), {
        minLength: 60,
        maxLength: 160,
      }),
      (toMs, count, drawn) => {
        const stretches = drawn.map(
          ({ from, length }) => [Math.min(from, toMs), Math.min(from + length, toMs)] as const,
        );
        const found = overlapsOf(count, listOf(stretches), { fromMs: 0, toMs });
        expect(instantsOf(found)).toEqual(counted(count, stretches, toMs));
        expect(found.every(({ fromMs }, at) => at === 0 || fromMs > (found[at - 1]?.toMs ?? 0))).toBe(true);
        if (stretches.length > 96 && found.length > 0) long++;
      },
    ),
    { seed: 31, numRuns: 120 },
  );
  expect(long).toBeGreaterThan(30);
});

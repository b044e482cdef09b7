import { array, assert, bigInt, property } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { cheapestFirst, compareSubsets } from '../../../src/core/reclaim/cheapest-first.ts';
import { seed } from '../arbitrary.ts';

describe('sets in the order of their cost', () => {
  test('come by cost, then by size, then by position', () => {
    expect([...cheapestFirst([1n, 1n, 2n])]).toEqual([[0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]]);
    expect([...cheapestFirst([0n, 5n])]).toEqual([[0], [1], [0, 1]]);
    expect([...cheapestFirst([])]).toEqual([]);
  });

  test('every set comes once, and none before a cheaper one', () => {
    const costs = array(bigInt({ min: 0n, max: 9n }), { maxLength: 8 }).map((some) =>
      some.toSorted((a, b) => Number(a - b)),
    );
    assert(
      property(costs, (given) => {
        const sets = [...cheapestFirst(given)];
        expect(new Set(sets.map((subset) => subset.join())).size).toBe(2 ** given.length - 1);
        const priced = sets.map((subset) => ({
          subset,
          cost: subset.reduce((sum, at) => sum + (given[at] ?? 0n), 0n),
        }));
        expect(priced.toSorted(compareSubsets)).toEqual(priced);
      }),
      { seed, numRuns: 100 },
    );
  });
});

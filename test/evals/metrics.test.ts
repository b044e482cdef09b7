import { assert, integer, property, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { passAll, wilson } from '../../evals/runner/metrics.ts';
import { compare, mcnemar } from '../../evals/runner/report/compare.ts';

describe('the interval of a share', () => {
  test.each([
    // Newcombe 1998, table I, score method without continuity correction.
    [81, 263, 0.308, 0.2553, 0.3662],
    [15, 148, 0.1014, 0.0624, 0.1605],
    [0, 20, 0, 0, 0.1611],
    [1, 29, 0.0345, 0.0061, 0.1718],
    [29, 29, 1, 0.883, 1],
  ])('%i of %i', (hits, of, share, low, high) => {
    const found = wilson(hits, of);
    expect(found.share).toBeCloseTo(share, 3);
    expect(found.low).toBeCloseTo(low, 3);
    expect(found.high).toBeCloseTo(high, 3);
  });

  test('nothing is known of nothing', () => {
    expect(wilson(0, 0)).toEqual({ share: 0, low: 0, high: 1 });
  });

  test('holds the share, inside 0 and 1', () => {
    const counts = tuple(integer({ min: 1, max: 400 }), integer({ min: 0, max: 400 }));
    assert(
      property(counts, ([of, some]) => {
        const hits = Math.min(some, of);
        const { share, low, high } = wilson(hits, of);
        expect(low).toBeLessThanOrEqual(share + 1e-12);
        expect(high).toBeGreaterThanOrEqual(share - 1e-12);
        expect(low >= 0 && high <= 1).toBe(true);
      }),
      { seed: 9 },
    );
  });
});

describe('pass^k', () => {
  test.each([
    [5, 5, 5, 1],
    [4, 5, 5, 0],
    [4, 5, 1, 0.8],
    [3, 4, 2, 0.5],
    [0, 3, 1, 0],
    [2, 2, 5, 1],
    [0, 0, 3, 0],
  ])('%i of %i passed, k = %i', (passed, runs, k, chance) => {
    expect(passAll(passed, runs, k)).toBeCloseTo(chance, 12);
  });

  test('is the share of k-sets in which all passed', () => {
    const cases = tuple(
      integer({ min: 1, max: 9 }),
      integer({ min: 0, max: 9 }),
      integer({ min: 1, max: 9 }),
    );
    assert(
      property(cases, ([runs, some, k]) => {
        const passed = Math.min(some, runs);
        const most = Math.min(k, runs);
        const sets = subsets(runs, most);
        const whole = sets.filter((set) => set.every((run) => run < passed)).length;
        expect(passAll(passed, runs, k)).toBeCloseTo(whole / sets.length, 9);
      }),
      { seed: 9, numRuns: 60 },
    );
  });
});

describe('McNemar', () => {
  test.each([
    [0, 0, 1],
    [5, 5, 1],
    [0, 5, 0.0625],
    [0, 10, 0.001953],
    [1, 9, 0.021484],
    [6, 16, 0.05248],
  ])('%i against %i', (one, other, p) => {
    expect(mcnemar(one, other)).toBeCloseTo(p, 4);
    expect(mcnemar(other, one)).toBeCloseTo(p, 4);
  });
});

function report(agent: string, passed: readonly boolean[], suite = 'same') {
  return {
    schema: 'berth/eval-report/2' as const,
    agent,
    suite,
    tasks: [],
    runs: passed.map((one, at) => ({ task: `t${at}`, passed: one })),
  };
}

describe('comparing', () => {
  test('names the tasks that only one of them passes', () => {
    const found = compare(report('a', [true, true, false, false]), report('b', [true, false, true, true]));
    expect(found).toMatchObject({ sameSuite: true, tasks: 4, onlyFirst: ['t1'], onlySecond: ['t2', 't3'] });
    expect(found.difference).toBeCloseTo(0.25, 9);
    expect(found.low).toBeLessThanOrEqual(0.25);
    expect(found.high).toBeGreaterThanOrEqual(0.25);
  });

  test('an agent against itself shows nothing', () => {
    const one = report('a', [true, false, true]);
    expect(compare(one, one)).toMatchObject({ p: 1, difference: 0, low: 0, high: 0, onlyFirst: [] });
  });

  test('other tasks are said, and only common ones count', () => {
    const found = compare(report('a', [true, true]), report('b', [true, true, false], 'other'));
    expect(found).toMatchObject({ sameSuite: false, tasks: 2, difference: 0 });
  });

  test('the draws are the same in every run', () => {
    const pair = [report('a', [true, false, true, false]), report('b', [false, true, true, true])] as const;
    expect(compare(...pair)).toEqual(compare(...pair));
  });
});

/** Every set of `size` numbers below `count`. */
function subsets(count: number, size: number): readonly (readonly number[])[] {
  if (size === 0) return [[]];
  return Array.from({ length: count }, (_, last) => last).flatMap((last) =>
    subsets(last, size - 1).map((set) => [...set, last]),
  );
}

import { describe, expect, test } from 'vitest';

import { Columns } from '../../src/bench/columns.ts';
import { Random } from '../../src/bench/random.ts';
import { replay } from '../../src/bench/replay.ts';
import { quantile, speedOf } from '../../src/bench/speed.ts';
import { nodesOf, shapeOf } from '../core/packing/given.ts';

describe('columns', () => {
  test('are means over the requests at which the rounded percentage is the column', () => {
    const columns = new Columns(10);
    // 0.5 % of 10 GPUs rounds up to 1 %; a request without GPUs counts where the others have come to.
    columns.add(50, true);
    columns.add(0, true);
    columns.add(99, false);
    expect([...columns.means()]).toEqual([[1, 50]]);
    columns.add(9851, true);
    expect(columns.usedMilli).toBe(9901);
    expect(columns.means().get(100)).toBe(9901);
  });
});

describe('times', () => {
  test.each([
    [[], 500, 0],
    [[4], 999, 4],
    [[1, 2, 3, 4], 500, 2],
    [[1, 2, 3, 4], 990, 4],
  ])('of %j: the quantile %d is %d', (values, perMille, expected) => {
    expect(quantile(Float64Array.from(values), perMille)).toBe(expected);
  });

  test('come from the clock that is given, and the scans compare the same decisions', () => {
    let now = 0n;
    const nowNs = () => (now += 500n);
    const result = replay(
      {
        nodes: nodesOf('a 2xT4 cpu8 mem99'),
        list: [shapeOf('cpu1 1x250')],
        arrivals: Array.from({ length: 10 }, () => 0),
      },
      { policy: 'fgd', nowNs, scanCount: 4 },
    );
    expect(result.failedCount).toBe(2);
    expect(result.usedMilli).toBe(2000);
    expect(speedOf(result)).toEqual({
      setupMs: 0,
      decisionsPerSecond: 2_000_000,
      us: { mean: 0.5, p50: 0.5, p99: 0.5, p999: 0.5 },
      scanRatio: 1,
      scan: { sampled: 4, medianUs: 0.5, meanUs: 0.5, meanRatio: 1, meanRatioToAll: 1 },
    });
  });
});

describe('random numbers', () => {
  test('are the same for ever', () => {
    const random = new Random(42);
    expect(Array.from({ length: 5 }, () => random.below(1000))).toMatchInlineSnapshot(`
      [
        956,
        290,
        704,
        805,
        978,
      ]
    `);
    expect(new Random(7).permutation(8)).toMatchInlineSnapshot(`
      [
        7,
        6,
        5,
        3,
        0,
        2,
        1,
        4,
      ]
    `);
  });

  test('are fair', () => {
    const random = new Random(1);
    const counts = [0, 0, 0];
    for (let draw = 0; draw < 30_000; draw++) {
      const value = random.below(3);
      counts[value] = (counts[value] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(400);
    expect(
      Array.from({ length: 1000 }, () =>
        random.pick([
          ['a', 0],
          ['b', 1],
        ]),
      ),
    ).not.toContain('a');
  });
});

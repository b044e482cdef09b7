import { describe, expect, test } from 'vitest';

import type { Shape } from '../../../src/core/packing/shape.ts';
import { targetOf } from '../../../src/core/packing/target.ts';
import { shapeOf } from './given.ts';

const times = (count: number, text: string): Shape[] => Array.from({ length: count }, () => shapeOf(text));

describe('the target workload', () => {
  test('takes the most frequent shapes until they cover 95 %', () => {
    const target = targetOf([
      ...times(1, 'cpu9'),
      ...times(4, 'cpu2 1x500'),
      ...times(91, 'cpu4 1x1000'),
      ...times(4, 'cpu1'),
    ]);
    expect(target.countTotal).toBe(95);
    expect(target.shapes.map(({ cpuMilli, count }) => [cpuMilli, count])).toEqual([
      [4000, 91],
      [1000, 4],
    ]);
  });

  test('does not depend on the order of the requests, nor on how models are listed', () => {
    const some = [...times(3, 'cpu2 1x500 A|B'), ...times(3, 'cpu1 1x500'), ...times(2, 'cpu2 1x500 B|A')];
    expect(targetOf(some.toReversed())).toEqual(
      targetOf(
        some
          .toReversed()
          .toReversed()
          .toSorted(() => 0)
          .toReversed(),
      ),
    );
    expect(targetOf(some).shapes.map(({ count }) => count)).toEqual([5, 3]);
    expect(targetOf(some.toReversed()).shapes.map(({ count }) => count)).toEqual([5, 3]);
  });

  test('merges all but 64 shapes into the nearest, and loses no request', () => {
    const many = Array.from({ length: 300 }, (_, index) => shapeOf(`cpu1 1x${100 + index}`));
    const { shapes, countTotal, asked } = targetOf([...many, ...times(5, 'cpu1 1x1000')]);
    expect(shapes).toHaveLength(64);
    expect(shapes.reduce((sum, { count }) => sum + count, 0)).toBe(countTotal);
    expect(countTotal).toBe(Math.ceil(305 * 0.95));
    expect(asked).toHaveLength(301);
    // Whole GPUs come first; of the single shares, what is left goes to the largest kept one.
    expect(shapes[0]).toMatchObject({ gpuMilli: 1000, count: 5 });
    expect(Math.max(...shapes.slice(1).map(({ count }) => count))).toBe(countTotal - 5 - 62);
  });

  test('of nothing is empty', () => {
    expect(targetOf([])).toEqual({ shapes: [], countTotal: 0, asked: [] });
  });
});

import { describe, expect, test } from 'vitest';

import { scrambled, shuffles, spread } from '../../../src/core/packing/draws.ts';
import { poolOf } from '../../../src/core/packing/pool.ts';
import { gpuMilliOf, type Shape, shapeKey } from '../../../src/core/packing/shape.ts';
import { targetOf } from '../../../src/core/packing/target.ts';
import { shapeOf } from './given.ts';

/** 3,000 shapes: shares, whole GPUs of two models, few large ones; CPUs and memory as unequal as they come. */
const many = Array.from({ length: 3000 }, (_, number): Shape => {
  const base = shapeOf(
    number % 60 === 7
      ? 'cpu4 8x1000'
      : number % 4 === 0
        ? 'cpu4 1x1000 T4'
        : number % 4 === 1
          ? 'cpu4'
          : 'cpu4 1x500',
  );
  const isShare = base.gpuMilli === 500;
  return {
    ...base,
    cpuMilli: 100 + (scrambled(number, 1) % 20_000),
    memoryMib: 100 + (scrambled(number, 2) % 300) ** 2,
    gpuMilli: isShare ? 1 + (scrambled(number, 3) % 999) : base.gpuMilli,
  };
});

describe('a pool', () => {
  const { asked } = targetOf(many);

  test('of few shapes is all requests', () => {
    const few = ['cpu4 1x500', 'cpu4 1x500', 'cpu2', 'cpu8 2x1000 T4'].map(shapeOf);
    expect(keysOf(poolOf(targetOf(few).asked, 1))).toEqual(keysOf(few));
    expect(poolOf(targetOf(few).asked, 2)).toEqual(poolOf(targetOf(few).asked, 1));
  });

  test.each([1, 2, 3, 4])('of many shapes has 128 and as many requests of each kind, take %d', (take) => {
    const pool = poolOf(asked, take);
    expect(new Set(pool.map(shapeKey)).size).toBeLessThanOrEqual(128);
    expect(new Set(pool.map(shapeKey)).size).toBeGreaterThan(110);
    expect(kindsOf(pool)).toEqual(kindsOf(many));
    const known = new Set(many.map(shapeKey));
    expect(pool.filter((shape) => !known.has(shapeKey(shape)))).toEqual([]);
  });

  test('asks for as much of everything as all requests do, to 4 %', () => {
    for (let take = 1; take <= 8; take++) {
      const pool = poolOf(asked, take);
      for (const of of [gpuMilliOf, cpuOf, memoryOf]) {
        const [found, wanted] = [sum(pool, of), sum(many, of)];
        expect(Math.abs(found - wanted) / wanted).toBeLessThan(0.04);
      }
    }
  });

  test('is another for another take, and the same whatever the order of requests', () => {
    expect(poolOf(asked, 2)).not.toEqual(poolOf(asked, 1));
    expect(poolOf(targetOf(many.toReversed()).asked, 1)).toEqual(poolOf(asked, 1));
  });

  test('of more kinds than runs is still one of at most 128 shapes', () => {
    const odd = Array.from({ length: 500 }, (_, number) => ({
      ...shapeOf('cpu4 1x1000'),
      models: [`m${number}`],
    }));
    const pool = poolOf(targetOf(odd).asked, 1);
    expect(pool).toHaveLength(500);
    expect(new Set(pool.map(shapeKey)).size).toBe(128);
  });
});

describe('draws', () => {
  test('shuffles are all items, then all again in another order, and the same for the same salt', () => {
    const items = Array.from({ length: 40 }, (_, item) => item);
    const drawn = [...shuffles(items, 5).take(120)];
    for (const from of [0, 40, 80])
      expect(drawn.slice(from, from + 40).toSorted((a, b) => a - b)).toEqual(items);
    expect(drawn.slice(0, 40)).not.toEqual(items);
    expect(drawn.slice(40, 80)).not.toEqual(drawn.slice(0, 40));
    expect([...shuffles(items, 5).take(120)]).toEqual(drawn);
    expect([...shuffles(items, 6).take(40)]).not.toEqual(drawn.slice(0, 40));
    expect([...shuffles([], 5)]).toEqual([]);
  });

  test('a spread is evenly over all items', () => {
    const items = Array.from({ length: 10 }, (_, item) => item);
    expect(spread(items, 5, 0)).toEqual([1, 3, 5, 7, 9]);
    expect(spread(items, 5, 5)).toEqual([0, 2, 4, 6, 8]);
    expect(spread(items, 10, 3)).toEqual(items);
    expect(spread(items, 0, 0)).toEqual([]);
  });
});

function keysOf(shapes: readonly Shape[]): string[] {
  return shapes.map(shapeKey).toSorted();
}

function kindsOf(shapes: readonly Shape[]): Record<string, number> {
  const kinds = Map.groupBy(shapes, ({ gpuCount, models }) => `${gpuCount} ${models.join('|')}`);
  return Object.fromEntries([...kinds].map(([kind, members]) => [kind, members.length]));
}

function cpuOf({ cpuMilli }: Shape): number {
  return cpuMilli;
}

function memoryOf({ memoryMib }: Shape): number {
  return memoryMib;
}

function sum(shapes: readonly Shape[], of: (shape: Shape) => number): number {
  return shapes.reduce((total, shape) => total + of(shape), 0);
}

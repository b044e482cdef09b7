import { array, assert, constantFrom, integer, nat, property, record, shuffledSubarray } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { type Shape, shapeKey } from '../../../src/core/packing/shape.ts';
import { type AskedShape, targetOf, targetOfCounted } from '../../../src/core/packing/target.ts';
import { sumOf } from './by-hand.ts';
import { seed, shapeOf, someShapes } from './given.ts';

const asked = (count: number, text: string): AskedShape => ({ ...shapeOf(text), count });

/** `4000/500 91` is a share of half a GPU with four CPUs, kept with a count of 91. */
function kept(requests: readonly AskedShape[]): string[] {
  return targetOfCounted(requests).shapes.map(
    ({ cpuMilli, gpuCount, gpuMilli, count }) => `${cpuMilli}/${gpuCount * gpuMilli} ${count}`,
  );
}

describe('which shapes a target keeps', () => {
  test.each([
    ['one that is asked for 95 times in 100, and no other', [95, 5], 1],
    ['a second where the first falls short by one', [94, 6], 2],
    ['as many as it takes', [50, 40, 5, 5], 3],
    ['as many as it takes, and one where that was not quite enough', [50, 40, 4, 6], 3],
    ['all of few', [1, 1, 1], 3],
    ['nineteen of twenty', Array.from({ length: 20 }, () => 1), 19],
    ['twenty of twenty-one, for nineteen are less than 95 %', Array.from({ length: 21 }, () => 1), 20],
  ])('%s', (_, counts, expected) => {
    const { shapes, countTotal } = targetOfCounted(counts.map((count, at) => asked(count, `cpu${at} 1x500`)));
    expect(shapes).toHaveLength(expected);
    expect(countTotal).toBe(sumOf(counts.toSorted((a, b) => b - a).slice(0, expected)));
  });

  test('the most frequent first, and of equals the one whose text comes first', () => {
    expect(
      kept([asked(3, 'cpu1 1x500'), asked(5, 'cpu2'), asked(3, 'cpu1 1x400'), asked(5, 'cpu1')]),
    ).toEqual(['1000/0 5', '2000/0 5', '1000/400 3', '1000/500 3']);
  });

  test('memory tells no shapes of a target apart, but those that were asked for', () => {
    const small = { ...shapeOf('cpu4 1x1000'), memoryMib: 1 };
    const target = targetOf([small, shapeOf('cpu4 1x1000'), small]);
    expect(target.shapes.map(({ count }) => count)).toEqual([3]);
    expect(target.asked.map(({ memoryMib, count }) => [memoryMib, count])).toEqual([
      [1, 2],
      [4096, 1],
    ]);
  });

  test('a shape that was counted twice counts once, with both', () => {
    expect(kept([asked(3, 'cpu1 1x500'), asked(4, 'cpu1 1x500')])).toEqual(['1000/500 7']);
  });
});

/** 64 shapes that are asked for a hundred times each, and what is asked for less often. */
function crowded(rest: readonly AskedShape[], others: readonly string[] = []): AskedShape[] {
  const fill = Array.from({ length: 64 - others.length }, (_, at) =>
    asked(100, `cpu${100 + at} 8x1000 A100`),
  );
  return [...fill, ...others.map((text) => asked(100, text)), ...rest];
}

/** Which of the kept shapes counts for more than its own hundred. */
function grown(requests: readonly AskedShape[]): string[] {
  return kept(requests).filter((line) => !line.endsWith(' 100'));
}

/** 6,400 of 6,793 are less than 95 %, 6,499 are enough: the 65th counts for another, the last three for none. */
const rest = (text: string) => [asked(99, text), ...['cpu91', 'cpu92', 'cpu93'].map((one) => asked(98, one))];

describe('of more than 64 shapes, each of the rest counts for the one nearest to it', () => {
  test.each([
    ['the nearest in CPUs', 'cpu6 1x500', ['cpu4 1x500', 'cpu7 1x500'], '7000/500 199'],
    [
      'the nearest share, for which a thousandth weighs as 16 CPU milli',
      'cpu4 1x500',
      ['cpu4 1x600', 'cpu5 1x500'],
      '5000/500 199',
    ],
    ['the other where that is nearer', 'cpu4 1x500', ['cpu4 1x562', 'cpu5 1x500'], '4000/562 199'],
    [
      'the same number of GPUs before anything near',
      'cpu4 2x1000',
      ['cpu4 1x1000', 'cpu90 2x1000'],
      '90000/2000 199',
    ],
    [
      'the same models before all else',
      'cpu4 1x1000 T4',
      ['cpu4 1x1000', 'cpu90 4x1000 T4'],
      '90000/4000 199',
    ],
    [
      'models in whatever order',
      'cpu4 1x1000 T4|P100',
      ['cpu4 1x1000', 'cpu9 1x1000 P100|T4'],
      '9000/1000 199',
    ],
  ])('%s', (_, text, others, expected) => {
    expect(grown(crowded(rest(text), others))).toEqual([expected]);
  });

  test('of two that are equally near, for the one that comes first', () => {
    expect(grown(crowded(rest('cpu5 1x500'), ['cpu4 1x500', 'cpu6 1x500']))).toEqual(['4000/500 199']);
  });

  test('64 that cover more than they must are cut down, and none counts for another', () => {
    expect(grown(crowded([]))).toEqual([]);
    expect(kept(crowded([]))).toHaveLength(61);
  });
});

describe('whatever is asked for', () => {
  const counted = array(record({ shape: nat(5), count: integer({ min: 1, max: 30 }) }), {
    minLength: 1,
    maxLength: 12,
  });

  test('counting first comes to the same as asking one by one', () => {
    assert(
      property(someShapes, counted, (shapes, counts) => {
        const requests = counts.flatMap(({ shape, count }): AskedShape[] => {
          const wanted = shapes[shape % shapes.length];
          return wanted === undefined ? [] : [{ ...wanted, count }];
        });
        const one = requests.flatMap(({ count, ...shape }) =>
          Array.from({ length: count }, (): Shape => shape),
        );
        expect(targetOfCounted(requests)).toEqual(targetOf(one));
      }),
      { seed, numRuns: 100 },
    );
  });

  test('at least 95 % are covered, and none but the least frequent is left out', () => {
    assert(
      property(
        array(constantFrom('cpu1', 'cpu2', 'cpu1 1x300', 'cpu3 2x1000', 'cpu1 1x1000 T4'), { maxLength: 60 }),
        (texts) => {
          const { shapes, countTotal, asked: all } = targetOf(texts.map(shapeOf));
          expect(sumOf(shapes.map(({ count }) => count))).toBe(countTotal);
          expect(countTotal * 100).toBeGreaterThanOrEqual(95 * texts.length);
          expect(sumOf(all.map(({ count }) => count))).toBe(texts.length);
          const last = shapes.at(-1)?.count ?? 0;
          // Without the last of those that are kept, it would be less than 95 %.
          expect(texts.length === 0 || (countTotal - last) * 100 < 95 * texts.length).toBe(true);
          const names = new Set(shapes.map((shape) => shapeKey({ ...shape, memoryMib: 0 })));
          const left = all.filter((shape) => !names.has(shapeKey({ ...shape, memoryMib: 0 })));
          expect(left.every(({ count }) => count <= last)).toBe(true);
        },
      ),
      { seed, numRuns: 150 },
    );
  });

  test('the order of requests decides nothing', () => {
    const many = Array.from({ length: 70 }, (_, at) => shapeOf(`cpu${at % 50} 1x${100 + at}`));
    assert(
      property(shuffledSubarray(many, { minLength: many.length }), (shuffled) => {
        expect(targetOf(shuffled)).toEqual(targetOf(many));
      }),
      { seed, numRuns: 20 },
    );
  });
});

import { assert, integer, property, uniqueArray } from 'fast-check';
import { expect, test } from 'vitest';

import { both, firstBits, indexesOf, lowest, maskOf, sizeOf, without } from '../../src/core/mask.ts';
import { seed } from './arbitrary.ts';

const numbers = uniqueArray(integer({ min: 0, max: 31 }), { maxLength: 32 });

const inOrder = (set: ReadonlySet<number>) => [...set].toSorted((a, b) => a - b);

test('a mask says the same as a set of numbers from 0 to 31', () => {
  assert(
    property(numbers, numbers, integer({ min: 0, max: 33 }), (one, two, count) => {
      const [a, b] = [new Set(one), new Set(two)];
      const [maskA, maskB] = [maskOf(one), maskOf(two)];
      expect(indexesOf(maskA)).toEqual(inOrder(a));
      expect(sizeOf(maskA)).toBe(a.size);
      expect(indexesOf(both(maskA, maskB))).toEqual(inOrder(a.intersection(b)));
      expect(indexesOf(without(maskA, maskB))).toEqual(inOrder(a.difference(b)));
      expect(indexesOf(lowest(maskA, count))).toEqual(inOrder(a).slice(0, count));
      expect(indexesOf(firstBits(count))).toEqual(Array.from({ length: Math.min(count, 32) }, (_, i) => i));
    }),
    { seed, numRuns: 300 },
  );
});

test('a mask is never negative, also with device 31 in it', () => {
  expect(maskOf([31])).toBe(2 ** 31);
  expect(without(maskOf([31, 0]), maskOf([0]))).toBe(2 ** 31);
  expect(both(maskOf([31]), firstBits(32))).toBe(2 ** 31);
  expect(lowest(firstBits(32), 32)).toBe(2 ** 32 - 1);
});

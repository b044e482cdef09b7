import { array, assert, integer, property, tuple } from 'fast-check';
import { expect, test } from 'vitest';

import { firstOf } from '../../src/core/first-of.ts';

test('the first of some things are those that sorting puts first, equals in their order', () => {
  assert(
    property(
      array(tuple(integer({ min: 0, max: 6 }), integer({ min: 0, max: 99 })), { maxLength: 40 }),
      integer({ min: 0, max: 45 }),
      (things, count) => {
        expect(firstOf(things, count, byFirst)).toEqual(things.toSorted(byFirst).slice(0, count));
      },
    ),
    { seed: 53, numRuns: 300 },
  );
});

function byFirst([a]: readonly [number, number], [b]: readonly [number, number]): number {
  return a - b;
}

import { array, assert, integer, property, tuple } from 'fast-check';
import { expect, test } from 'vitest';

import { Blocks } from '../../../src/core/index/blocks.ts';

test('blocks remember as a map does, and know nothing that nobody put in', () => {
  const places = integer({ min: 0, max: 1100 });
  assert(
    property(array(tuple(places, integer()), { maxLength: 60 }), array(places), (put, asked) => {
      const blocks = new Blocks();
      const map = new Map(put);
      for (const [at, value] of put) blocks.set(at, value);
      for (const at of [...asked, ...map.keys()]) expect(blocks.get(at)).toBe(map.get(at) ?? NaN);
    }),
    { seed: 6, numRuns: 200 },
  );
});

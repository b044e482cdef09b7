import { array, assert, boolean, integer, property, tuple } from 'fast-check';
import { expect, test } from 'vitest';

import { Shelf } from '../../src/core/shelf.ts';
import { seed } from './arbitrary.ts';

test('a shelf is a list of which every version stays as it was, also over the edges of its chunks', () => {
  const changes = array(tuple(boolean(), integer({ min: 0, max: 1000 })), { maxLength: 30 });
  assert(
    property(integer({ min: 240, max: 530 }), changes, (size, todo) => {
      let shelf = Shelf.empty<number>();
      for (let i = 0; i < size; i++) shelf = shelf.with(i, i);
      const versions = [{ shelf, list: Array.from({ length: size }, (_, i) => i) }];
      for (const [append, at] of todo) {
        const last = versions.at(-1) ?? { shelf, list: [] };
        const index = append ? last.list.length : at % last.list.length;
        const list = [...last.list];
        list[index] = -at;
        versions.push({ shelf: last.shelf.with(index, -at), list });
      }
      for (const version of versions) {
        expect([...version.shelf]).toEqual(version.list);
        expect(version.shelf.size).toBe(version.list.length);
        expect(version.shelf.at(version.list.length)).toBeUndefined();
        expect(version.shelf.at(size - 1)).toBe(version.list[size - 1]);
      }
    }),
    { seed, numRuns: 20 },
  );
});

test('nothing can be put behind a gap', () => {
  for (const place of [-1, 1, 300])
    expect(() => Shelf.empty<string>().with(place, 'late')).toThrow(RangeError);
});

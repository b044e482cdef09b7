import { array, assert, constantFrom, option, property } from 'fast-check';
import { expect, test } from 'vitest';

import { Path } from '../../src/model/id.ts';
import { standsIn, standsInAny } from '../../src/model/standing.ts';

const paths = constantFrom(
  'a',
  'a/h',
  'a/h1',
  'a/h1/r1',
  'a/h1/r1/n1',
  'a/h1/r10',
  'b/r1/n1',
  'b/r1/n1/x',
  'b',
  'ab',
);

test('to stand in any of some places, few or many, is to stand in one of them', () => {
  const seen = new Set<string>();
  assert(
    property(array(paths, { maxLength: 9 }), paths, option(paths, { nil: undefined }), (places, id, rack) => {
      const node = { id: Path.parse(id), facts: rack === undefined ? {} : { rack: Path.parse(rack) } };
      const isIn = places.some((place) => standsIn(node, place));
      expect(standsInAny(places)(node)).toBe(isIn);
      seen.add(`${places.length > 4} ${isIn} ${rack === undefined}`);
    }),
    { seed: 5, numRuns: 4000 },
  );
  expect(seen.size).toBe(8);
});

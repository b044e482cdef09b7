import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { islandsOf, meshWhy } from '../../src/sources/link-islands.ts';

/** Links written as pairs: `01 12`. */
function linked(text: string): (a: number, b: number) => boolean {
  const pairs = new Set(text.split(' ').filter((pair) => pair !== ''));
  return (a, b) => pairs.has(`${a}${b}`) || pairs.has(`${b}${a}`);
}

/** The hybrid cube of a DGX-1: each GPU has links to its three neighbours and across. */
const cube = '01 02 03 12 13 23 45 46 47 56 57 67 04 15 26 37';

describe('islands are sets in which each reaches each', () => {
  test.each([
    ['nothing', 0, '', [], []],
    ['single GPUs', 3, '', [0, 1, 2], []],
    ['pairs', 4, '01 23', [0, 0, 1, 1], []],
    ['crossed pairs', 4, '02 13', [0, 1, 0, 1], []],
    ['all to all', 3, '01 02 12', [0, 0, 0], []],
    ['a chain', 3, '01 12', [0, 0, 1], [[0, 1, 2]]],
    ['a ring', 4, '01 12 23 03', [0, 0, 1, 1], [[0, 1, 2, 3]]],
    ['a hybrid cube', 8, cube, [0, 0, 0, 0, 1, 1, 1, 1], [[0, 1, 2, 3, 4, 5, 6, 7]]],
  ])('%s', (_, count, links, islandOf, meshes) => {
    expect(islandsOf(count, linked(links))).toEqual({ islandOf, meshes });
  });

  test('for any links: no two of an island without one, every GPU in one island, nothing lost', () => {
    const graph = fc.integer({ min: 0, max: 10 }).chain((count) =>
      fc.record({
        count: fc.constant(count),
        on: fc.array(fc.boolean(), { minLength: count * count, maxLength: count * count }),
      }),
    );
    fc.assert(
      fc.property(graph, ({ count, on }) => {
        const isLinked = (a: number, b: number) => on[Math.min(a, b) * count + Math.max(a, b)] === true;
        const { islandOf, meshes } = islandsOf(count, isLinked);
        expect(islandOf).toHaveLength(count);
        const pairs = islandOf.flatMap((_, a) => islandOf.slice(0, a).map((__, b) => [a, b] as const));
        const together = pairs.filter(([a, b]) => islandOf[a] === islandOf[b]);
        expect(together.filter(([a, b]) => !isLinked(a, b))).toEqual([]);
        const cut = pairs.filter(([a, b]) => islandOf[a] !== islandOf[b] && isLinked(a, b));
        expect(cut.filter((pair) => !meshes.some((mesh) => pair.every((gpu) => mesh.includes(gpu))))).toEqual(
          [],
        );
      }),
      { seed: 20_261_122 },
    );
  });
});

test('a mesh is named', () => {
  expect(meshWhy([[0, 1, 2]])).toMatch(/^GPUs 0, 1, 2 form a mesh/u);
});

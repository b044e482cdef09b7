import { array, assert, integer, property } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { Path } from '../../../src/model/id.ts';
import { seed } from '../arbitrary.ts';
import { fact } from '../fleet-text.ts';
import { observe, world } from '../fleet.ts';

function limitOf(feedLimitW: object): number | undefined {
  const { fleet } = world('fra1/h1/r1 1×8 H100', { racks: { 'fra1/h1/r1': { feedLimitW } } }).state;
  return fleet.racks.get(Path.parse('fra1/h1/r1'))?.powerLimitW;
}

describe('what a rack can carry', () => {
  test.each([
    ['nothing that is known without feeds', {}, undefined],
    ['the whole of a single feed', { A: 10_000 }, 10_000],
    ['the weaker of two feeds', { A: 10_000, B: 8000 }, 8000],
    [
      'twice the weaker of those that share the load when one of three is lost',
      { A: 5000, B: 9000, C: 4000 },
      8000,
    ],
  ])('is %s', (_, feeds, expected) => {
    expect(limitOf(feeds)).toBe(expected);
  });

  test('holds when any one of several feeds is lost, and is the most that does', () => {
    assert(
      property(array(integer({ min: 0, max: 20_000 }), { minLength: 2, maxLength: 6 }), (feeds) => {
        const limit =
          limitOf(
            Object.fromEntries(feeds.map((feedW, at): [string, number] => ['ABCDEF'.charAt(at), feedW])),
          ) ?? NaN;
        const holds = (powerW: number) =>
          feeds.every((_, lost) =>
            feeds.every((feedW, at) => at === lost || powerW <= feedW * (feeds.length - 1)),
          );
        expect([holds(limit), holds(limit + 1)]).toEqual([true, false]);
      }),
      { seed, numRuns: 100 },
    );
  });
});

describe('the tree', () => {
  const { fleet } = world('fra1/h1/r1 2×8 H100', 'edge/x 1 cpu8', 'lone 1 cpu8', {
    sites: { empty: { country: 'DE' } },
    pools: { 'fra1/pool': { datasets: [{ id: 'books', sizeGib: 1 }] } },
  }).state;

  test('a node knows its site, and hall and rack where somebody has told of them', () => {
    expect(fleet.nodes.map(({ id, site, hall, rack }) => [id, site, hall, rack])).toEqual([
      ['edge/x/n01', 'edge', undefined, 'edge/x'],
      ['fra1/h1/r1/n01', 'fra1', 'fra1/h1', 'fra1/h1/r1'],
      ['fra1/h1/r1/n02', 'fra1', 'fra1/h1', 'fra1/h1/r1'],
      ['lone/n01', 'lone', undefined, undefined],
    ]);
  });

  test('nodes are numbered in the order of their ids, and found by them', () => {
    expect(fleet.nodes.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
    expect(fleet.nodes.map(({ id }) => fleet.nodeById.get(id))).toEqual([...fleet.nodes]);
  });

  test('sites come in order with their nodes and data, also those without nodes', () => {
    expect(fleet.sites.map(({ id, nodes, datasets }) => [id, nodes.length, [...datasets]])).toEqual([
      ['edge', 1, []],
      ['empty', 0, []],
      ['fra1', 2, ['books']],
      ['lone', 1, []],
    ]);
  });

  test('a site that only its nodes name is there all the same, and nothing is known of it', () => {
    const [site] = observe(world(), [fact('node', 'new/n01', {})]).state.fleet.sites;
    expect(site).toMatchObject({ id: 'new', facts: {} });
  });

  test('a device without its node is nothing, and so is one without a number', () => {
    const { nodes } = observe(world('fra1/r1 1×2 H100'), [
      fact('gpu', 'fra1/r1/n09/gpu0', { model: 'B200' }),
      fact('gpu', 'fra1/r1/n01/gpux', { model: 'B200' }),
    ]).state.fleet;
    expect(nodes).toHaveLength(1);
    expect(nodes[0]?.shape.models.map(({ model }) => model)).toEqual(['H100']);
  });
});

import { assert, property } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { layoutOf, limitsOn } from '../../../src/core/place/layout.ts';
import { fleets, seed } from '../arbitrary.ts';
import { world } from '../fleet.ts';
import { nodeAt } from './known.ts';

/** r1 and r2 in a hall with a limit, r2 with limits of its own; r3 in a hall without; the site has a budget. */
const fleet = world(
  'fra1/h1/r1 2×4 H100 gpuw700 basew800',
  'fra1/h1/r2 1×4 H100 gpuw700 basew800',
  'fra1/h2/r3 1×4 H100 gpuw700 basew800',
  'ams2/a1 1×4 H100 gpuw700 basew800',
  {
    racks: { 'fra1/h1/r2': { feedLimitW: { A: 9000 }, coolingLimitW: 8000 } },
    halls: { 'fra1/h1': { powerBudgetW: 20_000 } },
    sites: { fra1: { powerBudgetW: 30_000 } },
  },
);
const layout = layoutOf(fleet.state.fleet);

const sizes = (groups: ReadonlyMap<string, readonly object[]>) =>
  [...groups].map(([id, own]) => `${id} ${own.length}`).toSorted();

describe('what hangs together in a fleet', () => {
  test('are the nodes of each rack and of each site', () => {
    expect(sizes(layout.racks)).toEqual(['ams2/a1 1', 'fra1/h1/r1 2', 'fra1/h1/r2 1', 'fra1/h2/r3 1']);
    expect(sizes(layout.sites)).toEqual(['ams2 1', 'fra1 4']);
  });

  test('a node in no rack is in no group of racks, but in its site', () => {
    const loose = world('fra1/r1 1×4 H100', { nodes: { 'edge/n01': { gpuCount: 4, gpuModel: 'H100' } } });
    const { racks, sites } = layoutOf(loose.state.fleet);
    expect([...racks.keys()]).toEqual(['fra1/r1']);
    expect(sites.get(nodeAt(loose, 'edge/n01').site)).toEqual([nodeAt(loose, 'edge/n01')]);
  });

  test.each([
    ['fra1/h1/r1/n01', ['hall-power fra1/h1', 'site-power fra1']],
    [
      'fra1/h1/r2/n01',
      ['rack-power fra1/h1/r2', 'rack-cooling fra1/h1/r2', 'hall-power fra1/h1', 'site-power fra1'],
    ],
    ['fra1/h2/r3/n01', ['site-power fra1']],
    ['ams2/a1/n01', []],
  ])('%s draws on its own limits, from the rack outwards', (id, expected) => {
    const limits = limitsOn(layout, nodeAt(fleet, id));
    expect(limits.map(({ name, place }) => `${name} ${place}`)).toEqual(expected);
  });

  test('nodes that draw on the same limits have one list of them', () => {
    const [first, second] = ['fra1/h1/r1/n01', 'fra1/h1/r1/n02'].map((id) => nodeAt(fleet, id).index);
    const other = nodeAt(fleet, 'fra1/h1/r2/n01').index;
    const { draws } = layout;
    expect(draws.of[first ?? -1]).toBe(draws.of[second ?? -2]);
    expect(draws.of[first ?? -1]).not.toBe(draws.of[other]);
    // r1, r2, r3 and the other site: four lists for five nodes.
    expect([draws.limits.length, draws.nodes.map(({ length }) => length).toSorted((a, b) => a - b)]).toEqual([
      4,
      [1, 1, 1, 2],
    ]);
  });

  test('is found out once for a fleet', () => {
    expect(layoutOf(fleet.state.fleet)).toBe(layout);
    expect(layoutOf(world('fra1/r1 1×4 H100').state.fleet)).not.toBe(layout);
  });
});

test('whatever the fleet, lists of limits and lists of nodes say the same', () => {
  assert(
    property(fleets, (lines) => {
      const { state } = world(...lines);
      const { limits, draws, limitsByNode, racks, sites } = layoutOf(state.fleet);
      for (const node of state.fleet.nodes) {
        const own = limits.filter((limit) => limit.nodes.includes(node));
        expect(limitsByNode[node.index]).toEqual(own);
        const list = draws.of[node.index] ?? -1;
        expect(draws.limits[list]).toEqual(own);
        expect(draws.nodes[list]).toContain(node.index);
        expect(node.rack === undefined || racks.get(node.rack)?.includes(node)).toBe(true);
        expect(sites.get(node.site)).toContain(node);
      }
      for (const [list, own] of draws.limits.entries())
        for (const limit of limits)
          expect(draws.under[limit.index]?.includes(list)).toBe(own.includes(limit));
      expect(draws.nodes.flat().toSorted((a, b) => a - b)).toEqual(
        state.fleet.nodes.map(({ index }) => index),
      );
    }),
    { seed, numRuns: 60 },
  );
});

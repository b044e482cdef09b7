import { assert, constantFrom, property, subarray } from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  closestFirst,
  type Domain,
  domainsInside,
  domainsOn,
  levelsUpTo,
  placeOn,
} from '../../../src/core/place/domain.ts';
import { TopologyLevel } from '../../../src/model/demand.ts';
import { seed } from '../arbitrary.ts';
import { world } from '../fleet.ts';
import { nodeAt } from './known.ts';

/** Two racks of one leaf, a rack whose leaf has a spine, one of an edge site, and two racks in one island. */
const fleet = world(
  'fra1/h1/r1 2×8 H100 nvlink leaf',
  'fra1/h1/r2 1×8 H100 nolink',
  'fra1/h2/r3 2×4 H100 nvlink island2',
  'edge/x 1 cpu32',
  {
    nodes: {
      'fra1/h1/r2/n01': { leaf: 'fra1/leaf-r1' },
      'fra1/h2/r3/n01': { island: 'fra1/nvl' },
      'fra1/h2/r3/n02': { island: 'fra1/nvl', leaf: 'fra1/leaf-r3' },
    },
    leafs: { 'fra1/leaf-r3': { spine: 'fra1/spine-1' }, 'fra1/leaf-r1': {} },
    spines: { 'fra1/spine-1': {} },
  },
);
const { nodes } = fleet.state.fleet;

/** `fra1/h1/r1: n01 n02` for each domain. */
const words = (domains: readonly Domain[]) =>
  domains.map(
    ({ id, nodes: own }) => `${id}: ${own.map((node) => node.id.split('/').slice(-2).join('/')).join(' ')}`,
  );

describe('the place of a node', () => {
  test.each([
    ['site', 'fra1'],
    ['hall', 'fra1/h1'],
    ['rack', 'fra1/h1/r1'],
    ['leaf', 'fra1/leaf-r1'],
    ['spine', undefined],
    ['node', 'fra1/h1/r1/n01'],
    ['numa', 'fra1/h1/r1/n01'],
    ['pcie-root', 'fra1/h1/r1/n01'],
  ] as const)('on the level %s is %s', (level, expected) => {
    expect(placeOn(level, nodeAt(fleet, 'fra1/h1/r1/n01'))).toBe(expected);
  });

  test('is the spine of its leaf', () => {
    expect(placeOn('spine', nodeAt(fleet, 'fra1/h2/r3/n02'))).toBe('fra1/spine-1');
  });

  test.each([
    ['the node itself, where one link joins all its GPUs', 'fra1/h1/r1/n01', 'fra1/h1/r1/n01'],
    ['nowhere, where no link joins them', 'fra1/h1/r2/n01', undefined],
    ['what it shares with other nodes, though its own GPUs are in two domains', 'fra1/h2/r3/n01', 'fra1/nvl'],
    ['nowhere, where it has no GPUs', 'edge/x/n01', undefined],
  ])('on the level of islands is %s', (_, id, expected) => {
    expect(placeOn('island', nodeAt(fleet, id))).toBe(expected);
  });

  test.each([
    ['two link domains in it', '1×4 H100 nvlink island2', undefined],
    ['one link domain of all its GPUs', '1×4 H100 nvlink island4', 'fra1/r1/n01'],
    ['one GPU, and it is known to have no link', '1×1 H100 nolink', undefined],
    ['one GPU with a link', '1×1 H100 nvlink', 'fra1/r1/n01'],
    ['nobody has said anything of a link', '1×4 H100', undefined],
  ])('of a node with %s is no island but for itself', (_, rack, expected) => {
    expect(placeOn('island', nodeAt(world(`fra1/r1 ${rack}`), 'fra1/r1/n01'))).toBe(expected);
  });

  test('is not an island where only some of its GPUs are in one', () => {
    const half = world('fra1/r1 1×2 H100 nvlink', { gpus: { 'fra1/r1/n01/gpu0': { island: 0 } } });
    expect(placeOn('island', nodeAt(half, 'fra1/r1/n01'))).toBeUndefined();
  });
});

describe('the domains of a level', () => {
  test.each([
    ['site', ['edge: x/n01', 'fra1: r1/n01 r1/n02 r2/n01 r3/n01 r3/n02']],
    ['hall', ['fra1/h1: r1/n01 r1/n02 r2/n01', 'fra1/h2: r3/n01 r3/n02']],
    ['leaf', ['fra1/leaf-r1: r1/n01 r1/n02 r2/n01', 'fra1/leaf-r3: r3/n02']],
    ['spine', ['fra1/spine-1: r3/n02']],
    ['island', ['fra1/h1/r1/n01: r1/n01', 'fra1/h1/r1/n02: r1/n02', 'fra1/nvl: r3/n01 r3/n02']],
  ] as const)('%s come by id, without nodes whose place nobody knows', (level, expected) => {
    expect(words(domainsOn(level, nodes))).toEqual(expected);
  });

  test('inside a closer limit are cut along it', () => {
    expect(words(domainsInside('rack', 'leaf', nodes))).toEqual([
      'fra1/leaf-r1: r1/n01 r1/n02',
      'fra1/leaf-r1: r2/n01',
      'fra1/leaf-r3: r3/n02',
    ]);
  });

  test('inside a limit that some nodes are not known to be in leave those out', () => {
    expect(words(domainsInside('spine', 'node', nodes))).toEqual(['fra1/h2/r3/n02: r3/n02']);
  });

  test('hold each node once, those and no others that have a place, whatever is asked for', () => {
    assert(
      property(constantFrom(...TopologyLevel.options), subarray([...nodes]), (level, some) => {
        const domains = domainsOn(level, some);
        const placed = some.filter((node) => placeOn(level, node) !== undefined);
        expect(domains.flatMap(({ nodes: own }) => own).toSorted((a, b) => a.index - b.index)).toEqual(
          placed,
        );
        for (const { id, nodes: own } of domains)
          for (const node of own) expect(placeOn(level, node)).toBe(id);
        const ids = domains.map(({ id }): string => id);
        expect(ids).toEqual([...new Set(ids)].toSorted());
        for (const { nodes: own } of domains)
          expect(own).toEqual([...own].toSorted((a, b) => a.index - b.index));
      }),
      { seed, numRuns: 150 },
    );
  });

  test('inside the site are those of the level: nobody stands at two sites', () => {
    for (const level of closestFirst)
      expect(domainsInside('site', level, nodes)).toEqual(domainsOn(level, nodes));
  });
});

describe('the levels that are tried', () => {
  const plain = world('fra1/h1/r1 2×8 H100').state.fleet.nodes;

  test.each([
    ['without a limit, where nobody names islands or spines', undefined, plain, 'node rack leaf hall site'],
    ['without a limit, where both are named', undefined, nodes, 'node island rack leaf spine hall site'],
    ['up to the rack', 'rack', plain, 'node rack'],
    ['up to the rack, with islands in between', 'rack', nodes, 'node island rack'],
    ['up to the island, also where none is named', 'island', plain, 'node island'],
    ['up to the spine, also where none is named', 'spine', plain, 'node rack leaf spine'],
    ['up to the leaf', 'leaf', plain, 'node rack leaf'],
    ['up to the hall', 'hall', plain, 'node rack leaf hall'],
    ['up to the site', 'site', plain, 'node rack leaf hall site'],
    ['inside a node', 'numa', nodes, 'node'],
    ['under a PCIe root', 'pcie-root', nodes, 'node'],
    ['on one node', 'node', nodes, 'node'],
  ] as const)('%s', (_, limit, of, expected) => {
    expect(levelsUpTo(limit, of).join(' ')).toBe(expected);
  });
});

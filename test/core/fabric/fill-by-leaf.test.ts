import { assert, constantFrom, integer, property, record, uniqueArray } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { fillByLeaf } from '../../../src/core/place/fabric/leafs.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { take } from '../acts.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { type Details, type World, world } from '../fleet.ts';
import { wantOf, withRdma } from './ask.ts';
import { benchFor, inTurn, nodesOf, oneEach } from './filling.ts';

/** Racks with a leaf each: `r1 3 100 s1` is three nodes of four GPUs under a leaf of 100 Mbit/s below spine 1. */
function racks(...lines: readonly string[]): World {
  const words = lines.map((line) => line.split(' '));
  const leafs = words.map(([name = '', , mbps, spine]): [string, object] => [
    `fra1/leaf-${name}`,
    {
      ...(mbps === undefined || mbps === '?' ? {} : { uplinkMbps: Number(mbps) }),
      ...(spine === undefined ? {} : { spine: `fra1/${spine}` }),
    },
  ]);
  return world(...words.map(([name, nodes]) => `fra1/${name} ${nodes}×4 H100 rdma leaf`), {
    leafs: Object.fromEntries(leafs),
    spines: {
      'fra1/s1': { uplinkMbps: 100 },
      'fra1/s2': { uplinkMbps: 100 },
      'fra1/low': { uplinkMbps: 99 },
    },
  });
}

const budgeted = (text: string, more: object = {}) => withRdma(text, { uplinkMbps: 100 }, more);

type Filled = { readonly nodes: readonly string[]; readonly held: readonly string[]; readonly leafs: number };

/** Where the first part of a demand goes, and what the bench holds of uplinks then. */
function filled(on: World, asked: Demand): Filled {
  const bench = benchFor(on, asked);
  const members = fillByLeaf(bench, on.state.fleet.nodes, wantOf(asked, 'H100'), inTurn);
  return {
    nodes: nodesOf(members),
    held: [...bench.fabric.taken]
      .map(([edge, mbps]) => `${edge.replace('rdma fra1/', '')} ${mbps}`)
      .toSorted(),
    leafs: bench.fabric.leafs,
  };
}

const nodes = (on: World, text: string) => filled(on, budgeted(text)).nodes.join(' ');

describe('a part that one leaf holds', () => {
  test.each<[string, readonly string[], string, string]>([
    ['goes where least is to spare', ['r1 3 100', 'r2 2 100', 'r3 4 100'], '2×4 H100 rdma', 'r2/n01 r2/n02'],
    ['goes by id where all are alike', ['r2 2 100', 'r1 2 100'], '2×4 H100 rdma', 'r1/n01 r1/n02'],
    ['needs no uplink: it may have none left', ['r1 3 100', 'r2 2 0'], '2×4 H100 rdma', 'r2/n01 r2/n02'],
    ['needs no uplink: nobody need know it', ['r1 3 100', 'r2 2 ?'], '2×4 H100 rdma', 'r2/n01 r2/n02'],
    ['shares a node where it fits', ['r1 1 100', 'r2 2 100'], '2×2 H100 rdma', 'r1/n01×2'],
  ])('%s', (_, lines, text, found) => {
    expect(nodes(racks(...lines), text)).toBe(found);
  });

  test('holds nothing, and stands on one leaf', () => {
    expect(filled(racks('r1 3 100', 'r2 2 100'), budgeted('2×4 H100 rdma'))).toMatchObject({
      held: [],
      leafs: 1,
    });
  });

  test('goes where it draws least, where the whole has a cap', () => {
    const on = world(
      'fra1/r1 2×4 H100 rdma leaf gpuw700 basew100',
      'fra1/r2 3×4 H100 rdma leaf gpuw500 basew100',
    );
    const asked = budgeted('2×4 H100 rdma', { powerCapW: 9000 });
    expect(filled(on, asked).nodes).toEqual(['r2/n01', 'r2/n02']);
    expect(filled(on, budgeted('2×4 H100 rdma')).nodes).toEqual(['r1/n01', 'r1/n02']);
  });

  test('takes a node whose leaf nobody knows, alone', () => {
    const on = world('fra1/r1 2×4 H100 rdma');
    expect(filled(on, budgeted('2×2 H100 rdma'))).toEqual({ nodes: ['r1/n01×2'], held: [], leafs: 1 });
    expect(filled(on, budgeted('2×4 H100 rdma')).nodes).toEqual(['r1/n01']);
  });
});

describe('a part that takes several leafs', () => {
  test('stands on as few as hold it, the last the one with least room that will do', () => {
    expect(filled(racks('r1 2 100', 'r2 2 100', 'r3 1 100'), budgeted('3×4 H100 rdma'))).toEqual({
      nodes: ['r1/n01', 'r1/n02', 'r3/n01'],
      held: ['leaf-r1 100', 'leaf-r3 100'],
      leafs: 2,
    });
  });

  test.each<[string, readonly string[], string]>([
    [
      'the last keeps its place where none is tighter',
      ['r1 3 100', 'r2 1 100'],
      'r1/n01 r1/n02 r1/n03 r2/n01',
    ],
    [
      'a leaf without the budget is passed over',
      ['r1 3 100', 'r2 1 99', 'r3 2 100'],
      'r1/n01 r1/n02 r1/n03 r3/n01',
    ],
    ['also where it is the roomiest', ['r1 3 99', 'r2 2 100', 'r3 2 100'], 'r2/n01 r2/n02 r3/n01 r3/n02'],
    [
      'a leaf of unknown uplink is passed over',
      ['r1 3 ?', 'r2 2 100', 'r3 2 100'],
      'r2/n01 r2/n02 r3/n01 r3/n02',
    ],
    ['three, where no two hold it', ['r1 2 100', 'r2 1 100', 'r3 1 100'], 'r1/n01 r1/n02 r2/n01 r3/n01'],
    [
      'as much as one leaf takes, where no set has the budget',
      ['r1 2 99', 'r2 3 100'],
      'r2/n01 r2/n02 r2/n03',
    ],
    ['as much as one leaf takes, where all together are too few', ['r1 1 100', 'r2 2 100'], 'r2/n01 r2/n02'],
    ['as much as the roomiest takes, though it has no budget', ['r1 3 0', 'r2 2 0'], 'r1/n01 r1/n02 r1/n03'],
    ['nothing, where nothing is free', ['r1 0 100'], ''],
  ])('%s', (_, lines, found) => {
    expect(nodes(racks(...lines), '4×4 H100 rdma')).toBe(found);
  });

  test('what stands on part of it holds nothing', () => {
    expect(filled(racks('r1 2 99', 'r2 3 100'), budgeted('4×4 H100 rdma')).held).toEqual([]);
  });

  test.each<[string, readonly string[], readonly string[], readonly string[]]>([
    [
      'stays under one spine where that holds it, though others come first',
      ['r1 2 100 s1', 'r2 2 100 s2', 'r3 2 100 s1'],
      ['r1/n01', 'r1/n02', 'r3/n01', 'r3/n02'],
      ['leaf-r1 100', 'leaf-r3 100'],
    ],
    [
      'holds the spines, too, where it has to cross them',
      ['r1 2 100 s1', 'r2 2 100 s2'],
      ['r1/n01', 'r1/n02', 'r2/n01', 'r2/n02'],
      ['leaf-r1 100', 'leaf-r2 100', 's1 100', 's2 100'],
    ],
    [
      'crosses no spine that has not the budget',
      ['r1 2 100 s1', 'r2 2 100 low', 'r3 2 100 s2'],
      ['r1/n01', 'r1/n02', 'r3/n01', 'r3/n02'],
      ['leaf-r1 100', 'leaf-r3 100', 's1 100', 's2 100'],
    ],
    [
      'rather two leafs under two spines than three under one',
      ['r1 2 100 s1', 'r2 1 100 s1', 'r3 1 100 s1', 'r4 2 100 s2'],
      ['r1/n01', 'r1/n02', 'r4/n01', 'r4/n02'],
      ['leaf-r1 100', 'leaf-r4 100', 's1 100', 's2 100'],
    ],
    [
      'does not join leafs of which only one has a spine',
      ['r1 2 100 s1', 'r2 2 100', 'r3 2 100'],
      ['r2/n01', 'r2/n02', 'r3/n01', 'r3/n02'],
      ['leaf-r2 100', 'leaf-r3 100'],
    ],
  ])('%s', (_, lines, found, held) => {
    expect(filled(racks(...lines), budgeted('4×4 H100 rdma'))).toEqual({ nodes: found, held, leafs: 2 });
  });

  test('leaves to the next part what it has not taken itself', () => {
    const on = racks('r1 2 150', 'r2 2 250', 'r3 2 200');
    const asked = budgeted('a: 2×2 H100 rdma apart:node + b: 3×3 H100 rdma');
    const bench = benchFor(on, asked);
    const [a, b] = asked.parts.map((part) => ({ part, gpuCount: part.each.gpus?.count ?? 0, model: 'H100' }));
    if (a === undefined || b === undefined) throw new Error('there are two parts');
    const firsts = on.state.fleet.nodes.filter(({ id }) => id === 'fra1/r1/n01' || id === 'fra1/r2/n01');
    expect(nodesOf(fillByLeaf(bench, firsts, a, oneEach))).toEqual(['r1/n01', 'r2/n01']);
    expect(['r1', 'r2', 'r3'].map((leaf) => bench.fabric.left('rdma', `fra1/leaf-${leaf}`))).toEqual([
      50, 150, 200,
    ]);
    expect(nodesOf(fillByLeaf(bench, on.state.fleet.nodes, b, inTurn))).toEqual([
      'r2/n02',
      'r3/n01',
      'r3/n02',
    ]);
    expect(['r1', 'r2', 'r3'].map((leaf) => bench.fabric.left('rdma', `fra1/leaf-${leaf}`))).toEqual([
      50, 50, 100,
    ]);
    expect(bench.fabric.leafs).toBe(2 + 2);
  });

  test('is put on what others leave of nodes and leafs', () => {
    const on = take(racks('r1 2 250', 'r2 2 150', 'r3 2 200'), budgeted('2×1 H100 rdma apart:leaf 1h'));
    // Others hold 100 of the uplinks of r1 and r2, and a GPU on a node of each.
    const taken = [...on.state.bandwidth.keys()];
    expect(taken).toEqual(['rdma fra1/leaf-r1', 'rdma fra1/leaf-r2']);
    expect(nodes(on, '3×4 H100 rdma')).toBe('r1/n02 r3/n01 r3/n02');
  });
});

/** Pairs of nodes whose four rails hang on leafs of the pair: `a` and `b`, of so many Mbit/s. */
const pairs = (mbps: number): Details => ({
  nics: Object.fromEntries(
    ['a', 'b'].flatMap((pair) =>
      ['n01', 'n02'].flatMap((node) =>
        [0, 1, 2, 3].map((rail) => [`fra1/${pair}/${node}/nic${rail}`, { leaf: `fra1/${pair}-${rail}` }]),
      ),
    ),
  ),
  leafs: Object.fromEntries(
    ['a', 'b'].flatMap((pair) => [0, 1, 2, 3].map((rail) => [`fra1/${pair}-${rail}`, { uplinkMbps: mbps }])),
  ),
});

const railed = (mbps: number) => world('fra1/a 2×4 H100 rdma', 'fra1/b 2×4 H100 rdma', pairs(mbps));

describe('rails with leafs of their own', () => {
  test('nodes that share all their leafs are as good as under one', () => {
    expect(filled(railed(0), budgeted('2×4 H100 rdma'))).toEqual({
      nodes: ['a/n01', 'a/n02'],
      held: [],
      leafs: 1,
    });
  });

  test('over two groups each of four rails holds a quarter', () => {
    const { nodes: found, held, leafs } = filled(railed(25), budgeted('3×4 H100 rdma'));
    expect([found, leafs]).toEqual([['a/n01', 'a/n02', 'b/n01'], 2]);
    expect(held).toEqual(['a', 'b'].flatMap((pair) => [0, 1, 2, 3].map((rail) => `${pair}-${rail} 25`)));
  });

  test('a leaf that all groups share need not have any uplink', () => {
    const shared = world('fra1/a 1×2 H100 rdma', 'fra1/b 1×2 H100 rdma', {
      nics: {
        'fra1/a/n01/nic0': { leaf: 'fra1/x' },
        'fra1/a/n01/nic1': { leaf: 'fra1/a-1' },
        'fra1/b/n01/nic0': { leaf: 'fra1/x' },
        'fra1/b/n01/nic1': { leaf: 'fra1/b-1' },
      },
      leafs: { 'fra1/x': { uplinkMbps: 0 }, 'fra1/a-1': { uplinkMbps: 50 }, 'fra1/b-1': { uplinkMbps: 50 } },
    });
    expect(filled(shared, budgeted('2×2 H100 rdma'))).toEqual({
      nodes: ['a/n01', 'b/n01'],
      held: ['a-1 50', 'b-1 50'],
      leafs: 2,
    });
  });

  test('a quarter that is not there is a no', () => {
    expect(filled(railed(24), budgeted('3×4 H100 rdma'))).toMatchObject({
      nodes: ['a/n01', 'a/n02'],
      held: [],
    });
  });
});

const drawn = record({
  names: uniqueArray(constantFrom('r1', 'r2', 'r3', 'r4'), { minLength: 2, maxLength: 4 }),
  sizes: record({
    r1: integer({ min: 1, max: 3 }),
    r2: integer({ min: 1, max: 3 }),
    r3: integer({ min: 1, max: 3 }),
    r4: integer({ min: 1, max: 3 }),
  }),
  poor: constantFrom('', 'r1', 'r2', 'r3', 'r4'),
  count: integer({ min: 1, max: 7 }),
});

/** All sets of these names. */
const setsOf = (names: readonly string[]): readonly (readonly string[])[] =>
  names.reduce<string[][]>((sets, name) => [...sets, ...sets.map((set) => [...set, name])], [[]]);

test('whatever leafs there are, no smaller set of them holds the part, and a single one is the tightest', () => {
  let several = 0;
  assert(
    property(drawn, ({ names, sizes, poor, count }) => {
      const sizeOf = (name: string) => new Map(Object.entries(sizes)).get(name) ?? 0;
      const on = racks(...names.map((name) => `${name} ${sizeOf(name)} ${name === poor ? 99 : 100}`));
      const { nodes: found, leafs } = filled(on, budgeted(`${count}×4 H100 rdma`));
      const room = (set: readonly string[]) => set.reduce((sum, name) => sum + sizeOf(name), 0);
      const able = setsOf(names).filter(
        (set) => room(set) >= count && (set.length === 1 || !set.includes(poor)),
      );
      const fewest = Math.min(Infinity, ...able.map(({ length }) => length));
      const most = Math.max(...names.map(sizeOf));
      const used = new Set(found.map((node) => node.split('/')[0] ?? ''));
      expect({ placed: found.length, used: used.size, leafs }).toEqual(
        fewest === Infinity
          ? { placed: most, used: 1, leafs: 1 }
          : { placed: count, used: fewest, leafs: fewest },
      );
      const tightest = Math.min(...able.filter(({ length }) => length === 1).map(room));
      expect(fewest > 1 || room([...used]) === tightest).toBe(true);
      several += Number(fewest > 1 && fewest < Infinity);
    }),
    { seed, numRuns: 120 },
  );
  expect(several).toBeGreaterThan(20);
});

test('what was found out on an empty bench is told again, and only of the same nodes', () => {
  const on = racks('r1 3 100');
  const asked = budgeted('3×4 H100 rdma');
  const want = wantOf(asked, 'H100');
  const bench = benchFor(on, asked);
  const { nodes: all } = on.state.fleet;
  const fill = (own: typeof all) => nodesOf(fillByLeaf(bench.fork(), own, want, inTurn));
  expect(fill(all)).toEqual(['r1/n01', 'r1/n02', 'r1/n03']);
  expect(fill(all.slice(1))).toEqual(['r1/n02', 'r1/n03']);
  expect(fill(all)).toEqual(['r1/n01', 'r1/n02', 'r1/n03']);
  const held = bench.fork();
  const [first] = all;
  if (first === undefined) throw new Error('there is a node');
  held.put(first, want, 0);
  expect(nodesOf(fillByLeaf(held, all, want, inTurn))).toEqual(['r1/n02', 'r1/n03']);
});

test('a part without GPUs goes by leafs as well', () => {
  const on = racks('r1 1 100', 'r2 1 100');
  const asked = withRdma('2×cpu1 rdma', { uplinkMbps: 100 });
  const silent = filled(on, asked);
  // Nobody recorded how many cores there are, so no replica with some fits.
  expect(silent.nodes).toEqual([]);
  const known = world('fra1/r1 1×4 H100 rdma leaf cpu1', 'fra1/r2 1×4 H100 rdma leaf cpu1', {
    leafs: { 'fra1/leaf-r1': { uplinkMbps: 100 }, 'fra1/leaf-r2': { uplinkMbps: 100 } },
  });
  expect(filled(known, asked)).toEqual({
    nodes: ['r1/n01', 'r2/n01'],
    held: ['leaf-r1 100', 'leaf-r2 100'],
    leafs: 2,
  });
  expect(filled(known, demand('1×cpu1 rdma')).leafs).toBe(1);
});

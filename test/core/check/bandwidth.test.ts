import { array, assert, constantFrom, integer, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { bandwidthHeld } from '../../../src/core/check/bandwidth.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { withRdma } from '../fabric/ask.ts';
import { type Details, type World, world } from '../fleet.ts';
import { granted, placement } from '../placement.ts';
import { during, saidBy, withEdges } from './findings.ts';

/** Nodes with one data NIC each, at two sites; the dataset is in a pool of each, and in a second one in Frankfurt. */
const pool = { mbps: 900, datasets: [{ id: 'corpus', sizeGib: 1 }] };
const facts: Details = {
  pools: {
    'fra1/nvme': pool,
    'fra1/disk': pool,
    'ams2/nvme': pool,
    'fra1/empty': { mbps: 900, datasets: [] },
  },
  wanLinks: { 'fra1/wan': { from: 'fra1', to: 'ams2', mbps: 900 } },
};
const fleet = world('fra1/h1/r1 4×4 H100 nordma', 'ams2/h1/a1 2×4 H100 nordma', facts);
const node = (at: number) => `fra1/h1/r1/n0${at}`;

type Flow = readonly [from: string, to: string, mbps: number];

function said(
  text: string,
  flows: readonly Flow[],
  members: readonly string[],
  edges: readonly string[],
  on: World = fleet,
) {
  const held = placement(4, ...members);
  const wish = demand(text, {
    dataset: 'corpus',
    flows: flows.map(([from, to, mbps]) => ({ from, to, mbps })),
  });
  return saidBy(bandwidthHeld, on, wish, edges.length === 0 ? held : withEdges(held, ...edges)).map((line) =>
    line.replace('bandwidth: ', ''),
  );
}

const pair = [`load 0 ${node(1)}`, `train 0 ${node(2)}`];
const text = 'load: 1×cpu0 + train: 1×cpu0';

describe('what flows between two parts', () => {
  const both = [`data ${node(1)} 60`, `data ${node(2)} 60`];
  test.each<readonly [string, readonly string[], readonly string[]]>([
    ['is held where it leaves and where it comes in', both, []],
    [
      'not where it leaves alone',
      [`data ${node(1)} 60`],
      [`data ${node(2)}: holds nothing, 60 Mbit/s are due`],
    ],
    [
      'not nowhere',
      [],
      [
        `data ${node(1)}: holds nothing, 60 Mbit/s are due`,
        `data ${node(2)}: holds nothing, 60 Mbit/s are due`,
      ],
    ],
    [
      'not a Mbit/s more',
      [`data ${node(1)} 61`, `data ${node(2)} 60`],
      [`data ${node(1)}: holds 61 Mbit/s, 60 are due`],
    ],
    [
      'not a Mbit/s less',
      [`data ${node(1)} 60`, `data ${node(2)} 59`],
      [`data ${node(2)}: holds 59 Mbit/s, 60 are due`],
    ],
    [
      'not where it does not go',
      [...both, `data ${node(3)} 60`],
      [`data ${node(3)}: holds 60 Mbit/s, 0 are due`],
    ],
    [
      'not where nothing is held',
      [...both, `data ${node(3)} 0`],
      [`data ${node(3)}: holds 0 Mbit/s, 0 are due`],
    ],
    ['not out of order', both.toReversed(), [`data ${node(1)} is not in order, each edge once`]],
    [
      'not over a pool',
      [...both, 'storage fra1/nvme 60'],
      [
        '1 storage pools are held for 0 Mbit/s of the dataset',
        'storage fra1/nvme: holds 60 Mbit/s, 0 are due',
      ],
    ],
  ])('%s', (_, edges, expected) => {
    expect(said(text, [['load', 'train', 60]], pair, edges)).toEqual(expected);
  });

  test('adds up with what flows back', () => {
    const edges = [`data ${node(1)} 65`, `data ${node(2)} 65`];
    expect(
      said(
        text,
        [
          ['load', 'train', 60],
          ['train', 'load', 5],
        ],
        pair,
        edges,
      ),
    ).toEqual([]);
  });

  test('is held for members alone, not for a spare', () => {
    expect(said(text, [['load', 'train', 60]], [...pair, `+ train 1 ${node(3)}`], both)).toEqual([]);
  });

  test('is nothing on one node', () => {
    expect(said(text, [['load', 'train', 60]], [`load 0 ${node(1)}`, `train 0 ${node(1)}`], [])).toEqual([]);
  });

  test('has ends that there are', () => {
    expect(said(text, [['load', 'nobody', 0]], pair, [])).toEqual([
      'flows: `nobody` is no end of a flow here',
    ]);
    const without = demand(text, { flows: [{ from: 'dataset', to: 'train', mbps: 0 }] });
    expect(saidBy(bandwidthHeld, fleet, without, placement(4, ...pair))).toEqual([
      'flows: `dataset` is no end of a flow here',
    ]);
  });

  test.each<readonly [string, number, readonly [number, number], boolean]>([
    ['all that others leave', 99_940, [0, 4], false],
    ['a Mbit/s more', 99_941, [0, 4], true],
    ['a Mbit/s more in its last hour', 99_941, [3, 9], true],
    ['what others have held before', 99_941, [-4, 0], false],
    ['what others hold after', 99_941, [4, 9], false],
  ])('may be %s', (_, others, hours, isTooMuch) => {
    const theirs = withEdges(placement(1, `load 0 ${node(1)}`), `data ${node(1)} ${others}`);
    const on = granted(fleet, demand('load: 1×cpu0', { tenant: 'globex' }), during(theirs, ...hours));
    expect(said(text, [['load', 'train', 60]], pair, both, on)).toEqual(
      isTooMuch ? [`data ${node(1)}: Mbit/s held by others ${others}, asked for 60, limit 100000`] : [],
    );
  });
});

describe('what flows from the dataset', () => {
  const train = [`load 0 ${node(1)}`, `train 0 ${node(2)}`];
  const nic = `data ${node(2)} 60`;
  const said60 = (...edges: readonly string[]) =>
    said(text, [['dataset', 'train', 60]], train, [nic, ...edges]);
  test.each<readonly [string, readonly string[], readonly string[]]>([
    ['comes from a pool that has it', ['storage fra1/nvme 60'], []],
    ['or from another one that has it', ['storage fra1/disk 60'], []],
    [
      'not from two',
      ['storage fra1/disk 60', 'storage fra1/nvme 60'],
      ['2 storage pools are held for 60 Mbit/s of the dataset'],
    ],
    ['not from none', [], ['0 storage pools are held for 60 Mbit/s of the dataset']],
    [
      'not from one that has it not',
      ['storage fra1/empty 60'],
      ['storage fra1/empty: does not hold the dataset'],
    ],
    [
      'not from another site',
      ['storage ams2/nvme 60'],
      ['storage ams2/nvme: not in the site of the members'],
    ],
    ['not at another rate', ['storage fra1/nvme 59'], ['storage fra1/nvme: holds 59 Mbit/s, 60 are due']],
  ])('%s', (_, edges, expected) => {
    expect(said60(...edges)).toEqual(expected);
  });

  test('and to it is one budget of the pool', () => {
    const flows: readonly Flow[] = [
      ['dataset', 'train', 60],
      ['train', 'dataset', 40],
      ['dataset', 'load', 5],
    ];
    const edges = [`data ${node(1)} 5`, `data ${node(2)} 100`, 'storage fra1/nvme 105'];
    expect(said(text, flows, train, edges)).toEqual([]);
  });

  test('to a part of which there is nobody yet counts where the others are', () => {
    const flows: readonly Flow[] = [['dataset', 'load', 60]];
    expect(said(text, flows, [`train 0 ${node(2)}`], ['storage fra1/nvme 60'])).toEqual([]);
    expect(said(text, flows, [`train 0 ${node(2)}`], [])).toEqual([
      '0 storage pools are held for 60 Mbit/s of the dataset',
    ]);
  });

  test('to two sites comes from a pool of each', () => {
    const flows: readonly Flow[] = [
      ['dataset', 'load', 30],
      ['dataset', 'train', 60],
    ];
    const there = [`load 0 ${node(1)}`, 'train 0 ams2/h1/a1/n01'];
    const nics = ['data ams2/h1/a1/n01 60', `data ${node(1)} 30`];
    expect(said(text, flows, there, [...nics, 'storage ams2/nvme 60', 'storage fra1/nvme 30'])).toEqual([]);
    expect(said(text, flows, there, [...nics, 'storage fra1/nvme 30'])).toEqual([
      '0 storage pools are held for 60 Mbit/s of the dataset',
    ]);
    expect(said(text, flows, there, [...nics, 'storage ams2/nvme 30', 'storage fra1/nvme 60'])).toEqual([
      'storage fra1/nvme: holds 60 Mbit/s, 30 are due',
      'storage ams2/nvme: holds 30 Mbit/s, 60 are due',
    ]);
  });

  test('to nobody counts for no site where there are two', () => {
    const flows: readonly Flow[] = [['dataset', 'eval', 60]];
    const there = [`load 0 ${node(1)}`, 'train 0 ams2/h1/a1/n01'];
    expect(said(`${text} + eval: 1×cpu0`, flows, there, [])).toEqual([]);
  });
});

test('uplinks are owed also where another part asks for none', () => {
  const on = world('fra1/h1/r1 2×2 H100 rdma leaf', 'fra1/h1/r2 2×2 H100 rdma leaf', {
    leafs: { 'fra1/leaf-r1': { uplinkMbps: 900 }, 'fra1/leaf-r2': { uplinkMbps: 900 } },
  });
  const held = placement(
    4,
    'load 0 fra1/h1/r1/n02 cpu0',
    'train 0 fra1/h1/r1/n01 gpu0 nic0',
    'train 1 fra1/h1/r2/n01 gpu0 nic0',
  );
  const wish = withRdma('load: 1×cpu0 + train: 2×1 rdma', { uplinkMbps: 70 });
  expect(saidBy(bandwidthHeld, on, wish, held)).toEqual([
    'bandwidth: rdma fra1/leaf-r1: holds nothing, 70 Mbit/s are due',
    'bandwidth: rdma fra1/leaf-r2: holds nothing, 70 Mbit/s are due',
  ]);
});

/** Each replica of `load` sends an equal part to each of `train`: what does not stay on a node goes over its NIC. */
test('wherever replicas stand, each NIC holds its share of all pairs, rounded up once', () => {
  const where = array(constantFrom(1, 2, 3), { minLength: 1, maxLength: 4 });
  assert(
    property(where, where, integer({ min: 1, max: 100 }), (loads, trains, mbps) => {
      const pairs = loads.flatMap((from) => trains.map((to) => [from, to] as const));
      const edges = [1, 2, 3].flatMap((at) => {
        const crossing = pairs.filter(([from, to]) => from !== to && (from === at || to === at)).length;
        return crossing === 0 ? [] : [`data ${node(at)} ${Math.ceil((mbps * crossing) / pairs.length)}`];
      });
      const members = [
        ...loads.map((at, replica) => `load ${replica} ${node(at)}`),
        ...trains.map((at, replica) => `train ${replica} ${node(at)}`),
      ];
      const wish = `load: ${loads.length}×cpu0 + train: ${trains.length}×cpu0`;
      expect(said(wish, [['load', 'train', mbps]], members, edges)).toEqual([]);
    }),
    { seed, numRuns: 60 },
  );
});

test('inside a part every ordered pair of replicas counts', () => {
  const three = [1, 1, 2].map((at, replica) => `train ${replica} ${node(at)}`);
  // Of nine pairs, four join the two nodes.
  expect(
    said('train: 3×cpu0', [['train', 'train', 90]], three, [`data ${node(1)} 40`, `data ${node(2)} 40`]),
  ).toEqual([]);
});

test('any wrong rate on any edge is found', () => {
  const edges = record({ at: integer({ min: 0, max: 2 }), by: constantFrom(-2, -1, 1, 2) });
  assert(
    property(edges, ({ at, by }) => {
      const right = [`data ${node(1)} 60`, `data ${node(2)} 65`, 'storage fra1/nvme 5'];
      const wrong = right.map((edge, index) => {
        const [fabric, path, mbps] = edge.split(' ');
        return index === at ? `${fabric} ${path} ${Number(mbps) + by}` : edge;
      });
      const flows: readonly Flow[] = [
        ['load', 'train', 60],
        ['dataset', 'train', 5],
      ];
      expect(said(text, flows, pair, right)).toEqual([]);
      expect(said(text, flows, pair, wrong)).toHaveLength(1);
    }),
    { seed, numRuns: 20 },
  );
});

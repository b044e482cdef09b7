import { describe, expect, test } from 'vitest';

import { bandwidthOf } from '../../../src/core/place/fabric/bandwidth.ts';
import { edgeEnds, withoutFlows, withoutUplinks } from '../../../src/core/place/fabric/demand.ts';
import { EdgeRooms } from '../../../src/core/place/fabric/edge-rooms.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { HeldBandwidth } from '../../../src/model/placement.ts';
import { demand } from '../demand.ts';
import { type Details, hourMs, t0, world } from '../fleet.ts';
import { placement } from '../placement.ts';
import { heldBy, withRdma } from './ask.ts';

const data = { kind: 'ethernet', rdma: false, mbps: 100 };
const corpus = (id = 'corpus') => [{ id, sizeGib: 1 }];
const nodes = ['fra1/a/n01', 'fra1/a/n02', 'fra1/b/n01', 'ams1/c/n01', 'ams1/c/n02'];
const facts: Details = {
  leafs: { 'fra1/leaf-a': { uplinkMbps: 50 }, 'fra1/leaf-b': { uplinkMbps: 40 } },
  nics: Object.fromEntries(nodes.map((node) => [`${node}/nic4`, data])),
  wanLinks: { 'fra1/wan': { from: 'fra1', to: 'ams1', mbps: 30, latencyMs: 5 } },
  pools: {
    'fra1/pool-c': { mbps: 90, datasets: corpus() },
    'fra1/pool-b': { mbps: 20, datasets: corpus() },
    'fra1/pool-a': { mbps: 99, datasets: corpus('else') },
    'fra1/pool-0': { datasets: corpus() },
    'ams1/pool': { mbps: 10, datasets: corpus() },
  },
};
const fleet = world('fra1/a 2×4 H100 rdma leaf', 'fra1/b 1×4 H100 rdma leaf', 'ams1/c 2×4 H100 rdma', facts);

const flow = (from: string, to: string, mbps: number) => ({ from, to, mbps });

/** What a gang of these lines holds, beside what others hold: `rdma fra1/leaf-a 10`. Nothing where there is no room. */
function held(asked: Demand, lines: readonly string[], others: Readonly<Record<string, number>> = {}) {
  const bandwidth = new Map(
    Object.entries(others).map(([key, mbps]) => [
      key,
      [{ holder: 'C-1', startMs: t0, endMs: t0 + hourMs, mbps }],
    ]),
  );
  const rooms = new EdgeRooms({ ...fleet.state, bandwidth }, { startMs: t0, endMs: t0 + hourMs });
  const found = bandwidthOf(rooms, asked, placement(1, ...lines).members);
  return found && heldBy({ bandwidth: found.map((entry) => HeldBandwidth.parse(entry)) });
}

const two = ['train 0 fra1/a/n01 gpu0 nic0', 'train 1 fra1/b/n01 gpu0 nic0'];
const text = '2×1 rdma 1h';

describe('what a gang holds of all edges', () => {
  test('nothing where it asks for neither uplinks nor flows', () => {
    expect(held(demand(text), two)).toEqual([]);
  });

  test.each<[string, number, Readonly<Record<string, number>>, readonly string[] | undefined]>([
    ['with room', 10, {}, ['rdma fra1/leaf-a 10', 'rdma fra1/leaf-b 10']],
    ['exactly what the smaller leaf has', 40, {}, ['rdma fra1/leaf-a 40', 'rdma fra1/leaf-b 40']],
    ['one more than the smaller leaf has', 41, {}, undefined],
    [
      'exactly what others leave',
      10,
      { 'rdma fra1/leaf-a': 40 },
      ['rdma fra1/leaf-a 10', 'rdma fra1/leaf-b 10'],
    ],
    ['one more than others leave', 10, { 'rdma fra1/leaf-a': 41 }, undefined],
  ])('of uplinks: %s', (_, uplinkMbps, others, expected) => {
    expect(held(withRdma(text, { uplinkMbps }), two, others)).toEqual(expected);
  });

  test('of uplinks nothing is known where a node has no leaf', () => {
    const away = ['train 0 fra1/a/n01 gpu0 nic0', 'train 1 ams1/c/n01 gpu0 nic0'];
    expect(held(withRdma(text, { uplinkMbps: 1 }), away)).toBeUndefined();
  });

  test('each part by its own members: two of them add up on a leaf, one alone crosses nothing', () => {
    const asked = withRdma('a: 2×1 rdma + b: 2×1 rdma + c: 1×1 rdma 1h', { uplinkMbps: 15 });
    const lines = [
      'a 0 fra1/a/n01 gpu0 nic0',
      'a 1 fra1/b/n01 gpu0 nic0',
      'b 0 fra1/a/n01 gpu1 nic1',
      'b 1 fra1/b/n01 gpu1 nic1',
      'c 0 fra1/a/n02 gpu0 nic0',
    ];
    expect(held(asked, lines)).toEqual(['rdma fra1/leaf-a 30', 'rdma fra1/leaf-b 30']);
    expect(held(asked, lines, { 'rdma fra1/leaf-b': 11 })).toBeUndefined();
  });

  test('a part without a budget holds nothing beside one with some, wherever it stands', () => {
    const plain = withRdma('a: 2×1 rdma + b: 1×1 1h', { uplinkMbps: 15 });
    const lines = ['a 0 fra1/a/n01 gpu0 nic0', 'a 1 fra1/b/n01 gpu0 nic0', 'b 0 ams1/c/n01 gpu0'];
    expect(held(plain, lines)).toEqual(['rdma fra1/leaf-a 15', 'rdma fra1/leaf-b 15']);
  });

  test.each<[string, number, Readonly<Record<string, number>>, readonly string[] | undefined]>([
    ['with room', 100, {}, ['data fra1/a/n01 50', 'data fra1/b/n01 50']],
    ['exactly all of the NICs', 200, {}, ['data fra1/a/n01 100', 'data fra1/b/n01 100']],
    ['one more than the NICs have', 201, {}, undefined],
    ['others hold one of the NICs', 200, { 'data fra1/b/n01': 1 }, undefined],
    ['nothing flows: nothing is listed', 0, {}, []],
  ])('of data NICs: %s', (_, mbps, others, expected) => {
    expect(held(demand(text, { flows: [flow('train', 'train', mbps)] }), two, others)).toEqual(expected);
  });

  test('of all fabrics at once, by fabric and then by edge', () => {
    const asked = withRdma(
      'a: 2×1 rdma at:fra1 + b: 1×1 at:ams1 1h',
      { uplinkMbps: 5 },
      {
        dataset: 'corpus',
        flows: [flow('a', 'b', 30), flow('dataset', 'a', 20)],
      },
    );
    const lines = ['a 0 fra1/b/n01 gpu0 nic0', 'a 1 fra1/a/n01 gpu0 nic0', 'b 0 ams1/c/n01 gpu0'];
    expect(held(asked, lines)).toEqual([
      'data ams1/c/n01 30',
      'data fra1/a/n01 25',
      'data fra1/b/n01 25',
      'rdma fra1/leaf-a 5',
      'rdma fra1/leaf-b 5',
      'storage fra1/pool-b 20',
      'wan fra1/wan 30',
    ]);
    expect(held(asked, lines, { 'wan fra1/wan': 1 })).toBeUndefined();
  });
});

const drawing = (...flows: readonly object[]) => demand('a: 1×1 + b: 1×1 1h', { dataset: 'corpus', flows });

const pools = (asked: Demand, lines: readonly string[], others: Readonly<Record<string, number>> = {}) =>
  held(asked, lines, others)?.filter((line) => line.startsWith('storage'));

describe('which pool the data comes from', () => {
  const here = ['a 0 fra1/a/n01 gpu0', 'b 0 fra1/a/n02 gpu0'];
  const spread = ['a 0 fra1/a/n01 gpu0', 'b 0 ams1/c/n01 gpu0'];

  test.each<
    [
      string,
      readonly object[],
      readonly string[],
      Readonly<Record<string, number>>,
      readonly string[] | undefined,
    ]
  >([
    [
      'the first by id that holds it and has a known speed',
      [flow('dataset', 'a', 20)],
      here,
      {},
      ['storage fra1/pool-b 20'],
    ],
    ['the next where that is too slow', [flow('dataset', 'a', 21)], here, {}, ['storage fra1/pool-c 21']],
    [
      'the next where others hold it',
      [flow('dataset', 'a', 20)],
      here,
      { 'storage fra1/pool-b': 1 },
      ['storage fra1/pool-c 20'],
    ],
    ['none has that much', [flow('dataset', 'a', 91)], here, {}, undefined],
    [
      'to and from it add up, of all parts at one site',
      [flow('dataset', 'a', 10), flow('b', 'dataset', 11)],
      here,
      {},
      ['storage fra1/pool-c 21'],
    ],
    [
      'what does not touch the dataset is not drawn',
      [flow('a', 'b', 30), flow('dataset', 'b', 1)],
      here,
      {},
      ['storage fra1/pool-b 1'],
    ],
    ['nothing is drawn: none is held', [flow('dataset', 'a', 0)], here, {}, []],
    [
      'each site draws from its own',
      [flow('dataset', 'a', 20), flow('dataset', 'b', 10)],
      spread,
      {},
      ['storage ams1/pool 10', 'storage fra1/pool-b 20'],
    ],
    [
      'the pool of one of two sites is too slow',
      [flow('dataset', 'a', 20), flow('dataset', 'b', 11)],
      spread,
      {},
      undefined,
    ],
    [
      'a part without members draws where all others are',
      [flow('dataset', 'gone', 5)],
      here,
      {},
      ['storage fra1/pool-b 5'],
    ],
    [
      'a part without members draws nowhere, where they are at two sites',
      [flow('dataset', 'gone', 5)],
      spread,
      {},
      [],
    ],
  ])('%s', (_, flows, lines, others, expected) => {
    expect(pools(drawing(...flows), lines, others)).toEqual(expected);
  });
});

describe('a demand with less', () => {
  const rich = withRdma(
    'a: 1×1 rdma + b: 1×1 1h',
    { uplinkMbps: 5, nicsPerGpu: 2 },
    { flows: [flow('a', 'b', 1)] },
  );

  test('without uplink budgets keeps all else', () => {
    expect(withoutUplinks(rich)).toEqual(
      withRdma('a: 1×1 rdma + b: 1×1 1h', { nicsPerGpu: 2 }, { flows: [flow('a', 'b', 1)] }),
    );
  });

  test('without flows keeps all else', () => {
    expect(withoutFlows(rich)).toEqual(withRdma('a: 1×1 rdma + b: 1×1 1h', { uplinkMbps: 5, nicsPerGpu: 2 }));
  });

  test.each([
    ['no RDMA', demand('1×1')],
    ['no budget', demand('1×1 rdma')],
    ['a budget of nothing', withRdma('1×1 rdma', { uplinkMbps: 0 })],
  ])('had no uplink budget anyway: %s', (_, asked) => {
    expect(withoutUplinks(asked)).toBeUndefined();
  });

  test('had no flows anyway', () => {
    expect(withoutFlows(demand('1×1'))).toBeUndefined();
    expect(withoutFlows(demand('1×1', { flows: [] }))).toBeUndefined();
  });
});

const hold = (hours: number) => ({ holder: 'C-1', startMs: t0, endMs: t0 + hours * hourMs, mbps: 1 });

describe('when bandwidth is free again', () => {
  const bandwidth = new Map([
    ['rdma fra1/leaf-a', [hold(1), hold(2)]],
    ['wan fra1/wan', [hold(3)]],
    ['data fra10/a/n01', [hold(4)]],
    ['data ams1/c/n01', [hold(5)]],
  ]);
  const ends = (asked: Demand, ...sites: readonly string[]) =>
    edgeEnds({ ...fleet.state, bandwidth }, new Set(sites), asked).map((endMs) => (endMs - t0) / hourMs);
  const flowing = demand('a: 1×1', { flows: [flow('a', 'a', 1)] });

  test.each<[string, Demand, readonly string[], readonly number[]]>([
    ['on all edges of a site, and no other', flowing, ['fra1'], [1, 2, 3]],
    ['of two sites', flowing, ['fra1', 'ams1'], [1, 2, 3, 5]],
    ['of a site without any', flowing, ['edge'], []],
    ['for a budget alone', withRdma('1×1 rdma', { uplinkMbps: 1 }), ['ams1'], [5]],
    ['for nobody who needs none', demand('1×1 rdma'), ['fra1', 'ams1'], []],
  ])('%s', (_, asked, sites, hours) => {
    expect(ends(asked, ...sites)).toEqual(hours);
  });
});

import { describe, expect, test } from 'vitest';

import { ask, planned, take } from '../acts.ts';
import { demand, flexible } from '../demand.ts';
import { type Details, hourMs, t0, world } from '../fleet.ts';
import { heldBy, nodesOf, outcome, siteOf } from './ask.ts';

/** Nodes of four GPUs, each with one data NIC of 100 Gbit/s and none for RDMA. */
const rack = (name: string, nodes: number) => `fra1/h1/${name} ${nodes}×4 H100 nordma cpu16`;
const flow = (from: string, to: string, mbps: number) => ({ from, to, mbps });
const pools: Details = {
  pools: {
    'fra1/nvme2': { mbps: 70_000, datasets: [{ id: 'corpus', sizeGib: 1 }] },
    'fra1/nvme1': { mbps: 50_000, datasets: [{ id: 'corpus', sizeGib: 1 }] },
    'fra1/other': { mbps: 90_000, datasets: [{ id: 'else', sizeGib: 1 }] },
  },
};

function held(text: string, flows: readonly object[], nodes = 2, more: object = {}) {
  return outcome(ask(world(rack('r1', nodes), pools), demand(text, { flows, ...more })));
}

const nic = (more: object = {}) => ({ kind: 'ethernet', rdma: false, mbps: 100_000, ...more });

const wish = (mbps: number) => demand('2×4 H100', { flows: [flow('train', 'train', mbps)] });

describe('flows between parts', () => {
  const pair = 'load: 1×cpu16 + train: 1×4 H100';

  test.each([
    ['on two nodes both ends hold it', pair, [flow('load', 'train', 40_000)], ['n01 40000', 'n02 40000']],
    ['on one node it is free', 'load: 1×cpu4 + train: 1×2 H100', [flow('load', 'train', 900_000)], []],
    [
      'there and back add up',
      pair,
      [flow('load', 'train', 40_000), flow('train', 'load', 5)],
      ['n01 40005', 'n02 40005'],
    ],
    [
      'an even share of all pairs, rounded up: one loader, three trainers on three nodes',
      'load: 1×cpu4 + train: 3×4 H100 cpu1',
      [flow('load', 'train', 100)],
      ['n01 67', 'n02 34', 'n03 34'],
    ],
    [
      'within one part: each sends to all, itself included',
      'train: 2×4 H100',
      [flow('train', 'train', 100)],
      ['n01 50', 'n02 50'],
    ],
    ['nothing flows', pair, [flow('load', 'train', 0)], []],
    ['exactly what the NICs have', pair, [flow('load', 'train', 100_000)], ['n01 100000', 'n02 100000']],
    ['one more than the NICs have', pair, [flow('load', 'train', 100_001)], 'flows'],
  ])('%s', (_, text, flows, found) => {
    const given = held(text, flows, 3);
    const short =
      typeof given === 'string' ? given : given.map((line) => line.replace('data fra1/h1/r1/', ''));
    expect(short).toEqual(found);
  });

  test('the whole of a large flow counts: no product is rounded', () => {
    const found = held('a: 3×4 H100 cpu1 + b: 3×cpu4', [flow('a', 'b', 1_000_000_000_000)], 3);
    expect(found).toBe('flows');
  });

  test('a node whose NICs others have taken is avoided', () => {
    const busy = take(
      world(rack('r1', 4)),
      demand('load: 1×cpu4 + train: 1×1 H100 apart:node', {
        flows: [flow('load', 'train', 90_000)],
        parts: [
          { name: 'load', count: 1, each: { cpuMilli: 16_000 } },
          { name: 'train', count: 1, each: { gpus: { count: 1, models: ['H100'] }, cpuMilli: 1000 } },
        ],
      }),
    );
    expect([...busy.state.bandwidth.keys()]).toEqual(['data fra1/h1/r1/n01', 'data fra1/h1/r1/n02']);
    const next = planned(busy, demand('train: 2×3 H100', { flows: [flow('train', 'train', 100_000)] }));
    expect(nodesOf(next)).toEqual(['r1/n03', 'r1/n04']);
  });

  test('it is free again afterwards', () => {
    const text = 'load: 1×cpu9 + train: 1×4 H100 4h';
    const asked = (more: object) => demand(text, { flows: [flow('load', 'train', 80_000)], ...more });
    const fleet = take(world('fra1/h1/r1 1×4 H100 nordma cpu16', 'fra1/h1/r2 1 nordma cpu16'), asked({}));
    const light = demand('load: 1×cpu2 + train: 1×4 H100', {
      flows: [flow('load', 'train', 1)],
      ...flexible(1, 9),
    });
    expect(planned(fleet, light).plan.placement.startMs).toBe(t0 + 4 * hourMs);
  });

  test('uplinks of leafs carry no data flows', () => {
    const fleet = world('fra1/h1/r1 1×4 H100 nordma leaf', 'fra1/h1/r2 1×4 H100 nordma leaf');
    expect(outcome(ask(fleet, demand('2×4 H100', { flows: [flow('train', 'train', 100)] })))).toEqual([
      'data fra1/h1/r1/n01 50',
      'data fra1/h1/r2/n01 50',
    ]);
  });

  test.each([
    ['no NIC is listed', 'fra1/h1/r1 2×4 H100', {}],
    ['all that is listed does RDMA', 'fra1/h1/r1 2×4 H100 rdma', {}],
    [
      'its speed is not recorded',
      'fra1/h1/r1 2×4 H100',
      { nics: { 'fra1/h1/r1/n01/nic0': { kind: 'ethernet' } } },
    ],
  ])('data NICs are not known: %s', (_, line, more) => {
    const answer = ask(world(line, more), demand('2×4 H100', { flows: [flow('train', 'train', 1)] }));
    expect(outcome(answer)).toEqual(['missing speed of data NICs']);
  });

  test('NICs that are down carry nothing, several add up', () => {
    const two: Details = {
      nics: { 'fra1/h1/r1/n01/nic1': nic(), 'fra1/h1/r1/n02/nic1': nic({ health: 'down' }) },
    };
    expect(outcome(ask(world(rack('r1', 2), two), wish(200_000)))).toHaveLength(2);
    expect(outcome(ask(world(rack('r1', 2), two), wish(200_001)))).toBe('flows');
  });

  test('a name that is no part is refused with those there are', () => {
    const answer = ask(
      world(rack('r1', 2)),
      demand(pair, { flows: [flow('load', 'trian', 1), flow('dataset', 'load', 1)] }),
    );
    expect(answer).toMatchObject({
      refusal: { kind: 'flow-unknown', asked: ['trian', 'dataset'], known: ['load', 'train'] },
    });
  });

  test('giving flows up is offered, and they are named in the conflict', () => {
    const answer = ask(world(rack('r1', 2)), demand(pair, { flows: [flow('load', 'train', 200_000)] }));
    expect(answer).toMatchObject({ refusal: { conflict: ['flows'] } });
  });
});

describe('flows of the dataset', () => {
  const train = '2×4 H100';
  const asked = (mbps: number, more: object = {}) =>
    demand(train, { dataset: 'corpus', flows: [flow('dataset', 'train', mbps)], ...more });
  const fleet = world(rack('r1', 2), pools);

  test('one pool carries all of it, and each node its replicas', () => {
    expect(outcome(ask(fleet, asked(40_001)))).toEqual([
      'data fra1/h1/r1/n01 20001',
      'data fra1/h1/r1/n02 20001',
      'storage fra1/nvme1 40001',
    ]);
  });

  test('the first pool that has it left', () => {
    expect(outcome(ask(fleet, asked(60_000)))).toContain('storage fra1/nvme2 60000');
    expect(outcome(ask(fleet, asked(70_001)))).toBe('flows');
    const busy = take(
      fleet,
      demand('1×1 H100', { dataset: 'corpus', flows: [flow('train', 'dataset', 50_000)] }),
    );
    expect(outcome(ask(busy, asked(30_000, { parts: demand('1×1 H100').parts })))).toContain(
      'storage fra1/nvme2 30000',
    );
  });

  test('flows to and from it add up on the pool', () => {
    const both = demand(train, {
      dataset: 'corpus',
      flows: [flow('dataset', 'train', 30_000), flow('train', 'dataset', 10_000)],
    });
    expect(outcome(ask(fleet, both))).toContain('storage fra1/nvme1 40000');
  });

  test('a pool of unknown speed is a missing fact', () => {
    const unknown = world(rack('r1', 2), {
      pools: { 'fra1/p': { datasets: [{ id: 'corpus', sizeGib: 1 }] } },
    });
    expect(outcome(ask(unknown, asked(1)))).toEqual(['missing speed of the storage pool']);
  });

  test('it has to be held at the site: a copy has no pool to flow from', () => {
    const away = world(rack('r1', 2), 'ams2/a1 1 cpu8', {
      pools: { 'ams2/p': { mbps: 1000, datasets: [{ id: 'corpus', sizeGib: 1 }] } },
      wanLinks: { 'fra1/wan': { from: 'fra1', to: 'ams2', mbps: 1000 } },
    });
    expect(siteOf(ask(away, asked(1)), 'fra1')?.why).toBe('no storage pool here holds `corpus`');
  });

  test('the contract promises NICs and pool apart', () => {
    const { plan } = planned(fleet, asked(40_000));
    expect(heldBy(plan.placement)).toHaveLength(3);
    expect(plan.terms.filter(({ kind }) => kind === 'bandwidth').map(({ promise }) => promise)).toEqual([
      'flows on data NICs: 20 Gbit/s on fra1/h1/r1/n01, 20 Gbit/s on fra1/h1/r1/n02',
      'throughput of 40 Gbit/s on fra1/nvme1',
    ]);
  });
});

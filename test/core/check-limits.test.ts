import { describe, expect, test } from 'vitest';

import { check } from '../../src/core/check.ts';
import type { Demand } from '../../src/model/demand.ts';
import type { Placement } from '../../src/model/placement.ts';
import { planned, take } from './acts.ts';
import { demand } from './demand.ts';
import { hourMs, t0, verdictAll, type World, world } from './fleet.ts';
import { placement } from './placement.ts';

/** Rules of the auditor at the last value that is right and the first that is wrong. */
function broken({ state }: World, wish: Demand, held: Placement): string[] {
  return check(state, wish, verdictAll(state, 'allowed'), held).map(({ constraint }) => constraint);
}

const node = 'fra1/h1/r1/n01';
const cut = world('fra1/h1/r1 1×2 H100-SXM-80GB mig gpumem80');

const halfWith = (memoryMib: number) => {
  const plain = demand('1×1 share:500 cpu0 mem0 2h');
  const [part] = plain.parts;
  const gpus = { count: 1, slice: { kind: 'share', milli: 500 }, memoryMib };
  return demand('1×1', { ...plain, parts: [{ ...part, each: { ...part?.each, gpus } }] });
};

describe('thousandths', () => {
  const single = world('fra1/h1/r1 1×1 H100-SXM-80GB mig gpumem80');
  const shared = take(single, demand('1×1 share:600 cpu0 mem0 9h'));
  const full = take(shared, demand('1×1 share:400 cpu0 mem0 9h'));

  test.each([
    ['the last one', shared, 400, []],
    ['one too many', shared, 401, ['gpu-share']],
    ['the smallest share of a full GPU', full, 1, ['gpu-share']],
  ])('%s', (_, before, milli, wrong) => {
    const wish = demand(`1×1 share:${milli} cpu0 mem0 2h`);
    expect(broken(before, wish, placement(2, `train 0 ${node} 0:${milli}`))).toEqual(wrong);
  });

  test('memory of a share is enough to the last MiB, and unknown is not', () => {
    const held = placement(2, `train 0 ${node} 0:500`);
    expect(broken(cut, halfWith(40_960), held)).toEqual([]);
    expect(broken(cut, halfWith(40_961), held)).toEqual(['gpu-memory']);
    expect(broken(world('fra1/h1/r1 1×2 H100-SXM-80GB mig'), halfWith(1), held)).toEqual(['gpu-memory']);
  });
});

test.each([
  ['the same instance twice', 'mig:1g.10gb', '0:1g.10gb@0 0:1g.10gb@0', ['mig-overlap', 'slice-list']],
  ['instances against their order', 'mig:1g.10gb', '0:1g.10gb@1 0:1g.10gb@0', ['slice-list']],
  ['two shares of one GPU', 'share:100', '0:100 0:100', ['slice-list']],
  ['GPUs against their order', 'share:100', '1:100 0:100', ['slice-list']],
  ['two GPUs in order', 'share:100', '0:100 1:100', []],
])('%s', (_, slice, held, wrong) => {
  expect(broken(cut, demand(`1×2 ${slice} cpu0 mem0 2h`), placement(2, `train 0 ${node} ${held}`))).toEqual(
    wrong,
  );
});

test.each([
  [78 * 1024, []],
  [78 * 1024 - 1, ['mig-profile']],
  [82 * 1024, []],
  [82 * 1024 + 1, ['mig-profile']],
  [undefined, ['mig-profile']],
])('a GPU of %s MiB, whose name says no size, as one of 80 GB', (memoryMib, wrong) => {
  const fleet = world('fra1/h1/r1 1×1 H100 mig', {
    gpus: memoryMib === undefined ? {} : { [`${node}/gpu0`]: { memoryMib } },
  });
  const held = placement(2, `train 0 ${node} 0:1g.10gb@0`);
  expect(broken(fleet, demand('1×1 mig:1g.10gb cpu0 mem0 2h'), held)).toEqual(wrong);
});

const nic = (facts: object) =>
  world('fra1/h1/r1 2×2 H100 rdma cpu16 mem64', {
    nics: {
      [`${node}/nic2`]: { rdma: false, mbps: 100, ...facts },
      'fra1/h1/r1/n02/nic2': { kind: 'ethernet', rdma: false, mbps: 100 },
    },
  });
const flowing = (mbps: number, hours = 10, more: object = {}) =>
  demand(`load: 1×cpu1 mem1 + train: 1×cpu1 mem1 ${hours}h`, {
    flows: [{ from: 'load', to: 'train', mbps }],
    ...more,
  });

const holding = (mbps: number, hours = 10): Placement => ({
  ...placement(hours, `load 0 ${node} cpu1 mem1`, 'train 0 fra1/h1/r1/n02 cpu1 mem1'),
  bandwidth: [
    { fabric: 'data', edge: nodeAt(0), mbps },
    { fabric: 'data', edge: nodeAt(1), mbps },
  ],
});

describe('bandwidth of data NICs', () => {
  test.each([
    ['ethernet', { kind: 'ethernet' }, []],
    ['of unknown kind, but no RDMA', {}, []],
    ['ethernet that may do RDMA', { kind: 'ethernet', rdma: true }, ['bandwidth']],
    ['of unknown kind that may do RDMA', { rdma: true }, ['bandwidth']],
    ['InfiniBand without RDMA', { kind: 'infiniband' }, ['bandwidth']],
  ])('%s', (_, facts, wrong) => {
    expect(broken(nic(facts), flowing(60), holding(60))).toEqual(wrong);
    const { bandwidth: _bandwidth, ...nothing } = holding(1);
    expect(broken(nic({ kind: 'ethernet' }), flowing(1), nothing)).toEqual(['bandwidth', 'bandwidth']);
  });

  test('what others hold one after the other is not added up', () => {
    const apart = {
      parts: flowing(60).parts.map((part) => ({ ...part, each: { ...part.each, cpuMilli: 9000 } })),
    };
    const first = take(nic({ kind: 'ethernet' }), flowing(60, 5, apart));
    const window = { earliestStartMs: t0 + 5 * hourMs, durationS: 5 * 3600 };
    const both = take(first, flowing(60, 5, { ...apart, window }));
    expect(broken(both, flowing(40), holding(40))).toEqual([]);
    expect(broken(both, flowing(41), holding(41))).toEqual(['bandwidth', 'bandwidth']);
  });
});

test('a transfer that carries the dataset to its last bit, and one that is a millisecond short', () => {
  const fleet = world('fra1/h1/r1 1×2 H100', 'ams2/h1/a1 1×2 H100', {
    pools: {
      'fra1/nvme': {
        mbps: 4096,
        datasets: [
          { id: 'corpus', sizeGib: 125 },
          { id: 'other', sizeGib: 1 },
        ],
      },
    },
    wanLinks: { 'fra1/wan': { from: 'fra1', to: 'ams2', mbps: 4096 } },
  });
  const window = { earliestStartMs: t0 + 9 * hourMs, durationS: 3600 };
  const wish = demand('1×1 H100', { dataset: 'corpus', where: ['ams2'], window });
  const made = planned(fleet, wish).plan.placement;
  const lasting = (ms: number): Placement => ({
    ...made,
    transfers: (made.transfers ?? []).map((one) => ({ ...one, endMs: one.startMs + ms })),
  });
  expect(broken(fleet, wish, lasting(262_144))).toEqual([]);
  expect(broken(fleet, wish, lasting(262_143))).toEqual(['transfer']);
});

test('a spare on a node that nobody knows', () => {
  const fleet = world('fra1/h1/r1 2×2 H100');
  const wish = demand('1×2 H100 2h', { survive: { loss: 'node', membersLeft: 1 } });
  const lost = placement(2, `train 0 ${node} gpu0-1`, '+ train 1 fra1/h1/r1/n99 gpu0-1');
  expect(broken(fleet, wish, lost)).toContain('node-known');
});

test.each([
  ['all of them', 2, ['+ train 2 fra1/h1/r1/n03 gpu0-1'], false],
  ['one more than there are', 3, ['+ train 2 fra1/h1/r1/n03 gpu0-1'], true],
  ['all but one, so that no spare is needed', 1, [], false],
])('%s shall be left', (_, membersLeft, spares, isWrong) => {
  const fleet = world('fra1/h1/r1 3×2 H100');
  const wish = demand('2×2 H100 2h', { survive: { loss: 'node', membersLeft } });
  const held = ['train 0 fra1/h1/r1/n01 gpu0-1', 'train 1 fra1/h1/r1/n02 gpu0-1', ...spares];
  expect(broken(fleet, wish, placement(2, ...held)).includes('survive')).toBe(isWrong);
});

function fail(): never {
  throw new Error('no such node');
}

function nodeAt(at: number) {
  const { id } = nic({}).state.fleet.nodes[at] ?? fail();
  return id;
}

import { describe, expect, test } from 'vitest';

import { ask, planned, take } from '../acts.ts';
import { demand } from '../demand.ts';
import { type Details, world } from '../fleet.ts';
import { outcome, withRdma } from './ask.ts';

const nic = (numaNode: number, more: object = {}) => ({ rdma: true, mbps: 400_000, numaNode, ...more });

/** A node of two GPUs and four RDMA NICs: GPU 0 with NICs 1 and 2 on NUMA node 0, GPU 1 with 0 and 3 on node 1. */
const wide: Details = {
  nodes: {
    'fra1/h1/r1/n01': { gpuModel: 'H100', gpuCount: 2, link: 'nvlink', cpuMilli: 64_000, memoryMib: 1 },
  },
  gpus: { 'fra1/h1/r1/n01/gpu0': { numaNode: 0 }, 'fra1/h1/r1/n01/gpu1': { numaNode: 1 } },
  nics: {
    'fra1/h1/r1/n01/nic0': nic(1),
    'fra1/h1/r1/n01/nic1': nic(0),
    'fra1/h1/r1/n01/nic2': nic(0),
    'fra1/h1/r1/n01/nic3': nic(1),
  },
};
const fleet = (more: Details = {}) => world({ sites: { fra1: {} }, racks: { 'fra1/h1/r1': {} } }, wide, more);

function nicsOf(text: string, rdma: object) {
  const answer = ask(fleet(), withRdma(text, rdma));
  if (answer.kind === 'refused') return outcome(answer);
  return answer.plan.placement.members.map(({ gpus, nics }) => `${gpus.join()}: ${nics.join()}`);
}

describe('several RDMA NICs for a GPU', () => {
  test.each([
    ['one GPU takes those of its NUMA node', '1×1 H100 rdma', { nicsPerGpu: 2 }, ['0: 1,2']],
    ['two replicas take different ones', '2×1 H100 rdma', { nicsPerGpu: 2 }, ['0: 1,2', '1: 0,3']],
    ['in rounds, so that each GPU has its near ones', '1×2 H100 rdma', { nicsPerGpu: 2 }, ['0,1: 0,1,2,3']],
    ['what is near runs out: then any', '1×1 H100 rdma', { nicsPerGpu: 3 }, ['0: 0,1,2']],
    ['as many as there are', '1×1 H100 rdma', { nicsPerGpu: 4 }, ['0: 0,1,2,3']],
    ['more than there are', '2×1 H100 rdma', { nicsPerGpu: 3 }, 'inventory'],
    ['more than one node has', '1×2 H100 rdma', { nicsPerGpu: 3 }, 'inventory'],
    ['fast enough', '1×1 H100 rdma', { nicsPerGpu: 2, nicMbps: 400_000 }, ['0: 1,2']],
    ['too fast', '1×1 H100 rdma', { nicsPerGpu: 2, nicMbps: 400_001 }, 'inventory'],
  ])('%s', (_, text, rdma, found) => {
    expect(nicsOf(text, rdma)).toEqual(found);
  });

  test('with alignment only those beside the GPUs', () => {
    const two = world('fra1/h1/r1 1×4 H100 nvlink rdma numa2 roots2 cpu8 mem8');
    expect(outcome(ask(two, withRdma('1×1 H100 rdma align:numa cpu1 mem1', { nicsPerGpu: 2 })))).toEqual([]);
    expect(outcome(ask(two, withRdma('1×1 H100 rdma align:numa cpu1 mem1', { nicsPerGpu: 3 })))).toBe(
      'inventory',
    );
    const both = planned(two, withRdma('2×1 H100 rdma align:numa cpu1 mem1', { nicsPerGpu: 2 }));
    expect(both.plan.placement.members.map(({ gpus, nics }) => `${gpus.join()}: ${nics.join()}`)).toEqual([
      '0: 0,1',
      '2: 2,3',
    ]);
  });

  test.each([
    ['a NIC has no place', { nics: { 'fra1/h1/r1/n01/nic4': { rdma: true } } }, 'missing NIC numaNode'],
    ['a NIC is of unknown kind', { nics: { 'fra1/h1/r1/n01/nic4': { mbps: 1 } } }, 'missing NIC rdma'],
  ])('the layout is not known: %s', (_, more, found) => {
    expect(outcome(ask(fleet(more), withRdma('1×1 H100 rdma', { nicsPerGpu: 2 })))).toEqual([found]);
  });

  test('NICs that are only counted serve one for each GPU, not two', () => {
    const node = { gpuModel: 'H100', gpuCount: 2, rdmaNicCount: 8 };
    const counted = world({ racks: { 'fra1/h1/r1': {} }, nodes: { 'fra1/h1/r1/n01': node } });
    expect(outcome(ask(counted, withRdma('1×1 H100 rdma', { nicsPerGpu: 1 })))).toEqual([]);
    expect(outcome(ask(counted, withRdma('1×1 H100 rdma', { nicsPerGpu: 2 })))).toEqual([
      'missing rdma NICs',
    ]);
  });

  test('a NIC that is down or held by others is not given', () => {
    const down = fleet({ nics: { 'fra1/h1/r1/n01/nic1': { ...nic(0), health: 'down' } } });
    const one = planned(down, withRdma('1×1 H100 rdma', { nicsPerGpu: 2 }));
    expect(one.plan.placement.members[0]?.nics).toEqual([0, 2]);
    const busy = take(fleet(), withRdma('1×1 H100 rdma', { nicsPerGpu: 3 }));
    expect(outcome(ask(busy, withRdma('1×1 H100 rdma', { nicsPerGpu: 2 })))).toBe('free-over-window');
  });

  test('the refusal names it, and giving it up is offered', () => {
    const answer = ask(
      world('fra1/h1/r1 1×4 H100 nvlink rdma numa2'),
      withRdma('1×4 H100 rdma', { nicsPerGpu: 2 }),
    );
    expect(answer).toMatchObject({ refusal: { conflict: ['nics-per-gpu', 'rdma'] } });
    const offers =
      answer.kind === 'refused' && answer.refusal.kind === 'no-capacity' ? answer.refusal.relaxations : [];
    expect(offers.map(({ change }) => change)).toContain('one RDMA NIC for each GPU');
  });
});

describe('RDMA without GPUs', () => {
  const load = demand('2×cpu4 rdma');

  test('one NIC for each replica, none twice', () => {
    expect(planned(fleet(), load).plan.placement.members.map(({ nics }) => nics)).toEqual([[0], [1]]);
  });

  test('a NIC that no GPU needs comes first', () => {
    const rails = world('fra1/h1/r1 1×2 H100 nvlink rdma cpu16', {
      nics: { 'fra1/h1/r1/n01/nic2': { rdma: true, mbps: 100_000 } },
    });
    expect(planned(rails, demand('1×cpu1 rdma')).plan.placement.members[0]?.nics).toEqual([2]);
  });

  test('as many replicas as NICs', () => {
    expect(outcome(ask(fleet(), demand('4×cpu4 rdma')))).toEqual([]);
    expect(outcome(ask(fleet(), demand('5×cpu4 rdma')))).toBe('inventory');
  });

  test('a node without RDMA, and one of which nobody knows', () => {
    expect(outcome(ask(world('fra1/h1/r1 1×2 H100 nordma cpu8'), demand('1×cpu1 rdma')))).toBe('inventory');
    expect(outcome(ask(world('fra1/h1/r1 1 cpu8'), demand('1×cpu1 rdma')))).toEqual(['missing rdma NICs']);
  });

  test('the contract promises it', () => {
    const promises = planned(fleet(), load).plan.terms.map(({ promise }) => promise);
    expect(promises).toContain('an RDMA NIC for every replica without GPUs');
  });
});

describe('rails', () => {
  test('over several leafs the same rails are used on every node, where they are free', () => {
    const racks = ['fra1/h1/r1 1×8 H100 nvlink rdma leaf', 'fra1/h1/r2 1×8 H100 nvlink rdma leaf'];
    const busy = take(world(...racks), demand('1×4 H100 rdma', { where: ['fra1/h1/r1'] }));
    const { members } = planned(busy, demand('2×4 H100 rdma apart:node')).plan.placement;
    expect(members.map(({ nics }) => nics.join())).toEqual(['4,5,6,7', '4,5,6,7']);
  });

  test('where that cannot be, they differ', () => {
    const racks = ['fra1/h1/r1 1×8 H100 nvlink rdma leaf', 'fra1/h1/r2 1×8 H100 nvlink rdma leaf'];
    const lame = world(...racks, {
      gpus: { 'fra1/h1/r1/n01/gpu0': { health: 'down' }, 'fra1/h1/r2/n01/gpu7': { health: 'down' } },
    });
    const { members } = planned(lame, demand('2×7 H100 rdma')).plan.placement;
    expect(members.map(({ nics }) => nics.join()).toSorted()).toEqual(['0,1,2,3,4,5,6', '1,2,3,4,5,6,7']);
  });
});

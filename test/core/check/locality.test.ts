import { describe, expect, test } from 'vitest';

import { aligned } from '../../../src/core/check/locality.ts';
import { demand } from '../demand.ts';
import { withRdma } from '../fabric/ask.ts';
import { type Details, type World, world } from '../fleet.ts';
import { granted, placement } from '../placement.ts';
import { during, node, saidBy } from './findings.ts';

/** GPUs and rails 0 and 1 under NUMA node 0, 2 and 3 under 1, each pair with a PCIe root for each of them. */
const line = 'fra1/h1/r1 1×4 H100 nvlink rdma cpu8 mem16 numa2 roots4 mig gpumem80';
const fleet = world(line);

function said(on: World, wish: ReturnType<typeof demand>, ...lines: readonly string[]): readonly string[] {
  const held = placement(4, ...lines.map((words, at) => `train ${at} ${node} ${words}`));
  return saidBy(aligned, on, wish, held).map((found) => found.replaceAll(node, 'n01').replace('align: ', ''));
}

const torn = (attribute: string, places: string) => [
  `\`train\` 0 on n01: its devices are of ${attribute} ${places}`,
];

describe('where the devices of a replica have to be', () => {
  test.each<readonly [string, string, string, readonly string[]]>([
    ['nobody asked', '1×2', 'gpu1-2', []],
    ['the replica asked for one NUMA node', '1×2 align:numa', 'gpu1-2', torn('numaNode', '0, 1')],
    ['and has one', '1×2 align:numa', 'gpu2-3', []],
    ['the replica asked for one PCIe root', '1×2 align:pcie-root', 'gpu2-3', torn('pcieRoot', '2, 3')],
    ['and has one root', '1×1 align:pcie-root', 'gpu3', []],
    ['its part is kept within a NUMA node', '1×2 within:numa', 'gpu1-2', torn('numaNode', '0, 1')],
    ['its part is kept apart by NUMA nodes', '1×2 apart:numa', 'gpu1-2', torn('numaNode', '0, 1')],
    ['its gang is kept together in a NUMA node', '1×2 together:numa', 'gpu1-2', torn('numaNode', '0, 1')],
    ['its part is kept within a rack, which says nothing', '1×2 within:rack', 'gpu1-2', []],
    ['its part is apart by nodes, which says nothing', '1×2 apart:node', 'gpu1-2', []],
    ['its gang is together on a node, which says nothing', '1×2 together:node', 'gpu1-2', []],
    [
      'both levels were asked for',
      '1×2 align:numa within:pcie-root',
      'gpu1-2',
      [...torn('numaNode', '0, 1'), ...torn('pcieRoot', '1, 2')],
    ],
    ['its slices are of two GPUs', '1×2 share:100 align:numa', '1:100 2:100', torn('numaNode', '0, 1')],
    ['its slices are of GPUs side by side', '1×2 share:100 align:numa', '0:100 1:100', []],
  ])('%s', (_, text, held, expected) => {
    expect(said(fleet, demand(`${text} cpu1 mem1 4h`), `${held} cpu1 mem1`)).toEqual(expected);
  });
});

describe('NICs', () => {
  const crossed = world(line, { nics: { [`${node}/nic0`]: { numaNode: 1 } } });
  const small = 'cpu1 mem1';
  test.each<readonly [string, ReturnType<typeof demand>, string, readonly string[]]>([
    [
      'of the rail count where RDMA was asked for',
      demand('1×1 rdma align:numa 4h'),
      'gpu0 nic0',
      torn('numaNode', '0, 1'),
    ],
    [
      'of the rail count also where the replica holds another',
      demand('1×1 rdma align:numa 4h'),
      'gpu0 nic1',
      torn('numaNode', '0, 1'),
    ],
    ['of the rail do not count where none was asked for', demand('1×1 align:numa 4h'), 'gpu0', []],
    [
      'that are held count beside a slice',
      demand('1×1 share:100 rdma align:numa 4h'),
      '0:100 nic0',
      torn('numaNode', '0, 1'),
    ],
    [
      'that are held, not the rail, beside a slice',
      demand('1×1 share:100 rdma align:numa 4h'),
      '0:100 nic1',
      [],
    ],
    [
      'that are held count where there are several',
      withRdma('1×1 rdma align:numa 4h', { nicsPerGpu: 2 }),
      'gpu1 nic0-1',
      torn('numaNode', '0, 1'),
    ],
    [
      'that are held, not the rail, where there are several',
      withRdma('1×1 rdma align:numa 4h', { nicsPerGpu: 2 }),
      'gpu2 nic0,2',
      [],
    ],
  ])('%s', (_, wish, held, expected) => {
    expect(said(crossed, wish, `${held} ${small}`)).toEqual(expected);
  });
});

/** Two NUMA nodes of 4 cores and 8 GiB; GPU 0 is of the first, GPU 1 of the second, of the others nobody knows. */
const vague: Details = {
  nodes: { [node]: { numaNodes: 2 } },
  gpus: { [`${node}/gpu0`]: { numaNode: 0 }, [`${node}/gpu1`]: { numaNode: 1 } },
};
const half = world('fra1/h1/r1 1×4 H100 cpu8 mem16', vague);

/** Others who hold so much beside one GPU. */
function beside(before: World, words: string, text = '1×1 align:numa', [fromH, toH] = [0, 4]): World {
  const held = during(placement(4, `train 0 ${node} ${words}`), fromH ?? 0, toH ?? 4);
  return granted(before, demand(text, { tenant: 'globex' }), held);
}

/** More cores than half of eight. */
function over(place: string, others: number, asked: number): string {
  return `n01 NUMA node ${place}: mCPU held by others ${others}, asked for ${asked}, limit 4000`;
}

describe('the share of a NUMA node', () => {
  test.each<readonly [string, World, readonly string[], readonly string[]]>([
    ['is full to the last core', half, ['gpu0 cpu4 mem8'], []],
    ['has no core more', half, ['gpu0 cpu5'], [over('0', 0, 5000)]],
    [
      'has no GiB more',
      half,
      ['gpu0 mem9'],
      ['n01 NUMA node 0: MiB held by others 0, asked for 9216, limit 8192'],
    ],
    [
      'is shared with what others have pinned there',
      beside(half, 'gpu0 cpu3'),
      ['gpu0 cpu2'],
      [over('0', 3000, 2000)],
    ],
    ['and filled with it', beside(half, 'gpu0 cpu3'), ['gpu0 cpu1'], []],
    ['has nothing to do with the other', beside(half, 'gpu1 cpu4'), ['gpu0 cpu4'], []],
    ['has nothing to do with what is not pinned', beside(half, 'gpu0 cpu4', '1×1'), ['gpu0 cpu4'], []],
    ['is told of each of two', half, ['gpu0 cpu5', 'gpu1 cpu6'], [over('0', 0, 5000), over('1', 0, 6000)]],
    [
      'may lose what is pinned nobody knows where',
      beside(half, 'gpu3 cpu3'),
      ['gpu0 cpu2'],
      [over('0', 3000, 2000)],
    ],
  ])('%s', (_, on, lines, expected) => {
    expect(said(on, demand(`${lines.length}×1 align:numa 4h`), ...lines)).toEqual(expected);
  });

  test('what is pinned nobody knows where has to fit beside all that is pinned anywhere', () => {
    const wish = demand('1×1 align:numa 4h');
    const notKnown = '`train` 0 on n01: the numaNode of GPU 3 is not recorded';
    expect(said(beside(half, 'gpu0 cpu3'), wish, 'gpu3 cpu2')).toEqual([
      notKnown,
      over('unknown', 3000, 2000),
    ]);
    expect(said(beside(half, 'gpu1 cpu2'), wish, 'gpu3 cpu2')).toEqual([notKnown]);
  });

  test('two replicas of one gang, of which one is nobody knows where, are both told', () => {
    const lines = ['gpu2 cpu2', 'gpu0 cpu3'];
    expect(said(half, demand('2×1 align:numa 4h'), ...lines)).toEqual([
      '`train` 0 on n01: the numaNode of GPU 2 is not recorded',
      over('0', 0, 5000),
      over('unknown', 0, 5000),
    ]);
  });

  test('a replica that lies across two may be anywhere too', () => {
    expect(said(beside(half, 'gpu1 cpu3'), demand('1×2 align:numa 4h'), 'gpu0-1 cpu2')).toEqual([
      ...torn('numaNode', '0, 1'),
      over('unknown', 3000, 2000),
    ]);
  });

  test('a slice is pinned where its GPU is', () => {
    const sliced = beside(half, '0:500 cpu3', '1×1 share:500 align:numa');
    expect(said(sliced, demand('1×1 share:100 align:numa 4h'), '0:100 cpu2')).toEqual([
      over('0', 3000, 2000),
    ]);
    expect(said(sliced, demand('1×1 share:100 align:numa 4h'), '1:100 cpu4')).toEqual([]);
  });

  test('others who follow each other on it do not add up', () => {
    const inTurn = beside(beside(half, 'gpu0 cpu3', undefined, [0, 2]), 'gpu0 cpu3', undefined, [2, 4]);
    const atOnce = beside(beside(half, 'gpu0 cpu3', undefined, [0, 2]), 'gpu0 cpu3', undefined, [1, 4]);
    expect(said(inTurn, demand('1×1 align:numa 4h'), 'gpu0 cpu1')).toEqual([]);
    expect(said(atOnce, demand('1×1 align:numa 4h'), 'gpu0 cpu1')).toEqual([over('0', 6000, 1000)]);
  });

  test('is rounded down where cores do not divide', () => {
    const three = world('fra1/h1/r1 1×2 H100 cpu8 mem16', { ...vague, nodes: { [node]: { numaNodes: 3 } } });
    const held = placement(4, `train 0 ${node} gpu0`);
    const asking = (cpuMilli: number) => ({
      ...held,
      members: held.members.map((own) => ({ ...own, cpuMilli })),
    });
    const wish = demand('1×1 align:numa 4h');
    expect(saidBy(aligned, three, wish, asking(2666))).toEqual([]);
    expect(saidBy(aligned, three, wish, asking(2667))).toHaveLength(1);
  });

  test('is unknown where cores or NUMA nodes are', () => {
    const wish = demand('1×1 align:numa 4h');
    expect(said(world('fra1/h1/r1 1×4 H100', vague), wish, 'gpu0 cpu1 mem1')).toEqual([
      'n01 NUMA node 0: mCPU unknown, asked for 1000',
      'n01 NUMA node 0: MiB unknown, asked for 1024',
    ]);
    const { gpus = {} } = vague;
    expect(said(world('fra1/h1/r1 1×4 H100 cpu8 mem16', { gpus }), wish, 'gpu0 cpu9')).toEqual([
      'n01: the number of NUMA nodes is not recorded',
    ]);
  });
});

import { array, assert, constantFrom, integer, option, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Hold } from '../../../src/core/calendar/calendar.ts';
import type { FleetNode } from '../../../src/core/inventory/fleet.ts';
import { indexesOf, maskOf } from '../../../src/core/mask.ts';
import {
  alignedGroups,
  groupsInside,
  numaNodeOf,
  type Pinned,
  type Taken,
} from '../../../src/core/place/locality.ts';
import type { Beside } from '../../../src/core/place/want.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { wantOf, withRdma } from '../fabric/ask.ts';
import { hourMs, t0 } from '../fleet.ts';
import { nodeOf } from './node-of.ts';

/** Two NUMA nodes of four GPUs, 32 cores and 64 GiB each; four PCIe roots of two GPUs. */
const node = nodeOf('8 H100 rdma cpu64 mem128 numa2 roots4');

const digits = (masks: readonly number[] | undefined) => masks?.map((mask) => indexesOf(mask).join(''));

describe('GPUs by where they are', () => {
  test.each<[string, FleetNode, 'numa' | 'pcie-root', readonly string[]]>([
    ['by NUMA node', node, 'numa', ['0123', '4567']],
    ['by PCIe root', node, 'pcie-root', ['01', '23', '45', '67']],
    ['none where nobody recorded it', nodeOf('4 H100'), 'numa', []],
    ['only those of which it is recorded', nodeOf('3 H100', { 1: { numaNode: 0 } }), 'numa', ['1']],
    [
      'in the order of their first GPU, not of the numbers of the places',
      nodeOf('4 H100', { 0: { numaNode: 1 }, 1: { numaNode: 0 }, 2: { numaNode: 1 }, 3: { numaNode: 0 } }),
      'numa',
      ['02', '13'],
    ],
    [
      'one PCIe root whose GPUs are on two NUMA nodes is two groups',
      nodeOf('2 H100', { 0: { pcieRoot: 0, numaNode: 0 }, 1: { pcieRoot: 0, numaNode: 1 } }),
      'pcie-root',
      ['0', '1'],
    ],
    [
      'a PCIe root whose NUMA node nobody knows is one group',
      nodeOf('2 H100', { 0: { pcieRoot: 0 }, 1: { pcieRoot: 0 } }),
      'pcie-root',
      ['01'],
    ],
  ])('%s', (_, on, level, groups) => {
    expect(digits(groupsInside(on, level))).toEqual(groups);
    expect(digits(groupsInside(on, level))).toEqual(groups);
  });

  test('32 of them are a group like any other', () => {
    const wide = nodeOf('32 H100 numa1');
    expect(groupsInside(wide, 'numa')).toEqual([0xffff_ffff]);
  });

  test.each<[string, readonly number[], number | undefined]>([
    ['of one', [5], 1],
    ['of several on it', [0, 1, 3], 0],
    ['of several on two is none', [3, 4], undefined],
    ['of none is none', [], undefined],
    ['of one that is not there is none', [9], undefined],
  ])('the NUMA node %s', (_, gpus, numaNode) => {
    expect(numaNodeOf(node.shape, maskOf(gpus))).toBe(numaNode);
  });

  test('the NUMA node of GPUs of which one is not recorded is none', () => {
    const half = nodeOf('2 H100', { 0: { numaNode: 0 } });
    expect([numaNodeOf(half.shape, maskOf([0])), numaNodeOf(half.shape, maskOf([0, 1]))]).toEqual([
      0,
      undefined,
    ]);
  });
});

type Part = Partial<Omit<Hold, 'gpus' | 'slices'>> & {
  readonly gpus?: readonly number[];
  readonly shareOf?: number;
};

/** What others hold on the node from `t0` on, pinned to where its GPUs are. */
function hold({ gpus = [], shareOf, ...more }: Part): Hold {
  return {
    holder: 'C-1',
    startMs: t0,
    endMs: t0 + hourMs,
    gpus: maskOf(gpus),
    ...(shareOf === undefined ? {} : { slices: [{ kind: 'share', gpu: shareOf, milli: 1 }] }),
    nics: [],
    cpuMilli: 0,
    memoryMib: 0,
    storageGib: 0,
    powerW: 0,
    aligned: true,
    alone: 'shared',
    ...more,
  };
}

const nobody: Taken = { held: [], own: [], startMs: t0, nicsTaken: new Set() };
const pinned = (numaNode: number | undefined, cpuMilli: number, memoryMib = 0): Pinned => ({
  numaNode,
  cpuMilli,
  memoryMib,
});
const beside = (cores: number, gib = 0): Beside => ({
  cpuMilli: cores * 1000,
  memoryMib: gib * 1024,
  storageGib: 0,
});

const numa = wantOf(demand('1×1 H100 align:numa'), 'H100');
const root = wantOf(demand('1×1 H100 align:pcie-root'), 'H100');
const groups = (taken: Partial<Taken>, asked: Beside, want = numa, on = node) =>
  digits(alignedGroups(on, want, { ...nobody, ...taken }, asked));

describe('the groups that still have what a replica holds beside its GPUs', () => {
  test('nothing is said where nobody asked for alignment', () => {
    expect(groups({}, beside(1), wantOf(demand('1×1 H100'), 'H100'))).toBeUndefined();
  });

  test.each<[string, Partial<Taken>, Beside, readonly string[]]>([
    ['nobody holds any', {}, beside(1), ['0123', '4567']],
    ['exactly a NUMA node’s share of cores', {}, beside(32), ['0123', '4567']],
    ['one core more than that', {}, beside(33), []],
    ['exactly its share of memory', {}, beside(0, 64), ['0123', '4567']],
    ['more memory than that', {}, beside(0, 65), []],
    [
      'others hold cores of the first',
      { held: [hold({ gpus: [0], cpuMilli: 20_000 })] },
      beside(13),
      ['4567'],
    ],
    [
      'what they leave of it is enough',
      { held: [hold({ gpus: [0], cpuMilli: 20_000 })] },
      beside(12),
      ['0123', '4567'],
    ],
    [
      'others hold memory of the second',
      { held: [hold({ gpus: [7], memoryMib: 1024 })] },
      beside(0, 64),
      ['0123'],
    ],
    [
      'a slice pins to where its GPU is',
      { held: [hold({ shareOf: 4, cpuMilli: 1000 })] },
      beside(32),
      ['0123'],
    ],
    [
      'others on GPUs of both, or of none, count against each',
      { held: [hold({ gpus: [3, 4], cpuMilli: 1000 })] },
      beside(32),
      [],
    ],
    [
      'others one after the other do not add up',
      {
        held: [
          hold({ gpus: [0], cpuMilli: 20_000 }),
          hold({ gpus: [1], cpuMilli: 20_000, startMs: t0 + hourMs, endMs: t0 + 2 * hourMs }),
        ],
      },
      beside(12),
      ['0123', '4567'],
    ],
    [
      'others at one time do',
      { held: [hold({ gpus: [0], cpuMilli: 20_000 }), hold({ gpus: [1], cpuMilli: 1000 })] },
      beside(12),
      ['4567'],
    ],
    ['the gang itself holds some of the second', { own: [pinned(1, 1000)] }, beside(32), ['0123']],
    [
      'what the gang leaves is enough',
      { own: [pinned(1, 1000), pinned(1, 1000)] },
      beside(30),
      ['0123', '4567'],
    ],
    ['the gang holds some, and nobody knows where', { own: [pinned(undefined, 1000)] }, beside(32), []],
    ['memory of the gang counts as its cores do', { own: [pinned(0, 0, 1)] }, beside(0, 64), ['4567']],
    [
      'the gang and others add up',
      { own: [pinned(0, 16_000)], held: [hold({ gpus: [0], cpuMilli: 16_000 })] },
      { ...beside(0), cpuMilli: 1 },
      ['4567'],
    ],
  ])('%s', (_, taken, asked, found) => {
    expect(groups(taken, asked)).toEqual(found);
  });

  test('PCIe roots of one NUMA node draw on the same share', () => {
    expect(groups({ own: [pinned(0, 20_000)] }, beside(13), root)).toEqual(['45', '67']);
  });

  test('a group whose NUMA node nobody knows is beside everything that is pinned', () => {
    const vague = nodeOf('2 H100 cpu64 mem128 numa2', { 0: { pcieRoot: 0 }, 1: { pcieRoot: 1 } });
    const unplaced = {
      ...vague,
      shape: { ...vague.shape, gpus: vague.shape.gpus.map(({ numaNode: _unknown, ...gpu }) => gpu) },
    };
    expect(groups({ own: [pinned(1, 1000)] }, beside(32), root, unplaced)).toEqual([]);
    expect(groups({ own: [pinned(1, 1000)] }, beside(31), root, unplaced)).toEqual(['0', '1']);
  });

  test('unknown amounts of a node are nothing to give', () => {
    const silent = nodeOf('4 H100 numa2');
    expect(groups({}, beside(0), numa, silent)).toEqual(['01', '23']);
    expect(groups({}, { ...beside(0), memoryMib: 1 }, numa, silent)).toEqual([]);
  });

  test('GPUs whose rail is elsewhere are left out, where NICs go by rails', () => {
    const crossed = nodeOf('4 H100 rdma cpu8 mem8 numa2', {}, { 1: { numaNode: 1 } });
    expect(groups({}, beside(1), wantOf(demand('1×1 H100 rdma align:numa'), 'H100'), crossed)).toEqual([
      '0',
      '23',
    ]);
    expect(groups({}, beside(1), numa, crossed)).toEqual(['01', '23']);
  });

  test('groups with too few free NICs are left out, where those are chosen one by one', () => {
    const two = wantOf(withRdma('1×1 H100 rdma align:numa', { nicsPerGpu: 2 }), 'H100');
    expect(groups({}, beside(1), two)).toEqual(['0123', '4567']);
    expect(groups({ nicsTaken: new Set([0, 1, 2]) }, beside(1), two)).toEqual(['4567']);
  });
});

const holds = array(
  record({
    numaNode: option(constantFrom(0, 1), { freq: 4 }),
    from: integer({ min: 0, max: 3 }),
    hours: integer({ min: 1, max: 3 }),
    cores: integer({ min: 1, max: 20 }),
  }),
  { maxLength: 5 },
);

test('whatever is pinned where and when, a group is there while its fullest hour leaves enough', () => {
  let seen = 0;
  assert(
    property(holds, integer({ min: 0, max: 32 }), integer({ min: 0, max: 10 }), (drawn, cores, own) => {
      const held = drawn.map(({ numaNode, from, hours, cores: taken }) =>
        hold({
          gpus: numaNode === null ? [3, 4] : [numaNode * 4],
          startMs: t0 + from * hourMs,
          endMs: t0 + (from + hours) * hourMs,
          cpuMilli: taken * 1000,
        }),
      );
      const fullest = (numaNode: number) =>
        Math.max(
          ...[0, 1, 2, 3, 4, 5].map((hour) =>
            drawn
              .filter(
                (one) =>
                  (one.numaNode ?? numaNode) === numaNode && one.from <= hour && hour < one.from + one.hours,
              )
              .reduce((sum, one) => sum + one.cores, 0),
          ),
        );
      const found = groups({ held, own: [pinned(0, own * 1000)] }, beside(cores));
      const expected = [
        ...(cores + own + fullest(0) <= 32 ? ['0123'] : []),
        ...(cores + fullest(1) <= 32 ? ['4567'] : []),
      ];
      seen += expected.length;
      expect(found).toEqual(expected);
    }),
    { seed, numRuns: 300 },
  );
  expect(seen).toBeGreaterThan(100);
  expect(seen).toBeLessThan(500);
});

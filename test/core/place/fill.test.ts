import { assert, constantFrom, property, subarray } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { Bench } from '../../../src/core/place/bench.ts';
import { type Candidates, fillGang, spareIn } from '../../../src/core/place/fill.ts';
import { fitnessOf } from '../../../src/core/place/fitness.ts';
import { fillInside } from '../../../src/core/place/inside.ts';
import { NodeSet } from '../../../src/core/place/node-set.ts';
import { Rooms } from '../../../src/core/place/rooms.ts';
import { inGroup, spotsOn } from '../../../src/core/place/spots.ts';
import { hardestFirst, type Want } from '../../../src/core/place/want.ts';
import type { Member } from '../../../src/model/placement.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, type World, world } from '../fleet.ts';
import { granted, placement } from '../placement.ts';
import { listed, wantOf, wantsOf } from './wanted.ts';

/** Three nodes of four GPUs in one rack, two in another, and one without GPUs. */
const fleet = world('s/r1 3×4 H100 cpu16 mem64', 's/r2 2×4 H100 cpu16 mem64', 's/r3 1 cpu16 mem64');

function held(on: World, ...lines: readonly string[]): World {
  return lines.length === 0 ? on : granted(on, demand('1×1', { tenant: 'globex' }), placement(1, ...lines));
}

type Filling = { readonly bench: Bench; readonly wants: readonly Want[]; readonly candidates: Candidates };

function fillingOf({ state }: World, text: string, more: object = {}, model = 'H100'): Filling {
  const asked = demand(text, more);
  const wants = hardestFirst(wantsOf(text, model, more));
  const candidates: Candidates = new Map(
    wants.map((want) => [
      want,
      new NodeSet(state.fleet.nodes.filter((node) => fitnessOf(node, want, asked).kind === 'fits')),
    ]),
  );
  const bench = new Bench(new Rooms(state, { startMs: t0, endMs: t0 + hourMs }), asked);
  return { bench, wants, candidates };
}

/** `r1/n02 0,1` for each member that finds room. */
function words(members: readonly Member[]): string[] {
  return members.map(({ node, gpus }) =>
    [node.slice(node.indexOf('/') + 1), gpus.join(',')].join(' ').trim(),
  );
}

function filled(on: World, text: string, more: object = {}): string[] {
  const { bench, wants, candidates } = fillingOf(on, text, more);
  return words(fillGang(bench, on.state.fleet.nodes, wants, candidates));
}

describe('replicas are put', () => {
  test.each([
    [
      'on the node that takes all of them and has least to spare',
      '2×1',
      ['a 0 s/r1/n03 gpu0', 'a 1 s/r2/n01 gpu0-1'],
      ['r2/n01 2', 'r2/n01 3'],
    ],
    [
      'on the first of those that have as little',
      '2×1',
      ['a 0 s/r1/n03 gpu0', 'a 1 s/r2/n01 gpu0'],
      ['r1/n03 1', 'r1/n03 2'],
    ],
    [
      'on nodes that take most of them, and the rest where least is to spare',
      '3×2',
      ['a 0 s/r2/n02 gpu0-1'],
      ['r1/n01 0,1', 'r1/n01 2,3', 'r2/n02 2,3'],
    ],
    ['where they fit at all', '1×4', ['a 0 s/r1/n01 gpu0', 'a 1 s/r1/n02 gpu3'], ['r1/n03 0,1,2,3']],
    [
      'as many as fit',
      '9×3',
      ['a 0 s/r1/n01 gpu0-1'],
      ['r1/n02 0,1,2', 'r1/n03 0,1,2', 'r2/n01 0,1,2', 'r2/n02 0,1,2'],
    ],
    [
      'nowhere, where none fits',
      '1×4',
      [
        'a 0 s/r1/n01 gpu0',
        'a 1 s/r1/n02 gpu0',
        'a 2 s/r1/n03 gpu0',
        'a 3 s/r2/n01 gpu0',
        'a 4 s/r2/n02 gpu0',
      ],
      [],
    ],
  ])('%s', (_, text, lines, expected) => {
    expect(filled(held(fleet, ...lines), text)).toEqual(expected);
  });

  test.each([
    ['nodes without GPUs, for parts that need none', '1×cpu4', [], ['r3/n01']],
    ['as many there as fit, the rest beside GPUs', '3×cpu6', [], ['r3/n01', 'r3/n01', 'r1/n01']],
    ['nodes with GPUs where others have no room', '1×cpu4', ['a 0 s/r3/n01 cpu13'], ['r1/n01']],
  ])('on %s', (_, text, lines, expected) => {
    expect(filled(held(fleet, ...lines), text)).toEqual(expected);
  });

  test.each([
    ['on a node each', '3×1 apart:node', ['r1/n01 0', 'r1/n02 0', 'r1/n03 0']],
    ['in a rack each', '2×1 apart:rack', ['r1/n01 0', 'r2/n01 0']],
    ['as many as there are racks', '4×1 apart:rack', ['r1/n01 0', 'r2/n01 0']],
    [
      'beside others that are not kept apart',
      'a: 2×1 apart:node + b: 2×2',
      ['r1/n01 0,1', 'r1/n01 2,3', 'r1/n02 0', 'r1/n03 0'],
    ],
  ])('apart: %s', (_, text, expected) => {
    expect(filled(fleet, text)).toEqual(expected);
  });

  test('apart, first where least is free of what takes one', () => {
    const busy = held(fleet, 'a 0 s/r2/n02 gpu0-2', 'a 1 s/r1/n03 gpu0-1');
    expect(filled(busy, '2×1 apart:node')).toEqual(['r2/n02 3', 'r1/n03 2']);
  });

  test('where they draw least, under a cap', () => {
    const watts = world(
      's/r1 1×4 H100 gpuw700 basew400',
      's/r2 1×4 H100 gpuw500 basew400',
      's/r3 1×4 H100 gpuw600 basew400',
    );
    expect(filled(watts, '3×4', { powerCapW: 9000 })).toEqual([
      'r2/n01 0,1,2,3',
      'r3/n01 0,1,2,3',
      'r1/n01 0,1,2,3',
    ]);
    // 2,400 and 2,800 W are all that 5,300 W carry.
    expect(filled(watts, '3×4', { powerCapW: 5300 })).toEqual(['r2/n01 0,1,2,3', 'r3/n01 0,1,2,3']);
    // A tighter node does not make up for watts.
    const busy = held(watts, 'a 0 s/r1/n01 gpu0-2');
    expect(filled(busy, '1×1', { powerCapW: 9000 })).toEqual(['r2/n01 0']);
    expect(filled(busy, '1×1')).toEqual(['r1/n01 3']);
  });

  test('as slices where they spoil least', () => {
    const shared = held(fleet, 'a 0 s/r2/n01 1:500');
    const { bench, wants, candidates } = fillingOf(shared, '2×1 share:500');
    const members = fillGang(bench, shared.state.fleet.nodes, wants, candidates);
    expect(members.map(({ node, slices }) => [node, slices?.[0]?.gpu])).toEqual([
      ['s/r2/n01', 1],
      ['s/r2/n01', 0],
    ]);
  });
});

describe('a part that stays in one place', () => {
  test.each([
    [
      'takes the one that holds all of it with least to spare',
      '2×4 within:rack',
      [],
      ['r2/n01 0,1,2,3', 'r2/n02 0,1,2,3'],
    ],
    [
      'takes another where that one has no room',
      '2×4 within:rack',
      ['a 0 s/r2/n02 gpu0'],
      ['r1/n01 0,1,2,3', 'r1/n02 0,1,2,3'],
    ],
    [
      'takes the one that holds most of it',
      '4×4 within:rack',
      [],
      ['r1/n01 0,1,2,3', 'r1/n02 0,1,2,3', 'r1/n03 0,1,2,3'],
    ],
    [
      'does not add up what two have',
      '2×4 within:rack',
      ['a 0 s/r2/n02 gpu0', 'a 1 s/r1/n01 gpu0', 'a 2 s/r1/n02 gpu0'],
      ['r2/n01 0,1,2,3'],
    ],
    [
      'each part has one of its own',
      'a: 3×4 within:rack + b: 2×3 within:rack',
      [],
      ['r1/n01 0,1,2,3', 'r1/n02 0,1,2,3', 'r1/n03 0,1,2,3', 'r2/n01 0,1,2', 'r2/n02 0,1,2'],
    ],
    ['and may be kept apart inside it', '2×1 within:rack apart:node', [], ['r2/n01 0', 'r2/n02 0']],
    ['parts without GPUs leave those beside GPUs', '2×cpu8 within:rack', [], ['r3/n01', 'r3/n01']],
  ])('%s', (_, text, lines, expected) => {
    expect(filled(held(fleet, ...lines), text)).toEqual(expected);
  });
});

const numa = world('s/r1 2×4 H100 numa2 roots4 cpu16 mem64');
const [first, second] = numa.state.fleet.nodes;
if (first === undefined || second === undefined) throw new Error('two nodes');

/** `n01 0-1` for each place of the two nodes. */
const spots = (level: 'numa' | 'pcie-root' | 'node') =>
  spotsOn(level, [first, second], wantOf('1×1')).map(
    ({ nodes, want }) =>
      `${nodes.map(({ id }) => id.slice(-3)).join()} ${want.only === undefined ? 'any' : listed(want.only)}`,
  );

/** A whole gang under one group of a node. */
const inside = (on: World, text: string, level: 'numa' | 'pcie-root') => {
  const { bench, wants, candidates } = fillingOf(on, text, { together: level });
  return words(fillInside(bench, on.state.fleet.nodes, wants, { candidates, level }));
};

describe('places inside nodes', () => {
  test('are groups of GPUs, and the want may use no others', () => {
    expect(spots('numa')).toEqual(['n01 0-1', 'n01 2-3', 'n02 0-1', 'n02 2-3']);
    expect(spots('pcie-root').slice(0, 4)).toEqual(['n01 0', 'n01 1', 'n01 2', 'n01 3']);
    expect(spots('node')).toEqual(['n01 any', 'n02 any']);
  });

  test('narrow what a want may use already', () => {
    const want = wantOf('1×1');
    expect(inGroup(want, 0b1100).only).toBe(0b1100);
    expect(inGroup(inGroup(want, 0b1100), 0b0110).only).toBe(0b0100);
    expect(inGroup(inGroup(want, 0b1100), 0b0011).only).toBe(0);
    expect(want.only).toBeUndefined();
  });

  test.each([
    ['the first that holds all', [], '1×1 + 1×1', ['r1/n01 0', 'r1/n01 1']],
    ['the one with least to spare', ['a 0 s/r1/n02 gpu3'], '1×1', ['r1/n02 2']],
    [
      'the one that takes most',
      ['a 0 s/r1/n01 gpu0,2', 'a 1 s/r1/n02 gpu1'],
      '2×1',
      ['r1/n02 2', 'r1/n02 3'],
    ],
    ['as many as the best one takes', [], '3×1', ['r1/n01 0', 'r1/n01 1']],
    ['none where all are held', ['a 0 s/r1/n01 gpu0-3', 'a 1 s/r1/n02 gpu0-3'], '1×1', []],
  ])('hold a whole gang: %s', (_, lines, text, expected) => {
    expect(inside(held(numa, ...lines), text, 'numa')).toEqual(expected);
  });
});

test('what stays free of some nodes is counted for whole GPUs, and GPUs beside cores are left', () => {
  const busy = held(fleet, 'a 0 s/r1/n01 gpu0-2');
  const { nodes } = busy.state.fleet;
  const spare = (text: string) => {
    const { bench, wants } = fillingOf(busy, text);
    const [want] = wants;
    return want === undefined ? -1 : spareIn(bench, nodes.slice(0, 2), want);
  };
  expect(['1×1', '1×1 share:500', '1×cpu1'].map(spare)).toEqual([5, 10, 8]);
});

test('one part gets as many replicas as the free GPUs of all nodes hold', () => {
  const lines = subarray([
    'a 0 s/r1/n01 gpu0',
    'a 1 s/r1/n02 gpu1-2',
    'a 2 s/r1/n03 gpu0-3',
    'a 3 s/r2/n01 gpu3',
  ]);
  const taken: Readonly<Record<string, number>> = { a0: 1, a1: 2, a2: 4, a3: 1 };
  assert(
    property(lines, constantFrom(1, 2, 3, 4), (busy, each) => {
      const gone = (at: number) =>
        busy.some((line) => line.startsWith(`a ${at} `)) ? (taken[`a${at}`] ?? 0) : 0;
      const free = [0, 1, 2, 3].map((at) => 4 - gone(at));
      const fit = [...free, 4].reduce((sum, gpus) => sum + Math.floor(gpus / each), 0);
      const seats = filled(held(fleet, ...busy), `20×${each} cpu0 mem0`);
      expect(seats).toHaveLength(fit);
      expect(new Set(seats).size).toBe(fit);
    }),
    { seed, numRuns: 60 },
  );
});

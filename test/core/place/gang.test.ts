import { assert, array, constantFrom, integer, property } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { isUnindexed } from '../../../src/core/index/unindexed.ts';
import { sizeOf } from '../../../src/core/mask.ts';
import { domainsOn } from '../../../src/core/place/domain.ts';
import type { GangFit, GangMiss } from '../../../src/core/place/gang.ts';
import type { State } from '../../../src/core/state.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { isWithin } from '../../../src/model/id.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { withRdma } from '../fabric/ask.ts';
import { world } from '../fleet.ts';
import { hold, holding } from './holding.ts';
import { there } from './known.ts';
import { crowds, putDown, searches } from './put-down.ts';

/** `rack: r1/n01×1 r1/n02×1`, or `2 in fra1/h1/r1` where not all of it fits. Every search says the same. */
function put(state: State, asked: Demand): string {
  const found = alike(state, asked);
  return found.kind === 'whole'
    ? `${found.level}: ${crowds(found.members)}`
    : `${found.fit} in ${found.place}`;
}

/** What every search finds that the demand may be given to. */
function alike(state: State, asked: Demand): GangFit | GangMiss {
  const found = putDown(state, asked, 'scan');
  for (const search of isUnindexed(asked) ? (['ranked'] as const) : searches)
    expect(bare(putDown(state, asked, search))).toEqual(bare(found));
  return found;
}

/** What is the same however it was searched for: all but by what nodes were judged. */
function bare(found: GangFit | GangMiss): object {
  if (found.kind !== 'whole') return found;
  const { packing: _packing, suit: _suit, ...rest } = found;
  return rest;
}

/** Two halls; racks of two nodes and of one, each node with four GPUs. */
const { state } = world(
  'fra1/h1/r1 2×4 H100 cpu16 mem64',
  'fra1/h1/r2 2×4 H100 cpu16 mem64',
  'fra1/h2/r3 1×4 H100 cpu16 mem64',
  'fra1/h2/r4 2×4 H100 cpu16 mem64',
);
const gpus = (mask: number) => hold('acme', { gpus: mask });

describe('a gang stands as close together as it can', () => {
  test.each([
    ['on one node', '4×1', 'node: r1/n01×4'],
    ['in one rack when no node holds it', '5×1', 'rack: r1/n01×4 r1/n02×1'],
    ['and fills a rack exactly', '8×1', 'rack: r1/n01×4 r1/n02×4'],
    [
      'in one hall when no rack holds it: in the one with least to spare',
      '9×1',
      'hall: r3/n01×4 r4/n01×4 r4/n02×1',
    ],
    ['and fills that hall exactly', '3×4', 'hall: r3/n01×1 r4/n01×1 r4/n02×1'],
    [
      'in the other hall when the small one is too small',
      '13×1',
      'hall: r1/n01×4 r1/n02×4 r2/n01×4 r2/n02×1',
    ],
    ['at the site when no hall holds it', '17×1', 'site: r1/n01×4 r1/n02×4 r2/n01×4 r2/n02×4 r3/n01×1'],
    [
      'and fills the site exactly',
      '7×4',
      'site: r1/n01×1 r1/n02×1 r2/n01×1 r2/n02×1 r3/n01×1 r4/n01×1 r4/n02×1',
    ],
    ['but not with one replica more than there is room for', '29×1', '28 in fra1'],
    ['each replica on one node: what three GPUs leave of four is of no use', '8×3', '7 in fra1'],
    ['where its replicas are apart', '2×1 apart:node', 'rack: r1/n01×1 r1/n02×1'],
    ['where its replicas are in different racks', '2×1 apart:rack', 'hall: r3/n01×1 r4/n01×1'],
    ['where its replicas are in different halls', '2×1 apart:hall', 'site: r1/n01×1 r3/n01×1'],
    ['but not in more halls than there are', '3×1 apart:hall', '2 in fra1'],
  ])('%s', (_, text, expected) => {
    expect(put(state, demand(text))).toBe(expected);
  });

  test.each([
    ['a rack', '9×1 together:rack', '8 in fra1/h1/r1'],
    ['a node', '5×1 together:node', '4 in fra1/h1/r1/n01'],
    ['a hall', '17×1 together:hall', '16 in fra1/h1'],
    ['a leaf that nobody has recorded', '1×1 together:leaf', '0 in fra1'],
  ])('and not beyond %s that it has to stay in', (_, text, expected) => {
    expect(put(state, demand(text))).toBe(expected);
  });
});

describe('of equally close places it takes', () => {
  test.each([
    ['the rack with least to spare', '2×3', { 'r2/n02': gpus(0b0001) }, 'rack: r2/n01×1 r2/n02×1'],
    [
      'the first rack of two with as little',
      '2×3',
      { 'r2/n02': gpus(0b0001), 'r4/n01': gpus(0b1000) },
      'rack: r2/n01×1 r2/n02×1',
    ],
    [
      'not the fuller rack in which it has no room',
      '2×4',
      { 'r1/n02': gpus(0b0001) },
      'rack: r2/n01×1 r2/n02×1',
    ],
    [
      'the only rack with room, also where it is the last',
      '2×4',
      { 'r1/n02': gpus(1), 'r2/n01': gpus(2) },
      'rack: r4/n01×1 r4/n02×1',
    ],
    [
      'a closer place, though a farther one would be filled',
      '4×1',
      { 'r1/n01': gpus(3), 'r1/n02': gpus(3) },
      'node: r2/n01×4',
    ],
  ])('%s', (_, text, held, expected) => {
    expect(put(holding(state, held), demand(text))).toBe(expected);
  });
});

/** Two replicas that send to each other, and to themselves. */
const flowing = (mbps: number) => demand('2×4', { flows: [{ from: 'train', to: 'train', mbps }] });

describe('where it does not fit, it is told where most of it would', () => {
  test.each([
    ['in the first of several racks alike', '3×4 together:rack', {}, '2 in fra1/h1/r1'],
    [
      'in the rack that holds most',
      '3×4 together:rack',
      { 'r1/n01': gpus(1), 'r2/n01': gpus(1) },
      '2 in fra1/h2/r4',
    ],
    [
      'on a node rather than in a rack that holds no more',
      '2×4 together:rack',
      Object.fromEntries(['r1/n02', 'r2/n01', 'r4/n01'].map((node) => [node, gpus(1)])),
      '1 in fra1/h1/r1/n01',
    ],
    [
      'nowhere, where not one fits',
      '2×4',
      Object.fromEntries(state.fleet.nodes.map(({ id }) => [id, gpus(1)])),
      '0 in fra1',
    ],
  ])('%s', (_, text, held, expected) => {
    expect(put(holding(state, held), demand(text))).toBe(expected);
  });

  test('all replicas fit, but what flows between them does not: then one less is said to', () => {
    const slow = world('fra1/r1 2×4 H100 nordma').state;
    // Of the four pairs of two replicas, two cross the NICs of each node: half of all, on NICs of 100,000 Mbit/s.
    expect(put(slow, flowing(200_000))).toBe('rack: r1/n01×1 r1/n02×1');
    expect(put(slow, flowing(200_002))).toBe('1 in fra1/r1/n01');
  });
});

describe('a gang of several parts', () => {
  test('comes in the order of its parts and replicas, whichever was put down first', () => {
    const found = putDown(state, demand('load: 2×cpu1 mem1 + train: 2×2'));
    const seats =
      found.kind === 'whole' ? found.members.map(({ part, replica }) => `${part} ${replica}`) : [];
    expect(seats).toEqual(['load 0', 'load 1', 'train 0', 'train 1']);
  });

  test('is put down in another order where the usual one leaves no room', () => {
    const uneven = world('fra1/r1 1×4 H100 cpu8 mem64', 'fra1/r2 1×4 H100 cpu4 mem64').state;
    // GPUs go down first, on the first node, and leave 7 cores there; the loader needs all 8.
    expect(put(uneven, demand('train: 1×4 cpu1 mem1 + load: 1×cpu8 mem1'))).toMatch(
      /^(hall|site): r1\/n01×1 r2\/n01×1$/,
    );
    // What is told of a miss is told of the usual order.
    expect(put(uneven, demand('train: 1×4 cpu1 mem1 + load: 2×cpu8 mem1'))).toBe('1 in fra1/r1/n01');
  });

  test('stands together, not only each part by itself', () => {
    const mixed = world('fra1/r1 1×4 H100', 'fra1/r2 1×4 H100', 'fra1/r2 1×4 A100').state;
    expect(put(mixed, demand('a: 1×4 H100 + b: 1×4 A100'))).toBe('rack: r2/n01×1 r2/n02×1');
    expect(put(mixed, demand('a: 2×4 H100 + b: 1×4 A100 together:rack'))).toBe('2 in fra1/r2');
  });
});

const budgeted = (count: number, uplinkMbps = 100) => withRdma(`${count}×4 rdma`, { uplinkMbps });

const leafsOf = (now: State, wish: Demand) => {
  const found = alike(now, wish);
  return found.kind === 'whole' ? `${crowds(found.members)}: ${found.leafs}` : `${found.fit}`;
};

describe('slices', () => {
  const shared = world(
    'fra1/h1/r1 2×2 H100 shared cpu16 mem64',
    'fra1/h1/r2 1×2 H100 shared cpu16 mem64',
  ).state;

  test.each([
    ['one node holds them', '4×1 share:500', 'node: r1/n01×4'],
    ['one node has one too few', '5×1 share:500', 'rack: r1/n01×4 r1/n02×1'],
    ['one rack has one too few', '9×1 share:500', 'hall: r1/n01×4 r1/n02×4 r2/n01×1'],
    ['two GPUs hold two of three fifths, not three', '3×1 share:600', 'rack: r1/n01×2 r1/n02×1'],
    ['one replica has slices of two GPUs', '1×2 share:600', 'node: r1/n01×1'],
    ['places that hold too few are passed over, so that the site is named', '13×1 share:500', '12 in fra1'],
  ])('%s', (_, text, expected) => {
    expect(put(shared, demand(text))).toBe(expected);
  });
});

describe('with an uplink budget', () => {
  const leafs = world(
    'fra1/h1/r1 2×4 H100 nvlink rdma leaf',
    'fra1/h1/r2 2×4 H100 nvlink rdma leaf',
    'fra1/h1/r3 2×4 H100 nvlink rdma leaf',
    {
      leafs: Object.fromEntries(['r1', 'r2', 'r3'].map((rack) => [`fra1/leaf-${rack}`, { uplinkMbps: 100 }])),
    },
  ).state;

  test.each([
    ['one leaf where one holds it', 2, {}, 'r1/n01×1 r1/n02×1: 1'],
    ['the leaf with room for all', 2, { 'r1/n01': gpus(1), 'r2/n02': gpus(1) }, 'r3/n01×1 r3/n02×1: 1'],
    ['two leafs where it takes two', 3, {}, 'r1/n01×1 r1/n02×1 r2/n01×1: 2'],
    ['two leafs rather than three', 3, { 'r1/n01': gpus(1) }, 'r1/n02×1 r2/n01×1 r2/n02×1: 2'],
    ['three where it takes three', 5, {}, 'r1/n01×1 r1/n02×1 r2/n01×1 r2/n02×1 r3/n01×1: 3'],
  ])('it stands on %s', (_, count, held, expected) => {
    expect(leafsOf(holding(leafs, held), budgeted(count))).toBe(expected);
  });

  test('it needs no uplink on one leaf, and what it asks for on each of two', () => {
    expect(leafsOf(leafs, budgeted(2, 101))).toBe('r1/n01×1 r1/n02×1: 1');
    expect(leafsOf(leafs, budgeted(3, 101))).toBe('2');
  });
});

/** GPUs held on each node, and what is asked for then. */
const crowded = array(constantFrom(0, 0, 1, 3, 7, 15), { minLength: 7, maxLength: 7 });

test('whole GPUs of one part: the closest level at which free GPUs suffice, there the place with least to spare', () => {
  const levels = ['node', 'rack', 'hall', 'site'] as const;
  const seen = new Map<string, number>();
  assert(
    property(crowded, integer({ min: 1, max: 9 }), integer({ min: 1, max: 4 }), (masks, count, size) => {
      const held = Object.fromEntries(
        state.fleet.nodes.map(({ id, index }) => [id, gpus(masks[index] ?? 0)]),
      );
      const now = holding(state, held);
      const free = (index: number) => 4 - sizeOf(masks[index] ?? 0);
      const places = levels.map((level) =>
        domainsOn(level, state.fleet.nodes).map(({ id, nodes }) => ({
          id,
          fit: nodes.reduce((sum, { index }) => sum + Math.floor(free(index) / size), 0),
          spare: nodes.reduce((sum, { index }) => sum + free(index), 0),
        })),
      );
      const at = places.findIndex((own) => own.some(({ fit }) => fit >= count));
      const holdAll = (places[at] ?? []).filter(({ fit }) => fit >= count);
      const least = Math.min(...holdAll.map(({ spare }) => spare));
      const home = holdAll.find(({ spare }) => spare === least)?.id ?? 'none';
      const level = levels[at] ?? 'none';
      seen.set(level, (seen.get(level) ?? 0) + 1);
      const most = Math.max(...places.flat().map(({ fit }) => fit));
      for (const [search, objective] of searches.flatMap((one) => [
        [one, 'tightest'] as const,
        [one, 'soonest'] as const,
      ])) {
        const found = putDown(now, demand(`${count}×${size}`, { objective }), search);
        const reached = found.kind === 'whole' ? [found.level, found.members.length] : ['none', found.fit];
        expect(reached).toEqual([level, Math.min(count, most)]);
        if (found.kind === 'partial') continue;
        // Unless the tightest is asked for, nodes are judged by what else is likely to be wanted: any may be best.
        const isJudged = level === 'node' && objective !== 'tightest';
        expect(found.suit !== undefined).toBe(isJudged);
        expect(new Set(found.members.map(({ node }) => node)).size === 1).toBe(level === 'node');
        expect(isJudged || found.members.every(({ node }) => isWithin(node, home))).toBe(true);
        expect(isJudged ? least : found.spare + count * size).toBe(least);
      }
    }),
    { seed, numRuns: 120 },
  );
  expect([...levels, 'none'].filter((level) => (seen.get(level) ?? 0) < 5)).toEqual([]);
});

test('a gang holds devices that were free, each once', () => {
  assert(
    property(crowded, integer({ min: 1, max: 6 }), integer({ min: 1, max: 4 }), (masks, count, size) => {
      const held = Object.fromEntries(
        state.fleet.nodes.map(({ id, index }) => [id, gpus(masks[index] ?? 0)]),
      );
      const found = putDown(holding(state, held), demand(`${count}×${size}`));
      const taken = found.kind === 'whole' ? found.members : [];
      for (const [node, own] of Map.groupBy(taken, ({ node: id }) => id)) {
        const mask = masks[there(state.fleet.nodeById.get(node), node).index] ?? 0;
        const devices = own.flatMap((member) => member.gpus);
        expect(new Set(devices).size).toBe(devices.length);
        expect(devices.filter((gpu) => ((mask >>> gpu) & 1) === 1 || gpu > 3)).toEqual([]);
      }
      for (const { gpus: own } of taken) expect(own.length).toBe(size);
    }),
    { seed, numRuns: 60 },
  );
});

import { array, assert, integer, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { edgeLimit, mostHeld } from '../../../src/core/check/edges.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, type World, world } from '../fleet.ts';
import { granted, placement } from '../placement.ts';
import { during, node, withEdges } from './findings.ts';

const on = world('fra1/h1/r1 1×2 H100', {
  leafs: { 'fra1/leaf': { uplinkMbps: 400 }, 'fra1/dark': {} },
  spines: { 'fra1/spine': { uplinkMbps: 500 } },
  wanLinks: { 'fra1/wan': { from: 'fra1', to: 'ams2', mbps: 600 }, 'fra1/unsaid': {} },
  pools: { 'fra1/nvme': { mbps: 700 }, 'fra1/tape': {} },
});

describe('what an edge carries', () => {
  test.each([
    ['the uplink of a leaf', 'rdma fra1/leaf', 400],
    ['the uplink of a spine', 'rdma fra1/spine', 500],
    ['a link between sites', 'wan fra1/wan', 600],
    ['a storage pool', 'storage fra1/nvme', 700],
    ['a leaf of which nobody said it', 'rdma fra1/dark', undefined],
    ['a link of which nobody said it', 'wan fra1/unsaid', undefined],
    ['a pool of which nobody said it', 'storage fra1/tape', undefined],
    ['a leaf that is not there', 'rdma fra1/leaf2', undefined],
    ['a leaf by another fabric', 'wan fra1/leaf', undefined],
    ['a pool by another fabric', 'rdma fra1/nvme', undefined],
    ['a link by another fabric', 'storage fra1/wan', undefined],
    ['a node of which no NIC is known', `data ${node}`, undefined],
    ['a node by another fabric', `wan ${node}`, undefined],
    ['a node that is not there', 'data fra1/h1/r1/n02', undefined],
    ['a fabric that there is not', 'ether fra1/leaf', undefined],
  ])('%s', (_, edge, mbps) => {
    expect(edgeLimit(on.state.fleet, edge)).toBe(mbps);
  });
});

const plain = { kind: 'ethernet', rdma: false };

/** What the data NICs of one node carry together. */
function ofNics(nics: readonly object[], nodeFacts: object = {}): number | undefined {
  const named = Object.fromEntries(nics.map((facts, at) => [`${node}/nic${at}`, facts]));
  const { state } = world('fra1/h1/r1 1 cpu4', { nics: named, nodes: { [node]: nodeFacts } });
  return edgeLimit(state.fleet, `data ${node}`);
}

describe('the data NICs of a node', () => {
  test.each<readonly [string, readonly object[], number | undefined]>([
    [
      'add up',
      [
        { ...plain, mbps: 25 },
        { ...plain, mbps: 100 },
      ],
      125,
    ],
    ['are those of Ethernet of which nobody said that they do RDMA', [{ kind: 'ethernet', mbps: 25 }], 25],
    ['and those of any kind that do none', [{ rdma: false, mbps: 25 }], 25],
    [
      'and neither those that do',
      [
        { ...plain, mbps: 25 },
        { kind: 'ethernet', rdma: true, mbps: 7 },
      ],
      25,
    ],
    ['nor those of which nothing is known', [{ ...plain, mbps: 25 }, { mbps: 7 }], 25],
    [
      'nor InfiniBand',
      [
        { ...plain, mbps: 25 },
        { kind: 'infiniband', rdma: false, mbps: 7 },
      ],
      25,
    ],
    [
      'nor RoCE',
      [
        { ...plain, mbps: 25 },
        { kind: 'roce', rdma: false, mbps: 7 },
      ],
      25,
    ],
    ['of which one is too unknown to add up', [{ ...plain, mbps: 25 }, plain], undefined],
    [
      'of which one is down carry what is left',
      [
        { ...plain, mbps: 25 },
        { ...plain, mbps: 7, health: 'down' },
      ],
      25,
    ],
    [
      'of which the unknown one is down',
      [
        { ...plain, mbps: 25 },
        { ...plain, health: 'down' },
      ],
      25,
    ],
    ['that are all down carry nothing, which is known', [{ ...plain, mbps: 25, health: 'down' }], 0],
    ['that carry nothing', [{ ...plain, mbps: 0 }], 0],
    ['where there is none, nobody knows', [{ kind: 'infiniband', rdma: true, mbps: 7 }], undefined],
  ])('%s', (_, nics, mbps) => {
    expect(ofNics(nics)).toBe(mbps);
  });

  test('of a node that is down carry nothing', () => {
    expect(ofNics([{ ...plain, mbps: 25 }], { health: 'down' })).toBe(0);
    expect(ofNics([{ ...plain, mbps: 25 }], { health: 'degraded' })).toBe(25);
  });
});

type Held = { readonly fromH: number; readonly hours: number; readonly mbps: number };

function holding(before: World, { fromH, hours, mbps }: Held): World {
  const held = withEdges(placement(1, `load 0 ${node}`), `rdma fra1/leaf ${mbps}`);
  return granted(before, demand('load: 1×cpu0'), during(held, fromH, fromH + hours));
}

function mostBetween({ state }: World, fromH: number, toH: number, edge = 'rdma fra1/leaf'): number {
  return mostHeld(state, edge, t0 + fromH * hourMs, t0 + toH * hourMs);
}

describe('the most that others hold of an edge at one instant', () => {
  const two = [
    { fromH: 2, hours: 3, mbps: 10 },
    { fromH: 4, hours: 3, mbps: 5 },
  ].reduce(holding, on);

  test.each([
    [0, 2, 0, 'before the first begins'],
    [0, 3, 10, 'into the first'],
    [2, 4, 10, 'up to where the second begins'],
    [3, 5, 15, 'where they meet'],
    [4, 5, 15, 'from where they meet'],
    [5, 6, 5, 'from where the first ends'],
    [5, 9, 5, 'past the end of the second'],
    [7, 9, 0, 'after both'],
    [0, 99, 15, 'all of it'],
  ])('from hour %i to hour %i: %i Mbit/s, %s', (fromH, toH, mbps) => {
    expect(mostBetween(two, fromH, toH)).toBe(mbps);
  });

  test('another edge is another matter, also one of the same path in another fabric', () => {
    expect(mostBetween(two, 0, 99, 'rdma fra1/spine')).toBe(0);
    expect(mostBetween(two, 0, 99, 'data fra1/leaf')).toBe(0);
  });

  test('is what the fullest hour says', () => {
    const held = record({
      fromH: integer({ min: 0, max: 9 }),
      hours: integer({ min: 1, max: 5 }),
      mbps: integer({ min: 0, max: 9 }),
    });
    assert(
      property(
        array(held, { maxLength: 7 }),
        integer({ min: 0, max: 9 }),
        integer({ min: 1, max: 6 }),
        (all, fromH, hours) => {
          const byHour = Array.from({ length: hours }, (_, at) =>
            all
              .filter((one) => one.fromH <= fromH + at && fromH + at < one.fromH + one.hours)
              .reduce((sum, { mbps }) => sum + mbps, 0),
          );
          expect(mostBetween(all.reduce(holding, on), fromH, fromH + hours)).toBe(Math.max(...byHour));
        },
      ),
      { seed, numRuns: 60 },
    );
  });
});

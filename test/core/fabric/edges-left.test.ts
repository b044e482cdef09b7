import { array, assert, integer, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { type EdgeHold, edgeKey } from '../../../src/core/calendar/edges.ts';
import {
  capacityOf,
  dataMbps,
  EdgeRooms,
  type Fabric,
  isData,
} from '../../../src/core/place/fabric/edge-rooms.ts';
import type { NicFacts } from '../../../src/model/fact.ts';
import { seed } from '../arbitrary.ts';
import { type Details, hourMs, t0, world } from '../fleet.ts';
import { nodeIn } from './ask.ts';

const known: Details = {
  leafs: { 'fra1/leaf': { uplinkMbps: 100 }, 'fra1/both': { uplinkMbps: 1 }, 'fra1/dark': {} },
  spines: { 'fra1/spine': { uplinkMbps: 900 }, 'fra1/both': { uplinkMbps: 2 } },
  wanLinks: { 'fra1/wan': { from: 'fra1', to: 'ams1', mbps: 40 }, 'fra1/dark': { from: 'fra1', to: 'ams1' } },
  pools: { 'fra1/pool': { mbps: 70 }, 'fra1/dark': {} },
};
const fleet = world('fra1/r1 1×4 H100 nordma', 'fra1/r2 1×4 H100', known);

describe('what an edge can carry', () => {
  test.each<[string, Fabric, string, number | undefined]>([
    ['a leaf', 'rdma', 'fra1/leaf', 100],
    ['a spine', 'rdma', 'fra1/spine', 900],
    ['a leaf before a spine of the same name', 'rdma', 'fra1/both', 1],
    ['a leaf of unknown uplink', 'rdma', 'fra1/dark', undefined],
    ['no leaf', 'rdma', 'fra1/wan', undefined],
    ['a WAN link', 'wan', 'fra1/wan', 40],
    ['a WAN link of unknown speed', 'wan', 'fra1/dark', undefined],
    ['no WAN link', 'wan', 'fra1/pool', undefined],
    ['a pool', 'storage', 'fra1/pool', 70],
    ['a pool of unknown speed', 'storage', 'fra1/dark', undefined],
    ['the NIC of a node', 'data', 'fra1/r1/n01', 100_000],
    ['a node without a NIC on record', 'data', 'fra1/r2/n01', undefined],
    ['no node', 'data', 'fra1/r1/n99', undefined],
  ])('%s', (_, fabric, edge, mbps) => {
    expect(capacityOf(fleet.state.fleet, fabric, edge)).toBe(mbps);
  });
});

describe('whether a NIC carries data', () => {
  test.each<[string, NicFacts, boolean]>([
    ['Ethernet', { kind: 'ethernet' }, true],
    ['Ethernet that is said not to do RDMA', { kind: 'ethernet', rdma: false }, true],
    ['Ethernet that does RDMA', { kind: 'ethernet', rdma: true }, false],
    ['RoCE', { kind: 'roce', rdma: false }, false],
    ['InfiniBand', { kind: 'infiniband' }, false],
    ['of no kind, and said not to do RDMA', { rdma: false }, true],
    ['of no kind, and nothing said', {}, false],
    ['of no kind, and does RDMA', { rdma: true }, false],
  ])('%s', (_, nic, is) => {
    expect(isData(nic)).toBe(is);
  });
});

const nodeWith = (nics: readonly object[], node: object = {}) =>
  nodeIn(
    world('fra1/r1 1×4 H100', {
      nodes: { 'fra1/r1/n01': node },
      nics: Object.fromEntries(nics.map((nic, at) => [`fra1/r1/n01/nic${at}`, nic])),
    }),
    'fra1/r1/n01',
  );

const ethernet = (mbps?: number, more: object = {}) => ({
  kind: 'ethernet',
  ...(mbps === undefined ? {} : { mbps }),
  ...more,
});

describe('the data NICs of a node', () => {
  test.each<[string, readonly object[], object, number | undefined]>([
    ['none', [], {}, undefined],
    ['only RDMA', [{ rdma: true, mbps: 400 }], {}, undefined],
    ['one', [ethernet(100)], {}, 100],
    ['two add up', [ethernet(100), ethernet(25)], {}, 125],
    ['RDMA between them does not', [ethernet(100), { rdma: true, mbps: 400 }, ethernet(25)], {}, 125],
    ['one is down', [ethernet(100), ethernet(25, { health: 'down' })], {}, 100],
    ['all are down', [ethernet(100, { health: 'down' })], {}, 0],
    ['the node is down', [ethernet(100)], { health: 'down' }, 0],
    ['one of unknown speed', [ethernet(100), ethernet()], {}, undefined],
    [
      'one of unknown speed, which is down',
      [ethernet(100), ethernet(undefined, { health: 'down' })],
      {},
      100,
    ],
    ['of unknown speed on a node that is down', [ethernet()], { health: 'down' }, 0],
    ['a NIC of no speed', [ethernet(0)], {}, 0],
  ])('%s', (_, nics, node, mbps) => {
    expect(dataMbps(nodeWith(nics, node))).toBe(mbps);
  });
});

/** Holds in hours from `t0`: from, to, Mbit/s. */
type Held = readonly [fromH: number, toH: number, mbps: number];

const hold = ([fromH, toH, mbps]: Held): EdgeHold => ({
  holder: 'C-1',
  startMs: t0 + fromH * hourMs,
  endMs: t0 + toH * hourMs,
  mbps,
});

function roomsBeside(held: readonly Held[], fromH: number, toH: number, edge = 'wan fra1/wan'): EdgeRooms {
  const bandwidth = new Map([[edge, held.map(hold)]]);
  const span = { startMs: t0 + fromH * hourMs, endMs: t0 + toH * hourMs };
  return new EdgeRooms({ ...fleet.state, bandwidth }, span);
}

describe('what is left of an edge of 40 Mbit/s from hour 2 to hour 6', () => {
  test.each<[string, readonly Held[], number]>([
    ['nobody holds any', [], 40],
    ['held throughout', [[0, 9, 15]], 25],
    ['held until it begins', [[0, 2, 15]], 40],
    ['held until just after it has begun', [[0, 3, 15]], 25],
    ['held from its end on', [[6, 9, 15]], 40],
    ['held from just before its end on', [[5, 9, 15]], 25],
    [
      'two at one time add up',
      [
        [2, 4, 15],
        [3, 6, 20],
      ],
      5,
    ],
    [
      'two that touch do not',
      [
        [2, 4, 15],
        [4, 6, 20],
      ],
      20,
    ],
    [
      'two that touch, the later first in the list',
      [
        [4, 6, 20],
        [2, 4, 15],
      ],
      20,
    ],
    [
      'what was held before it does not add to what is held later',
      [
        [0, 2, 30],
        [2, 6, 15],
      ],
      25,
    ],
    ['all of it', [[2, 6, 40]], 0],
    ['more than there is now', [[2, 6, 41]], -1],
  ])('%s', (_, held, left) => {
    expect(roomsBeside(held, 2, 6).left('wan', 'fra1/wan')).toBe(left);
  });

  test('is unknown where what it can carry is, whoever holds it', () => {
    expect(roomsBeside([], 2, 6).left('wan', 'fra1/dark')).toBeUndefined();
    expect(roomsBeside([[0, 9, 5]], 2, 6, 'wan fra1/dark').left('wan', 'fra1/dark')).toBeUndefined();
  });

  test('is asked of one fabric alone: a pool of the same name is another edge', () => {
    const rooms = roomsBeside([[0, 9, 15]], 2, 6, edgeKey('storage', 'fra1/wan'));
    expect(rooms.left('wan', 'fra1/wan')).toBe(40);
  });

  test('stays the same when it is asked again', () => {
    const rooms = roomsBeside([[0, 9, 15]], 2, 6);
    const ask = () => [
      rooms.left('wan', 'fra1/wan'),
      rooms.left('wan', 'fra1/dark'),
      rooms.left('storage', 'fra1/pool'),
    ];
    expect(ask()).toEqual([25, undefined, 70]);
    expect(ask()).toEqual([25, undefined, 70]);
  });
});

test('whatever is held, the fullest hour of the span decides', () => {
  const holds = array(
    record({
      from: integer({ min: 0, max: 9 }),
      hours: integer({ min: 1, max: 5 }),
      mbps: integer({ min: 1, max: 20 }),
    }),
    { maxLength: 6 },
  );
  assert(
    property(holds, integer({ min: 0, max: 9 }), integer({ min: 1, max: 6 }), (drawn, fromH, hours) => {
      const held = drawn.map(({ from, hours: long, mbps }): Held => [from, from + long, mbps]);
      const inHour = (hour: number) =>
        held.reduce((sum, [from, to, mbps]) => (from <= hour && hour < to ? sum + mbps : sum), 0);
      const fullest = Math.max(...Array.from({ length: hours }, (_, at) => inHour(fromH + at)));
      expect(roomsBeside(held, fromH, fromH + hours).left('wan', 'fra1/wan')).toBe(40 - fullest);
    }),
    { seed, numRuns: 400 },
  );
});

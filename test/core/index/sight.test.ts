import { array, assert, constantFrom, integer, property, tuple } from 'fast-check';
import { expect, test } from 'vitest';

import { roomOf } from '../../../src/core/calendar/calendar.ts';
import { Headroom, smallLimit } from '../../../src/core/index/headroom.ts';
import { packedOf } from '../../../src/core/index/packed.ts';
import { layoutOf, limitsOn } from '../../../src/core/place/layout.ts';
import { Rooms } from '../../../src/core/place/rooms.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { world } from '../fleet.ts';
import { calendarsOf, spans } from './holds.ts';

/** Racks that feed less than they hold, a node in no rack, a hall larger than any small limit, GPUs that are down. */
const { state } = world(
  'fra1/h1/r1 9×8 H100 nvlink rdma cpu96 mem512 gpuw700 basew1000 leaf',
  'fra1/h1/r2 9×8 H100 nvlink rdma cpu96 mem512 gpuw700 basew1000 leaf',
  'fra1/h2/r3 2×4 L40S nolink nordma cpu32 mem128 gpuw300 basew400',
  'ams1/r1 2×8 H100 nvlink rdma cpu96 mem512',
  {
    racks: { 'fra1/h1/r1': { feedLimitW: { A: 9000, B: 9000 } }, 'fra1/h2/r3': { feedLimitW: { A: 3000 } } },
    halls: { 'fra1/h1': { powerBudgetW: 20_000 } },
    gpus: { 'fra1/h1/r1/n02/gpu3': { health: 'down' } },
    nodes: { 'fra1/h1/r2/n03': { schedulable: false } },
  },
);
const { limits } = layoutOf(state.fleet);
const calendars = calendarsOf(state);

test('who may come where is what a scan says of one node after the other', () => {
  const seen = { in: 0, out: 0 };
  assert(
    property(
      calendars,
      spans,
      constantFrom('acme', 'globex', 'nobody-yet'),
      constantFrom('shared', 'node', 'rack', 'site'),
      (calendar, span, tenant, isolation) => {
        const held = { ...state, calendar };
        const asked = demand('1×1', { tenant, isolation });
        for (const ignored of [new Set<never>(), new Set(['isolation'] as const)]) {
          const [scanned, indexed] = [true, false].map(
            (isPlain) => new Rooms(held, span, { isPlain, ignored }),
          );
          for (const node of state.fleet.nodes) {
            const isLetIn = scanned?.letIn(node, asked);
            expect(indexed?.letIn(node, asked)).toBe(isLetIn);
            seen[isLetIn === true ? 'in' : 'out']++;
          }
        }
      },
    ),
    { seed, numRuns: 250 },
  );
  expect(Math.min(seen.in, seen.out)).toBeGreaterThan(500);
});

test('what is left of nodes and free on them is read from whatever calendar is asked about, also an older one', () => {
  assert(
    property(array(calendars, { minLength: 2, maxLength: 4 }), spans, (changes, span) => {
      const states = changes.map((calendar) => ({ ...state, calendar }));
      const indexed = states.map((held) => new Rooms(held, span));
      const visits = [...states.keys(), 0, states.length - 1, 0];
      for (const at of visits) {
        const { calendar = [] } = states[at] ?? {};
        for (const node of state.fleet.nodes) {
          const room = roomOf(node, calendar[node.index] ?? [], span.startMs, span.endMs);
          expect(indexed[at]?.of(node)).toEqual(room);
          expect(indexed[at]?.freeOn(node)).toBe(room.gpus);
        }
      }
    }),
    { seed, numRuns: 60 },
  );
});

test('headroom follows calendars to what a recount of each gives', () => {
  const headroom = new Headroom(layoutOf(state.fleet));
  assert(
    property(calendars, (calendar) => {
      const packed = packedOf({ fleet: state.fleet, calendar });
      headroom.follow(packed);
      const left = limits.map(({ limitW, nodes }) =>
        nodes.reduce((sum, { index }) => sum - (packed.peaks[index] ?? 0), limitW),
      );
      expect([...headroom.leftW]).toEqual(left);
      for (const node of state.fleet.nodes) {
        const close = limitsOn(layoutOf(state.fleet), node).filter(({ nodes }) => nodes.length <= smallLimit);
        const least = Math.min(...close.map(({ index }) => left[index] ?? 0));
        expect(headroom.leastW[node.index]).toBe(least);
      }
    }),
    { seed, numRuns: 100 },
  );
});

test('a limit carries what a scan says that it carries, one by one and for all close to a node', () => {
  const seen = { yes: 0, no: 0 };
  assert(
    property(
      calendars,
      spans,
      array(tuple(integer({ min: 0, max: 9000 }), integer({ min: 0, max: 21 })), {
        minLength: 1,
        maxLength: 6,
      }),
      (calendar, span, asked) => {
        const held = { ...state, calendar };
        const [scanned, indexed] = [new Rooms(held, span, { isPlain: true }), new Rooms(held, span)];
        for (const [powerW, at] of asked) {
          for (const limit of limits) {
            const isCarried = scanned.carries(limit, powerW);
            expect(indexed.carries(limit, powerW)).toBe(isCarried);
            expect(indexed.powerLeftW(limit)).toBe(scanned.powerLeftW(limit));
            seen[isCarried ? 'yes' : 'no']++;
          }
          const node = state.fleet.nodes[at % state.fleet.nodes.length];
          if (node === undefined) continue;
          expect(indexed.carriesClose(node, powerW)).toBe(scanned.carriesClose(node, powerW));
        }
      },
    ),
    { seed, numRuns: 150 },
  );
  expect(Math.min(seen.yes, seen.no)).toBeGreaterThan(200);
});

test('limits that are left out of account keep nobody out, and without bookings nodes are empty', () => {
  const node = state.fleet.nodes.find(({ rack }) => rack === 'fra1/h1/r1');
  if (node === undefined) throw new Error('a node');
  const span = { startMs: 0, endMs: 1 };
  const all = new Rooms(state, span);
  const without = new Rooms(state, span, { ignored: new Set(['rack-power', 'bookings'] as const) });
  expect(all.carriesClose(node, 9001)).toBe(false);
  expect(without.carriesClose(node, 9001)).toBe(true);
  expect(without.of(node)).toEqual(roomOf(node, [], 0, 1));
  expect(without.limitsOn(node).map(({ name }) => name)).toEqual(['hall-power']);
});

test('a limit is over the lists whose nodes draw on it, each node in one of them', () => {
  const { draws } = layoutOf(state.fleet);
  for (const limit of limits) {
    const nodes = (draws.under[limit.index] ?? []).flatMap((number) => draws.nodes[number] ?? []);
    expect(nodes.toSorted((a, b) => a - b)).toEqual(limit.nodes.map(({ index }) => index));
  }
  expect(draws.nodes.flat().toSorted((a, b) => a - b)).toEqual(state.fleet.nodes.map(({ index }) => index));
});

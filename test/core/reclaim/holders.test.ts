import { assert, integer, property, subarray } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { book } from '../../../src/bench/bookings.ts';
import { makeFleet } from '../../../src/bench/fleets.ts';
import { fleetStartMs } from '../../../src/bench/fleets.ts';
import { close } from '../../../src/core/calendar/calendar.ts';
import { byNumber, holdersOn, smallestHoldersOn } from '../../../src/core/reclaim/holders.ts';
import { gpuCountOf } from '../../../src/core/reclaim/loss.ts';
import type { State } from '../../../src/core/state.ts';
import type { Contract } from '../../../src/model/contract.ts';
import { ContractId } from '../../../src/model/id.ts';
import { lease, planned } from '../acts.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, type World, world } from '../fleet.ts';
import { booked } from './bookings.ts';

function busyFleet(): State {
  const steps = book(makeFleet(12, 3), 3);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value.state;
  }
}

test('who holds something over a span is found by the index as by looking at every hold', () => {
  const before = busyFleet();
  const { fleet } = before;
  const place = fleet.nodes[0]?.id;
  if (place === undefined) throw new Error('a node');
  const closure = { id: 'W-1', place, fromMs: fleetStartMs, toMs: fleetStartMs + 90 * hourMs };
  const state = { ...before, calendar: close(before.calendar, fleet, closure) };
  assert(
    property(
      subarray([...fleet.nodes]),
      integer({ min: 0, max: 2000 }),
      integer({ min: 1, max: 200 }),
      (nodes, fromH, hours) => {
        const fromMs = fleetStartMs + fromH * hourMs;
        const toMs = fromMs + hours * hourMs;
        const names = nodes
          .flatMap(({ index }) => state.calendar[index] ?? [])
          .filter(({ startMs, endMs }) => startMs < toMs && endMs > fromMs)
          .map(({ holder }): string => holder);
        const contracts = [...state.contracts].filter(({ id }) => names.includes(id));
        expect(holdersOn(state, nodes, { fromMs, toMs })).toEqual(contracts);
      },
    ),
    { seed, numRuns: 100 },
  );
});

/** Contracts on some of the nodes, in hours from `t0`. */
const during = ({ state }: World, nodes: readonly number[], fromH: number, toH: number) =>
  holdersOn(
    state,
    nodes.flatMap((at) => state.fleet.nodes[at] ?? []),
    {
      fromMs: t0 + fromH * hourMs,
      toMs: t0 + toH * hourMs,
    },
  ).map(({ id }) => id);

describe('who holds something', () => {
  const now = booked(
    world('fra1/h1/r1 3×4 H100'),
    'reserved 5h r1/n01 gpu0',
    'preemptible 5-9h r1/n01 gpu0, r1/n02 gpu0',
    'reserved open r1/n02 gpu1',
    'reserved 9h r1/n03 gpu0, + r1/n01 gpu1',
  );

  test.each<[string, readonly number[], number, number, readonly string[]]>([
    ['on one node over all of the time', [0], 0, 24, ['C-101', 'C-102', 'C-104']],
    ['on several, each once and by number', [2, 1, 0], 0, 24, ['C-101', 'C-102', 'C-103', 'C-104']],
    ['not from the end of a hold on', [0], 5, 6, ['C-102', 'C-104']],
    ['not up to its begin', [0], 0, 5, ['C-101', 'C-104']],
    ['for a moment only', [0], 4.999, 5.001, ['C-101', 'C-102', 'C-104']],
    ['without an end for ever', [1], 9999, 99_999, ['C-103']],
    ['with a spare too', [0], 0, 1, ['C-101', 'C-104']],
    ['on no node nobody', [], 0, 24, []],
    ['before all of them nobody', [0, 1, 2], -5, 0, []],
  ])('%s', (_, nodes, fromH, toH, expected) => {
    expect(during(now, nodes, fromH, toH)).toEqual(expected);
  });

  test('what is held for a plan is held by no contract', () => {
    const empty = world('fra1/h1/r1 1×4 H100');
    const { world: leased } = lease(empty, planned(empty, demand('1×4 H100 9h')), 2);
    expect(leased.state.calendar[0]).toHaveLength(1);
    expect(during(leased, [0], 0, 9)).toEqual([]);
  });

  test('numbers are compared as numbers', () => {
    const ids = ['C-1000', 'C-99', 'C-100', 'C-101'].map((id) => ({ id: ContractId.parse(id) }));
    expect(ids.toSorted(byNumber).map(({ id }) => id)).toEqual(['C-99', 'C-100', 'C-101', 'C-1000']);
  });
});

test('the smallest of them that are asked for are those that sorting them all would give', () => {
  const state = busyFleet();
  assert(
    property(
      subarray([...state.fleet.nodes]),
      integer({ min: 0, max: 2000 }),
      integer({ min: 0, max: 9 }),
      integer({ min: 1, max: 5 }),
      (nodes, fromH, count, every) => {
        const span = { fromMs: fleetStartMs + fromH * hourMs, toMs: fleetStartMs + (fromH + 99) * hourMs };
        const isAskedFor = ({ id }: Contract) => Number(id.slice('C-'.length)) % every === 0;
        const all = holdersOn(state, nodes, span).filter(isAskedFor);
        const smallest = all.toSorted((a, b) => gpuCountOf(a) - gpuCountOf(b)).slice(0, count);
        expect(smallestHoldersOn(state, nodes, { ...span, count, isAskedFor })).toEqual(smallest);
      },
    ),
    { seed, numRuns: 100 },
  );
});

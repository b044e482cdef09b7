import { describe, expect, test } from 'vitest';

import { givenUp } from '../../../src/core/calendar/holding.ts';
import { check } from '../../../src/core/check.ts';
import { type Carried, carryOut, gpuCountOn } from '../../../src/core/reclaim/carry-out.ts';
import { type Errand, errandsOf, type Layout } from '../../../src/core/reclaim/layout.ts';
import { problemOf } from '../../../src/core/reclaim/problem.ts';
import { placedAs, standing } from '../../../src/core/reclaim/relocate.ts';
import { seatsOf } from '../../../src/model/placement.ts';
import { demand } from '../demand.ts';
import { t0, type World, world } from '../fleet.ts';
import { granted, placement } from '../placement.ts';
import { booked } from './bookings.ts';

function carried({ state }: World, layout: Layout): Carried {
  const problem = problemOf(state, { atMs: t0, free: 0 });
  return carryOut(state, problem, errandsOf(problem, layout));
}

/** `C-101 n01→n03 aside` for a detour, `C-101 n03→n02` for the way to where it is to be. */
function inWords(found: Carried): readonly string[] {
  if (found.kind !== 'done') return [found.kind];
  return found.steps.map(
    ({ contract, from, to, isDetour }) =>
      `${contract} ${from.slice(-3)}→${to.node.slice(-3)}${isDetour ? ' aside' : ''}`,
  );
}

/** What stands where: `n01: C-101 0-2, C-104 3`. */
function stands({ state }: { readonly state: World['state'] }): readonly string[] {
  return state.fleet.nodes.map(({ id, index, shape }) => {
    const holds = (state.calendar[index] ?? []).filter(({ endMs }) => endMs > t0);
    const gpus = (mask: number) =>
      shape.gpus.flatMap((_, gpu) => (((mask >>> gpu) & 1) === 1 ? [gpu] : [])).join('');
    return `${id.slice(-3)}: ${holds
      .map((hold) => `${hold.holder} ${gpus(hold.gpus)}`)
      .toSorted()
      .join(', ')}`;
  });
}

describe('the order of steps', () => {
  const three = world('fra1/h1/r1 3×4 H100');

  test('whoever has room goes, and those after it into the room that it left', () => {
    const now = booked(
      three,
      'preemptible 24h r1/n01 gpu0-1',
      'preemptible 24h r1/n02 gpu0-2',
      'reserved 24h r1/n03 gpu0',
    );
    const found = carried(now, [
      [0, 1, 0],
      [0, 0, 1],
    ]);
    // The first would need two on n02, where one is free until the second has gone.
    expect(inWords(found)).toEqual(['C-102 n02→n03', 'C-101 n01→n02']);
    expect(found.kind === 'done' ? stands(found) : []).toEqual([
      'n01: ',
      'n02: C-101 01',
      'n03: C-102 123, C-103 0',
    ]);
  });

  test('no errand, no step', () => {
    const now = booked(three, 'preemptible 24h r1/n01 gpu0-1');
    expect(carryOut(now.state, problemOf(now.state, { atMs: t0 }), [])).toEqual({
      kind: 'done',
      steps: [],
      state: now.state,
    });
  });

  test('each step says where all of its contract stand by then', () => {
    const now = booked(three, 'preemptible 24h r1/n01 gpu0, r1/n01 gpu1', 'reserved 24h r1/n03 gpu0');
    const found = carried(now, [[0, 1, 1]]);
    const seats =
      found.kind === 'done' ? found.steps.map((step) => step.seats.map(({ node }) => node.slice(-3))) : [];
    expect(seats).toEqual([
      ['n02', 'n01'],
      ['n02', 'n03'],
    ]);
  });

  test('spares take steps as members do', () => {
    const survive = { survive: { loss: 'node', membersLeft: 1 }, parts: demand('1×1 H100').parts };
    const now = booked(three, ['preemptible 24h r1/n01 gpu0, + r1/n02 gpu0', survive]);
    const found = carried(now, [[1, 0, 1]]);
    expect(inWords(found)).toEqual(['C-101 n02→n03']);
    const [step] = found.kind === 'done' ? found.steps : [];
    expect([step?.to.replica, step?.seats.map(({ replica }) => replica)]).toEqual([1, [0, 1]]);
  });
});

describe('two that wait for each other', () => {
  /** C-101 and C-103 are to change places, and C-105 is to go where C-101 was. */
  const lines = [
    'preemptible 24h r1/n01 gpu0-2',
    'reserved 24h r1/n01 gpu3-4',
    'preemptible 24h r1/n02 gpu0-1',
    'reserved 24h r1/n02 gpu2-4',
    'preemptible 24h r1/n03 gpu0-1',
  ];
  const swapped: Layout = [
    [0, 1, 0],
    [2, 0, 0],
  ];

  test('change places by way of a third node', () => {
    const found = carried(booked(world('fra1/h1/r1 3×6 H100'), ...lines), swapped);
    expect(inWords(found)).toEqual([
      'C-101 n01→n03 aside',
      'C-103 n02→n01',
      'C-105 n03→n01',
      'C-101 n03→n02',
    ]);
    expect(found.kind === 'done' ? stands(found).map((line) => line.replaceAll(/ \d+/g, '')) : []).toEqual([
      'n01: C-102, C-103, C-105',
      'n02: C-101, C-104',
      'n03: ',
    ]);
  });

  test('rather by one on which nobody else is to be', () => {
    const four = world('fra1/h1/r1 4×6 H100');
    const found = carried(booked(four, ...lines), [
      [0, 1, 0, 0],
      [2, 0, 0, 0],
    ]);
    expect(inWords(found)[0]).toBe('C-101 n01→n04 aside');
  });

  test('have no order, where no third node has room', () => {
    const found = carried(booked(world('fra1/h1/r1 2×6 H100', 'fra1/h1/r1 1×2 H100'), ...lines), swapped);
    expect(found.kind).toBe('no-order');
    expect(found.kind === 'no-order' ? found.waiting.map(({ mover }) => mover.rest.contract.id) : []).toEqual(
      ['C-101', 'C-103', 'C-105'],
    );
  });

  test('every step passes the auditor on what those before it leave', () => {
    const now = booked(world('fra1/h1/r1 3×6 H100'), ...lines);
    const found = carried(now, swapped);
    const end = (found.kind === 'done' ? found.steps : []).reduce((state, { rest, seats, from, to }) => {
      const freed = givenUp(state, [rest.contract], rest.placement.startMs);
      expect(check(freed, rest.demand, rest.verdict, placedAs(freed, rest, seats))).toEqual([]);
      expect(seatsOf(rest.placement).some(({ node }) => node === from)).toBe(true);
      expect(seats).toContain(to);
      return standing(state, rest, seats);
    }, now.state);
    expect(stands({ state: end })).toEqual(found.kind === 'done' ? stands(found) : []);
  });
});

describe('what the core finds no devices for', () => {
  const islands = world('fra1/h1/r1 2×8 H100 nvlink island4');
  const linked = { parts: demand('1×4 H100 link').parts };

  test('is named with the node, also where the count would be enough', () => {
    const now = booked(
      islands,
      ['preemptible 24h r1/n01 gpu0-3', linked],
      'reserved 24h r1/n02 gpu0-1',
      'reserved 24h r1/n02 gpu4-5',
    );
    expect(carried(now, [[0, 1]])).toEqual({ kind: 'refused', pairs: ['C-101 train 0 fra1/h1/r1/n02'] });
  });

  test('not where only somebody who waits too is in the way', () => {
    const now = booked(
      islands,
      ['preemptible 24h r1/n01 gpu0-3', linked],
      ['preemptible 24h r1/n02 gpu0-3', linked],
      'reserved 24h r1/n01 gpu4-7',
      'reserved 24h r1/n02 gpu4-7',
    );
    const problem = problemOf(now.state, { atMs: t0, free: 0 });
    const [first, second] = problem.kinds.flatMap(({ movers }) => movers);
    if (first === undefined || second === undefined) throw new Error('two movers');
    const errands: readonly Errand[] = [
      { mover: first, from: 0, to: 1 },
      { mover: second, from: 1, to: 0 },
    ];
    expect(carryOut(now.state, problem, errands)).toEqual({ kind: 'no-order', waiting: errands });
  });
});

test.each([
  ['whole ones', 'gpu0-3', 4],
  ['one of which several parts are held', '0:250 0:250', 1],
  ['parts of two', '0:250 1:250', 2],
  ['whole ones and a part', 'gpu0-1 2:100', 3],
  ['none', 'cpu4', 0],
])('GPUs that a member has: %s', (_, words, count) => {
  const [member] = placement(1, `train 0 fra1/h1/r1/n01 ${words}`).members;
  expect(member === undefined ? undefined : gpuCountOn(member)).toBe(count);
});

test('flows go along with the member, over the edges of the node that it goes to', () => {
  const wish = demand('1×2 H100 24h + load: 1×2', {
    guarantee: 'preemptible',
    flows: [{ from: 'train', to: 'load', mbps: 60_000 }],
  });
  const held = placement(24, 'train 0 fra1/h1/r1/n01 gpu0-1', 'load 0 fra1/h1/r1/n02 gpu0-1');
  const now = granted(world('fra1/h1/r1 3×8 H100 nordma'), wish, held);
  const problem = problemOf(now.state, { atMs: t0, free: 0 });
  const load = problem.kinds.flatMap(({ movers }) => movers).find(({ member }) => member.part === 'load');
  if (load === undefined) throw new Error('a part that loads');
  const found = carryOut(now.state, problem, [{ mover: load, from: 1, to: 2 }]);
  expect(inWords(found)).toEqual(['C-101 n02→n03']);
  expect(found.kind === 'done' ? [...found.state.bandwidth.keys()].toSorted() : []).toEqual([
    'data fra1/h1/r1/n01',
    'data fra1/h1/r1/n03',
  ]);
});

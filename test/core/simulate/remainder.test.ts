import { describe, expect, test } from 'vitest';

import { never } from '../../../src/core/calendar/calendar.ts';
import {
  brokenBy,
  endOf,
  lifted,
  liveAt,
  remainderOf,
  resettled,
  settled,
} from '../../../src/core/simulate/remainder.ts';
import type { State } from '../../../src/core/state.ts';
import { ContractId, Path } from '../../../src/model/id.ts';
import { change, release } from '../acts.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, verdictAll, type World, world } from '../fleet.ts';
import { granted, placement } from '../placement.ts';
import { booked, contractIn } from '../reclaim/bookings.ts';
import { anywhere } from './edits.ts';

const racks = world('fra1/h1/r1 4×4 H100');

/** `C-101 n01 0-6`, in hours from `t0`. */
function held({ fleet, calendar }: State): readonly string[] {
  return fleet.nodes.flatMap(({ id, index }) =>
    (calendar[index] ?? []).map(({ holder, startMs, endMs }) => {
      const until = endMs === never ? 'open' : (endMs - t0) / hourMs;
      return `${holder} ${id.slice(-3)} ${(startMs - t0) / hourMs}-${until}`;
    }),
  );
}

/** A contract that is on n01 for an hour from now and on n02 from then on. */
function changed(): World {
  const now = booked(racks, 'reserved 24h r1/n01 gpu0-3');
  return change(
    now,
    ContractId.parse('C-101'),
    { avoid: [Path.parse('fra1/h1/r1/n01')] },
    { atMs: t0 + hourMs },
  );
}

const ids = ({ state }: World, hours: number) => liveAt(state, t0 + hours * hourMs).map(({ id }) => id);

/** Begin, end and node of what a contract holds and will, in hours. */
const runs = (hours: number) =>
  liveAt(changed().state, t0 + hours * hourMs).map(({ placement: { startMs, endMs = 0, members } }) => [
    (startMs - t0) / hourMs,
    (endMs - t0) / hourMs,
    members[0]?.node.slice(-3),
  ]);

describe('contracts that hold something', () => {
  test('guaranteed ones first, then elastic, then preemptible ones', () => {
    const now = booked(
      racks,
      'preemptible 9h r1/n01 gpu0',
      'elastic 9h r1/n01 gpu1',
      'reserved 9h r1/n01 gpu2',
    );
    expect(ids(now, 0)).toEqual(['C-103', 'C-102', 'C-101']);
    const unsaid = granted(now, demand('1×1 H100 9h'), placement(9, 'train 0 fra1/h1/r1/n01 gpu3'));
    expect(ids(unsaid, 0)).toEqual(['C-103', 'C-104', 'C-102', 'C-101']);
  });

  test('of equal guarantee by start, then by number', () => {
    const now = booked(
      racks,
      'reserved 5-9h r1/n01 gpu0',
      'reserved 9h r1/n01 gpu1',
      'reserved 9h r1/n01 gpu2',
      'reserved 2-9h r1/n01 gpu3',
    );
    expect(ids(now, 0)).toEqual(['C-102', 'C-103', 'C-104', 'C-101']);
  });

  test('until they end, those that are still to begin among them', () => {
    const now = booked(
      racks,
      'reserved 5h r1/n01 gpu0',
      'reserved 5-9h r1/n01 gpu1',
      'reserved open r1/n01 gpu2',
    );
    expect([ids(now, 0), ids(now, 5), ids(now, 9)]).toEqual([
      ['C-101', 'C-103', 'C-102'],
      ['C-103', 'C-102'],
      ['C-103'],
    ]);
  });

  test('not those that were released', () => {
    const now = booked(racks, 'reserved 5h r1/n01 gpu0', 'reserved 5h r1/n01 gpu1');
    expect(ids(release(now, ContractId.parse('C-101')).world, 0)).toEqual(['C-102']);
  });

  test('one that a change is to take over stands there twice, until it has', () => {
    expect(runs(0)).toEqual([
      [0, 1, 'n01'],
      [1, 24, 'n02'],
    ]);
    expect(runs(0.5)).toHaveLength(2);
    expect(runs(1)).toEqual([[1, 24, 'n02']]);
  });
});

describe('what is left of a contract', () => {
  const now = booked(racks, 'reserved 24h r1/n01 gpu0-3');
  const contract = contractIn(now, 101);
  const dayS = 24 * 3600;

  test.each([
    ['all of it at its start', 0, 0, dayS],
    ['all of it before', -9000, 0, dayS],
    ['whole seconds', 2000, 2000, dayS - 2],
    ['cut up to a second earlier, for lengths are whole seconds', 2001, 2000, dayS - 2],
    ['and no more than that', 2999, 2000, dayS - 2],
    ['the last second', dayS * 1000 - 1, dayS * 1000 - 1000, 1],
  ])('%s', (_, atMs, startMs, durationS) => {
    const rest = remainderOf(contract, t0 + atMs);
    expect(rest.placement).toEqual({ ...contract.placement, startMs: t0 + startMs });
    expect(rest.demand.window).toEqual({ earliestStartMs: t0 + startMs, durationS });
    expect(rest.contract).toBe(contract);
  });

  test('without an end it is cut to the millisecond and has none', () => {
    const open = contractIn(booked(racks, 'reserved open r1/n01 gpu0'), 101);
    const rest = remainderOf(open, t0 + 1234);
    expect(rest.demand.window).toEqual({ earliestStartMs: t0 + 1234 });
    expect(rest.placement).not.toHaveProperty('endMs');
  });

  test('ends where it is to make way for another', () => {
    const until = (endMs: number) => remainderOf({ ...contract, preemptedAtMs: endMs }, t0).placement.endMs;
    expect([until(t0 + 5 * hourMs), until(t0 + 99 * hourMs)]).toEqual([t0 + 5 * hourMs, t0 + 24 * hourMs]);
    const { endMs: _endMs, ...open } = contract.placement;
    expect(
      remainderOf({ ...contract, placement: open, preemptedAtMs: t0 + 5 * hourMs }, t0).demand.window
        .durationS,
    ).toBe(5 * 3600);
  });

  test('asks for the same without a budget, for its price is agreed', () => {
    const wish = demand('1×4 H100 24h', {
      budget: { totalMicroEur: 5 },
      objective: 'soonest',
      where: ['fra1'],
    });
    const rest = remainderOf(
      contractIn(granted(racks, wish, placement(24, 'train 0 fra1/h1/r1/n01 gpu0-3')), 101),
      t0,
    );
    const { budget: _budget, window: _window, ...same } = wish;
    expect(rest.demand).toMatchObject(same);
    expect(rest.demand).not.toHaveProperty('budget');
  });

  test('an open end is the end of time', () => {
    expect([
      endOf({ ...contract.placement }),
      endOf(placement(undefined, 'train 0 fra1/h1/r1/n01 gpu0')),
    ]).toEqual([t0 + 24 * hourMs, never]);
  });
});

const spans = ({ bandwidth }: State) =>
  [...bandwidth]
    .flatMap(([edge, entries]) =>
      entries.map(
        ({ startMs, endMs }) => `${edge.slice(-3)} ${(startMs - t0) / hourMs}-${(endMs - t0) / hourMs}`,
      ),
    )
    .toSorted();

describe('lifted out of a state', () => {
  test('a contract holds nothing from then on; its past and all others stay', () => {
    const now = booked(racks, 'reserved 24h r1/n01 gpu0-1', 'reserved 24h r1/n01 gpu2-3');
    const rest = remainderOf(contractIn(now, 101), t0 + 6 * hourMs);
    expect(held(lifted(now.state, rest)).toSorted()).toEqual(['C-101 n01 0-6', 'C-102 n01 0-24']);
    expect(held(now.state)).toEqual(['C-101 n01 0-24', 'C-102 n01 0-24']);
  });

  test('and settled again it holds what it held', () => {
    const now = booked(racks, 'reserved 24h r1/n01 gpu0-1');
    const rest = remainderOf(contractIn(now, 101), t0);
    expect(held(settled(lifted(now.state, rest), rest, rest.placement))).toEqual(held(now.state));
  });

  test('of one that was changed only the run that is meant goes', () => {
    const { state } = changed();
    const [first, second] = liveAt(state, t0).map((run) => remainderOf(run, t0));
    if (first === undefined || second === undefined) throw new Error('two runs');
    expect(held(state)).toEqual(['C-101 n01 0-1', 'C-101 n02 1-24']);
    expect(held(lifted(state, first))).toEqual(['C-101 n02 1-24']);
    expect(held(lifted(state, second))).toEqual(['C-101 n01 0-1']);
    const late = remainderOf(second.contract, t0 + 9 * hourMs);
    expect(held(lifted(state, late))).toEqual(['C-101 n01 0-1', 'C-101 n02 1-9']);
  });

  test('of one that was changed on its own node, what comes before and after the run stays', () => {
    const now = booked(racks, 'reserved 24h r1/n01 gpu0-3');
    const longer = { end: { kind: 'at', atMs: t0 + 48 * hourMs } } as const;
    const { state } = change(now, ContractId.parse('C-101'), longer, { atMs: t0 + 6 * hourMs });
    const [first, second] = liveAt(state, t0).map((run) => remainderOf(run, t0));
    if (first === undefined || second === undefined) throw new Error('two runs');
    expect(held(state)).toEqual(['C-101 n01 0-6', 'C-101 n01 6-48']);
    expect(held(lifted(state, first))).toEqual(['C-101 n01 6-48']);
    expect(held(lifted(state, second))).toEqual(['C-101 n01 0-6']);
    expect(held(lifted(lifted(state, first), second))).toEqual([]);
  });

  test('bandwidth goes with its run, edge by edge', () => {
    const flows = [{ from: 'train', to: 'load', mbps: 9000 }];
    const wired = world('fra1/h1/r1 3×4 H100 nordma');
    const apart = demand('1×4 H100 24h + load: 1×4 H100', { flows });
    const taken = granted(wired, apart, {
      ...placement(24, 'train 0 fra1/h1/r1/n01 gpu0-3', 'load 0 fra1/h1/r1/n02 gpu0-3'),
      bandwidth: ['n01', 'n02'].map((node) => ({
        fabric: 'data',
        edge: Path.parse(`fra1/h1/r1/${node}`),
        mbps: 9000,
      })),
    });
    const moved = change(
      taken,
      ContractId.parse('C-101'),
      { avoid: [Path.parse('fra1/h1/r1/n02')] },
      { atMs: t0 + 6 * hourMs },
    );
    const [first, second] = liveAt(moved.state, t0).map((run) => remainderOf(run, t0));
    if (first === undefined || second === undefined) throw new Error('two runs');
    expect(spans(moved.state)).toEqual(['n01 0-6', 'n01 6-24', 'n02 0-6', 'n03 6-24']);
    expect(spans(lifted(moved.state, second))).toEqual(['n01 0-6', 'n02 0-6']);
    expect(spans(lifted(moved.state, first))).toEqual(['n01 6-24', 'n03 6-24']);
    expect(lifted(lifted(moved.state, first), second).bandwidth.size).toBe(0);
  });
});

describe('settled elsewhere', () => {
  const now = booked(racks, 'reserved 24h r1/n01 gpu0-3', 'reserved 24h r1/n02 gpu0-3');
  const rest = remainderOf(contractIn(now, 101), t0 + 6 * hourMs);
  const there = { ...placement(24, 'train 0 fra1/h1/r1/n03 gpu0-3'), startMs: t0 + 6 * hourMs };

  test('a contract holds that, and what is asked of it later finds it there', () => {
    const after = resettled(lifted(now.state, rest), rest, there);
    expect(held(after)).toEqual(['C-101 n01 0-6', 'C-102 n02 0-24', 'C-101 n03 6-24']);
    expect([...after.contracts].map(({ placement: { members } }) => members[0]?.node.slice(-3))).toEqual([
      'n03',
      'n02',
    ]);
    expect(contractIn(now, 101).placement.members[0]?.node.slice(-3)).toBe('n01');
    expect([...settled(lifted(now.state, rest), rest, there).contracts]).toEqual([...now.state.contracts]);
  });

  test('it breaks nothing where there is room, and says what where there is none', () => {
    const free = lifted(now.state, rest);
    expect(brokenBy(free, rest, there, anywhere)).toEqual([]);
    const taken = { ...placement(24, 'train 0 fra1/h1/r1/n02 gpu0-3'), startMs: t0 + 6 * hourMs };
    expect(brokenBy(free, rest, taken, anywhere).map(({ constraint }) => constraint)).toContain(
      'device-once',
    );
  });

  test('a start or a length that was cut here is no broken promise, but the rules have their say', () => {
    const free = lifted(now.state, rest);
    const later = { ...there, startMs: t0 + 7 * hourMs };
    const short = { ...there, endMs: t0 + 9 * hourMs };
    expect([brokenBy(free, rest, later, anywhere), brokenBy(free, rest, short, anywhere)]).toEqual([[], []]);
    const found = brokenBy(free, rest, there, (state) => verdictAll(state, 'forbidden'));
    expect(found.map(({ constraint }) => constraint)).toEqual(['policy']);
  });
});

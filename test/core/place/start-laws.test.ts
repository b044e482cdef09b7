import { array, assert, constantFrom, integer, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Hold } from '../../../src/core/calendar/calendar.ts';
import { modelsAt } from '../../../src/core/place/each-site.ts';
import { couldFit } from '../../../src/core/place/site.ts';
import { triesIn } from '../../../src/core/place/tries.ts';
import { combinations } from '../../../src/core/place/want.ts';
import type { State } from '../../../src/core/state.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, world } from '../fleet.ts';
import { holding } from './holding.ts';
import { there } from './known.ts';
import { gangOf } from './put-down.ts';
import { firstIn, searched, taken } from './searching.ts';

const { state } = world(
  'fra1/h1/r1 2×4 H100 gpuw500 basew1000 cpu16 mem64',
  'fra1/h1/r2 1×4 H100 gpuw500 basew1000 cpu16 mem64',
  {
    racks: { 'fra1/h1/r1': { coolingLimitW: 5000 } },
  },
);

const hours = integer({ min: 0, max: 12 });
const booked = array(
  record({
    node: constantFrom('r1/n01', 'r1/n02', 'r2/n01'),
    fromH: hours,
    lengthH: integer({ min: 1, max: 6 }),
    gpus: constantFrom(1, 3, 12, 15, 15),
    powerW: constantFrom(0, 500, 2500),
    alone: constantFrom<Hold['alone']>('shared', 'shared', 'shared', 'node', 'rack', 'site'),
  }),
  { maxLength: 7 },
);
const wishes = record({
  text: constantFrom(
    '1×4',
    '1×2',
    '2×2',
    '3×1 together:node',
    '2×4 together:rack',
    '3×4',
    '2×1 apart:rack',
    '3×cpu6',
  ),
  lengthH: constantFrom(1, 2, 5),
  fromH: integer({ min: 0, max: 3 }),
  laterH: integer({ min: 0, max: 20 }),
  more: constantFrom({}, {}, { isolation: 'node' }, { isolation: 'site' }, { powerCapW: 4000 }),
});

type Booked = {
  readonly node: string;
  readonly fromH: number;
  readonly lengthH: number;
  readonly gpus: number;
  readonly powerW: number;
  readonly alone: Hold['alone'];
};

/** Who has what when on the three nodes. */
function bookedState(bookings: readonly Booked[]): State {
  const held: Record<string, Hold[]> = {};
  for (const { node, fromH, lengthH, ...more } of bookings)
    (held[node] ??= []).push(taken(fromH, fromH + lengthH, more.gpus, { ...more, cpuMilli: 4000 }));
  return holding(state, held);
}

describe('whatever is held when', () => {
  test('the first start is the first hour at which it fits when it is asked for at that hour alone', () => {
    const seen = { first: 0, later: 0, none: 0 };
    assert(
      property(booked, wishes, (bookings, { text, lengthH, fromH, laterH, more }) => {
        const now = bookedState(bookings);
        const asked = demand(`${text} ${lengthH}h`, more);
        const range = { fromH, toH: fromH + laterH };
        const all = Array.from({ length: laterH + 1 }, (_, at) => fromH + at);
        const first = all.find((at) => searched(now, asked, { fromH: at, toH: at }, true) !== undefined);
        const found = firstIn(now, asked, range);
        expect(found.split(':', 1)).toEqual([first === undefined ? 'none' : `${first} h`]);
        if (first === undefined) seen.none++;
        else seen[first === fromH ? 'first' : 'later']++;
      }),
      { seed, numRuns: 250 },
    );
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(15);
  });

  test('starts are tried in order, from the earliest on, and each later one is when something ends', () => {
    assert(
      property(booked, wishes, (bookings, { text, lengthH, fromH, laterH, more }) => {
        const now = bookedState(bookings);
        const { gang, nodes } = gangOf(now, demand(`${text} ${lengthH}h`, more), false);
        const earliestMs = t0 + fromH * hourMs;
        const starts = { earliestMs, latestMs: earliestMs + laterH * hourMs };
        const tries = [...triesIn(now, nodes, gang, starts)];
        const tried = tries.map(({ startMs }) => startMs);
        const ends = new Set(now.calendar.flat().map(({ endMs }) => endMs));
        expect(tried[0]).toBe(earliestMs);
        expect(tried).toEqual([...new Set(tried)].toSorted((a, b) => a - b));
        expect(tried.slice(1).filter((atMs) => !ends.has(atMs) || atMs > starts.latestMs)).toEqual([]);
        for (const { nodes: own } of tries) expect(own.filter((node) => !nodes.includes(node))).toEqual([]);
      }),
      { seed, numRuns: 80 },
    );
  });

  test('counts never rule out what fits at the earliest start', () => {
    const seen = { hopeless: 0, fits: 0 };
    assert(
      property(booked, wishes, (bookings, { text, lengthH, fromH, more }) => {
        const now = bookedState(bookings);
        const asked = demand(`${text} ${lengthH}h`, more);
        const site = there(now.fleet.sites[0], 'a site');
        const wants = there(combinations(asked, modelsAt(site))[0], 'a way');
        const starts = { earliestMs: t0 + fromH * hourMs, latestMs: t0 + fromH * hourMs };
        const isHopeful = couldFit(now, site, { demand: asked, wants, starts });
        const fits = searched(now, asked, { fromH, toH: fromH }, true) !== undefined;
        expect(isHopeful || !fits).toBe(true);
        if (!isHopeful) seen.hopeless++;
        if (fits) seen.fits++;
      }),
      { seed, numRuns: 100 },
    );
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(15);
  });
});

describe('a quick no', () => {
  const { state: cool } = world('fra1/h1/r1 2×4 H100', 'fra1/h1/r2 1×4 H100');
  const site = there(cool.fleet.sites[0], 'a site');
  const could = (now: State, text: string, isPlain = false) => {
    const asked = demand(text);
    const wants = there(combinations(asked, modelsAt(site))[0], 'a way');
    return couldFit(now, site, { demand: asked, wants, starts: { earliestMs: t0, latestMs: t0 }, isPlain });
  };

  test.each([
    ['as many replicas as nodes hold', '3×4 2h', true],
    ['one more', '4×4 2h', false],
    ['as many as a rack holds, in one rack', '2×4 together:rack 2h', true],
    ['one more, in one rack', '3×4 together:rack 2h', false],
    ['one node too large', '1×5 2h', false],
  ])('%s: %s', (_, text, expected) => {
    expect(could(cool, text)).toBe(expected);
  });

  test('is about what is free over the whole window', () => {
    const held = holding(cool, { 'r2/n01': taken(1, 2, 1) });
    expect([could(held, '3×4 1h'), could(held, '3×4 2h'), could(held, '3×4')]).toEqual([true, false, false]);
  });

  test('is never given without the index', () => {
    expect(could(cool, '4×4 2h', true)).toBe(true);
  });
});

test('where no node could serve a part, no start is tried', () => {
  const { gang, nodes } = gangOf(state, demand('1×5 2h'), false);
  expect([...triesIn(state, nodes, gang, { earliestMs: t0, latestMs: t0 + 9 * hourMs })]).toEqual([]);
});

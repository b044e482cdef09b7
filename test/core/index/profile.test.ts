import { array, assert, integer, property } from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Calendar } from '../../../src/core/calendar/calendar.ts';
import { Profile } from '../../../src/core/index/profile.ts';
import { calendarOf, drawnHolds } from './drawn-holds.ts';

/** Instant by instant; after the last of those drawn nothing changes any more. */
function peakByCount(calendar: Calendar, nodes: readonly number[], startMs: number, endMs: number): number {
  const holds = nodes.flatMap((node) => calendar[node] ?? []);
  let peak = 0;
  for (let atMs = startMs; atMs < Math.min(endMs, 90); atMs++) {
    const held = holds.filter((hold) => hold.startMs <= atMs && hold.endMs > atMs);
    peak = Math.max(
      peak,
      held.reduce((sum, { powerW }) => sum + powerW, 0),
    );
  }
  return peak;
}

test('the peak is that of counting at every instant, for whatever calendar comes next', () => {
  assert(
    property(
      array(drawnHolds(4, 40), { minLength: 1, maxLength: 6 }),
      integer({ min: 0, max: 40 }),
      integer({ min: 1, max: 12 }),
      (all, startMs, length) => {
        const profile = new Profile([0, 2, 3]);
        const calendars = all.map((drawn) => calendarOf(4, drawn));
        for (const calendar of [...calendars, ...calendars.toReversed(), []]) {
          const endMs = startMs + length;
          expect(profile.peakW(calendar, { startMs, endMs })).toBe(
            peakByCount(calendar, [0, 2, 3], startMs, endMs),
          );
          expect(profile.peakW(calendar, { startMs, endMs: Infinity })).toBe(
            peakByCount(calendar, [0, 2, 3], startMs, Infinity),
          );
        }
      },
    ),
    { seed: 47, numRuns: 120 },
  );
});

/** Node 0 held for one unit out of two, `count` times. */
function striped(count: number, powerW: number): Calendar {
  const drawn = Array.from({ length: count }, (_, at) => ({
    node: 0,
    gpus: powerW / 100 - 1,
    from: 2 * at,
    length: 1,
    who: 'acme',
    alone: 'shared',
  }));
  return calendarOf(1, drawn);
}

describe('over many instants', () => {
  const [low, high] = [striped(3000, 100), striped(3000, 700)];
  const mixed: Calendar = [[...(low[0] ?? []), ...(high[0] ?? []).slice(1500, 1501)]];

  test.each([
    ['all of it', low, 0, 6000, 100],
    ['a gap', low, 2001, 2002, 0],
    ['from inside a hold', low, 2000, 2001, 100],
    ['one hold more than before', mixed, 0, 6000, 800],
    ['not where that one stands', mixed, 0, 3000, 100],
    ['up to where it begins', mixed, 3001, 6000, 100],
    ['all others', high, 0, 6000, 700],
    ['nothing any more', [], 0, 6000, 0],
  ] as const)('%s', (_, calendar, startMs, endMs, expected) => {
    const profile = new Profile([0]);
    profile.peakW(low, { startMs: 0, endMs: 1 });
    expect(profile.peakW(calendar, { startMs, endMs })).toBe(expected);
  });
});

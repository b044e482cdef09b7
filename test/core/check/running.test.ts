import { array, assert, constantFrom, integer, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { type Calendar, type Hold, peakOf } from '../../../src/core/calendar/calendar.ts';
import { check } from '../../../src/core/check.ts';
import { Running } from '../../../src/core/check/running.ts';
import { TenantId } from '../../../src/model/id.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, verdictAll, world } from '../fleet.ts';
import { placement } from '../placement.ts';

const nodeCount = 20;
const limitW = 6000;

/** One hall with more nodes than are summed anew, of 2000 W each. */
const fleet = world(
  ...[1, 2, 3, 4, 5].map((rack) => `fra1/h1/r${rack} 4×4 H100 cpu16 mem64 gpuw400 basew400`),
  { halls: { 'fra1/h1': { powerBudgetW: limitW } } },
);
const { nodes } = fleet.state.fleet;

const hold = record({
  startH: integer({ min: 0, max: 200 }),
  hours: integer({ min: 1, max: 100 }),
  powerW: integer({ min: 0, max: 9000 }),
  alone: constantFrom<Hold['alone']>('shared', 'shared', 'shared', 'node', 'site'),
}).map(({ startH, hours, powerW, alone }): Hold => ({
  holder: 'C-101',
  tenant: TenantId.parse('acme'),
  startMs: t0 + startH * hourMs,
  endMs: t0 + (startH + hours) * hourMs,
  gpus: 0,
  nics: [],
  cpuMilli: 0,
  memoryMib: 0,
  storageGib: 0,
  powerW,
  aligned: false,
  alone,
}));

/** A step takes a calendar that was there before, and puts a hold on a node of it, or takes one away. */
const step = record({
  from: integer({ min: 0, max: 30 }),
  node: integer({ min: 0, max: nodeCount - 1 }),
  at: integer({ min: 0, max: 5 }),
  takesAway: constantFrom(true, false, false),
  hold,
});

const free: Calendar = nodes.map(() => []);

type Step = {
  readonly from: number;
  readonly node: number;
  readonly at: number;
  readonly takesAway: boolean;
  readonly hold: Hold;
};

/** Every calendar that such steps lead to, forks and ways back included. */
function calendarsOf(steps: readonly Step[]): Calendar[] {
  const seen: Calendar[] = [free];
  for (const { from, node, at, takesAway, hold: added } of steps) {
    const next = [...(seen[from % seen.length] ?? free)];
    const holds = next[node] ?? [];
    next[node] = takesAway ? holds.toSpliced(at, 1) : holds.toSpliced(at, 0, added);
    seen.push(next);
  }
  return seen;
}

function wattsAt(calendar: Calendar, atMs: number): number {
  const there = calendar.flat().filter(({ startMs, endMs }) => startMs <= atMs && atMs < endMs);
  return there.reduce((sum, { powerW }) => sum + powerW, 0);
}

describe('sums that are kept up from calendar to calendar', () => {
  test('say what sums made anew say, in whatever order calendars are asked about', () => {
    assert(
      property(array(step, { maxLength: 25 }), integer({ min: 1, max: 29 }), (steps, stride) => {
        const running = new Running(fleet.state.fleet);
        const calendars = calendarsOf(steps);
        for (const at of calendars.keys()) {
          const calendar = calendars[(at * stride) % calendars.length] ?? free;
          running.follow(calendar);
          const anew = new Running(fleet.state.fleet);
          anew.follow(calendar);
          for (const [fromH, toH] of [
            [0, 1],
            [5, 60],
            [0, 300],
            [290, 400],
          ] as const) {
            const [startMs, endMs] = [t0 + fromH * hourMs, t0 + toH * hourMs];
            const most = running.load(nodes).atMostW(startMs, endMs);
            expect(most).toBe(anew.load(nodes).atMostW(startMs, endMs));
            const there = calendar.flat().filter((each) => each.startMs < endMs && each.endMs > startMs);
            expect(most).toBeGreaterThanOrEqual(peakOf(there, startMs, (each) => each.powerW));
          }
          const closing = nodes.filter(({ index }) =>
            calendar[index]?.some(({ alone }) => alone !== 'shared'),
          );
          expect([...running.closing].toSorted((a, b) => a.index - b.index)).toEqual(closing);
        }
      }),
      { seed, numRuns: 60 },
    );
  });

  test('and the auditor finds a hall too full exactly where a sum hour by hour does', () => {
    let full = 0;
    let fine = 0;
    assert(
      property(
        array(step, { minLength: 4, maxLength: 25 }),
        integer({ min: 0, max: 200 }),
        (steps, startH) => {
          const startMs = t0 + startH * hourMs;
          const wanted = demand('1×4 H100', { window: { earliestStartMs: startMs, durationS: 36_000 } });
          const held = placement(10, 'train 0 fra1/h1/r5/n04 gpu0-3 cpu16 mem64 2000W');
          const asked = { ...held, startMs, endMs: startMs + 10 * hourMs };
          for (const calendar of calendarsOf(steps)) {
            const state = { ...fleet.state, calendar };
            const found = check(state, wanted, verdictAll(state, 'allowed'), asked);
            const hours = Array.from({ length: 10 }, (_, hour) => wattsAt(calendar, startMs + hour * hourMs));
            const heldW = Math.max(...hours) + 2000;
            const isFull = heldW > limitW;
            expect(found.some(({ constraint }) => constraint === 'hall-power')).toBe(isFull);
            if (isFull) full++;
            else fine++;
          }
        },
      ),
      { seed, numRuns: 60 },
    );
    expect(full).toBeGreaterThan(20);
    expect(fine).toBeGreaterThan(100);
  });
});

import { assert, integer, property, subarray } from 'fast-check';
import { expect, test } from 'vitest';

import { book } from '../../../src/bench/bookings.ts';
import { makeFleet } from '../../../src/bench/fleets.ts';
import { fleetStartMs } from '../../../src/bench/fleets.ts';
import { close } from '../../../src/core/calendar/calendar.ts';
import { holdersOn } from '../../../src/core/reclaim/holders.ts';
import type { State } from '../../../src/core/state.ts';
import { seed } from '../arbitrary.ts';
import { hourMs } from '../fleet.ts';

function booked(): State {
  const steps = book(makeFleet(12, 3), 3);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value.state;
  }
}

test('who holds something over a span is found by the index as by looking at every hold', () => {
  const before = booked();
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

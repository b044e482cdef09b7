import { array, assert, integer, property, tuple } from 'fast-check';
import { expect, test } from 'vitest';

import { heldIn, type Hold, peakOf } from '../../../src/core/calendar/calendar.ts';
import { smallLimit } from '../../../src/core/index/headroom.ts';
import { wattsOf } from '../../../src/core/index/watts.ts';
import { layoutOf } from '../../../src/core/place/layout.ts';
import { seed } from '../arbitrary.ts';
import { world } from '../fleet.ts';
import { calendarOf, type Drawn, drawnHolds } from './drawn-holds.ts';

const lines = Array.from({ length: 5 }, (_, rack) => `fra1/h1/r${rack + 1} 4×8 H100`);

test('what limits are held at is what a scan counts, before and after they have a profile', () => {
  const seen = new Set<string>();
  assert(
    property(
      array(drawnHolds(20, 20), { minLength: 1, maxLength: 3 }),
      array(tuple(integer({ min: 0, max: 40 }), integer({ min: 1, max: 30 })), {
        minLength: 1,
        maxLength: 12,
      }),
      integer({ min: 0, max: 20_000 }),
      (drawn, asked, powerW) => {
        const calendars = drawn.map((holds) => calendarOf(20, repeated(holds)));
        // Another fleet each time: none of its limits was asked about before.
        const { fleet } = worldOfFeeds();
        for (const calendar of [...calendars, ...calendars.toReversed()])
          for (const [startMs, length] of asked)
            for (const limit of layoutOf(fleet).limits) {
              const span = { startMs, endMs: startMs + length };
              const held = limit.nodes.flatMap(({ index }) =>
                heldIn(calendar[index] ?? [], span.startMs, span.endMs).filter(isHeld),
              );
              const peakW = peakOf(held, span.startMs, (hold) => hold.powerW);
              expect(wattsOf(fleet).peakW(calendar, limit, span)).toBe(peakW);
              expect(wattsOf(fleet).passes(calendar, limit, { ...span, powerW })).toBe(peakW > powerW);
              seen.add(`${limit.nodes.length > smallLimit} ${held.length > 24} ${peakW > powerW}`);
            }
      },
    ),
    { seed, numRuns: 60 },
  );
  expect([...seen].filter((what) => what.startsWith('true'))).toHaveLength(4);
});

/** Eight times on other nodes and a little later: enough under one limit. */
function repeated(drawn: readonly Drawn[]): readonly Drawn[] {
  return [0, 1, 2, 3, 4, 5, 6, 7].flatMap((time) =>
    drawn.map((one) => ({ ...one, node: (one.node + 3 * time) % 20, from: one.from + time })),
  );
}

/** What ends as it begins is held at no time. */
function isHeld({ startMs, endMs }: Hold): boolean {
  return endMs > startMs;
}

/** Twenty nodes under a hall and two feeds. */
function worldOfFeeds() {
  return world(...lines, {
    racks: { 'fra1/h1/r1': { feedLimitW: { A: 15_000, B: 15_000 } } },
    halls: { 'fra1/h1': { powerBudgetW: 50_000 } },
  }).state;
}

import { array, assert, constantFrom, integer, property, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Calendar, Hold } from '../../../src/core/calendar/calendar.ts';
import { Packed } from '../../../src/core/index/packed.ts';
import { peaksIn } from '../../../src/core/index/peaks-in.ts';
import { endOfHolds, firstReaching } from '../../../src/core/index/reaching.ts';
import type { Span } from '../../../src/core/index/window.ts';
import { seed } from '../arbitrary.ts';
import { calendarOf, type Drawn, drawnHolds } from './drawn-holds.ts';

const nodes = [0, 1, 2];

/** A hold of GPU 0 of node 0, from one instant up to another. */
function drawn(from: number, to: number, gpus = 1): Drawn {
  return { node: 0, gpus, from, length: to - from, who: 'acme', alone: 'shared' };
}

function packedFrom(calendar: Calendar): Packed {
  const packed = new Packed(nodes.length);
  packed.follow(calendar);
  return packed;
}

function overlapping(holds: readonly Hold[], { startMs, endMs }: Span): readonly Hold[] {
  return holds.filter((hold) => hold.startMs < endMs && hold.endMs > startMs);
}

const spans = tuple(integer({ min: -2, max: 40 }), constantFrom(1, 2, 3, 7, Infinity)).map(
  ([startMs, length]): Span => ({ startMs, endMs: startMs + length }),
);

describe('what is taken of a node in a window', () => {
  test.each<readonly [string, readonly Drawn[], number]>([
    ['nothing is held', [], 0],
    ['one that fills it', [drawn(0, 20)], 0b1],
    ['one that ends as it begins', [drawn(0, 5)], 0],
    ['one that ends a moment after it began', [drawn(0, 6)], 0b1],
    ['one that begins as it ends', [drawn(9, 20)], 0],
    ['one that begins a moment before it ends', [drawn(8, 20)], 0b1],
    ['one inside', [drawn(6, 7)], 0b1],
    [
      'a long one that began before several short ones',
      [drawn(0, 30, 0b100), drawn(1, 2), drawn(3, 4)],
      0b100,
    ],
    ['several at different times', [drawn(4, 6, 0b1), drawn(6, 8, 0b10), drawn(12, 13, 0b100)], 0b11],
  ])('from 5 up to 9: %s', (_, holds, taken) => {
    const window = packedFrom(calendarOf(3, holds)).window({ startMs: 5, endMs: 9 });
    expect(window.takenOn(0)).toBe(taken);
    expect(window.isFree(0)).toBe(taken === 0);
    expect(window.takenOn(1)).toBe(0);
  });

  test('is all that a scan finds, in whatever order it is asked for', () => {
    assert(
      property(
        drawnHolds(3, 40),
        spans,
        array(constantFrom(0, 1, 2), { maxLength: 6 }),
        (all, span, order) => {
          const calendar = calendarOf(3, all);
          const window = packedFrom(calendar).window(span);
          for (const [at, node] of [...order, ...nodes].entries()) {
            const found = overlapping(calendar[node] ?? [], span);
            const taken = found.reduce((mask, { gpus }) => mask | gpus, 0);
            const watts = found.reduce((sum, { powerW }) => sum + powerW, 0);
            // Whichever is asked for first is read first.
            const asked = [
              () => expect(window.takenOn(node)).toBe(taken),
              () => expect(window.wattsOn(node)).toBe(watts),
              () => expect(window.isFree(node)).toBe(found.length === 0),
            ];
            for (const ask of at % 2 === 0 ? asked : asked.toReversed()) ask();
          }
        },
      ),
      { seed, numRuns: 200 },
    );
  });

  test('is something where nothing but watts, or nothing at all, is held by somebody', () => {
    const [hold] = calendarOf(1, [drawn(0, 9)])[0] ?? [];
    if (hold === undefined) throw new Error('a hold was drawn');
    const window = packedFrom([[{ ...hold, gpus: 0, powerW: 0 }]]).window({ startMs: 0, endMs: 9 });
    expect([window.takenOn(0), window.wattsOn(0), window.isFree(0)]).toEqual([0, 0, false]);
  });

  test('counts the 32nd GPU as any other', () => {
    const window = packedFrom(calendarOf(1, [drawn(0, 9, 2 ** 31)])).window({ startMs: 0, endMs: 9 });
    expect(window.takenOn(0)).toBe(2 ** 31);
  });
});

/** Cores and memory that grow and shrink differently, so that they peak at different times. */
function filled(calendar: Calendar): Calendar {
  return calendar.map((holds) =>
    holds.map((hold) => ({ ...hold, cpuMilli: 1 + hold.gpus, memoryMib: 20 - hold.gpus })),
  );
}

function levelsOf(
  holds: readonly Hold[],
  { startMs, endMs }: Span,
  amount: (hold: Hold) => number,
): readonly number[] {
  return Array.from({ length: Math.min(endMs, 90) - startMs }, (_, at) => startMs + at).map((at) =>
    holds
      .filter((hold) => hold.startMs <= at && at < hold.endMs)
      .reduce((sum, hold) => sum + amount(hold), 0),
  );
}

describe('the most cores and memory of a node that are held at one time of a span', () => {
  test('are those of counting at every instant', () => {
    assert(
      property(drawnHolds(3, 30), spans, (all, span) => {
        const lasting = all.filter(({ length }) => length > 0);
        const calendar = filled(calendarOf(3, lasting));
        const packed = packedFrom(calendar);
        for (const node of nodes) {
          const holds = calendar[node] ?? [];
          expect(peaksIn(packed, node, span)).toEqual({
            cpuMilli: Math.max(...levelsOf(holds, span, ({ cpuMilli }) => cpuMilli)),
            memoryMib: Math.max(...levelsOf(holds, span, ({ memoryMib }) => memoryMib)),
          });
        }
      }),
      { seed, numRuns: 200 },
    );
  });

  test.each<readonly [string, readonly Drawn[], number]>([
    ['nothing is held', [], 0],
    ['one ends as the next begins', [drawn(0, 7, 2), drawn(7, 9, 4)], 5],
    ['both are held for a moment', [drawn(0, 8, 2), drawn(7, 9, 4)], 8],
    ['both began before it', [drawn(0, 6, 2), drawn(1, 7, 4)], 8],
    ['they overlapped only before it', [drawn(0, 5, 2), drawn(1, 7, 4)], 5],
    ['they overlap only after it', [drawn(0, 30, 2), drawn(9, 30, 4)], 3],
  ])('from 5 up to 9: %s', (_, holds, cpuMilli) => {
    expect(peaksIn(packedFrom(filled(calendarOf(3, holds))), 0, { startMs: 5, endMs: 9 }).cpuMilli).toBe(
      cpuMilli,
    );
  });
});

describe('the first hold that may last beyond an instant', () => {
  const packed = packedFrom(
    calendarOf(3, [drawn(0, 4), drawn(1, 9), drawn(2, 3), drawn(5, 9), drawn(9, 12)]),
  );

  test.each([
    [-1, 0],
    [3, 0],
    [4, 1],
    [8, 1],
    [9, 4],
    [11, 4],
    [12, 5],
    [99, 5],
  ])('beyond %i is number %i', (beyondMs, number) => {
    expect(firstReaching(packed, 0, beyondMs) - (packed.first[0] ?? 0)).toBe(number);
  });

  test('on a node without holds is where they would end', () => {
    expect(firstReaching(packed, 1, 0)).toBe(endOfHolds(packed, 1));
  });
});

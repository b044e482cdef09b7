import { array, assert, constantFrom, integer, oneof, property, record } from 'fast-check';
import { expect, test } from 'vitest';

import { Load } from '../../../src/core/check/load.ts';
import { seed } from '../arbitrary.ts';
import { t0 } from '../fleet.ts';

const never = Number.MAX_SAFE_INTEGER;
const minuteMs = 60_000;
const dayMs = 86_400_000;

/** Lengths around those at which a piece is entered in coarser steps, zero, and without end. */
const length = oneof(
  integer({ min: 0, max: 90 * minuteMs }),
  integer({ min: 0, max: 400 * dayMs }),
  constantFrom(0, 1, 2 ** 22, 64 * 2 ** 22, 64 * 2 ** 22 + 1, 64 * 2 ** 28, 64 * 2 ** 34, never),
);
const start = oneof(
  integer({ min: t0 - dayMs, max: t0 + dayMs }),
  integer({ min: 0, max: t0 + 400 * dayMs }),
  constantFrom(0, 2 ** 40, 2 ** 40 - 1),
);
const piece = record({ startMs: start, length, powerW: integer({ min: 0, max: 10_000 }) }).map(
  ({ startMs, length: lengthMs, powerW }) => ({
    startMs,
    endMs: Math.min(never, startMs + lengthMs),
    powerW,
  }),
);
type Piece = { readonly startMs: number; readonly endMs: number; readonly powerW: number };

/** The most at one instant, instant by instant: it can only rise where a piece begins. */
function peakOf(pieces: readonly Piece[], startMs: number, endMs: number): number {
  const instants = [startMs, ...pieces.map((each) => each.startMs)].filter(
    (at) => at >= startMs && at < endMs,
  );
  const heldAt = (at: number) =>
    pieces.reduce((sum, each) => sum + (each.startMs <= at && at < each.endMs ? each.powerW : 0), 0);
  return Math.max(0, ...instants.map(heldAt));
}

function loadOf(pieces: readonly Piece[]): Load {
  const load = new Load();
  for (const each of pieces) load.add(each);
  return load;
}

test('whatever came and went, it says what the pieces that are left say, and never too little', () => {
  const history = array(record({ piece, goes: integer({ min: 0, max: 2 }) }), { maxLength: 40 });
  assert(
    property(history, array(piece, { minLength: 1, maxLength: 6 }), (pieces, windows) => {
      const load = new Load();
      const left: Piece[] = [];
      for (const { piece: each, goes } of pieces) {
        load.add(each);
        left.push(each);
        const [gone] = goes === 0 ? left.splice(Math.floor(left.length / 2), 1) : [];
        if (gone !== undefined) load.remove(gone);
      }
      const anew = loadOf(left);
      for (const { startMs, endMs } of windows.filter((each) => each.endMs > each.startMs)) {
        const most = load.atMostW(startMs, endMs);
        expect(most).toBe(anew.atMostW(startMs, endMs));
        expect(most).toBeGreaterThanOrEqual(peakOf(left, startMs, endMs));
      }
      for (const each of left) load.remove(each);
      expect(load.atMostW(0, never)).toBe(0);
    }),
    { seed, numRuns: 400 },
  );
});

test('it is exact for what is apart by more than its steps', () => {
  const hours = [0, 3, 6, 9].map((hour) => ({
    startMs: t0 + hour * 60 * minuteMs,
    endMs: t0 + (hour * 60 + 20) * minuteMs,
    powerW: 100 + hour,
  }));
  const load = loadOf(hours);
  expect(load.atMostW(t0, t0 + dayMs)).toBe(109);
  expect(load.atMostW(t0, t0 + 60 * minuteMs)).toBe(100);
  expect(load.atMostW(t0 + 30 * dayMs, never)).toBe(0);
});

test('what touches a window only with its end is not counted where steps meet', () => {
  const stepMs = 2 ** 22;
  const from = Math.ceil(t0 / stepMs) * stepMs;
  const load = loadOf([{ startMs: from - stepMs, endMs: from, powerW: 7 }]);
  expect(load.atMostW(from, from + 1)).toBe(0);
  expect(load.atMostW(from - 1, from)).toBe(7);
});

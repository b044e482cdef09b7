import { array, assert, constantFrom, integer, property, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Calendar, Hold } from '../../../src/core/calendar/calendar.ts';
import { addFreeStarts } from '../../../src/core/index/free-starts.ts';
import { Packed } from '../../../src/core/index/packed.ts';
import { addUnshared } from '../../../src/core/index/strangers.ts';
import { type Stretch, Stretches } from '../../../src/core/index/stretches.ts';
import { sizeOf, without } from '../../../src/core/mask.ts';
import { seed } from '../arbitrary.ts';
import { calendarOf, type Drawn, drawnHolds } from './drawn-holds.ts';

const horizon = 44;

function packedFrom(calendar: Calendar): Packed {
  const packed = new Packed(calendar.length);
  packed.follow(calendar);
  return packed;
}

function pairsOf({ froms, tos, count }: Stretches): readonly (readonly [number, number])[] {
  return Array.from({ length: count }, (_, at) => [froms[at] ?? NaN, tos[at] ?? NaN] as const);
}

/** The starts of a stretch at which something is so, one after the other. */
function scanned({ fromMs, toMs }: Stretch, isSo: (atMs: number) => boolean): readonly number[] {
  return Array.from({ length: toMs - fromMs + 1 }, (_, at) => fromMs + at).filter(isSo);
}

function isMeanwhile({ startMs, endMs }: Hold, atMs: number, lengthMs: number): boolean {
  return startMs < atMs + lengthMs && endMs > atMs;
}

/** GPUs of the one node, held from an instant up to another. */
function drawn(gpus: number, from: number, to: number, who = 'acme', alone = 'shared'): Drawn {
  return { node: 0, gpus, from, length: to - from, who, alone };
}

/** The free starts of the one node from 0 up to 20. */
function freeStarts(holds: readonly Drawn[], gpuCount: number, lengthMs: number, usable = 0b1111) {
  const found = new Stretches();
  const starts = { fromMs: 0, toMs: 20 };
  addFreeStarts(packedFrom(calendarOf(1, holds)), { node: 0, usable, gpuCount, lengthMs, starts }, found);
  return pairsOf(found);
}

function spread(pairs: readonly (readonly [number, number])[]): readonly number[] {
  return pairs.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, at) => from + at));
}

describe('the starts at which a node has enough GPUs free for the whole length', () => {
  test.each<readonly [string, readonly Drawn[], number, number, readonly (readonly [number, number])[]]>([
    ['nothing is held', [], 4, 5, [[0, 20]]],
    [
      'all are held in the middle',
      [drawn(0b1111, 8, 12)],
      1,
      3,
      [
        [0, 5],
        [12, 20],
      ],
    ],
    [
      'one of all that are wanted is held',
      [drawn(0b1, 8, 12)],
      4,
      3,
      [
        [0, 5],
        [12, 20],
      ],
    ],
    ['a gap as long as what is wanted', [drawn(0b1111, 0, 4), drawn(0b1111, 9, 30)], 1, 5, [[4, 4]]],
    ['a gap that is too short by a moment', [drawn(0b1111, 0, 4), drawn(0b1111, 8, 30)], 1, 5, []],
    [
      'holds that touch leave no gap',
      [drawn(0b1111, 2, 6), drawn(0b1111, 6, 9)],
      1,
      1,
      [
        [0, 1],
        [9, 20],
      ],
    ],
    ['the last start is the last moment that leaves room', [drawn(0b1111, 20, 99)], 1, 1, [[0, 19]]],
    [
      'what begins after the last start and its length is not in the way',
      [drawn(0b1111, 24, 99)],
      1,
      4,
      [[0, 20]],
    ],
    ['what ended before the first start is not either', [drawn(0b1111, -9, 0)], 1, 4, [[0, 20]]],
    ['half are held: the other half is enough', [drawn(0b11, 5, 9)], 2, 4, [[0, 20]]],
    [
      'each half is held at one time: over both nothing is free, as the same GPUs are wanted all the time',
      [drawn(0b11, 5, 9), drawn(0b1100, 9, 13)],
      2,
      5,
      [
        [0, 4],
        [9, 20],
      ],
    ],
    [
      'one GPU held twice over is free only when both have ended',
      [drawn(0b111, 5, 9), drawn(0b1, 8, 14)],
      4,
      1,
      [
        [0, 4],
        [14, 20],
      ],
    ],
    ['without an end nothing may come', [drawn(0b1111, 30, 40)], 1, Infinity, []],
    ['without an end after the last one has ended', [drawn(0b1111, 3, 10)], 1, Infinity, [[10, 20]]],
    ['it never ends', [drawn(0b1111, 15, Infinity)], 1, 5, [[0, 10]]],
  ])('%s', (_, holds, gpuCount, lengthMs, expected) => {
    expect(spread(freeStarts(holds, gpuCount, lengthMs))).toEqual(spread(expected));
  });

  test('holds of GPUs that are not usable are in nobody’s way', () => {
    expect(freeStarts([drawn(0b1100, 5, 9)], 2, 3, 0b0011)).toEqual([[0, 20]]);
    expect(freeStarts([drawn(0b1110, 5, 9)], 2, 3, 0b0011)).toEqual([
      [0, 2],
      [9, 20],
    ]);
  });

  test('are those of a scan: each start once, in order', () => {
    const seen = { some: 0, none: 0 };
    const masks = constantFrom(0b1111, 0b0111, 0b1010, 0b0001);
    const ranges = tuple(integer({ min: 0, max: 30 }), integer({ min: 0, max: 14 }));
    assert(
      property(
        drawnHolds(1, 14),
        masks,
        constantFrom(1, 2, 3, 4),
        constantFrom(1, 2, 4, 11, Infinity),
        ranges,
        (all, usable, wanted, lengthMs, [fromMs, length]) => {
          const gpuCount = Math.min(wanted, sizeOf(usable));
          const calendar = calendarOf(1, all);
          const starts = { fromMs, toMs: Math.min(horizon, fromMs + length) };
          const stretches = new Stretches();
          addFreeStarts(packedFrom(calendar), { node: 0, usable, gpuCount, lengthMs, starts }, stretches);
          const isFree = (atMs: number) => {
            const inWay = (calendar[0] ?? []).filter((hold) => isMeanwhile(hold, atMs, lengthMs));
            const taken = inWay.reduce((mask, { gpus }) => mask | gpus, 0);
            return sizeOf(without(usable, taken)) >= gpuCount;
          };
          const expected = scanned(starts, isFree);
          expect(spread(pairsOf(stretches))).toEqual(expected);
          seen[expected.length === 0 ? 'none' : 'some']++;
        },
      ),
      { seed, numRuns: 500 },
    );
    expect(Math.min(seen.some, seen.none)).toBeGreaterThan(60);
  });

  test('are added to those that stand there already', () => {
    const stretches = new Stretches();
    stretches.add(100, 101);
    const starts = { fromMs: 0, toMs: 2 };
    const asked = { node: 0, usable: 1, gpuCount: 1, lengthMs: 1, starts };
    addFreeStarts(packedFrom(calendarOf(1, [])), asked, stretches);
    expect(pairsOf(stretches)).toEqual([
      [100, 101],
      [0, 2],
    ]);
  });
});

const levels = ['shared', 'node', 'rack', 'site'] as const;

/** Starts from 0 up to 20 in a rack of two nodes, asked about by `acme` for three moments. */
function unsharedStarts(holds: readonly Drawn[], alone: number) {
  const packed = packedFrom(calendarOf(2, holds));
  const found = new Stretches();
  const asker = { tenant: packed.tenantNumber('acme'), level: alone };
  const asked = { asker, starts: { fromMs: 0, toMs: 20 }, lengthMs: 3 };
  addUnshared(packed, { nodes: [0, 1], level: levels.indexOf('rack') }, asked, found);
  return pairsOf(found);
}

describe('the starts at which nobody keeps a tenant out of a place', () => {
  test.each<readonly [string, readonly Drawn[], number, readonly (readonly [number, number])[]]>([
    ['nobody is there', [], 0, [[0, 20]]],
    ['others are, and mind nobody', [drawn(1, 8, 12, 'globex')], 0, [[0, 20]]],
    ['others want only their node alone', [drawn(1, 8, 12, 'globex', 'node')], 0, [[0, 20]]],
    [
      'others want the rack alone',
      [drawn(1, 8, 12, 'globex', 'rack')],
      0,
      [
        [0, 5],
        [12, 20],
      ],
    ],
    [
      'others want the site alone',
      [drawn(1, 8, 12, 'globex', 'site')],
      0,
      [
        [0, 5],
        [12, 20],
      ],
    ],
    [
      'it wants the rack alone itself',
      [drawn(1, 8, 12, 'globex')],
      2,
      [
        [0, 5],
        [12, 20],
      ],
    ],
    [
      'it wants the site alone itself',
      [drawn(1, 8, 12, 'globex')],
      3,
      [
        [0, 5],
        [12, 20],
      ],
    ],
    ['it wants only its node alone', [drawn(1, 8, 12, 'globex')], 1, [[0, 20]]],
    ['its own holds are never in its way', [drawn(1, 8, 12, 'acme', 'rack')], 2, [[0, 20]]],
    ['what is closed to everybody is not asked about here', [drawn(1, 8, 12, 'nobody')], 2, [[0, 20]]],
    [
      'two on different nodes, one before the other has ended',
      [drawn(1, 4, 12, 'globex', 'rack'), { ...drawn(1, 8, 14, 'globex', 'rack'), node: 1 }],
      0,
      [
        [0, 1],
        [14, 20],
      ],
    ],
    [
      'a gap just long enough between two nodes',
      [drawn(1, 0, 5, 'globex', 'rack'), { ...drawn(1, 8, 30, 'globex', 'rack'), node: 1 }],
      0,
      [[5, 5]],
    ],
    ['one that never ends', [drawn(1, 8, Infinity, 'globex', 'rack')], 0, [[0, 5]]],
  ])('%s', (_, holds, alone, expected) => {
    expect(unsharedStarts(holds, alone)).toEqual(expected);
  });

  test('are those of a scan, on one node and on several', () => {
    let kept = 0;
    assert(
      property(
        drawnHolds(3, 16),
        constantFrom([0], [1], [0, 1], [0, 1, 2]),
        constantFrom(1, 2),
        constantFrom('acme', 'globex', 'nobody-yet'),
        constantFrom(0, 1, 2, 3),
        constantFrom(1, 3, 8, Infinity),
        array(integer({ min: 0, max: horizon }), { minLength: 2, maxLength: 2 }),
        (all, nodes, level, tenant, alone, lengthMs, ends) => {
          const calendar = calendarOf(3, all);
          const packed = packedFrom(calendar);
          const starts = { fromMs: Math.min(...ends), toMs: Math.max(...ends) };
          const stretches = new Stretches();
          const asker = { tenant: packed.tenantNumber(tenant), level: alone };
          addUnshared(packed, { nodes, level }, { asker, starts, lengthMs }, stretches);
          const others = nodes
            .flatMap((node) => calendar[node] ?? [])
            .filter((hold) => hold.tenant !== undefined && hold.tenant !== tenant)
            .filter((hold) => alone >= level || levels.indexOf(hold.alone) >= level);
          const expected = scanned(
            starts,
            (atMs) => !others.some((hold) => isMeanwhile(hold, atMs, lengthMs)),
          );
          expect(spread(pairsOf(stretches))).toEqual(expected);
          if (expected.length <= starts.toMs - starts.fromMs) kept++;
        },
      ),
      { seed, numRuns: 400 },
    );
    expect(kept).toBeGreaterThan(100);
  });
});

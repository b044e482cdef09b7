import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { check } from '../../../src/core/check.ts';
import { type Audit, auditOf } from '../../../src/core/check/audit.ts';
import { type Amount, peak, sum, within } from '../../../src/core/check/level.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, verdictAll, type World, world } from '../fleet.ts';
import { granted, placement } from '../placement.ts';

const node = 'fra1/h1/r1/n01';
const fleet = world('fra1/h1/r1 1×8 H100 cpu100 mem100 disk100 gpuw100 basew100');

/** What others hold of the node: so much from one hour to another. */
const hold = fc
  .record({ fromH: fc.nat(12), hours: fc.integer({ min: 1, max: 8 }), size: fc.integer({ min: 1, max: 9 }) })
  .map((one) => ({ ...one, toH: one.fromH + one.hours }));
type Held = typeof hold extends fc.Arbitrary<infer T> ? T : never;

function held(before: World, { fromH, toH, size }: Held): World {
  const line = `load 0 ${node} cpu${size} mem${2 * size} disk${3 * size} ${5 * size}W`;
  const [startMs, endMs] = [t0 + fromH * hourMs, t0 + toH * hourMs];
  return granted(before, demand('load: 1×cpu1'), { ...placement(1, line), startMs, endMs });
}

/** The audit of one CPU on the node between two hours. */
function auditAt({ state }: World, fromH: number, toH: number): Audit {
  const asked = { ...placement(1, `load 0 ${node} cpu1`), startMs: t0 + fromH * hourMs };
  const wish = demand('load: 1×cpu1');
  return auditOf(state, wish, verdictAll(state, 'allowed'), { ...asked, endMs: t0 + toH * hourMs });
}

const shares: readonly (readonly [Amount, number])[] = [
  ['cpuMilli', 1000],
  ['memoryMib', 2 * 1024],
  ['storageGib', 3],
  ['powerW', 5],
];

describe('the most that others hold at one instant', () => {
  test('is what stands in the fullest hour of the window, whatever order it came in', () => {
    fc.assert(
      fc.property(
        fc.array(hold, { maxLength: 7 }),
        fc.nat(12),
        fc.integer({ min: 1, max: 8 }),
        (holds, fromH, hours) => {
          const audit = auditAt(holds.reduce(held, fleet), fromH, fromH + hours);
          const levels = Array.from({ length: hours }, (_, at) =>
            holds
              .filter((one) => one.fromH <= fromH + at && fromH + at < one.toH)
              .reduce((total, { size }) => total + size, 0),
          );
          const found = audit.seats.flatMap((seat) => seat.holds);
          for (const [amount, share] of shares)
            expect(peak(audit, found, amount)).toBe(Math.max(...levels) * share);
        },
      ),
      { numRuns: 150, seed: 131 },
    );
  });

  test('is what a rule holds against the limit: one more than is left is found', () => {
    fc.assert(
      fc.property(fc.array(hold, { minLength: 1, maxLength: 5 }), (holds) => {
        const now = holds.reduce(held, fleet);
        const audit = auditAt(now, 0, 20);
        const found = audit.seats.flatMap((seat) => seat.holds);
        const left = 100 - peak(audit, found, 'cpuMilli') / 1000;
        const asked = (cpu: number) => {
          const wish = demand(`load: 1×cpu${cpu} 20h`);
          const promise = placement(20, `load 0 ${node} cpu${cpu} 100W`);
          const verdict = verdictAll(now.state, 'allowed');
          return check(now.state, wish, verdict, promise).map(({ constraint }) => constraint);
        };
        expect(asked(left)).not.toContain('cpu');
        expect(asked(left + 1)).toContain('cpu');
      }),
      { numRuns: 60, seed: 132 },
    );
  });
});

const notes = (limit: number | undefined, asked: number, others: number) =>
  [...within('cpu', 'n01: CPU', limit, { asked, held: others })].map(({ note }) => note);

describe('a limit', () => {
  test('is passed by one more than it, and reached by all of it', () => {
    expect([notes(10, 4, 6), notes(10, 5, 6), notes(10, 0, 10), notes(0, 0, 0)]).toEqual([
      [],
      ['n01: CPU held by others 6, asked for 5, limit 10'],
      [],
      [],
    ]);
  });

  test('that nobody has recorded lets nothing be held', () => {
    expect([notes(undefined, 0, 6), notes(undefined, 1, 0)]).toEqual([[], ['n01: CPU unknown, asked for 1']]);
  });

  test('is held against what all seats ask for together', () => {
    const two = placement(1, `load 0 ${node} cpu3 mem1`, `load 1 ${node} cpu4 mem2`);
    const wish = demand('load: 2×cpu4');
    const { seats } = auditOf(fleet.state, wish, verdictAll(fleet.state, 'allowed'), two);
    expect([sum(seats, 'cpuMilli'), sum(seats, 'memoryMib'), sum(seats, 'storageGib')]).toEqual([
      7000, 3072, 0,
    ]);
  });
});

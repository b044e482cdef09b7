import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { renewed, replan } from '../../../src/core/life/replan.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { ContractId } from '../../../src/model/id.ts';
import { ask, askChange, take } from '../acts.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, verdictAll, world } from '../fleet.ts';

const graceMs = 300_000;
const c101 = ContractId.parse('C-101');
const changes = { contract: c101, version: 1 };

const wish = (window: object): Demand => demand('1×8 H100', { window });

/** What is left of a window, in seconds around `t0`; `over` when nothing is. */
function left(window: object, atMs: number, change = false): string {
  const again = renewed({ demand: wish(window), ...(change ? { changes } : {}) }, atMs);
  if (again === undefined) return 'over';
  const { earliestStartMs, durationS } = again.window;
  return `${(earliestStartMs - t0) / 1000} for ${durationS ?? 'ever'}`;
}

describe('a plan that is asked for again', () => {
  const hour = { earliestStartMs: t0, durationS: 3600 };

  test.each([
    ['is the same before its start', t0 - 1, '0 for 3600'],
    ['is the same at its start', t0, '0 for 3600'],
    ['is the same as long as its start may be late', t0 + graceMs, '0 for 3600'],
    ['begins now once its start has passed, with its whole length', t0 + graceMs + 1000, '301 for 3600'],
    ['begins now also after it would have ended', t0 + 7_200_000, '7200 for 3600'],
  ] as const)('%s', (_, atMs, expected) => {
    expect(left(hour, atMs)).toBe(expected);
  });

  test.each([
    ['is the same as long as its start may be late', t0 + graceMs, '0 for 3600'],
    ['ends when it was to end', t0 + 600_000, '600 for 3000'],
    [
      'ends when it was to end, to the millisecond, and begins at most a second late',
      t0 + 600_001,
      '601 for 2999',
    ],
    ['is made for one last second', t0 + 3_599_000, '3599 for 1'],
    ['is over when less than a second is left', t0 + 3_599_001, 'over'],
    ['is over at its end', t0 + 3_600_000, 'over'],
    ['is over after its end', t0 + 9_000_000, 'over'],
  ] as const)('and changes a contract %s', (_, atMs, expected) => {
    expect(left(hour, atMs, true)).toBe(expected);
  });

  test('without an end never is over: it begins now', () => {
    for (const change of [false, true])
      expect(left({ earliestStartMs: t0 }, t0 + 9_000_000, change)).toBe('9000 for ever');
  });

  test.each([
    ['a latest start', { latestStartMs: t0 + hourMs }],
    ['a deadline', { deadlineMs: t0 + 3 * hourMs }],
    ['both', { latestStartMs: t0 + hourMs, deadlineMs: t0 + 3 * hourMs }],
  ] as const)('with %s keeps its window: the search knows what has passed of it', (_, more) => {
    for (const change of [false, true])
      expect(left({ ...hour, ...more }, t0 + 2 * hourMs, change)).toBe('0 for 3600');
  });

  test('asks for nothing else than before, and keeps every other word of it', () => {
    const asked = demand('2×4 H100 together:rack', { window: hour, isolation: 'node', where: ['fra1'] });
    const again = renewed({ demand: asked }, t0 + hourMs);
    expect(again).toEqual({ ...asked, window: { earliestStartMs: t0 + hourMs, durationS: 3600 } });
    expect(renewed({ demand: asked }, t0)).toBe(asked);
  });

  test('and changes a contract never begins before now, nor ends at another time, whatever the moment', () => {
    fc.assert(
      fc.property(fc.integer({ min: 300_001, max: 4_000_000 }), (lateMs) => {
        const atMs = t0 + lateMs;
        const again = renewed({ demand: wish(hour), changes }, atMs);
        const isOver = lateMs > 3_599_000;
        expect(again === undefined).toBe(isOver);
        if (again === undefined) return;
        const { earliestStartMs, durationS = 0 } = again.window;
        expect(earliestStartMs + durationS * 1000).toBe(t0 + hourMs);
        expect(earliestStartMs - atMs).toBeGreaterThanOrEqual(0);
        expect(earliestStartMs - atMs).toBeLessThan(1000);
      }),
      { numRuns: 200, seed: 41 },
    );
  });

  test('for a second time is the same as for the first', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3_599_000 }), fc.boolean(), (lateMs, isChange) => {
        const of = isChange ? { changes } : {};
        const once = renewed({ demand: wish(hour), ...of }, t0 + lateMs);
        if (once === undefined) throw new Error('some of it is left');
        expect(renewed({ demand: once, ...of }, t0 + lateMs)).toEqual(once);
      }),
      { numRuns: 100, seed: 42 },
    );
  });
});

describe('a plan made again on the state that it was made on comes out the same', () => {
  const fleet = world('fra1/h1/r1 2×8 H100 nvlink', 'fra1/h1/r2 2×8 H100 nvlink');
  const held = take(fleet, demand('2×4 H100 24h'));
  const given = { atMs: t0 + hourMs, verdict: verdictAll(held.state, 'allowed') };

  test('as a new contract', () => {
    const asked = demand('1×8 H100', { window: { earliestStartMs: given.atMs, durationS: 3600 } });
    const first = ask(held, asked, given);
    expect(first.kind).toBe('planned');
    expect(replan(held.state, given, { demand: asked })).toEqual(first);
  });

  test('as a change of a contract', () => {
    const first = askChange(held, c101, { replicas: { train: 3 } }, given);
    if (first.kind === 'refused') throw new Error('there is room');
    expect(replan(held.state, given, first.plan)).toEqual(first);
    // The same demand without the contract that it changes is another plan: it would come on top.
    expect(replan(held.state, given, { demand: first.plan.demand })).not.toEqual(first);
  });

  test('as a refusal', () => {
    const asked = demand('9×8 H100', { window: { earliestStartMs: given.atMs, durationS: 3600 } });
    const first = ask(held, asked, given);
    expect(first.kind).toBe('refused');
    expect(replan(held.state, given, { demand: asked })).toEqual(first);
  });
});

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { gpuSecondsUsed } from '../../../src/core/authority/act.ts';
import { renewed } from '../../../src/core/life/replan.ts';
import { budgetLeft, usedMicroEur } from '../../../src/core/life/used.ts';
import { contractOf } from '../../../src/core/state.ts';
import type { Contract } from '../../../src/model/contract.ts';
import { ContractId } from '../../../src/model/id.ts';
import { change, take } from '../acts.ts';
import { demand, flexible } from '../demand.ts';
import { hourMs, t0, type World, world } from '../fleet.ts';

const id = ContractId.parse('C-101');
const pricePerHour = 3_600_000;
const fleet = world('fra1/h1/r1 1×8 H100', { sites: { fra1: { gpuPrices: { H100: pricePerHour } } } });

function contract({ state }: World): Contract {
  const found = contractOf(state, id);
  if (found === undefined) throw new Error('it was granted');
  return found;
}

/** A contract that held two GPUs for two hours, then four for three, then one until its end after nine. */
const changes = [
  { atMs: t0 + 2 * hourMs, gpus: 4 },
  { atMs: t0 + 5 * hourMs, gpus: 1 },
] as const;
const endMs = t0 + 9 * hourMs;
const lived = changes.reduce(
  (now, { atMs, gpus }) => change(now, id, { replicas: { train: gpus } }, { atMs }),
  take(fleet, demand('2×1 H100 9h')),
);

/** GPU-milliseconds that it held by then, summed over its three lives in plain words. */
function heldMs(untilMs: number): number {
  const lives = [
    { fromMs: t0, toMs: t0 + 2 * hourMs, gpus: 2 },
    { fromMs: t0 + 2 * hourMs, toMs: t0 + 5 * hourMs, gpus: 4 },
    { fromMs: t0 + 5 * hourMs, toMs: endMs, gpus: 1 },
  ];
  return lives.reduce(
    (sum, { fromMs, toMs, gpus }) => sum + gpus * Math.max(0, Math.min(untilMs, toMs) - fromMs),
    0,
  );
}

const seconds = fc.integer({ min: -3600, max: 9 * 3600 });

describe('what a contract has used', () => {
  test('is what each of its lives held, at its own price, to the second', () => {
    fc.assert(
      fc.property(seconds, (second) => {
        const atMs = t0 + second * 1000;
        expect(gpuSecondsUsed(contract(lived), atMs)).toBe(heldMs(atMs) / 1000);
        // One euro a thousand seconds and GPU: the price of an hour was chosen so.
        expect(usedMicroEur(contract(lived), atMs)).toBe(heldMs(atMs));
      }),
      { numRuns: 200, seed: 101 },
    );
  });

  test('counts seconds that were started, and GPUs no longer than to the end', () => {
    const one = contract(take(fleet, demand('1×1 H100 9h')));
    const at = (atMs: number) => [gpuSecondsUsed(one, atMs), usedMicroEur(one, atMs)];
    expect([at(t0 - 1), at(t0), at(t0 + 1), at(t0 + 1000), at(t0 + 1001)]).toEqual([
      [0, 0],
      [0, 0],
      [1, 1000],
      [1, 1000],
      [2, 2000],
    ]);
    expect(gpuSecondsUsed(one, endMs + hourMs)).toBe(9 * 3600);
  });

  test('never falls', () => {
    fc.assert(
      fc.property(seconds, seconds, (a, b) => {
        const [before, after] = [Math.min(a, b), Math.max(a, b)].map((second) => t0 + second * 1000 - 1);
        const [less, more] = [before, after].map((atMs = 0) => usedMicroEur(contract(lived), atMs));
        expect(more).toBeGreaterThanOrEqual(less ?? 0);
      }),
      { numRuns: 100, seed: 102 },
    );
  });

  test('is nothing where there is no price', () => {
    const free = contract(take(world('fra1/h1/r1 1×8 H100'), demand('1×8 H100 9h')));
    expect(usedMicroEur(free, endMs)).toBe(0);
    expect(gpuSecondsUsed(free, endMs)).toBe(8 * 9 * 3600);
  });

  test('counts against the budget for the whole, which never gets less than nothing', () => {
    const totalMicroEur = 9 * pricePerHour;
    const one = contract(take(fleet, demand('1×1 H100 9h', { budget: { totalMicroEur } })));
    const left = (atMs: number) => budgetLeft(one, atMs).budget?.totalMicroEur;
    expect([left(t0), left(t0 + 2 * hourMs), left(endMs), left(endMs + hourMs)]).toEqual([
      totalMicroEur,
      7 * pricePerHour,
      0,
      0,
    ]);
    expect(budgetLeft(contract(lived), t0 + hourMs)).toEqual({});
  });
});

describe('a wish asked again later', () => {
  const graceMs = 300_000;
  const wish = demand('1×1 H100 9h');
  const changing = { contract: id, version: 1 };

  test('begins now once its only start has passed, with its length', () => {
    expect(renewed({ demand: wish }, t0 + graceMs)).toBe(wish);
    const later = t0 + graceMs + 1;
    expect(renewed({ demand: wish }, later)?.window).toEqual({
      earliestStartMs: later,
      durationS: 9 * 3600,
    });
  });

  test('is the same where it can wait: by its latest start, or by its deadline', () => {
    const waits = demand('1×1 H100', flexible(9, 20));
    expect(renewed({ demand: waits }, t0 + 3 * hourMs)).toBe(waits);
    const window = { earliestStartMs: t0, deadlineMs: t0 + 30 * hourMs, durationS: 3600 };
    const due = demand('1×1 H100', { window });
    expect(renewed({ demand: due }, t0 + 3 * hourMs)).toBe(due);
  });

  test('of a change ends when it would have ended, to the millisecond, or is over', () => {
    fc.assert(
      fc.property(fc.integer({ min: graceMs + 1, max: 10 * hourMs }), (lateMs) => {
        const now = t0 + lateMs;
        const again = renewed({ demand: wish, changes: changing }, now);
        const { earliestStartMs = 0, durationS = 0 } = again?.window ?? {};
        expect(again === undefined).toBe(endMs - now < 1000);
        expect(again === undefined || earliestStartMs + durationS * 1000 === endMs).toBe(true);
        expect(again === undefined || (earliestStartMs >= now && earliestStartMs < now + 1000)).toBe(true);
      }),
      { numRuns: 300, seed: 103, examples: [[9 * hourMs - 1000], [9 * hourMs - 999], [9 * hourMs]] },
    );
  });

  test('of a change without an end begins now', () => {
    const open = demand('1×1 H100');
    expect(renewed({ demand: open, changes: changing }, t0 + hourMs)?.window).toEqual({
      earliestStartMs: t0 + hourMs,
    });
  });
});

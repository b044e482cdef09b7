import { assert, property } from 'fast-check';
import { expect, test } from 'vitest';

import { check } from '../../../src/core/check.ts';
import { withPast } from '../../../src/core/state.ts';
import { ask, commit, lease, planned, release, take } from '../acts.ts';
import { fleets, seed, steps } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { hourMs, observe, t0, verdictAll, type World, world } from '../fleet.ts';
import { walk } from '../walk.ts';

const dayH = 24;
const fleet = world('fra1/h1/r1 1×8 H100 rdma leaf');

function at(hours: number) {
  const atMs = t0 + hours * hourMs;
  return { atMs, window: { earliestStartMs: atMs, durationS: 3600 } };
}

/** Holders of the one node, in the order of its list. */
function holders({ state }: World): string {
  return state.calendar
    .flat()
    .map(({ holder }) => holder)
    .join(' ');
}

function takeAt(before: World, text: string, hours: number): World {
  const { atMs, window } = at(hours);
  return take(before, demand(text, { window }), { atMs });
}

test('a day after it ended, what was held goes when something else is held there', () => {
  const one = takeAt(fleet, '1×8', 0);
  const later = takeAt(one, '1×8', dayH);
  expect(holders(later)).toBe('C-101 C-102');
  expect(holders(takeAt(later, '1×8', dayH + 1))).toBe('C-102 C-103');
  expect(holders(takeAt(one, '1×8', 30 * dayH))).toBe('C-102');
  expect(withPast(takeAt(one, '1×8', 30 * dayH).state).calendar.flat()).toHaveLength(2);
});

test('a list stays as long as what stands, however long the ledger gets', () => {
  let now = fleet;
  for (let day = 0; day < 40; day++) now = takeAt(now, '1×8', day * dayH);
  expect(now.state.calendar.flat().length).toBeLessThanOrEqual(2);
  expect(withPast(now.state).calendar.flat()).toHaveLength(40);
});

test('bandwidth on edges goes in the same way', () => {
  const linked = world('fra1/h1/r1 2×8 H100 rdma', {
    leafs: { 'fra1/l1': { uplinkMbps: 1_000_000 }, 'fra1/l2': { uplinkMbps: 1_000_000 } },
    nodes: { 'fra1/h1/r1/n01': { leaf: 'fra1/l1' }, 'fra1/h1/r1/n02': { leaf: 'fra1/l2' } },
  });
  const parts = [{ name: 'train', count: 2, each: { gpus: { count: 8 }, rdma: { uplinkMbps: 1000 } } }];
  let now = linked;
  for (let day = 0; day < 5; day++) {
    const { atMs, window } = at(day * dayH);
    now = take(now, demand('2×8', { parts, window }), { atMs });
  }
  expect([...now.state.bandwidth.values()].map((holds) => holds.length)).toEqual([2, 2]);
  expect([...withPast(now.state).bandwidth.values()].map((holds) => holds.length)).toEqual([5, 5]);
});

test('what a lease has stood beside since its start is not forgotten while it can be committed', () => {
  const pair = world('fra1/h1/r1 1×8 H100');
  const one = takeAt(pair, '1×4', 0);
  const long = { window: { earliestStartMs: t0, durationS: 10 * dayH * 3600 } };
  const answer = planned(one, demand('1×4', long));
  const { world: held } = lease(one, answer, 7 * dayH);
  const busy = takeAt(takeAt(held, '1×2', 2 * dayH), '1×2', 4 * dayH);
  expect(holders(busy)).toContain('C-101');
  const late = commit(busy, answer, at(5 * dayH));
  expect(late.decision.kind).toBe('contract-granted');
  expect(holders(takeAt(late.world, '1×2', 6 * dayH))).not.toContain('C-101');
});

test('an import enters what had not ended a day before, and the past can still be had', () => {
  const one = takeAt(takeAt(fleet, '1×8', 0), '1×8', 3 * dayH);
  const seen = observe(one, []);
  expect(withPast(seen.state).calendar).toEqual(withPast(one.state).calendar);
});

test('what is not forgotten is as it would be with all of the past', () => {
  assert(
    property(fleets, steps, (racks, todo) => {
      const slow = todo.map((step) => ({ ...step, waitH: step.waitH * 11 }));
      walk(world(...racks), slow, (_, { world: now, atMs }) => {
        const all = withPast(now.state).calendar;
        const since = (holds: (typeof all)[number]) =>
          holds.filter(({ endMs }) => endMs > atMs - dayH * hourMs).toSorted((a, b) => compare(a, b));
        expect(now.state.calendar.map(since)).toEqual(all.map(since));
      });
    }),
    { seed, numRuns: 60 },
  );
});

test('no question about now or later is answered otherwise than with all of the past', () => {
  let planCount = 0;
  assert(
    property(fleets, steps, (racks, todo) => {
      const slow = todo.map((step) => ({ ...step, waitH: step.waitH * 11 }));
      const { world: end, atMs, plans } = walk(world(...racks), slow);
      const whole = { ...end, state: withPast(end.state) };
      const verdict = verdictAll(end.state, 'allowed');
      for (const { plan } of plans) {
        planCount++;
        const { window } = plan.demand;
        const asked = {
          ...plan.demand,
          window: { ...window, earliestStartMs: atMs, latestStartMs: atMs + 9 * hourMs },
        };
        expect(ask(end, asked, { atMs })).toEqual(ask(whole, asked, { atMs }));
        const held = { ...plan.placement, startMs: atMs, endMs: atMs + 5 * hourMs };
        expect(check(end.state, asked, verdict, held)).toEqual(check(whole.state, asked, verdict, held));
      }
    }),
    { seed, numRuns: 60 },
  );
  expect(planCount).toBeGreaterThan(60);
});

test('a release long after the end finds nothing to free', () => {
  const one = takeAt(takeAt(fleet, '1×8', 0), '1×8', 3 * dayH);
  const [first] = one.state.contracts;
  if (first === undefined) throw new Error('nothing was granted');
  const { decision } = release(one, first.id, at(4 * dayH));
  expect(decision).toMatchObject({ kind: 'refused', refusal: { kind: 'contract-ended' } });
});

type Held = {
  readonly holder: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly gpus: number;
};

function compare(a: Held, b: Held): number {
  const [one, other] = [a, b].map(
    ({ holder, startMs, endMs, gpus }) => `${holder} ${startMs} ${endMs} ${gpus}`,
  );
  return (one ?? '') < (other ?? '') ? -1 : 1;
}

import { describe, expect, test } from 'vitest';

import { digestState } from '../../../src/core/digest.ts';
import { lapse } from '../../../src/core/life/lapse.ts';
import { applyAll, emptyState, nextContract } from '../../../src/core/state.ts';
import { PlanId } from '../../../src/model/id.ts';
import { act, ask, commit, lease, planned, release, take } from '../acts.ts';
import { demand, flexible } from '../demand.ts';
import { fact } from '../fleet-text.ts';
import { hourMs, observe, t0, world } from '../fleet.ts';

const minuteMs = 60_000;
const fleet = world('fra1/h1/r1 1×8 H100 nvlink rdma cpu128 mem1024');
const wish = demand('1×8 H100 24h');
const whole = planned(fleet, wish);
const held = lease(fleet, whole, 2).world;

describe('a plan that is held', () => {
  test('keeps its devices from everybody else, until its lease ends', () => {
    const other = demand('1×1 H100 24h', { tenant: 'globex' });
    expect(ask(held, other, { atMs: t0 + 2 * hourMs - 1 }).kind).toBe('refused');
    const later = demand('1×1 H100 1h', {
      tenant: 'globex',
      window: { earliestStartMs: t0 + 2 * hourMs, durationS: 3600 },
    });
    expect(ask(held, later, { atMs: t0 + 2 * hourMs }).kind).toBe('planned');
  });

  test('stops others from committing what they planned before', () => {
    const other = planned(fleet, demand('1×1 H100 24h', { tenant: 'globex' }));
    expect(commit(held, other).decision).toMatchObject({ refusal: { kind: 'plan-stale' } });
    expect(JSON.stringify(commit(held, other).decision)).toContain(`is held by ${whole.id}`);
  });

  test('can be committed by itself: its own hold is not in its way, and is gone with it', () => {
    const { world: after, decision } = commit(held, whole, { atMs: t0 + hourMs });
    expect(decision).toMatchObject({ kind: 'contract-granted', contract: 'C-101', startMs: t0 });
    expect([...after.state.leases]).toEqual([]);
    expect(after.state.calendar.flat().map(({ holder }) => holder)).toEqual(['C-101']);
    expect(release(after, nextContract(fleet.state), { atMs: t0 + hourMs }).world.state.leases.size).toBe(0);
  });

  test('stands past its expiry for as long as it is held, and not longer', () => {
    const { expiresAtMs } = whole.plan;
    expect(expiresAtMs).toBeLessThan(t0 + 2 * hourMs);
    expect(commit(held, whole, { atMs: t0 + 2 * hourMs - 1 }).decision.kind).toBe('contract-granted');
    expect(commit(held, whole, { atMs: t0 + 2 * hourMs }).decision).toMatchObject({
      refusal: { kind: 'plan-expired', expiredAtMs: expiresAtMs },
    });
  });

  test('can be given back', () => {
    const { world: after, decision } = act(held, { kind: 'drop-hold', plan: whole.id });
    expect(decision).toEqual({ kind: 'hold-dropped', plan: whole.id });
    expect(after.state.calendar.flat()).toEqual([]);
    expect(act(after, { kind: 'drop-hold', plan: whole.id }).decision).toMatchObject({
      refusal: { kind: 'not-held', plan: whole.id },
    });
  });

  test('survives an import, and lapses after it', () => {
    const seen = observe(held, [fact('node', 'fra1/h1/r1/n02', {})]);
    expect(seen.state.calendar.flat()).toHaveLength(1);
    expect(lapse(seen.state, t0 + 2 * hourMs).calendar.flat()).toEqual([]);
  });

  test('a lease ends with the placement at the latest', () => {
    const short = planned(fleet, demand('1×8 H100 1h'));
    expect(lease(fleet, short, 5).decision).toEqual({
      kind: 'plan-held',
      plan: short.id,
      untilMs: t0 + hourMs,
    });
  });
});

describe('what cannot be held', () => {
  test.each([
    ['an expired plan', t0 + 2 * hourMs, 1, { kind: 'plan-expired' }],
    ['a plan whose start has passed', t0 + 6 * minuteMs, 1, { kind: 'plan-stale' }],
    ['longer than a week', t0, 169, { kind: 'lease-limit', limit: 'seconds', most: 604_800, asked: 608_400 }],
  ] as const)('%s', (_, atMs, hours, refusal) => {
    expect(lease(fleet, whole, hours, { atMs }).decision).toMatchObject({ refusal });
  });

  test('a week is not passed by renewing', () => {
    const long = planned(fleet, demand('1×8 H100 720h'));
    const once = lease(fleet, long, 168).world;
    const again = (hours: number, atMs: number) => lease(once, long, hours, { atMs }).decision.kind;
    expect(again(167, t0 + hourMs)).toBe('plan-held');
    expect(again(168, t0 + hourMs)).toBe('refused');
  });

  test('a sixteenth and no seventeenth plan of one tenant', () => {
    let now = world('fra1/h1/r1 3×8 H100 cpu128 mem1024');
    for (let at = 0; at < 16; at++) {
      now = lease(now, planned(now, demand('1×1 H100 24h')), 2).world;
      expect(now.state.leases.size).toBe(at + 1);
    }
    const one = planned(now, demand('1×1 H100 24h'));
    expect(lease(now, one, 2).decision).toMatchObject({
      refusal: { kind: 'lease-limit', limit: 'plans', most: 16, asked: 17 },
    });
    const theirs = planned(now, demand('1×1 H100 24h', { tenant: 'globex' }));
    expect(lease(now, theirs, 2).decision.kind).toBe('plan-held');
    expect(lease(now, one, 2, { atMs: t0 + 2 * hourMs }).decision).toMatchObject({
      refusal: { kind: 'plan-expired' },
    });
  });

  test('what others hold, and a handle of another plan', () => {
    const taken = take(fleet, demand('1×1 H100 24h'));
    expect(lease(taken, whole, 1).decision).toMatchObject({ refusal: { kind: 'plan-stale' } });
    const plan = PlanId.parse('plan-0000000000000000');
    const { decision } = act(fleet, { kind: 'hold-plan', plan, planDigest: whole.digest, leaseS: 60 });
    expect(decision).toMatchObject({ refusal: { kind: 'plan-stale' } });
  });

  test('what a contract holds already', () => {
    const committed = commit(fleet, whole).world;
    expect(lease(committed, whole, 1).decision).toMatchObject({ refusal: { kind: 'plan-stale' } });
  });
});

test('lapsing is a matter of the clock: folding the entries again gives the same at every time', () => {
  const wish2 = planned(held, demand('1×8 H100', flexible(2, 72)));
  const later = commit(held, wish2, { atMs: t0 + 3 * minuteMs }).world;
  const again = later.entries.reduce(
    (state, { events, stamp }) => applyAll(state, events, stamp, later.archive),
    emptyState,
  );
  for (const atMs of [t0, t0 + 2 * hourMs - 1, t0 + 2 * hourMs])
    expect(digestState(lapse(again, atMs))).toBe(digestState(lapse(later.state, atMs)));
  expect(lapse(later.state, t0 + hourMs)).toBe(later.state);
  expect(lapse(later.state, t0 + 2 * hourMs).leases.size).toBe(0);
});

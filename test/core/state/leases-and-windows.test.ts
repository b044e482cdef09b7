import { describe, expect, test } from 'vitest';

import { lapse, withoutLease } from '../../../src/core/life/lapse.ts';
import { withPast } from '../../../src/core/state.ts';
import { ContractId } from '../../../src/model/id.ts';
import { askChange, commit, lease, planned } from '../acts.ts';
import { demand } from '../demand.ts';
import { observe, t0, type World, world } from '../fleet.ts';
import { at, busy, held, offer, onlyLease, tell, window } from './busy.ts';

const fleet = world('fra1/h1/r1 8×4 H100');
const answer = planned(fleet, demand('1×4 H100 10h'));
fleet.archive.keepPlan(answer.plan);
const holding = (untilHour: number, { id, digest } = answer) => ({
  kind: 'plan-held',
  plan: id,
  planDigest: digest,
  untilMs: at(untilHour),
});

describe('a plan that is held', () => {
  const once = tell(fleet, t0, holding(2));

  test('says for whom, what, by whom, since when and until when', () => {
    const { plan } = answer;
    expect(onlyLease(once)).toEqual({
      plan: answer.id,
      planDigest: answer.digest,
      tenant: 'acme',
      demand: plan.demand,
      placement: plan.placement,
      heldBy: { principal: 'person:ada' },
      sinceMs: t0,
      untilMs: at(2),
    });
    expect(held(once)).toEqual([`n1 ${answer.id} 0–10`]);
  });

  test('longer is held since it was first held, and holds nothing twice', () => {
    const longer = tell(once, at(1), holding(3));
    expect(onlyLease(longer)).toEqual({ ...onlyLease(once), untilMs: at(3) });
    expect(longer.state.calendar).toEqual(once.state.calendar);
  });

  test('again after its lease has ended is held since then', () => {
    const again = tell(once, at(2), holding(4));
    expect(onlyLease(again)).toMatchObject({ sinceMs: at(2), untilMs: at(4) });
    expect(held(again)).toEqual([`n1 ${answer.id} 0–10`]);
  });

  test('is dropped with all that it holds', () => {
    const dropped = tell(once, at(1), { kind: 'hold-dropped', plan: answer.id });
    expect(dropped.state.leases.size).toBe(0);
    expect(held(dropped)).toEqual([]);
    expect(() => tell(dropped, at(1), { kind: 'hold-dropped', plan: answer.id })).toThrow('is not held');
  });

  test('cannot be dropped by an entry at its end: by then it has ended by the clock', () => {
    expect(tell(once, at(2) - 1, { kind: 'hold-dropped', plan: answer.id }).state.leases.size).toBe(0);
    expect(() => tell(once, at(2), { kind: 'hold-dropped', plan: answer.id })).toThrow('is not held');
  });
});

describe('an entry finds the leases of its time', () => {
  const other = planned(tell(fleet, t0, holding(2)), demand('1×4 H100 10h', { tenant: 'globex' }));
  fleet.archive.keepPlan(other.plan);
  const both = tell(fleet, t0, holding(2), holding(4, other));

  test.each([
    ['both before the first one ends', at(2) - 1, 2],
    ['one from its end on', at(2), 1],
    ['one until the other ends', at(4) - 1, 1],
    ['none after both', at(4), 0],
    ['none long after', at(400), 0],
  ] as const)('%s', (_, atMs, count) => {
    const after = tell(both, atMs);
    expect(after.state.leases.size).toBe(count);
    expect(held(after)).toHaveLength(count);
    expect(lapse(both.state, atMs).leases).toEqual(after.state.leases);
  });

  test('and lapsing twice, or in two steps, is lapsing once', () => {
    const once = lapse(both.state, at(4));
    expect(lapse(once, at(4))).toBe(once);
    expect(lapse(lapse(both.state, at(2)), at(4))).toEqual(once);
    expect(lapse(both.state, at(2) - 1)).toBe(both.state);
    expect(both.state.leases.size).toBe(2);
  });

  test('a state without a lease is the one that never had it', () => {
    const only = tell(fleet, t0, holding(4, other)).state;
    const without = withoutLease(both.state, onlyLease(tell(fleet, t0, holding(2))));
    expect([...without.leases]).toEqual([...only.leases]);
    expect(without.calendar).toEqual(only.calendar);
  });
});

describe('a change that is held', () => {
  const c101 = ContractId.parse('C-101');
  const running = commit(fleet, answer).world;
  const growth = askChange(running, c101, { replicas: { train: 2 } });
  if (growth.kind === 'refused') throw new Error('there is room');
  const grown = lease(running, growth, 2).world;

  test('holds what comes to the contract, and not a second time what it has', () => {
    expect(held(grown)).toEqual(['n1 C-101 0–10', `n2 ${growth.id} 0–10`]);
    expect(onlyLease(grown).held?.map(({ members }) => members.length)).toEqual([1]);
    expect(onlyLease(grown).placement.members).toHaveLength(2);
  });

  test('holds the same after an import, and when it is held longer', () => {
    expect(held(observe(grown, []))).toEqual(held(grown));
    const longer = lease(grown, growth, 3, { atMs: at(1) }).world;
    expect(onlyLease(longer).held).toEqual(onlyLease(grown).held);
    expect(held(observe(longer, []))).toEqual(held(grown));
  });

  test('gives back exactly that', () => {
    const dropped = tell(grown, at(1), { kind: 'hold-dropped', plan: growth.id });
    expect(dropped.state.calendar).toEqual(running.state.calendar);
    expect(tell(grown, at(2)).state.calendar).toEqual(running.state.calendar);
  });
});

const cancelled = (id: string, hour: number) => ({ kind: 'maintenance-cancelled', id, atMs: at(hour) });
const closed = (now: World) => held(now).filter((line) => line.startsWith('n6'));

describe('a window', () => {
  test('closes every node of its place, from its beginning to its end', () => {
    expect(closed(busy)).toEqual(['n6 MW-1 2–4']);
    const rack = tell(fleet, t0, window('MW-1', 2, 4, 'fra1/h1/r1'));
    expect(held(rack)).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((node) => `n${node} MW-1 2–4`));
    expect([...busy.state.maintenance.values()]).toEqual([
      { id: 'MW-1', place: 'fra1/h1/r1/n06', fromMs: at(2), toMs: at(4), reason: 'new fans' },
    ]);
  });

  test.each([
    ['before it begins: it never closes anything', 1, []],
    ['as it begins: as well', 2, []],
    ['while it runs: what was closed stays written down', 3, ['n6 MW-1 2–3']],
  ] as const)('that is cancelled %s', (_, hour, left) => {
    const open = tell(busy, t0, cancelled('MW-1', hour));
    expect(closed(open)).toEqual(left);
    expect([...open.state.maintenance.values()]).toMatchObject([{ id: 'MW-1', cancelledAtMs: at(hour) }]);
    // And so it is when everything is entered again.
    expect(closed(observe(open, []))).toEqual(left);
  });

  test('of another number stays as it is', () => {
    const two = tell(busy, t0, window('MW-2', 6, 8), cancelled('MW-1', 1));
    expect(closed(two)).toEqual(['n6 MW-2 6–8']);
    expect([...two.state.maintenance.keys()]).toEqual(['MW-1', 'MW-2']);
  });
});

const dayH = 24;

const imported = (before: World, hour: number) =>
  tell(before, at(hour), {
    kind: 'observation-recorded',
    observation: before.archive.keepObservation({
      schema: 'berth/observation/1',
      source: 'hwloc',
      observedAtMs: t0,
      evidence: [],
      assumptions: [],
      facts: [],
      unknown: [],
    }),
  });

describe('an import', () => {
  test('enters everything again as it stands', () => {
    expect(held(imported(busy, 0))).toEqual(held(busy));
    expect(imported(busy, 0).state.calendar).toEqual(busy.state.calendar);
  });

  // Contracts end at hour 10, the window at hour 4; the lease has ended by the clock.
  test.each([
    ['a window until a day after it has ended', 4 + dayH - 1, true, true],
    ['no window from then on', 4 + dayH, false, true],
    ['a contract until a day after it has ended', 10 + dayH - 1, false, true],
    ['nothing at all from then on', 10 + dayH, false, false],
  ] as const)('remembers %s', (_, hour, hasWindow, hasContracts) => {
    const after = imported(busy, hour);
    expect(closed(after)).toEqual(hasWindow ? ['n6 MW-1 2–4'] : []);
    expect(held(after).some((line) => line.includes('C-101'))).toBe(hasContracts);
    // Nothing of it is lost: the past can be had again from what the state says of contracts and windows.
    const past = { ...after, state: withPast(after.state) };
    expect(held(past)).toEqual(held(busy).filter((line) => !line.includes(offer.id)));
  });

  test.each([
    [
      'one that was released early',
      { kind: 'contract-released', contract: 'C-101', atMs: at(3) },
      'C-101',
      3,
    ],
    [
      'one that was preempted early',
      { kind: 'contract-preempted', contract: 'C-102', by: 'C-101', atMs: at(3) },
      'C-102',
      3,
    ],
    ['a window that was cancelled early', cancelled('MW-1', 3), 'MW-1', 3],
  ] as const)('counts the day from when it really ended: %s', (_, event, holder, hour) => {
    const early = tell(busy, t0, event);
    const knows = (later: number) => held(imported(early, later)).some((line) => line.includes(holder));
    expect([knows(hour + dayH - 1), knows(hour + dayH)]).toEqual([true, false]);
  });
});

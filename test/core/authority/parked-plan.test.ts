import { describe, expect, test } from 'vitest';

import { actOf } from '../../../src/core/authority/act.ts';
import { park } from '../../../src/core/authority/approvals.ts';
import { Actor } from '../../../src/model/actor.ts';
import { ParkedCommand } from '../../../src/model/command.ts';
import type { Outcome } from '../../../src/model/decision.ts';
import { ContractId } from '../../../src/model/id.ts';
import { identify, type Plan } from '../../../src/model/plan.ts';
import { lease, planned, take } from '../acts.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, verdictAll, type World, world } from '../fleet.ts';

const fleet = world('fra1/h1/r1 2×8 H100');
const answer = planned(fleet, demand('1×8 H100 24h'));

/** What comes of parking the commit of a plan. */
function parking(on: World, plan: Plan, atMs = t0): Outcome {
  const { state, archive } = on;
  const { id, digest } = identify(plan);
  archive.keepPlan(plan);
  const command = ParkedCommand.parse({ kind: 'commit-plan', plan: id, planDigest: digest });
  const act = actOf(state, command, { archive, atMs });
  const actor = Actor.parse({ principal: 'agent:bot' });
  const given = { atMs, archive, verdict: verdictAll(state, 'allowed') };
  return park(state, given, { command, actor, act, tier: 3, why: ['it is large'] });
}

/** From `t0` on. */
function inHours(atMs: number | undefined): number | 'as before' {
  return atMs === undefined ? 'as before' : (atMs - t0) / hourMs;
}

/** Until when the approval waits and its plan is held, in hours from `t0`. */
function waits({ decision, events }: Outcome): object {
  if (decision.kind !== 'approval-requested') throw new Error('it may wait');
  const lengthened = events.some(({ kind }) => kind === 'plan-held');
  return { waitsH: inHours(decision.expiresAtMs), heldH: inHours(decision.heldUntilMs), lengthened };
}

describe('while a person decides about a plan', () => {
  test.each([
    ['that nobody holds, it is held for four hours', fleet, 0, { waitsH: 4, heldH: 4, lengthened: true }],
    [
      'that is held for an hour, it is held for longer',
      lease(fleet, answer, 1).world,
      0,
      { waitsH: 4, heldH: 4, lengthened: true },
    ],
    [
      'that is held for just so long, it stays so',
      lease(fleet, answer, 4).world,
      0,
      { waitsH: 4, heldH: 'as before', lengthened: false },
    ],
    [
      'that is held for longer, it waits so long',
      lease(fleet, answer, 6).world,
      0,
      { waitsH: 6, heldH: 'as before', lengthened: false },
    ],
    [
      'that has been held for half of that, it is held anew',
      lease(fleet, answer, 4).world,
      2,
      { waitsH: 6, heldH: 6, lengthened: true },
    ],
  ])('%s', (_, on, atH, expected) => {
    expect(waits(parking(on, answer.plan, t0 + atH * hourMs))).toEqual(expected);
  });

  test('that is over before that, it is held to its end', () => {
    const { plan } = planned(fleet, demand('1×8 H100 2h'));
    expect(waits(parking(fleet, plan))).toEqual({ waitsH: 2, heldH: 2, lengthened: true });
  });

  test('that takes from others it is not held, and waits as long as the plan is to be had', () => {
    const preemptible = take(fleet, demand('2×8 H100 9h', { guarantee: 'preemptible' }));
    const { plan } = planned(preemptible, demand('1×8 H100 1h', { mayPreempt: true }));
    expect(plan.preempts).toEqual([ContractId.parse('C-101')]);
    expect(waits(parking(preemptible, plan))).toEqual({ waitsH: 1, heldH: 'as before', lengthened: false });
  });

  test('that no longer holds, nobody has to decide', () => {
    const full = take(fleet, demand('2×8 H100 9h', { tenant: 'globex' }));
    expect(parking(full, answer.plan).decision).toMatchObject({ refusal: { kind: 'plan-stale' } });
    expect(parking(full, answer.plan).events).toEqual([]);
    expect(parking(fleet, answer.plan, answer.plan.expiresAtMs).decision).toMatchObject({
      refusal: { kind: 'plan-expired' },
    });
  });
});

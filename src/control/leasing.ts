import type { Command } from '../model/command.ts';
import type { IdemKey, PlanId } from '../model/id.ts';
import { identify } from '../model/plan.ts';
import type { LeaseResult } from '../model/view.ts';
import { requireTenant } from './caller.ts';
import { freshPlan, shownTo } from './changes.ts';
import type { Caller } from './control.ts';
import type { Door, Passed } from './door.ts';
import { requestHash } from './once.ts';
import { planOf } from './planning.ts';
import { zoneOf } from './views/plan-view.ts';
import { refusalView } from './views/refusal-view.ts';
import { snapshotOf } from './views/snapshot.ts';
import { isoIn } from './zone.ts';

/** Holds the capacity of a plan for a time, or longer than it is held already. */
export async function holdPlan(
  door: Door,
  caller: Caller,
  request: { readonly plan: PlanId; readonly leaseS: number; readonly idemKey: IdemKey },
): Promise<LeaseResult> {
  const plan = await planOf(door, caller, request.plan);
  const { tenant } = plan.demand;
  requireTenant(caller, tenant);
  const asked = { plan: request.plan, leaseS: request.leaseS };
  const command: Command = { kind: 'hold-plan', ...asked, planDigest: identify(plan).digest };
  const hash = requestHash('plan_hold', asked);
  const passed = await door.pass(caller, command, { key: request.idemKey, tenant, hash });
  const result = leaseResult(caller, passed, zoneOf(passed.moment.state, plan.demand));
  return result.decision === 'rejected'
    ? { ...result, ...(await freshPlan(door, caller, { passed, stale: plan })) }
    : result;
}

/** Gives up the hold of a plan. */
export async function dropHold(
  door: Door,
  caller: Caller,
  request: { readonly plan: PlanId; readonly idemKey: IdemKey },
): Promise<LeaseResult> {
  const plan = await planOf(door, caller, request.plan);
  const { tenant } = plan.demand;
  requireTenant(caller, tenant);
  const hash = requestHash('plan_drop', { plan: request.plan });
  const command: Command = { kind: 'drop-hold', plan: request.plan };
  const passed = await door.pass(caller, command, { key: request.idemKey, tenant, hash });
  return leaseResult(caller, passed, zoneOf(passed.moment.state, plan.demand));
}

function leaseResult(caller: Caller, passed: Passed, zone: string): LeaseResult {
  const snapshot = snapshotOf(passed.moment, zone);
  if (passed.kind === 'refused') {
    const refusal = refusalView(shownTo(caller, passed), undefined, zone);
    return { snapshot, decision: 'rejected', replayed: false, refusal, next: 'nothing was changed' };
  }
  const { decision, seq, digest } = passed.entry;
  const replayed = passed.kind === 'replayed';
  const entry = { seq, digest };
  if (decision.kind !== 'plan-held')
    return { snapshot, decision: 'dropped', replayed, entry, next: 'its capacity is free again' };
  const { plan, untilMs } = decision;
  return {
    snapshot,
    decision: 'held',
    replayed,
    lease: { plan, untilMs, until: isoIn(untilMs, zone) },
    entry,
    next: `commit it with contract_commit {"plan":"${plan}"} before it ends`,
  };
}

import { lapse } from '../core/life/lapse.ts';
import type { Lease, State } from '../core/state.ts';
import type { Command } from '../model/command.ts';
import type { LeaseList, LeaseResult } from '../model/deed-view.ts';
import { type IdemKey, type PlanId, siteOf } from '../model/id.ts';
import { identify } from '../model/plan.ts';
import { compareText } from '../model/text.ts';
import { mayActFor, requireTenant } from './caller.ts';
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

/** The plans that are held now for tenants that the caller may act for, those first whose leases end first. */
export async function listLeases(door: Door, caller: Caller): Promise<LeaseList> {
  const moment = await door.moment();
  const held = [...lapse(moment.state, moment.nowMs).leases.values()]
    .filter(({ tenant }) => mayActFor(caller, tenant))
    .toSorted((a, b) => a.untilMs - b.untilMs || compareText(a.plan, b.plan));
  const leases = await Promise.all(held.map(async (lease) => leaseView(door, moment.state, lease)));
  return { snapshot: snapshotOf(moment), leases };
}

async function leaseView(door: Door, state: State, lease: Lease): Promise<LeaseList['leases'][number]> {
  const { plan, planDigest, tenant, placement, untilMs, heldBy } = lease;
  const zone = zoneOf(state, { tenant });
  const { changes } = await door.library.fetchPlan(planDigest);
  return {
    plan,
    tenant,
    ...(changes === undefined ? {} : { changes: changes.contract }),
    gpuCount: placement.members.reduce((sum, { gpus }) => sum + gpus.length, 0),
    sites: [...new Set(placement.members.map(({ node }) => siteOf(node)))].toSorted(compareText),
    start: isoIn(placement.startMs, zone),
    ...(placement.endMs === undefined ? {} : { end: isoIn(placement.endMs, zone) }),
    untilMs,
    until: isoIn(untilMs, zone),
    heldBy: heldBy.principal,
  };
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

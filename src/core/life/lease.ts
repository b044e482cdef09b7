import type { Command } from '../../model/command.ts';
import type { Contract } from '../../model/contract.ts';
import type { Outcome } from '../../model/decision.ts';
import type { PlanId } from '../../model/id.ts';
import type { Plan } from '../../model/plan.ts';
import type { Refusal } from '../../model/refusal.ts';
import { dayMs } from '../../model/unit.ts';
import type { CommandGiven } from '../given.ts';
import { refuse } from '../refuse.ts';
import { contractOf, type State } from '../state.ts';
import { stepOf } from './addition.ts';
import { endedBy, isChangeable, misfitsOf } from './commit.ts';
import { expiryOf, faultsOf } from './offer.ts';

/** No plan is held longer than this, however often its lease is renewed. */
const longestMs = 7 * dayMs;

/** Plans that one tenant may hold at a time. */
const leaseLimit = 16;

/** Holds what a plan would be promised until the lease ends, or makes the lease of a held plan longer. */
export function holdPlan(state: State, given: CommandGiven, command: HoldPlan): Outcome {
  const plan = given.archive.plan(command.planDigest);
  if ((plan.preempts ?? []).length + (plan.shrinks ?? []).length > 0)
    return refuse({ kind: 'not-supported', feature: 'holding a plan that preempts contracts' });
  const contract = plan.changes === undefined ? undefined : contractOf(state, plan.changes.contract);
  const refusal =
    contract === undefined ? undefined : unheldChange(contract, plan, { id: command.plan, ...given });
  if (refusal !== undefined) return refuse(refusal);
  const expiredAtMs = expiryOf(state, plan, command.plan);
  if (given.atMs >= expiredAtMs) return refuse({ kind: 'plan-expired', plan: command.plan, expiredAtMs });
  const changed = faultsOf(state, given, { plan, id: command.plan, digest: command.planDigest });
  if (changed.length > 0) return refuse({ kind: 'plan-stale', plan: command.plan, changed: [...changed] });
  return withinLimits(state, given, { plan, command });
}

/** Gives up a lease before its end. */
export function dropHold(state: State, { plan }: Extract<Command, { kind: 'drop-hold' }>): Outcome {
  if (!state.leases.has(plan)) return refuse({ kind: 'not-held', plan });
  return { decision: { kind: 'hold-dropped', plan }, events: [{ kind: 'hold-dropped', plan }] };
}

type HoldPlan = Extract<Command, { kind: 'hold-plan' }>;

/**
 * Why a change is not held: the contract has ended or moved on, or some of what it holds would move. Beside what it
 * holds until then, the place it moves to could ask for more power than there is.
 */
function unheldChange(
  contract: Contract,
  plan: Plan,
  { id, atMs }: { readonly id: PlanId; readonly atMs: number },
): Refusal | undefined {
  if (!isChangeable(contract, atMs)) return endedBy(contract, atMs);
  const changed = [...misfitsOf(contract, plan, atMs)];
  if (changed.length > 0) return { kind: 'plan-stale', plan: id, changed };
  const { gained, lost } = stepOf(contract, plan.placement);
  if (gained.length === 0 || lost.length === 0) return undefined;
  return { kind: 'not-supported', feature: `holding a plan that moves what ${contract.id} has` };
}

function withinLimits(
  state: State,
  { atMs }: CommandGiven,
  { plan, command }: { readonly plan: Plan; readonly command: HoldPlan },
): Outcome {
  const held = state.leases.get(command.plan);
  const count = [...state.leases.values()].filter(({ tenant }) => tenant === plan.demand.tenant).length;
  if (held === undefined && count >= leaseLimit)
    return refuse({ kind: 'lease-limit', limit: 'plans', most: leaseLimit, asked: count + 1 });
  const askedMs = atMs + command.leaseS * 1000 - (held?.sinceMs ?? atMs);
  if (askedMs > longestMs) {
    const asked = Math.ceil(askedMs / 1000);
    return refuse({ kind: 'lease-limit', limit: 'seconds', most: longestMs / 1000, asked });
  }
  const untilMs = Math.min(atMs + command.leaseS * 1000, plan.placement.endMs ?? Infinity);
  const { plan: id, planDigest } = command;
  return {
    decision: { kind: 'plan-held', plan: id, untilMs },
    events: [{ kind: 'plan-held', plan: id, planDigest, untilMs }],
  };
}

import { canonicalJson } from '../../model/canonical.ts';
import type { Contract } from '../../model/contract.ts';
import { type Digest, type PlanId, planIdOf } from '../../model/id.ts';
import type { Plan } from '../../model/plan.ts';
import { check } from '../check.ts';
import type { CommandGiven } from '../given.ts';
import { withinBudget } from '../place/budget.ts';
import { graceMs } from '../place/start-range.ts';
import { priceOf } from '../price.ts';
import { unjustified } from '../reclaim/unjustified.ts';
import { contractOf, type State } from '../state.ts';
import { stepOf } from './addition.ts';
import { lossFaults } from './losses.ts';
import { trialOf } from './trial.ts';

/** No list of reasons is longer than a person reads. */
const reasonLimit = 12;

/** A plan, and the handle and digest under which it was handed in. */
export type Offer = { readonly plan: Plan; readonly id: PlanId; readonly digest: Digest };

/** A plan stands until it expires, and as long as it is held. */
export function expiryOf(state: State, { expiresAtMs }: Plan, id: PlanId): number {
  return Math.max(expiresAtMs, state.leases.get(id)?.untilMs ?? 0);
}

/** Everything that no longer holds of a plan at this head; empty when exactly that answer can be promised. */
export function faultsOf(state: State, given: CommandGiven, offer: Offer): readonly string[] {
  const { verdict } = given;
  if (verdict === undefined) throw new Error('a plan needs the verdict of the rules');
  const strange = strangeness(state, offer);
  if (strange !== undefined) return [strange];
  const { plan, id } = offer;
  const trial = trialOf(state, { id, plan, atMs: given.atMs });
  const changed = [
    ...lossFaults(state, plan, given.atMs),
    ...unjustified(state, { id, plan, verdict, atMs: given.atMs }),
    ...check(trial, plan.demand, verdict, plan.placement).map(
      ({ constraint, note }) => `${constraint}: ${note}`,
    ),
    ...lateness(plan, given.atMs, state.leases.has(id) && mayBeLate(state, plan)),
    ...lateTransfers(state, plan, given.atMs),
  ];
  if (!withinBudget(plan.price, plan.demand)) changed.push('its price is beyond its budget');
  if (changed.length === 0 && priceMoved(state, plan)) changed.push('the price has changed');
  return changed.slice(0, reasonLimit).map((reason) => reason.slice(0, 300));
}

/** Why a plan is none of this ledger's that is still to be had. */
function strangeness(state: State, { plan, id, digest }: Offer): string | undefined {
  if (planIdOf(digest) !== id) return 'its handle belongs to another plan';
  if (plan.inputs.seq > state.seq) return `it rests on entry ${plan.inputs.seq}, which is still to come`;
  const before = grantOf(state, plan, digest);
  if (before !== undefined) return `it was already committed as ${before.id}`;
  if (!state.tenants.has(plan.demand.tenant)) return `tenant \`${plan.demand.tenant}\` is not registered`;
  return undefined;
}

/** The contract that a plan was granted as. Only what was granted after the plan was made can be. */
function grantOf({ contracts }: State, { inputs }: Plan, digest: Digest): Contract | undefined {
  for (let at = contracts.size - 1; at >= 0; at--) {
    const contract = contracts.at(at);
    if (contract === undefined || contract.grantedSeq <= inputs.seq) return undefined;
    if ((contract.earlier?.[0]?.planDigest ?? contract.planDigest) === digest) return contract;
  }
  return undefined;
}

/**
 * What was held may begin in the past. A change only if it gives nothing up and costs no less: else the contract would
 * have had until now what it does not pay for.
 */
function mayBeLate(state: State, { changes, placement, price }: Plan): boolean {
  const contract = changes === undefined ? undefined : contractOf(state, changes.contract);
  if (contract === undefined) return true;
  const [before, after] = [contract.price.microEurPerHour ?? 0, price.microEurPerHour ?? 0];
  return after >= before && stepOf(contract, placement).lost.length === 0;
}

/** A past that nothing was held in cannot be promised. A lease has held it, and it is paid for. */
function* lateness({ placement }: Plan, atMs: number, isHeld: boolean): Generator<string> {
  if (placement.endMs !== undefined && placement.endMs <= atMs) yield 'its end has passed';
  else if (!isHeld && placement.startMs < atMs - graceMs) yield 'its start has passed';
}

/** Nothing moves for a plan, held or not: only what a contract moves already may have begun. */
function* lateTransfers(state: State, { placement, changes }: Plan, atMs: number): Generator<string> {
  const changed = changes === undefined ? undefined : contractOf(state, changes.contract);
  const moving = (changed?.placement.transfers ?? []).map((transfer) => canonicalJson(transfer));
  const isLate = (placement.transfers ?? []).some(
    (transfer) => transfer.startMs < atMs && !moving.includes(canonicalJson(transfer)),
  );
  if (isLate) yield 'a dataset should have begun to move by now';
}

function priceMoved(state: State, plan: Plan): boolean {
  const now = priceOf(state.fleet, plan.placement, plan.demand.window.durationS);
  return now.microEurPerHour !== plan.price.microEurPerHour || now.totalMicroEur !== plan.price.totalMicroEur;
}

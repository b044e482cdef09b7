import type { Command } from '../../model/command.ts';
import { type Contract, isStanding, stateAt } from '../../model/contract.ts';
import type { Outcome } from '../../model/decision.ts';
import type { Event } from '../../model/event.ts';
import type { ContractId } from '../../model/id.ts';
import type { Plan } from '../../model/plan.ts';
import type { Refusal } from '../../model/refusal.ts';
import type { CommandGiven } from '../given.ts';
import { refuse } from '../refuse.ts';
import { contractOf, nextContract, type State } from '../state.ts';
import { expiryOf, faultsOf, type Offer } from './offer.ts';
import { seamlessUntilMs, takeoverMs } from './trial.ts';

/** Makes a plan a contract, if exactly that answer still holds. What others lose for it they lose when it begins. */
export function commitPlan(
  state: State,
  given: CommandGiven,
  command: Extract<Command, { kind: 'commit-plan' }>,
): Outcome {
  const offer = offerOf(given, command);
  if (offer.plan.changes !== undefined)
    return stale(offer, [`it changes ${offer.plan.changes.contract} and makes no new contract`]);
  const refusal = expiredOrStale(state, given, offer);
  if (refusal !== undefined) return refuse(refusal);
  const contract = nextContract(state);
  const { plan, planDigest } = command;
  return {
    decision: {
      kind: 'contract-granted',
      contract,
      plan,
      ...spanAndPrice(offer.plan),
      ...namesOfVictims(offer.plan),
    },
    events: [...losses(offer.plan, contract), { kind: 'contract-granted', contract, plan, planDigest }],
  };
}

/** Lets a plan take the place of what a contract holds, from the plan's start on. */
export function changeContract(
  state: State,
  given: CommandGiven,
  command: Extract<Command, { kind: 'change-contract' }>,
): Outcome {
  const contract = contractOf(state, command.contract);
  if (contract === undefined) return refuse({ kind: 'contract-unknown', contract: command.contract });
  const moved = versionMoved(contract, command.expectedVersion);
  if (moved !== undefined) return refuse(moved);
  if (!isChangeable(contract, given.atMs)) return refuse(endedBy(contract, given.atMs));
  const offer = offerOf(given, command);
  const misfits = [...misfitsOf(contract, offer.plan, given.atMs)];
  if (misfits.length > 0) return stale(offer, misfits);
  const refusal = expiredOrStale(state, given, offer);
  if (refusal !== undefined) return refuse(refusal);
  const { plan, planDigest } = command;
  const atMs = takeoverMs(contract, offer.plan.placement.startMs, given.atMs);
  return {
    decision: {
      kind: 'contract-changed',
      contract: contract.id,
      version: contract.version + 1,
      plan,
      ...spanAndPrice(offer.plan),
    },
    events: [
      ...losses(offer.plan, contract.id),
      { kind: 'contract-changed', contract: contract.id, plan, planDigest, atMs },
    ],
  };
}

/** Another version than the one that was expected. */
export function versionMoved({ id, version }: Contract, expected: number | undefined): Refusal | undefined {
  if (expected === undefined || expected === version) return undefined;
  return { kind: 'version-conflict', contract: id, expected, actual: version };
}

/** What is to end for another contract is not changed any more. */
export function isChangeable(contract: Contract, atMs: number): boolean {
  return isStanding(contract, atMs) && contract.preemptedAtMs === undefined;
}

/** The refusal for a contract that has ended, or is to end for another one. */
export function endedBy(contract: Contract, atMs: number): Refusal {
  const { id, placement, releasedAtMs, preemptedAtMs } = contract;
  const now = isStanding(contract, atMs) ? 'preempted' : stateAt(contract, atMs);
  const endedAtMs = releasedAtMs ?? preemptedAtMs ?? placement.endMs ?? atMs;
  return { kind: 'contract-ended', contract: id, state: now, endedAtMs };
}

function offerOf(
  { archive }: CommandGiven,
  command: Extract<Command, { kind: 'commit-plan' | 'change-contract' }>,
): Offer {
  return { plan: archive.plan(command.planDigest), id: command.plan, digest: command.planDigest };
}

function expiredOrStale(state: State, given: CommandGiven, offer: Offer): Refusal | undefined {
  const expiredAtMs = expiryOf(state, offer.plan, offer.id);
  if (given.atMs >= expiredAtMs) return { kind: 'plan-expired', plan: offer.id, expiredAtMs };
  const changed = faultsOf(state, given, offer);
  return changed.length === 0 ? undefined : { kind: 'plan-stale', plan: offer.id, changed: [...changed] };
}

function stale({ id }: Offer, changed: string[]): Outcome {
  return refuse({ kind: 'plan-stale', plan: id, changed });
}

/** Why a plan is no change of this contract as it stands. */
export function* misfitsOf(
  contract: Contract,
  { changes, demand, placement }: Plan,
  atMs: number,
): Generator<string> {
  const { id, version, tenant } = contract;
  if (changes?.contract !== id) {
    yield `it does not change ${id}`;
    return;
  }
  if (changes.version !== version)
    yield `${id} is at version ${version}, it was planned on ${changes.version}`;
  if (demand.tenant !== tenant) yield `${id} belongs to tenant \`${tenant}\``;
  const { startMs } = placement;
  if (contract.placement.startMs <= atMs && startMs < contract.placement.startMs)
    yield `it begins at ${startMs}, before what ${id} holds since ${contract.placement.startMs}`;
  if (startMs > seamlessUntilMs(contract, atMs)) yield `it leaves ${id} without anything until ${startMs}`;
}

/** What others lose for a plan when it begins. */
function losses(
  { preempts = [], shrinks = [], placement: { startMs: atMs } }: Plan,
  by: ContractId,
): Event[] {
  return [
    ...preempts.map((contract) => ({ kind: 'contract-preempted' as const, contract, by, atMs })),
    ...shrinks.map((shrink) => ({ kind: 'contract-shrunk' as const, ...shrink, by, atMs })),
  ];
}

function namesOfVictims({ preempts = [], shrinks = [] }: Plan) {
  return {
    ...(preempts.length === 0 ? {} : { preempts: [...preempts] }),
    ...(shrinks.length === 0 ? {} : { shrinks: shrinks.map(({ contract }) => contract) }),
  };
}

function spanAndPrice({ placement: { startMs, endMs }, price: { totalMicroEur } }: Plan) {
  return {
    startMs,
    ...(endMs === undefined ? {} : { endMs }),
    ...(totalMicroEur === undefined ? {} : { totalMicroEur }),
  };
}

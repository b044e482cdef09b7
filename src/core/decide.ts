import type { Command } from '../model/command.ts';
import type { Contract } from '../model/contract.ts';
import { stateAt } from '../model/contract.ts';
import type { Outcome } from '../model/decision.ts';
import { type Digest, planIdOf } from '../model/id.ts';
import type { Plan } from '../model/plan.ts';
import type { Refusal } from '../model/refusal.ts';
import { check } from './check.ts';
import type { CommandGiven } from './given.ts';
import { withinBudget } from './place/solve.ts';
import { costOf, priceOf } from './price.ts';
import { contractOf, nextContract, type State } from './state.ts';

/**
 * The one function that decides. Pure: same state, same arguments, same bytes. A yes carries the events that
 * make it true; a no carries its reasons and no events. Throws only where the caller broke the contract of
 * this function (a commit without a verdict, a digest that the archive does not hold).
 */
export function decide(state: State, given: CommandGiven, command: Command): Outcome {
  switch (command.kind) {
    case 'register-tenant':
      return {
        decision: { kind: 'tenant-registered', tenant: command.tenant.id },
        events: [{ kind: 'tenant-registered', tenant: command.tenant }],
      };
    case 'record-observation':
      return recordObservation(given, command.observation);
    case 'commit-plan':
      return commitPlan(state, given, command);
    case 'release-contract':
      return releaseContract(state, given, command);
    case 'hold-plan':
    case 'change-contract':
    case 'grant-mandate':
    case 'approve-plan':
    case 'start-maintenance':
    case 'bind-contract':
    case 'stop-principal':
      return refuse({ kind: 'not-supported', feature: `the command \`${command.kind}\`` });
    default:
      return command satisfies never;
  }
}

function refuse(refusal: Refusal): Outcome {
  return { decision: { kind: 'refused', refusal }, events: [] };
}

function recordObservation({ archive }: CommandGiven, observation: Digest): Outcome {
  const { facts } = archive.observation(observation);
  const subjects = new Set(facts.map((fact) => `${fact.kind} ${fact.subject}`));
  return {
    decision: { kind: 'observation-recorded', observation, subjectCount: subjects.size },
    events: [{ kind: 'observation-recorded', observation }],
  };
}

function commitPlan(state: State, given: CommandGiven, command: CommitPlan): Outcome {
  const plan = given.archive.plan(command.planDigest);
  if (given.atMs >= plan.expiresAtMs) {
    return refuse({ kind: 'plan-expired', plan: command.plan, expiredAtMs: plan.expiresAtMs });
  }
  const changed = staleness(state, given, plan, command);
  if (changed.length > 0) return refuse({ kind: 'plan-stale', plan: command.plan, changed });
  const contract = nextContract(state);
  const { startMs, endMs } = plan.placement;
  const { totalMicroEur } = plan.price;
  return {
    decision: {
      kind: 'contract-granted',
      contract,
      plan: command.plan,
      startMs,
      ...(endMs === undefined ? {} : { endMs }),
      ...(totalMicroEur === undefined ? {} : { totalMicroEur }),
    },
    events: [{ kind: 'contract-granted', contract, plan: command.plan, planDigest: command.planDigest }],
  };
}

type CommitPlan = Extract<Command, { kind: 'commit-plan' }>;

/** No list of reasons is longer than a person reads. */
const reasonLimit = 12;

/** Everything that no longer holds of the plan at this head; empty when exactly that answer can be granted. */
function staleness(state: State, given: CommandGiven, plan: Plan, command: CommitPlan): string[] {
  const { verdict } = given;
  if (verdict === undefined) throw new Error('a commit needs the verdict of the rules');
  if (planIdOf(command.planDigest) !== command.plan) return ['its handle belongs to another plan'];
  const before = [...state.contracts].find((contract) => contract.planDigest === command.planDigest);
  if (before !== undefined) return [`it was already committed as ${before.id}`];
  if (!state.tenants.has(plan.demand.tenant)) return [`tenant \`${plan.demand.tenant}\` is not registered`];
  const changed = check(state, plan.demand, verdict, plan.placement).map(
    ({ constraint, note }) => `${constraint}: ${note}`,
  );
  if (plan.placement.endMs !== undefined && plan.placement.endMs <= given.atMs)
    changed.push('its end has passed');
  if (!withinBudget(plan.price, plan.demand)) changed.push('its price is beyond its budget');
  if (changed.length === 0 && priceMoved(state, plan)) changed.push('the price has changed');
  return changed.slice(0, reasonLimit).map((reason) => reason.slice(0, 300));
}

function priceMoved(state: State, plan: Plan): boolean {
  const now = priceOf(state.fleet, plan.placement.members, plan.demand.window.durationS);
  return now.microEurPerHour !== plan.price.microEurPerHour || now.totalMicroEur !== plan.price.totalMicroEur;
}

function releaseContract(
  state: State,
  { atMs }: CommandGiven,
  command: Extract<Command, { kind: 'release-contract' }>,
): Outcome {
  const contract = contractOf(state, command.contract);
  if (contract === undefined) return refuse({ kind: 'contract-unknown', contract: command.contract });
  const { expectedVersion } = command;
  if (expectedVersion !== undefined && expectedVersion !== contract.version) {
    return refuse({
      kind: 'version-conflict',
      contract: contract.id,
      expected: expectedVersion,
      actual: contract.version,
    });
  }
  const now = stateAt(contract, atMs);
  if (now !== 'granted' && now !== 'bound' && now !== 'active') {
    const endedAtMs = contract.releasedAtMs ?? contract.placement.endMs ?? atMs;
    return refuse({ kind: 'contract-ended', contract: contract.id, state: now, endedAtMs });
  }
  return {
    decision: {
      kind: 'contract-released',
      contract: contract.id,
      atMs,
      usedMicroEur: usedMicroEur(contract, atMs),
    },
    events: [{ kind: 'contract-released', contract: contract.id, atMs }],
  };
}

/** Price of the time from the start to `atMs`; nothing before the start. Started seconds count. */
function usedMicroEur({ price, placement }: Contract, atMs: number): number {
  if (price.microEurPerHour === undefined || atMs <= placement.startMs) return 0;
  return costOf(price.microEurPerHour, Math.ceil((atMs - placement.startMs) / 1000));
}

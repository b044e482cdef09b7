import { decide } from '../../src/core/decide.ts';
import { type Edit, planChange } from '../../src/core/life/change.ts';
import { plan } from '../../src/core/plan.ts';
import type { Command } from '../../src/model/command.ts';
import type { Decision } from '../../src/model/decision.ts';
import type { Demand } from '../../src/model/demand.ts';
import type { ContractId } from '../../src/model/id.ts';
import { identify, type PlanAnswer } from '../../src/model/plan.ts';
import type { PolicyVerdict } from '../../src/model/policy.ts';
import { enter, t0, verdictAll, type World } from './fleet.ts';

type When = { readonly atMs?: number; readonly verdict?: PolicyVerdict };
type Planned = Extract<PlanAnswer, { kind: 'planned' }>;
type Acted = { readonly world: World; readonly decision: Decision };

/** Asks the core. Every site is allowed unless the verdict says otherwise. */
export function ask({ state }: World, demand: Demand, { atMs = t0, verdict }: When = {}): PlanAnswer {
  return plan(state, { atMs, verdict: verdict ?? verdictAll(state, 'allowed') }, demand);
}

/** Asks, and throws where the answer is no: for what is taken for granted by a test. */
export function planned(before: World, demand: Demand, when: When = {}): Planned {
  const answer = ask(before, demand, when);
  if (answer.kind === 'refused') throw new Error(`refused: ${JSON.stringify(answer.refusal)}`);
  return answer;
}

/** What one constraint cost, of a plan or a refusal: `31 → 16 gpu`. Nothing when it took nothing away. */
export function costOf(answer: PlanAnswer, constraint: string): string | undefined {
  const report = answer.kind === 'planned' ? answer.plan.report : answer.report;
  const count = report.constraints.find((entry) => entry.constraint === constraint);
  return count === undefined ? undefined : `${count.before} → ${count.after} ${count.level}`;
}

/** Decides a command and folds what it brings about. */
export function act(before: World, command: Command, { atMs = t0, verdict }: When = {}): Acted {
  const { state, archive } = before;
  const given = { atMs, verdict: verdict ?? verdictAll(state, 'allowed'), archive };
  const { decision, events } = decide(state, given, command);
  return { world: enter(before, events, atMs), decision };
}

/** Commits an answer that was planned on this or an earlier state. */
export function commit(before: World, answer: Planned, when: When = {}): Acted {
  before.archive.keepPlan(answer.plan);
  return act(before, { kind: 'commit-plan', plan: answer.id, planDigest: answer.digest }, when);
}

/** Plans and commits what must fit. */
export function take(before: World, demand: Demand, when: When = {}): World {
  const { world, decision } = commit(before, planned(before, demand, when), when);
  if (decision.kind !== 'contract-granted') throw new Error(`not granted: ${JSON.stringify(decision)}`);
  return world;
}

export function release(before: World, contract: ContractId, when: When = {}): Acted {
  return act(before, { kind: 'release-contract', contract }, when);
}

/** Holds an answer for some hours. */
export function lease(before: World, answer: Planned, hours: number, when: When = {}): Acted {
  before.archive.keepPlan(answer.plan);
  const leaseS = hours * 3600;
  return act(before, { kind: 'hold-plan', plan: answer.id, planDigest: answer.digest, leaseS }, when);
}

/** Asks for a change. Every site is allowed unless the verdict says otherwise. */
export function askChange(
  { state }: World,
  contract: ContractId,
  edit: Edit,
  { atMs = t0, verdict }: When = {},
): PlanAnswer {
  const verdictOf = () => verdict ?? verdictAll(state, 'allowed');
  return planChange(state, { atMs, verdictOf }, { contract, edit });
}

/** Commits a planned change of a contract. */
export function applyChange(before: World, answer: Planned, when: When = {}): Acted {
  before.archive.keepPlan(answer.plan);
  const { changes } = answer.plan;
  if (changes === undefined) throw new Error('the plan changes nothing');
  const named = { plan: answer.id, planDigest: answer.digest };
  return act(before, { kind: 'change-contract', contract: changes.contract, ...named }, when);
}

/** Plans and makes a change that must be possible. */
export function change(before: World, contract: ContractId, edit: Edit, when: When = {}): World {
  const answer = askChange(before, contract, edit, when);
  if (answer.kind === 'refused') throw new Error(`refused: ${JSON.stringify(answer.refusal)}`);
  const { world, decision } = applyChange(before, answer, when);
  if (decision.kind !== 'contract-changed') throw new Error(`not changed: ${JSON.stringify(decision)}`);
  return world;
}

/** Commits a plan that ends other contracts, as a planner of preemptions would make it. */
export function preempting(
  before: World,
  answer: Planned,
  preempts: readonly ContractId[],
  when: When = {},
): Acted {
  const made = { ...answer.plan, preempts: [...preempts] };
  return commit(before, { kind: 'planned', ...identify(made), plan: made }, when);
}

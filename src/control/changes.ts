import { approvalOf } from '../core/authority/authority.ts';
import { operationOfContract } from '../core/operation/operation.ts';
import { contractOf, type State } from '../core/state.ts';
import type { Command } from '../model/command.ts';
import type { Decision } from '../model/decision.ts';
import type { ChangeResult } from '../model/deed-view.ts';
import { type ApprovalId, ContractId, type IdemKey, OperationId, type PlanId } from '../model/id.ts';
import type { PlanView } from '../model/plan-view.ts';
import type { Plan } from '../model/plan.ts';
import { identify } from '../model/plan.ts';
import type { Refusal } from '../model/refusal.ts';
import { cleanText } from '../model/text.ts';
import { mayActFor, requireTenant } from './caller.ts';
import { contractFor } from './contracts.ts';
import type { Caller } from './control.ts';
import { discreetPlan } from './discreet.ts';
import type { Door, Passed } from './door.ts';
import { worded } from './once.ts';
import { planAgain, planOf } from './planning.ts';
import { underWay } from './under-way.ts';
import { contractView, planView, zoneOf } from './views/plan-view.ts';
import { refusalView } from './views/refusal-view.ts';
import { snapshotOf } from './views/snapshot.ts';
import { approvalIn, wayToYes } from './waiting.ts';

/** Turns a plan into a contract or into what its contract holds from now on, or says why it no longer can and what would fit instead. */
export async function commitPlan(
  door: Door,
  caller: Caller,
  request: { readonly plan: PlanId; readonly idemKey: IdemKey; readonly purpose?: string },
): Promise<ChangeResult> {
  const plan = await planOf(door, caller, request.plan);
  const { tenant } = plan.demand;
  requireTenant(caller, tenant);
  const purpose = request.purpose === undefined ? undefined : cleanText(request.purpose);
  const named = { plan: request.plan, planDigest: identify(plan).digest };
  const { changes } = plan;
  const command: Command =
    changes === undefined
      ? { kind: 'commit-plan', ...named }
      : { kind: 'change-contract', contract: changes.contract, ...named };
  const passed = await door.pass(caller, command, {
    key: request.idemKey,
    tenant,
    ...worded('contract_commit', { plan: request.plan }, 'purpose', purpose),
  });
  const result = await changeResult(door, caller, { passed, zone: zoneOf(passed.moment.state, plan.demand) });
  return result.decision === 'rejected'
    ? { ...result, ...(await freshPlan(door, caller, { passed, stale: plan })) }
    : result;
}

/** Ends a contract now. What it would still have held is free from here on. */
export async function releaseContract(
  door: Door,
  caller: Caller,
  request: {
    readonly contract: ContractId;
    readonly idemKey: IdemKey;
    readonly expectedVersion?: number;
    readonly reason?: string;
  },
): Promise<ChangeResult> {
  const { state } = await door.moment();
  const contract = contractFor(state, caller, request.contract);
  const details = {
    contract: request.contract,
    ...(request.expectedVersion === undefined ? {} : { expectedVersion: request.expectedVersion }),
  };
  const reason = request.reason === undefined ? undefined : cleanText(request.reason, 300);
  const passed = await door.pass(
    caller,
    { kind: 'release-contract', ...details },
    {
      key: request.idemKey,
      tenant: contract.tenant,
      ...worded('contract_release', details, 'reason', reason),
    },
  );
  return changeResult(door, caller, { passed, zone: zoneOf(passed.moment.state, contract.demand) });
}

async function changeResult(
  door: Door,
  caller: Caller,
  { passed, zone }: { readonly passed: Passed; readonly zone: string },
): Promise<ChangeResult> {
  const snapshot = snapshotOf(passed.moment, zone);
  if (passed.kind === 'refused') {
    return {
      snapshot,
      decision: 'rejected',
      replayed: false,
      refusal: refusalView(shownTo(caller, passed), undefined, zone),
      next: 'nothing was changed',
    };
  }
  const { decision } = passed.entry;
  if (decision.kind === 'approval-requested') return parkedResult(door, { passed, decision, zone });
  const words = wordsOf(decision);
  return {
    snapshot,
    decision: words.decision,
    replayed: passed.kind === 'replayed',
    ...contractOfDecision(passed.moment.state, decision, passed.moment.nowMs),
    ...underWay(passed.moment, operationIn(passed.moment.state, decision)),
    entry: { seq: passed.entry.seq, digest: passed.entry.digest },
    next: words.next,
  };
}

/** What became of a command that had to wait: the answer to its key is what its approval has come to. */
async function parkedResult(
  door: Door,
  {
    passed,
    decision,
    zone,
  }: {
    readonly passed: Exclude<Passed, { kind: 'refused' }>;
    readonly decision: Extract<Decision, { kind: 'approval-requested' }>;
    readonly zone: string;
  },
): Promise<ChangeResult> {
  const { moment, entry } = passed;
  const approval = await approvalIn(door, moment, decision);
  const answer = {
    snapshot: snapshotOf(moment, zone),
    replayed: passed.kind === 'replayed',
    ...(approval === undefined ? {} : { approval }),
    entry: { seq: entry.seq, digest: entry.digest },
  };
  const { id = decision.approval, state = 'open' } = approval ?? {};
  if (state === 'open')
    return {
      ...answer,
      decision: 'pending_approval',
      operation: OperationId.parse(id),
      next: `it waits for a person: ${wayToYes(approval ?? { command: `berth approve ${id}` })}; do not retry, ask operation_get for ${id}`,
    };
  if (state === 'used') {
    const done = doneOf(entry.command);
    const contract =
      approval?.contract === undefined ? undefined : contractOf(moment.state, approval.contract);
    const shown =
      contract === undefined ? {} : { contract: contractView(moment.state, contract, moment.nowMs) };
    const now = contract === undefined ? undefined : operationOfContract(contract);
    return { ...answer, ...wordsOf({ kind: done }), ...shown, ...underWay(moment, now) };
  }
  const refusal: Refusal = { kind: 'approval-void', approval: id, why: state, ...endOf(moment.state, id) };
  return {
    ...answer,
    decision: 'rejected',
    refusal: refusalView(refusal, undefined, zone),
    next: 'nothing was done; plan anew and ask again with a new key',
  };
}

/** What the contract that a decision is about goes on as. */
function operationIn(state: State, decision: Decision): OperationId | undefined {
  const contract = 'contract' in decision ? contractOf(state, decision.contract) : undefined;
  return contract === undefined ? undefined : operationOfContract(contract);
}

function doneOf({ kind }: Command): Decision['kind'] {
  if (kind === 'release-contract') return 'contract-released';
  return kind === 'change-contract' ? 'contract-changed' : 'contract-granted';
}

function endOf({ authority }: State, id: ApprovalId): { atMs?: number } {
  const approval = approvalOf(authority, id);
  return approval === undefined ? {} : { atMs: approval.end?.atMs ?? approval.expiresAtMs };
}

function wordsOf({ kind }: Pick<Decision, 'kind'>): Pick<ChangeResult, 'decision' | 'next'> {
  if (kind === 'contract-released') return { decision: 'released', next: 'its capacity is free again' };
  if (kind === 'contract-changed')
    return { decision: 'changed', next: 'what it gave up is free; verify with ledger_verify' };
  return { decision: 'committed', next: 'the capacity is held; verify with ledger_verify' };
}

/** Contracts and held plans that the caller may not see are not named to it, though they are in its way. */
export function shownTo(caller: Caller, { decision, moment }: Extract<Passed, { kind: 'refused' }>): Refusal {
  const { refusal } = decision;
  if (refusal.kind !== 'plan-stale') return refusal;
  const { state } = moment;
  const contract = (word: string) => {
    const id = ContractId.safeParse(word);
    const found = id.success ? contractOf(state, id.data) : undefined;
    return found === undefined || mayActFor(caller, found.tenant) ? word : 'another contract';
  };
  const plan = (word: string) => {
    const lease = [...state.leases.values()].find((held) => held.plan === word);
    return lease === undefined || mayActFor(caller, lease.tenant) ? word : 'another held plan';
  };
  const changed = refusal.changed.map((note) =>
    note.replaceAll(/\bC-[1-9][0-9]*\b/g, contract).replaceAll(/\bplan-[0-9a-f]{16}\b/g, plan),
  );
  return { ...refusal, changed };
}

/** The contract that a decision is about, whoever may see it: the caller's right was checked before. */
export function contractOfDecision(
  state: State,
  decision: Decision,
  nowMs: number,
): Pick<ChangeResult, 'contract'> {
  if (!('contract' in decision)) return {};
  const contract = contractFor(state, everybody, decision.contract);
  return { contract: contractView(state, contract, nowMs) };
}

/** Reads without a limit: the caller's right was checked before the decision. */
const everybody: Pick<Caller, 'tenants'> = {};

/** What fits instead of a plan that no longer does. */
export async function freshPlan(
  door: Door,
  caller: Caller,
  { passed, stale }: { readonly passed: Passed; readonly stale: Plan },
): Promise<{ freshPlan?: PlanView }> {
  if (passed.kind !== 'refused') return {};
  const { kind } = passed.decision.refusal;
  if (kind !== 'plan-stale' && kind !== 'plan-expired') return {};
  const answer = planAgain(passed.moment, stale);
  if (answer?.kind !== 'planned') return {};
  await door.library.keepPlan(answer.plan);
  return {
    freshPlan: discreetPlan(
      passed.moment.state,
      caller,
      planView(passed.moment.state, answer.plan, answer.id, answer.digest),
    ),
  };
}

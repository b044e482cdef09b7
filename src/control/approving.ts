import { boundDigest, planOf } from '../core/authority/approvals.ts';
import { type Approval, approvalOf, approvalStateAt } from '../core/authority/authority.ts';
import { contractOf, type State } from '../core/state.ts';
import type { ApprovalDetail, ApprovalList, AskingRule } from '../model/authority-view.ts';
import { requestersOf } from '../model/authority.ts';
import type { Command } from '../model/command.ts';
import type { Decision } from '../model/decision.ts';
import type { DecisionResult } from '../model/deed-view.ts';
import { BerthError } from '../model/error.ts';
import { type ApprovalId, type Digest, IdemKey, type PrincipalId } from '../model/id.ts';
import type { PublicKey, Signature } from '../model/key.ts';
import { cleanText } from '../model/text.ts';
import { builtInPacks } from '../policy/built-in.ts';
import { mayActFor, maySeeContract } from './caller.ts';
import { contractOfDecision, freshPlan, shownTo } from './changes.ts';
import type { Caller } from './control.ts';
import { discreetPlan } from './discreet.ts';
import type { Door, Passed } from './door.ts';
import { reasoned, requestHash } from './once.ts';
import type { Ballot } from './signatures.ts';
import { contractView, planView, zoneOf } from './views/plan-view.ts';
import { refusalView } from './views/refusal-view.ts';
import { snapshotOf } from './views/snapshot.ts';
import { viewOf } from './waiting.ts';

/** A person's key: says whose signature it makes, and makes it. */
export type Signer = { readonly publicKey: PublicKey; sign(ballot: Ballot): Signature };

export type ApprovalQuery = {
  /** Also those that are over. */
  readonly all: boolean;
  /** Asked for by this principal, or in its name. */
  readonly by?: PrincipalId;
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly id?: ApprovalId;
  readonly limit?: number;
};

/** What waits for a person, of tenants that the caller may act for. */
export async function listApprovals(door: Door, caller: Caller, query: ApprovalQuery): Promise<ApprovalList> {
  const moment = await door.moment();
  const { state, nowMs } = moment;
  const found = [...state.authority.approvals].filter(
    (approval) => maySee(caller, approval) && matches(approval, query, nowMs),
  );
  const shown = found.slice(0, query.limit ?? 200);
  const approvals = await Promise.all(shown.map((approval) => viewOf(door, moment, approval)));
  const note = 'a person decides with `berth approve` or `berth reject` at a terminal; no tool can';
  const cut = shown.length < found.length ? { truncated: true } : {};
  return { snapshot: snapshotOf(moment), ...cut, approvals, total: found.length, note };
}

/** An approval about no tenant is the operator's. */
export function maySee(caller: Caller, { tenant }: Approval): boolean {
  return tenant === undefined ? caller.tenants === undefined : mayActFor(caller, tenant);
}

function matches(approval: Approval, { all, by, fromMs, toMs, id }: ApprovalQuery, nowMs: number): boolean {
  if (id !== undefined) return approval.id === id;
  const { requestedAtMs, requestedBy } = approval;
  return (
    (all || approvalStateAt(approval, nowMs) === 'open') &&
    (by === undefined || requestersOf(requestedBy).includes(by)) &&
    (fromMs === undefined || requestedAtMs >= fromMs) &&
    (toMs === undefined || requestedAtMs < toMs)
  );
}

/** One approval whole, with the plan that a yes would commit and the contract that it is about. Throws NOT_FOUND. */
export async function approvalWhole(door: Door, caller: Caller, id: ApprovalId): Promise<ApprovalDetail> {
  const moment = await door.moment();
  const { state, nowMs } = moment;
  const approval = approvalFor(state, caller, id);
  const view = await viewOf(door, moment, approval);
  const planId = planOf(approval);
  const plan = planId === undefined ? undefined : await door.library.fetchPlan(approval.digest);
  const contract = view.contract === undefined ? undefined : contractOf(state, view.contract);
  return {
    snapshot: snapshotOf(moment, zoneIn(state, approval)),
    approval: view,
    isClosed: state.authority.isClosed,
    asking: askingRules(approval.why),
    ...(plan === undefined || planId === undefined
      ? {}
      : {
          plan: discreetPlan(state, caller, planView(state, plan, planId, approval.digest)),
          verdict: plan.verdict.sites,
        }),
    ...(contract === undefined || !maySeeContract(caller, contract)
      ? {}
      : { contract: contractView(state, contract, nowMs) }),
  };
}

function zoneIn(state: State, { tenant }: Approval): string {
  return tenant === undefined ? 'UTC' : zoneOf(state, { tenant });
}

/** The rules behind lines such as `tier-3-agent-size: an agent moves 16 GPUs or more`, with their articles. */
function askingRules(why: readonly string[]): AskingRule[] {
  const articles = new Map(builtInPacks().rules.map(({ id, article }) => [id, article]));
  return why.map((line) => {
    const [rule = '', ...rest] = line.split(': ');
    const article = articles.get(rule);
    return { rule, ...(article === undefined ? {} : { article }), why: rest.join(': ') };
  });
}

export type Word = {
  readonly approval: ApprovalId;
  readonly yes: boolean;
  /** What whoever speaks was shown. Where something else waits, nothing is signed. */
  readonly digest?: Digest;
  readonly reason?: string;
  readonly signer: Signer;
  readonly idemKey?: IdemKey;
};

/**
 * A person's word on what waits, signed with its own key over exactly the digest that waits. The last yes that was
 * missing does what was asked for.
 */
export async function decideApproval(door: Door, caller: Caller, word: Word): Promise<DecisionResult> {
  const moment = await door.moment();
  const approval = approvalFor(moment.state, caller, word.approval);
  requireShown(approval, word);
  const command = commandOf(caller, { approval, word, atMs: moment.nowMs });
  const { tenant } = approval;
  const key = word.idemKey ?? IdemKey.parse(`${word.yes ? 'approve' : 'reject'}-${approval.id}`);
  const hash = requestHash(command.kind, { approval: approval.id });
  // A word is spoken once: said again it is answered, whatever reason is given this time.
  const once = { hash, olderHash: hash, told: reasoned(command.kind, command).told };
  const passed = await door.pass(caller, command, { key, tenant, ...once });
  return resultOf(door, caller, { passed, approval });
}

/** Nobody says yes or no to what they were not shown. Throws APPROVAL_DENIED. */
function requireShown({ id, command }: Approval, { digest }: Word): void {
  if (digest === undefined || digest === boundDigest(command)) return;
  throw new BerthError({
    code: 'APPROVAL_DENIED',
    message: `${id} is about something else than what was shown`,
    fix: 'look at it again before you decide',
  });
}

function approvalFor(state: State, caller: Caller, id: ApprovalId): Approval {
  const approval = approvalOf(state.authority, id);
  if (approval !== undefined && maySee(caller, approval)) return approval;
  throw new BerthError({
    code: 'NOT_FOUND',
    message: `no approval \`${id}\``,
    fix: 'list them with `berth approvals --all`',
    seeTool: 'approval_list',
  });
}

function commandOf(
  caller: Caller,
  { approval, word, atMs }: { readonly approval: Approval; readonly word: Word; readonly atMs: number },
): Command {
  const planDigest = boundDigest(approval.command);
  const plan = planOf(approval);
  const decision = word.yes ? 'approve' : 'reject';
  const ballot: Ballot = { approval: approval.id, planDigest, decision, atMs, principal: caller.principal };
  const said = {
    approval: approval.id,
    ...(plan === undefined ? {} : { plan }),
    planDigest,
    publicKey: word.signer.publicKey,
    signature: word.signer.sign(ballot),
    signedAtMs: atMs,
  };
  return word.yes
    ? { kind: 'approve-plan', ...said }
    : { kind: 'reject-plan', ...said, reason: cleanText(word.reason ?? 'no reason was given', 300) };
}

async function resultOf(
  door: Door,
  caller: Caller,
  { passed, approval }: { readonly passed: Passed; readonly approval: Approval },
): Promise<DecisionResult> {
  const { moment } = passed;
  const zone = zoneIn(moment.state, approval);
  const snapshot = snapshotOf(moment, zone);
  const now = approvalOf(moment.state.authority, approval.id) ?? approval;
  const view = await viewOf(door, moment, now);
  if (passed.kind === 'refused') {
    const refusal = refusalView(shownTo(caller, passed), undefined, zone);
    const stale = planOf(approval) === undefined ? undefined : await door.library.fetchPlan(approval.digest);
    const fresh = stale === undefined ? {} : await freshPlan(door, caller, { passed, stale });
    return {
      snapshot,
      decision: 'rejected',
      replayed: false,
      approval: view,
      refusal,
      ...fresh,
      next: 'nothing was changed',
    };
  }
  const { decision, seq, digest } = passed.entry;
  const words = wordsOf(decision);
  return {
    snapshot,
    ...words,
    replayed: passed.kind === 'replayed',
    approval: view,
    ...contractOfDecision(moment.state, decision, moment.nowMs),
    entry: { seq, digest },
  };
}

function wordsOf(decision: Decision): Pick<DecisionResult, 'decision' | 'next'> {
  if (decision.kind === 'approval-counted')
    return { decision: 'counted', next: `${decision.missing} more must say yes before anything is done` };
  if (decision.kind === 'approval-rejected')
    return { decision: 'turned-down', next: 'nothing was done, and what was held for it is free' };
  return { decision: 'done', next: 'what was asked for is done' };
}

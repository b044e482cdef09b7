import { runOf } from '../core/run/run.ts';
import type { State } from '../core/state.ts';
import type { ChangeResult } from '../model/deed-view.ts';
import { type ContractId, IdemKey, type MandateId, type RunId } from '../model/id.ts';
import type { RefusalView } from '../model/plan-view.ts';
import type { WatchRound, WatchStep } from '../model/run-view.ts';
import type { Cause, Note, NoteResult, RunEnd, RunLimits } from '../model/run.ts';
import { commitPlan } from './changes.ts';
import type { Caller } from './control.ts';
import type { Door } from './door.ts';
import { beginRun, noteRun, runBarrier } from './journalling.ts';
import type { Occurrences } from './occurring.ts';
import { snapshotOf } from './views/snapshot.ts';
import { type Extension, offerFor, type Offered, type OpenCause, openCauses } from './watch-offers.ts';
import { isoIn } from './zone.ts';

export type WatchWish = {
  readonly mandate: MandateId;
  readonly limits: RunLimits;
  /** The run of the rounds before; without it one is begun once there is something to propose. */
  readonly run?: RunId;
  /** For the run that is begun then. */
  readonly idemKey: IdemKey;
  /** Without it nobody looks at ends. */
  readonly extend?: Extension;
  /** Whoever runs the watch wants it to end after the present step. */
  readonly signal?: AbortSignal;
};

type Parts = { readonly door: Door; readonly log: Occurrences };

/**
 * Looks once at what needs a hand, and proposes for each cause one plan, which is carried out as far as the mandate and
 * the rules let the agent. A cause is proposed once, whoever watches and however often: the proposal stands in the ledger
 * before its deed, and the key of the deed is that of the cause.
 */
export async function watchRound(parts: Parts, caller: Caller, wish: WatchWish): Promise<WatchRound> {
  const { door, log } = parts;
  const { mandate, extend } = wish;
  const steps: WatchStep[] = [];
  const handled = new Set<ContractId>();
  let { run } = wish;
  let first: { readonly found: number; readonly settled: number } | undefined;
  for (;;) {
    const acting = run === undefined ? caller : { ...caller, run };
    const end = await endOf(door, acting, wish);
    const moment = await door.moment();
    const causes = openCauses(moment, caller, { log: await log.current(), mandate, extend });
    const next = causes.open.find(({ cause }) => !handled.has(cause.contract));
    first ??= { found: causes.all, settled: causes.all - causes.open.length };
    const round = { snapshot: snapshotOf(moment), ...first, steps, ...inRun(run) };
    if (end !== undefined) return { ...round, end };
    if (next === undefined) return round;
    handled.add(next.cause.contract);
    const offered = await offerFor(door, acting, next, { mandate, extend });
    // A cause that was noted without a plan, and still has none, is no news.
    if (offered === undefined && next.before !== undefined) continue;
    if (run === undefined) {
      const begun = await beginRun(door, caller, { ...wish, what: 'watch' });
      if (begun.run === undefined) return { ...round, end: 'refused', ...refusalIn(begun) };
      run = begun.run;
    }
    steps.push(await propose(door, { ...caller, run }, { ...next, run, ...(offered && { offered }) }));
  }
}

function inRun(run: RunId | undefined): { run?: RunId } {
  return run === undefined ? {} : { run };
}

/** A watch that has begun no run yet has its time all the same. */
async function endOf(
  door: Door,
  caller: Caller,
  { mandate, signal, limits }: WatchWish,
): Promise<RunEnd | undefined> {
  if (signal?.aborted === true) return 'interrupted';
  const { nowMs } = await door.moment();
  return nowMs >= limits.untilMs ? 'time' : runBarrier(door, caller, mandate);
}

type Proposing = OpenCause & { readonly run: RunId; readonly offered?: Offered };

/** Says what is proposed, does it as far as it may, and says what came of it. */
async function propose(door: Door, caller: Caller, asked: Proposing): Promise<WatchStep> {
  const { cause, before, offered, run } = asked;
  const { state, head } = await door.moment();
  const step = (runOf(state.runs, run)?.noteCount ?? 0) + 1;
  const told = { run, step, cause, why: whyOf(state, cause) };
  if (offered === undefined) {
    const { entry, refusal } = await noteRun(door, caller, { run, note: { step, saw: [], cause } });
    const result = refusal === undefined ? 'no-plan' : 'other-run';
    return { ...told, result, ...(entry === undefined ? {} : { entry: entry.seq }) };
  }
  const { how, plan } = offered;
  const proposed = { how, plan: plan.id, contract: cause.contract };
  const note = { step, saw: [], cause, proposed };
  const isGoingOn = before?.plan === plan.id;
  if (!isGoingOn) {
    const written = await noteRun(door, caller, { run, note });
    if (written.decision === 'rejected') return { ...told, result: 'other-run', ...refusalIn(written) };
  }
  const idemKey = await keyOf(door, cause);
  const change = await commitPlan(door, { ...caller, tool: 'contract_commit' }, { plan: plan.id, idemKey });
  const did = await didOf(door, change, { run, since: head.seq });
  // Who was quicker has noted it: then this line is refused, and nothing is lost.
  await noteRun(door, caller, { run, note: { ...note, did } });
  return { ...told, how, plan, ...stepOf(change, did) };
}

/** The same for everybody who carries out what is proposed for a cause; another one for another plan. */
async function keyOf(door: Door, { key }: Cause): Promise<IdemKey> {
  const { state } = await door.moment();
  const tries = state.runs.proposals.get(key)?.tries ?? 1;
  return IdemKey.parse(`watch:${key.slice('sha256:'.length, 'sha256:'.length + 32)}:${tries}`);
}

async function didOf(
  door: Door,
  { decision, entry, contract, approval, refusal }: ChangeResult,
  { run, since }: { readonly run: RunId; readonly since: number },
): Promise<NonNullable<Note['did']>> {
  const { state } = await door.moment();
  const last = runOf(state.runs, run)?.deeds.at(-1) ?? 0;
  const seq = entry?.seq ?? (last > since ? last : undefined);
  return {
    result: resultOf(decision, refusal),
    ...(seq === undefined ? {} : { entry: seq }),
    ...(contract === undefined ? {} : { contract: contract.id }),
    ...(approval === undefined ? {} : { approval: approval.id }),
    ...(refusal === undefined ? {} : { refusal: refusal.kind }),
  };
}

/** Refusals of the moment, which say nothing about the proposal. */
const passing: ReadonlySet<string> = new Set(['plan-stale', 'plan-expired', 'rate-limited', 'stopped']);
/** Limits that are those of a run or of a time, not of what was proposed. */
const ofTheRun: ReadonlySet<string> = new Set([
  'run',
  'run-time',
  'run-steps',
  'run-spend',
  'expiry',
  'revoked',
]);

function resultOf(decision: ChangeResult['decision'], refusal: RefusalView | undefined): NoteResult {
  if (decision === 'pending_approval') return 'waiting';
  if (decision !== 'rejected') return 'done';
  if (refusal === undefined) return 'refused';
  if (passing.has(refusal.kind)) return 'again';
  const { refusal: no } = refusal;
  const isOfTheRun = no.kind === 'outside-mandate' && no.faults.every(({ limit }) => ofTheRun.has(limit));
  return isOfTheRun ? 'again' : 'refused';
}

function stepOf(
  { approval, refusal, entry }: ChangeResult,
  { result, entry: seq }: NonNullable<Note['did']>,
): Pick<WatchStep, 'result' | 'approval' | 'command' | 'refusal' | 'entry'> {
  const at = entry?.seq ?? seq;
  return {
    result,
    ...(approval === undefined ? {} : { approval: approval.id, command: approval.command }),
    ...(refusal === undefined ? {} : { refusal }),
    ...(at === undefined ? {} : { entry: at }),
  };
}

function refusalIn({ refusal }: { readonly refusal?: RefusalView }): { refusal?: RefusalView } {
  return refusal === undefined ? {} : { refusal };
}

/** Our own words about a cause: what sources and engines say stands in its events. */
function whyOf(state: State, { kind, contract, places, events }: Cause): string {
  const at = places.length === 0 ? '' : ` at ${places.join(', ')}`;
  switch (kind) {
    case 'breach': {
      const breach = state.observed.get(contract)?.breach;
      return `${(breach?.terms ?? []).join(', ')} broken since ${isoIn(breach?.sinceMs ?? 0, 'UTC')}${at}`;
    }
    case 'fault':
      return `${events.join(', ')} goes on${at}`;
    case 'hand-over':
      return `its engine does not hold it${at}`;
    case 'ending':
      return 'it ends soon';
    default:
      return kind satisfies never;
  }
}

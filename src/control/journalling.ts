import { barrierOf } from '../core/run/barrier.ts';
import { type Run, runOf } from '../core/run/run.ts';
import type { State } from '../core/state.ts';
import { isAgent, type Mandate } from '../model/authority.ts';
import type { Command } from '../model/command.ts';
import type { Entry } from '../model/entry.ts';
import { BerthError } from '../model/error.ts';
import { IdemKey, type MandateId, type RunId } from '../model/id.ts';
import type { RunDetail, RunLine, RunList, RunView, RunWritten } from '../model/run-view.ts';
import type { Note, RunEnd, RunKind, RunLimits } from '../model/run.ts';
import { cleanText } from '../model/text.ts';
import { actorOf, mayActFor } from './caller.ts';
import type { Caller } from './control.ts';
import type { Door } from './door.ts';
import { requestHash, worded } from './once.ts';
import { refusalView } from './views/refusal-view.ts';
import { snapshotOf } from './views/snapshot.ts';
import { inWords, saidIn } from './words.ts';
import { isoIn } from './zone.ts';

export type RunWish = {
  readonly mandate: MandateId;
  readonly what: RunKind;
  readonly limits: RunLimits;
  readonly goal?: string;
  /** The same key never begins a second run. */
  readonly idemKey: IdemKey;
};

/** The longest goal that is kept. */
export const goalMost = 2000;

/** Begins a run of the calling agent under one of its mandates. What the person wants is kept where it can be erased. */
export async function beginRun(door: Door, caller: Caller, wish: RunWish): Promise<RunWritten> {
  const { mandate, what, limits, goal, idemKey } = wish;
  const command: Command = { kind: 'begin-run', mandate, what, limits };
  const { untilMs: _untilMs, ...same } = limits;
  const words = goal === undefined ? undefined : cleanText(goal, goalMost);
  // When it is to end is counted from when it is asked for: asked again it is still the same run.
  const once = worded('begin-run', { mandate, what, limits: same }, 'purpose', words);
  return written(door, caller, command, { key: idemKey, ...once });
}

/** Writes one line of the journal. */
export async function noteRun(
  door: Door,
  caller: Caller,
  { run, note }: { readonly run: RunId; readonly note: Note },
): Promise<RunWritten> {
  return told(door, caller, { kind: 'note-run', run, note });
}

export async function endRun(
  door: Door,
  caller: Caller,
  { run, why }: { readonly run: RunId; readonly why: RunEnd },
): Promise<RunWritten> {
  return told(door, caller, { kind: 'end-run', run, why });
}

/** What is said once at one head of the ledger. */
async function told(door: Door, caller: Caller, command: Command): Promise<RunWritten> {
  const { head } = await door.moment();
  const hash = requestHash(command.kind, command);
  const short = hash.slice('sha256:'.length, 'sha256:'.length + 16);
  return written(door, caller, command, {
    key: IdemKey.parse(`${command.kind}-${short}-after-${head.seq}`),
    hash,
  });
}

async function written(
  door: Door,
  caller: Caller,
  command: Command,
  once: Omit<Parameters<Door['pass']>[2], 'tenant'>,
): Promise<RunWritten> {
  const passed = await door.pass(caller, command, { tenant: undefined, ...once });
  const snapshot = snapshotOf(passed.moment);
  if (passed.kind === 'refused') {
    const { refusal } = passed.decision;
    return {
      snapshot,
      decision: 'rejected',
      replayed: false,
      refusal: refusalView(refusal, undefined, 'UTC'),
    };
  }
  const { decision, seq, digest } = passed.entry;
  const run = 'run' in decision ? { run: decision.run } : {};
  return {
    snapshot,
    decision: 'recorded',
    replayed: passed.kind === 'replayed',
    ...run,
    entry: { seq, digest },
  };
}

/** The mandate, if there is one that the caller may know of: its agent, and people who see one of its tenants. */
export async function mandateFor(door: Door, caller: Caller, id: MandateId): Promise<Mandate> {
  const { state } = await door.moment();
  const mandate = state.authority.mandates.get(id)?.mandate;
  const isOwn = mandate?.agent === caller.principal;
  if (mandate !== undefined && (isOwn || (!isAgent(caller.principal) && seesSome(caller, mandate))))
    return mandate;
  throw new BerthError({
    code: 'NOT_FOUND',
    message: `no mandate \`${id}\` that ${caller.principal} could use`,
    fix: 'list them with `berth mandates`, or have one granted with `berth mandates grant`',
  });
}

function seesSome(caller: Caller, { tenants }: Mandate): boolean {
  return tenants.some((tenant) => mayActFor(caller, tenant));
}

/** Why the agent may go no further; nothing while it may. */
export async function runBarrier(
  door: Door,
  caller: Caller,
  mandate: MandateId,
): Promise<RunEnd | undefined> {
  const { state, nowMs: atMs } = await door.moment();
  return barrierOf(state, { actor: actorOf(caller), mandate, atMs });
}

/** All runs that the caller may see, the latest first. */
export async function listRuns(
  door: Door,
  caller: Caller,
  { limit }: { readonly limit: number },
): Promise<RunList> {
  const moment = await door.moment();
  const { state } = moment;
  const seen = [...state.runs.all].filter((run) => maySeeRun(state, caller, run)).toReversed();
  const runs = await Promise.all(seen.slice(0, limit).map((run) => runView(door, state, run)));
  return { snapshot: snapshotOf(moment), runs, total: seen.length };
}

/** One run with all that it wrote and did, in the order of the ledger. */
export async function runDetail(door: Door, caller: Caller, id: RunId): Promise<RunDetail> {
  const moment = await door.moment();
  const { state } = moment;
  const run = runOf(state.runs, id);
  if (run === undefined || !maySeeRun(state, caller, run)) throw noRun(id);
  const lines: RunLine[] = [];
  for (let after = run.beganSeq - 1; after < run.lastSeq; after += batch) {
    const entries = await door.ledger.read(after, Math.min(batch, run.lastSeq - after));
    for (const entry of entries) if (isOf(entry, id)) lines.push(await lineOf(door, state, entry));
  }
  return { snapshot: snapshotOf(moment), run: await runView(door, state, run), lines };
}

const batch = 500;

/** The operator's, and theirs whose tenants its mandate is for. */
function maySeeRun({ authority }: State, caller: Caller, { mandate, agent }: Run): boolean {
  if (caller.principal === agent || caller.tenants === undefined) return true;
  const tenants = authority.mandates.get(mandate)?.mandate.tenants ?? [];
  return tenants.every((tenant) => mayActFor(caller, tenant));
}

function isOf({ actor, decision, command }: Entry, id: RunId): boolean {
  if ('run' in command) return command.run === id;
  return actor.run === id || (decision.kind === 'run-begun' && decision.run === id);
}

async function lineOf(door: Door, state: State, entry: Entry): Promise<RunLine> {
  const { seq, atMs, command, decision } = entry;
  const line = { entry: seq, at: isoIn(atMs, zoneAt(state)) };
  if (command.kind === 'begin-run') return { ...line, kind: 'begun' };
  if (command.kind === 'note-run') return { ...line, kind: 'note', note: command.note };
  if (command.kind === 'end-run') return { ...line, kind: 'ended', why: command.why };
  const refusal = decision.kind === 'refused' ? await inWords(door.ledger, decision.refusal) : undefined;
  return {
    ...line,
    kind: 'deed',
    command: command.kind,
    decision: decision.kind,
    ...(refusal === undefined ? {} : { refusal: refusalView(refusal, undefined, zoneAt(state)).summary }),
    ...('contract' in decision ? { contract: decision.contract } : {}),
    ...('approval' in decision ? { approval: decision.approval } : {}),
  };
}

async function runView(door: Door, state: State, run: Run): Promise<RunView> {
  const { id, what, agent, by, mandate, purpose, limits, spentMicroEur, deeds, noteCount, end } = run;
  const iso = (atMs: number) => isoIn(atMs, zoneAt(state));
  const goal = purpose === undefined ? undefined : cleanText(await saidIn(door.ledger, purpose), goalMost);
  return {
    id,
    what,
    agent,
    ...(by === undefined ? {} : { by }),
    mandate,
    ...(goal === undefined ? {} : { goal }),
    steps: limits.steps,
    ...(limits.spendMicroEur === undefined ? {} : { budgetMicroEur: limits.spendMicroEur }),
    spentMicroEur,
    began: iso(run.beganAtMs),
    until: iso(limits.untilMs),
    deeds: deeds.length,
    notes: noteCount,
    ...(end === undefined ? {} : { end: { why: end.why, at: iso(end.atMs) } }),
  };
}

function zoneAt({ fleet }: State): string {
  return fleet.sites[0]?.facts.zone ?? 'UTC';
}

function noRun(id: RunId): BerthError {
  return new BerthError({
    code: 'NOT_FOUND',
    message: `no run \`${id}\``,
    fix: 'list them with `berth agent journal`',
  });
}

import type { Actor } from '../../model/actor.ts';
import type { Told } from '../../model/aside.ts';
import type { Digest, MandateId, PlanId, PrincipalId, RunId } from '../../model/id.ts';
import type { How, NoteResult, RunEnd, RunEvent, RunKind, RunLimits } from '../../model/run.ts';
import { Shelf } from '../shelf.ts';

/** An agent that works by itself under one mandate, from when to when. */
export type Run = {
  readonly id: RunId;
  readonly agent: PrincipalId;
  /** Whoever started it. */
  readonly by?: PrincipalId;
  readonly mandate: MandateId;
  readonly what: RunKind;
  readonly limits: RunLimits;
  /** The goal. */
  readonly purpose?: Told;
  readonly beganAtMs: number;
  readonly beganSeq: number;
  /** The last entry that is about it or its deed. */
  readonly lastSeq: number;
  readonly noteCount: number;
  /** Entries in which it did something, or was refused to. */
  readonly deeds: readonly number[];
  /** What it has taken on itself, also where it still waits for a person. Nothing is given back. */
  readonly spentMicroEur: number;
  readonly end?: { readonly why: RunEnd; readonly atMs: number };
};

/** What became of a cause: the same one is proposed once, whoever watches. */
export type Proposal = {
  readonly run: RunId;
  readonly plan?: PlanId;
  readonly how?: How;
  readonly result?: NoteResult;
  /** How often a plan was proposed for it. */
  readonly tries: number;
};

export type Runs = {
  /** By number. */
  readonly all: Shelf<Run>;
  /** By the key of the cause. */
  readonly proposals: ReadonlyMap<Digest, Proposal>;
};

export const noRuns: Runs = { all: Shelf.empty(), proposals: new Map() };

export function runOf({ all }: Runs, id: RunId): Run | undefined {
  return all.at(indexOf(id));
}

function indexOf(id: RunId): number {
  return Number(id.slice('R-'.length)) - 1;
}

type Stamp = { readonly seq: number; readonly atMs: number; readonly actor: Actor };

/** The only way runs change. Throws when the event cannot follow: then the ledger is not what it claims. */
export function followRun(runs: Runs, event: RunEvent, stamp: Stamp): Runs {
  if (event.kind === 'run-begun') return withRun(runs, begun(event, stamp));
  const before = runOf(runs, event.run);
  if (before === undefined) throw new Error(`the run \`${event.run}\` was never begun`);
  const run = { ...before, lastSeq: stamp.seq };
  switch (event.kind) {
    case 'run-used': {
      const spentMicroEur = run.spentMicroEur + event.spendMicroEur;
      return withRun(runs, { ...run, deeds: [...run.deeds, stamp.seq], spentMicroEur });
    }
    case 'run-noted': {
      const noted = withRun(runs, { ...run, noteCount: run.noteCount + 1 });
      return { ...noted, proposals: followProposal(runs.proposals, event) };
    }
    case 'run-ended':
      return withRun(runs, { ...run, end: { why: event.why, atMs: stamp.atMs } });
    default:
      return event satisfies never;
  }
}

type Of<Kind extends RunEvent['kind']> = Extract<RunEvent, { kind: Kind }>;

function begun({ run: id, kind: _kind, ...said }: Of<'run-begun'>, { seq, atMs, actor }: Stamp): Run {
  const { principal: agent, onBehalfOf: by } = actor;
  const nothing = { noteCount: 0, deeds: [], spentMicroEur: 0 };
  return {
    id,
    agent,
    ...(by === undefined ? {} : { by }),
    mandate: said.mandate,
    what: said.what,
    limits: said.limits,
    ...(said.purpose === undefined ? {} : { purpose: said.purpose }),
    beganAtMs: atMs,
    beganSeq: seq,
    lastSeq: seq,
    ...nothing,
  };
}

function withRun(runs: Runs, run: Run): Runs {
  return { ...runs, all: runs.all.with(indexOf(run.id), run) };
}

function followProposal(
  proposals: Runs['proposals'],
  { run, note: { cause, proposed, did } }: Of<'run-noted'>,
): Runs['proposals'] {
  if (cause === undefined) return proposals;
  const before = proposals.get(cause.key);
  const plan = proposed?.plan;
  const isNew = plan !== undefined && plan !== before?.plan;
  const tries = (before?.tries ?? 0) + (isNew ? 1 : 0);
  const kept = isNew || before === undefined ? { run, tries } : { ...before, tries };
  return new Map(proposals).set(cause.key, {
    ...kept,
    ...(proposed === undefined || plan === undefined ? {} : { plan, how: proposed.how }),
    ...(did === undefined ? {} : { result: did.result }),
  });
}

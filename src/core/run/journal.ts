import type { Actor } from '../../model/actor.ts';
import { digestOf } from '../../model/canonical.ts';
import type { Outcome } from '../../model/decision.ts';
import { type PrincipalId, RunId } from '../../model/id.ts';
import type { Refusal } from '../../model/refusal.ts';
import type { Note, RunCommand, RunLimits } from '../../model/run.ts';
import { chainOf, type MandateRecord } from '../authority/authority.ts';
import { sponsorsOf, standingFaults } from '../authority/mandates.ts';
import { tooFast } from '../authority/pace.ts';
import { rolesOf, standingOf } from '../authority/people.ts';
import { principalStopped } from '../authority/stops.ts';
import { refuse } from '../refuse.ts';
import type { State } from '../state.ts';
import { type Proposal, type Run, runOf } from './run.ts';

/** So often a plan may be proposed for one cause where the one before did not hold. */
export const proposalsMost = 3;

type Given = { readonly actor: Actor; readonly atMs: number };
type Of<Kind extends RunCommand['kind']> = Extract<RunCommand, { kind: Kind }>;
type RunRefusal = Extract<Refusal, { kind: 'run-refused' }>;

/**
 * Keeps the journal of an agent that works by itself. To begin it needs its mandate; to say what it saw and why it ends
 * it needs nothing more, so that also a run that was stopped can end in the ledger.
 */
export function keepJournal(state: State, given: Given, command: RunCommand): Outcome {
  switch (command.kind) {
    case 'begin-run':
      return begin(state, given, command);
    case 'note-run':
      return note(state, given, command);
    case 'end-run':
      return end(state, given, command);
    default:
      return command satisfies never;
  }
}

function begin(state: State, { actor, atMs }: Given, command: Of<'begin-run'>): Outcome {
  const { authority } = state;
  const { mandate: id, what, limits, purpose } = command;
  const record = authority.mandates.get(id);
  if (record === undefined) return refuse({ kind: 'unknown-authority', what: 'mandate', id });
  const stop = principalStopped(authority, actor);
  if (stop !== undefined) return refuse(stop);
  if (record.mandate.agent !== actor.principal || !mayStart(state, actor.onBehalfOf, record))
    return no('not-yours', `${id} is ${record.mandate.agent}'s, and whoever answers for it starts it`);
  const faults = standingFaults(authority, id, atMs);
  if (faults.length > 0)
    return refuse({ kind: 'outside-mandate', principal: actor.principal, mandate: id, faults });
  if (limits.untilMs <= atMs) return no('not-in-time', 'it would end before it begins');
  const run = RunId.parse(`R-${state.runs.all.size + 1}`);
  const request = digestOf(['begin-run', run]);
  const fast = tooFast(record, request, atMs);
  if (fast !== undefined) return refuse(fast);
  const within = narrowed(limits, chainOf(authority, id));
  return {
    decision: { kind: 'run-begun', run, untilMs: within.untilMs },
    events: [
      { kind: 'mandate-used', mandate: id, request },
      {
        kind: 'run-begun',
        run,
        mandate: id,
        what,
        limits: within,
        ...(purpose === undefined ? {} : { purpose }),
      },
    ],
  };
}

/** An agent starts itself; of people those who answer for it, and operators. */
function mayStart(
  { authority }: State,
  person: PrincipalId | undefined,
  { mandate }: MandateRecord,
): boolean {
  if (person === undefined) return true;
  const standing = standingOf(authority, person);
  if (standing !== 'registered') return standing === 'local-operator';
  if (sponsorsOf(authority, mandate.id).includes(person)) return true;
  const known = authority.principals.get(person);
  const roles = known === undefined ? [] : rolesOf(authority, known);
  return roles.includes('admin') || roles.includes('operator');
}

/** Never more, and never longer, than a mandate of the chain allows. */
function narrowed(limits: RunLimits, chain: readonly MandateRecord[]): RunLimits {
  const ends = chain.map(({ mandate }) => mandate.expiresAtMs);
  const said = [limits, ...chain.map(({ mandate }) => mandate)].flatMap(({ spendMicroEur }) => {
    return spendMicroEur === undefined ? [] : [spendMicroEur];
  });
  return {
    steps: limits.steps,
    untilMs: Math.min(limits.untilMs, ...ends),
    ...(said.length === 0 ? {} : { spendMicroEur: Math.min(...said) }),
  };
}

function note(state: State, { actor }: Given, command: Of<'note-run'>): Outcome {
  const open = openRun(state, actor, command.run);
  if ('refusal' in open) return refuse(open.refusal);
  const { run } = open;
  const fault = noteFault(state, run, command.note);
  if (fault !== undefined) return refuse({ ...fault, run: run.id });
  return {
    decision: { kind: 'run-noted', run: run.id, number: run.noteCount + 1 },
    events: [{ kind: 'run-noted', run: run.id, note: command.note }],
  };
}

function end(state: State, { actor }: Given, { run: id, why }: Of<'end-run'>): Outcome {
  const open = openRun(state, actor, id);
  if ('refusal' in open) return refuse(open.refusal);
  return { decision: { kind: 'run-ended', run: id, why }, events: [{ kind: 'run-ended', run: id, why }] };
}

/** The agent's own run that has not ended, or why there is none. */
function openRun(
  state: State,
  { principal }: Actor,
  id: RunId,
): { readonly run: Run } | { readonly refusal: RunRefusal } {
  const run = runOf(state.runs, id);
  const because = (why: RunRefusal['why'], words: string) => {
    return { refusal: { kind: 'run-refused' as const, run: id, why, note: words } };
  };
  if (run === undefined) return because('unknown', 'nobody has begun it');
  if (run.agent !== principal) return because('not-yours', `it is ${run.agent}'s`);
  if (run.end !== undefined) return because('ended', `it has ended: ${run.end.why}`);
  return { run };
}

/** A proposal and what became of it, for each step and each deed, and some room. */
function notesMost({ limits }: Run): number {
  return 2 * limits.steps + 8;
}

function noteFault(state: State, run: Run, { cause, proposed, did }: Note): RunRefusal | undefined {
  if (run.noteCount >= notesMost(run))
    return noteRefused('full', `its journal has ${run.noteCount} lines, as many as its steps allow`);
  const before = cause === undefined ? undefined : state.runs.proposals.get(cause.key);
  const entry = did?.entry;
  const owner = before === undefined ? undefined : runOf(state.runs, before.run);
  if (entry !== undefined && ![run, owner].some((one) => one?.deeds.includes(entry) === true))
    return noteRefused('no-such-entry', `entry ${entry} is no deed of it`);
  if (cause === undefined || before === undefined) return undefined;
  if (did === undefined && !mayPropose(before, proposed?.plan !== undefined))
    return noteRefused('noted-before', `${before.run} has proposed something for the same cause`);
  if (did !== undefined && before.result !== undefined && before.result !== 'again')
    return noteRefused('noted-before', `what became of it stands in the journal of ${before.run}`);
  return undefined;
}

/** A first plan where there was none; another one where the last did not hold, a few times. */
function mayPropose({ plan, result, tries }: Proposal, hasPlan: boolean): boolean {
  if (!hasPlan) return false;
  return plan === undefined || (result === 'again' && tries < proposalsMost);
}

function noteRefused(why: RunRefusal['why'], words: string): RunRefusal {
  return { kind: 'run-refused', why, note: words };
}

function no(why: RunRefusal['why'], words: string): Outcome {
  return refuse(noteRefused(why, words));
}

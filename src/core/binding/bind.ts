import type { Command } from '../../model/command.ts';
import type { Outcome } from '../../model/decision.ts';
import { ContractId, MaintenanceId } from '../../model/id.ts';
import { seatsOf } from '../../model/placement.ts';
import { standsIn } from '../../model/standing.ts';
import { cleanText } from '../../model/text.ts';
import { nodesIn } from '../calendar/calendar.ts';
import type { CommandGiven } from '../given.ts';
import { endedBy } from '../life/commit.ts';
import { refuse } from '../refuse.ts';
import type { State } from '../state.ts';
import { attemptLimit, waitMs } from './binding.ts';
import { bindingOf, boundContract, boundWindow, standingOfSubject } from './subject.ts';

type Bind = Extract<Command, { kind: 'bind' }>;
type Report = Extract<Command, { kind: 'report-binding' }>;

/** Says what an engine is to hold from now on. Nothing has been done yet: what comes of it is reported. */
export function bind(state: State, { atMs }: CommandGiven, command: Bind): Outcome {
  const subject = standingOfSubject(state, command.subject, atMs);
  if (subject === undefined) return unknown(command);
  const no = misfit(state, command, { ...subject, atMs });
  if (no !== undefined) return no;
  const { subject: id, engine, version, objectCount } = command;
  return {
    decision: { kind: 'binding-begun', subject: id, engine, version, objectCount },
    events: [{ ...command, kind: 'binding-begun' }],
  };
}

function misfit(
  state: State,
  command: Bind,
  subject: { readonly version: number; readonly stands: boolean; readonly atMs: number },
): Outcome | undefined {
  const { version, objectCount } = command;
  if (version !== subject.version)
    return refusal(command, 'other-version', `it is at version ${subject.version}, not ${version}`);
  if (!subject.stands) return objectCount > 0 ? ended(state, command, subject.atMs) : left(state, command);
  const isGone = isElsewhere(state, command);
  // What has moved away is taken away where it was.
  if (objectCount === 0 && isGone) return left(state, command);
  if (objectCount === 0) return refusal(command, 'nothing-wanted', 'it stands, and no object holds it');
  return isGone
    ? refusal(command, 'elsewhere', `it has no node in ${cleanText(command.places.join(', '), 250)}`)
    : undefined;
}

/** What has ended may be taken away from an engine that had it. */
function left(state: State, command: Bind): Outcome | undefined {
  return bindingOf(state, command) === undefined
    ? refusal(command, 'nothing-there', `${command.engine} was never handed it`)
    : undefined;
}

function ended(state: State, command: Bind, atMs: number): Outcome {
  const contract = boundContract(state, command.subject);
  if (contract !== undefined) return refuse(endedBy(contract, atMs));
  const window = boundWindow(state, command.subject);
  if (window === undefined) return unknown(command);
  const { id, cancelledAtMs, toMs } = window;
  return refuse({ kind: 'maintenance-ended', id, endedAtMs: cancelledAtMs ?? toMs });
}

function isElsewhere(state: State, { subject, places }: Bind): boolean {
  if (places.length === 0) return false;
  const contract = boundContract(state, subject);
  const window = boundWindow(state, subject);
  const closed = window === undefined ? [] : nodesIn(state.fleet, window.place);
  const nodes =
    contract === undefined
      ? closed
      : seatsOf(contract.placement).flatMap(({ node }) => state.fleet.nodeById.get(node) ?? []);
  return !nodes.some((node) => places.some((place) => standsIn(node, place)));
}

/** Records what came of an attempt, and when there is to be another one. */
export function reportBinding(state: State, { atMs }: CommandGiven, command: Report): Outcome {
  const { subject, engine, objects, account } = command;
  const before = bindingOf(state, command);
  if (before === undefined)
    return refusal(command, 'not-begun', 'nothing was begun that could be reported on');
  if (before.objects !== objects)
    return refusal(command, 'other-objects', 'it was handed over anew in the meantime');
  const { result } = account;
  const attempts = result === 'kept' ? 0 : before.attempts + 1;
  const goesOn = attempts > 0 && attempts < attemptLimit;
  const next = goesOn ? { nextAtMs: atMs + waitMs(attempts) } : {};
  return {
    decision: { kind: 'binding-reported', subject, engine, result, attempts, ...next },
    events: [{ kind: 'binding-reported', subject, engine, objects, account, attempts, ...next }],
  };
}

function unknown({ subject }: Bind): Outcome {
  const window = MaintenanceId.safeParse(subject);
  if (window.success) return refuse({ kind: 'maintenance-unknown', id: window.data });
  return refuse({ kind: 'contract-unknown', contract: ContractId.parse(subject) });
}

function refusal(
  { subject, engine }: Bind | Report,
  why: 'not-begun' | 'other-objects' | 'other-version' | 'nothing-there' | 'nothing-wanted' | 'elsewhere',
  note: string,
): Outcome {
  return refuse({ kind: 'binding-refused', subject, engine, why, note });
}

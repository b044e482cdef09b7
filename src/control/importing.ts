import { type Identified, identify } from '../core/inventory/identity/identify.ts';
import type { IdentityProblem } from '../core/inventory/identity/problems.ts';
import { digestOfBytes } from '../model/canonical.ts';
import type { Command } from '../model/command.ts';
import type { Entry } from '../model/entry.ts';
import { BerthError } from '../model/error.ts';
import type { Observation, Unknown } from '../model/fact.ts';
import { type Digest, IdemKey } from '../model/id.ts';
import type { ImportResult } from '../model/import-view.ts';
import { cleanText } from '../model/text.ts';
import { requireOperator } from './caller.ts';
import type { Caller } from './control.ts';
import type { Door } from './door.ts';
import { forbidden } from './forbidden.ts';
import { lastEntry } from './history.ts';
import { type Comparison, compare } from './import-comparison.ts';
import { bytesOf } from './library.ts';
import { requestHash } from './once.ts';
import { type Moment, snapshotOf } from './views/snapshot.ts';

/**
 * Records an observation in the words of the inventory (see `identify`), or with `dryRun` only says what it would change.
 * Machines that cannot be told from others are left out and listed; where nothing is left, nothing is recorded.
 */
export async function importObservation(
  door: Door,
  caller: Caller,
  asked: { readonly observation: Observation; readonly dryRun: boolean },
): Promise<ImportResult> {
  requireOperator(caller, 'import inventory');
  const { dryRun } = asked;
  const before = await door.moment();
  const identified = identify(before.state.claims, asked.observation);
  refuseEmpty(identified);
  const { observation, problems } = identified;
  const report = reportOf(observation, compare(before.state.claims, observation), problems);
  if (dryRun) {
    const digest = digestOfBytes(bytesOf(observation));
    return { ...report, snapshot: snapshotOf(before), dryRun, observation: digest };
  }
  const { digest, entry, moment } = await record(door, caller, observation);
  return {
    ...report,
    snapshot: snapshotOf(moment),
    dryRun,
    observation: digest,
    entry: { seq: entry.seq, digest: entry.digest },
  };
}

/** One entry for what a source says, unless it is the last thing that source has said. */
async function record(
  door: Door,
  caller: Caller,
  observation: Observation,
): Promise<{ readonly digest: Digest; readonly entry: Entry; readonly moment: Moment }> {
  const digest = await door.library.keepObservation(observation);
  const hash = requestHash('import', digest);
  const said = `import:${observation.source}:`;
  const last = await lastEntry(
    door.ledger,
    ({ command, idemKey }) => command.kind === 'record-observation' && idemKey?.startsWith(said) === true,
  );
  if (last?.requestHash === hash) return { digest, entry: last, moment: await door.moment() };
  // What was said once and superseded since is said anew: its key names the entry that it supersedes.
  const again = last === undefined ? '' : `:${last.seq}`;
  const key = IdemKey.parse(`${said}${digest.slice('sha256:'.length, 'sha256:'.length + 32)}${again}`);
  const command: Command = { kind: 'record-observation', observation: digest };
  const passed = await door.pass(caller, command, { key, tenant: undefined, hash });
  if (passed.kind === 'refused') throw forbidden(passed.decision.refusal);
  return { digest, ...passed };
}

function reportOf(observation: Observation, compared: Comparison, problems: readonly IdentityProblem[]) {
  const bySubject = new Map(observation.facts.map((fact) => [`${fact.kind} ${fact.subject}`, fact.kind]));
  const subjects: Record<string, number> = {};
  for (const kind of bySubject.values()) subjects[kind] = (subjects[kind] ?? 0) + 1;
  return {
    source: observation.source,
    factCount: observation.facts.length,
    subjects,
    added: compared.added.length,
    addedSubjects: [...compared.added],
    changed: compared.changed.length,
    changes: compared.changes,
    unchanged: compared.unchanged,
    gone: compared.gone.length,
    goneSubjects: [...compared.gone],
    conflicts: compared.conflicts,
    conflictCount: compared.conflicts.length,
    unknown: observation.unknown.map(unknownView),
    unknownCount: observation.unknown.length,
    notRecorded: problems.map(problemView),
    notRecordedCount: problems.length,
    assumptions: observation.assumptions,
  };
}

function unknownView({ subject, attribute, why, origin }: Unknown): ImportResult['unknown'][number] {
  return {
    ...(subject === undefined ? {} : { subject }),
    attribute: cleanText(attribute),
    why: cleanText(why, 300),
    file: cleanText(origin.file),
    ...(origin.line === undefined ? {} : { line: origin.line }),
  };
}

function problemView(problem: IdentityProblem): ImportResult['notRecorded'][number] {
  const { kind, subject, candidates, identifiers, why, fix, factCount, origin } = problem;
  return {
    kind,
    subject,
    candidates: [...candidates],
    identifiers: identifiers.map((text) => cleanText(text)),
    why: cleanText(why, 300),
    fix: cleanText(fix, 400),
    factCount,
    file: cleanText(origin.file),
    ...(origin.line === undefined ? {} : { line: origin.line }),
  };
}

/** An import of which nothing can be recorded is an error, with the first reason. */
function refuseEmpty({ observation, problems }: Identified): void {
  const [first, ...others] = problems;
  if (first === undefined || observation.facts.length > 0) return;
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  throw new BerthError({
    code: 'INVALID_INPUT',
    message: cleanText(`${first.subject} is not recorded: ${first.why}${more}`, 400),
    fix: cleanText(first.fix, 400),
    ...(first.candidates.length === 0 ? {} : { allowed: first.candidates }),
  });
}

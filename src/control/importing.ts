import { addObservation, type Claims, type SubjectKey, subjectKey } from '../core/inventory/claims.ts';
import { type Resolved, resolveAttributes } from '../core/inventory/resolve.ts';
import { canonicalJson, digestOfBytes } from '../model/canonical.ts';
import type { Command } from '../model/command.ts';
import type { Entry } from '../model/entry.ts';
import type { Observation } from '../model/fact.ts';
import { type Digest, IdemKey } from '../model/id.ts';
import { cleanText } from '../model/text.ts';
import type { ImportResult } from '../model/view.ts';
import { requireOperator } from './caller.ts';
import type { Caller } from './control.ts';
import type { Door } from './door.ts';
import { forbidden } from './forbidden.ts';
import { lastEntry } from './history.ts';
import { bytesOf } from './library.ts';
import { requestHash } from './once.ts';
import { type Moment, snapshotOf } from './views/snapshot.ts';

/** So many conflicts and unknowns are listed; the counts are whole. */
const listed = 50;

/** Records an observation, or with `dryRun` only says what it would change. */
export async function importObservation(
  door: Door,
  caller: Caller,
  asked: { readonly observation: Observation; readonly dryRun: boolean },
): Promise<ImportResult> {
  requireOperator(caller, 'import inventory');
  const { observation, dryRun } = asked;
  const before = await door.moment();
  const compared = compare(before.state.claims, observation);
  if (dryRun) {
    const digest = digestOfBytes(bytesOf(observation));
    return { ...reportOf(observation, compared), snapshot: snapshotOf(before), dryRun, observation: digest };
  }
  const { digest, entry, moment } = await record(door, caller, observation);
  return {
    ...reportOf(observation, compared),
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

type Compared = {
  readonly added: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly notSeen: number;
  readonly conflicts: ImportResult['conflicts'];
};

function compare(before: Claims, observation: Observation): Compared {
  const after = addObservation(before, observation);
  const keys = new Set(observation.facts.map((fact) => subjectKey(fact.kind, fact.subject)));
  const counts = { added: 0, changed: 0, unchanged: 0 };
  const conflicts: ImportResult['conflicts'] = [];
  for (const key of keys) {
    const now = resolveAttributes(after.get(key) ?? []);
    counts[changeOf(before.get(key), now)]++;
    conflicts.push(...now.filter((attribute) => attribute.conflicts.length > 0).map(conflictOf));
  }
  return { ...counts, notSeen: notSeen(before, keys, observation), conflicts };
}

function changeOf(
  known: Parameters<typeof resolveAttributes>[0] | undefined,
  now: readonly Resolved[],
): 'added' | 'changed' | 'unchanged' {
  if (known === undefined) return 'added';
  return valuesOf(resolveAttributes(known)) === valuesOf(now) ? 'unchanged' : 'changed';
}

function valuesOf(attributes: readonly Resolved[]): string {
  return canonicalJson(attributes.map(({ name, value }) => [name, value]));
}

/** Subjects that this source told of before, at the sites it tells of now, but not this time. */
function notSeen(before: Claims, keys: ReadonlySet<SubjectKey>, observation: Observation): number {
  const sites = new Set(observation.facts.map((fact) => fact.subject.split('/')[0]));
  let count = 0;
  for (const [key, claims] of before) {
    const [first] = claims;
    if (first === undefined || keys.has(key)) continue;
    const told = claims.some((claim) => claim.source === observation.source);
    if (told && sites.has(first.fact.subject.split('/')[0])) count++;
  }
  return count;
}

function conflictOf(attribute: Resolved): ImportResult['conflicts'][number] {
  const said = [
    { value: attribute.value, claim: attribute.claim, used: true },
    ...attribute.conflicts.map((other) => ({ ...other, used: false })),
  ];
  return {
    subject: attribute.claim.fact.subject,
    attribute: attribute.name,
    values: said.map(({ value, claim, used }) => ({
      value: cleanText(JSON.stringify(value)),
      source: claim.source,
      file: cleanText(claim.origin.file),
      used,
    })),
  };
}

function reportOf(observation: Observation, compared: Compared) {
  const bySubject = new Map(observation.facts.map((fact) => [`${fact.kind} ${fact.subject}`, fact.kind]));
  const subjects: Record<string, number> = {};
  for (const kind of bySubject.values()) subjects[kind] = (subjects[kind] ?? 0) + 1;
  return {
    source: observation.source,
    factCount: observation.facts.length,
    subjects,
    added: compared.added,
    changed: compared.changed,
    unchanged: compared.unchanged,
    notSeen: compared.notSeen,
    conflicts: compared.conflicts.slice(0, listed),
    conflictCount: compared.conflicts.length,
    unknown: observation.unknown.slice(0, listed).map(({ subject, attribute, why, origin }) => ({
      ...(subject === undefined ? {} : { subject }),
      attribute: cleanText(attribute),
      why: cleanText(why, 300),
      file: cleanText(origin.file),
    })),
    unknownCount: observation.unknown.length,
    assumptions: observation.assumptions,
  };
}

import {
  addObservation,
  type Claim,
  type Claims,
  type SubjectKey,
  subjectKey,
} from '../core/inventory/claims.ts';
import { ofOneMachine } from '../core/inventory/reach.ts';
import { newestOf, type Resolved, resolveAttributes } from '../core/inventory/resolve.ts';
import { claimsAbout } from '../core/inventory/said-about.ts';
import { canonicalJson } from '../model/canonical.ts';
import type { FactKind, Observation } from '../model/fact.ts';
import { parentOf, type Path, siteOf } from '../model/id.ts';
import type { ImportResult } from '../model/import-view.ts';
import { cleanText, compareText } from '../model/text.ts';

type Subject = { readonly kind: FactKind; readonly id: Path };

/** What an import makes of what was known before. */
export type Comparison = {
  readonly added: readonly Subject[];
  readonly changed: readonly Subject[];
  readonly changes: ImportResult['changes'];
  readonly unchanged: number;
  readonly gone: readonly Subject[];
  readonly conflicts: ImportResult['conflicts'];
};

export function compare(before: Claims, observation: Observation): Comparison {
  const after = addObservation(before, observation);
  const subjects = new Map<SubjectKey, Subject>(
    observation.facts.map(({ kind, subject }) => [subjectKey(kind, subject), { kind, id: subject }]),
  );
  const added: Subject[] = [];
  const changed: Subject[] = [];
  const changes: ImportResult['changes'] = [];
  const conflicts: ImportResult['conflicts'] = [];
  for (const [key, subject] of subjects) {
    const known = before.get(key);
    const now = resolveAttributes(claimsAbout(after, key), newestOf(after));
    conflicts.push(...now.filter((attribute) => attribute.conflicts.length > 0).map(conflictOf));
    const differing =
      known === undefined
        ? []
        : changesOf(subject.id, resolveAttributes(claimsAbout(before, key), newestOf(before)), now);
    changes.push(...differing);
    if (known === undefined) added.push(subject);
    else if (differing.length > 0) changed.push(subject);
  }
  const unchanged = subjects.size - added.length - changed.length;
  const gone = goneOf(before, subjects, observation);
  return { added, changed, changes, unchanged, gone, conflicts };
}

function changesOf(
  subject: Path,
  before: readonly Resolved[],
  now: readonly Resolved[],
): ImportResult['changes'] {
  const was = new Map(before.map(({ name, value }) => [name, canonicalJson(value)]));
  const is = new Map(now.map(({ name, value }) => [name, canonicalJson(value)]));
  return [...new Set([...was.keys(), ...is.keys()])]
    .filter((name) => was.get(name) !== is.get(name))
    .toSorted(compareText)
    .map((attribute) => {
      const from = was.get(attribute);
      const to = is.get(attribute);
      return {
        subject,
        attribute,
        ...(from === undefined ? {} : { was: cleanText(from) }),
        ...(to === undefined ? {} : { is: cleanText(to) }),
      };
    });
}

const ofMachines: ReadonlySet<FactKind> = new Set(['node', 'gpu', 'nic']);

/**
 * Subjects that this source told of before, but not this time: of its sites for a source that lists machines, of the
 * machines that it names for one that reads them one by one. Their facts stay until somebody says otherwise or, where
 * they are volatile, until they are too old.
 */
function goneOf(
  before: Claims,
  subjects: ReadonlyMap<SubjectKey, Subject>,
  { source }: Observation,
): readonly Subject[] {
  const isOfOne = ofOneMachine.has(source);
  const told = new Set([...subjects.values()].map(({ kind, id }) => scopeOf(kind, id, isOfOne)));
  const gone: Subject[] = [];
  for (const [key, claims] of before) {
    const fact = claims[0]?.fact;
    if (fact === undefined || subjects.has(key)) continue;
    if (!claims.some((claim: Claim) => claim.source === source)) continue;
    const scope = scopeOf(fact.kind, fact.subject, isOfOne);
    if (scope !== undefined && told.has(scope)) gone.push({ kind: fact.kind, id: fact.subject });
  }
  return gone;
}

function scopeOf(kind: FactKind, id: Path, isOfOne: boolean): Path | undefined {
  if (!isOfOne) return siteOf(id);
  if (!ofMachines.has(kind)) return undefined;
  return kind === 'node' ? id : parentOf(id);
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
      ...(claim.origin.line === undefined ? {} : { line: claim.origin.line }),
      used,
    })),
  };
}

import { digestOfBytes } from '../model/canonical.ts';
import type { Fact, Observation, SourceName, Unknown } from '../model/fact.ts';
import { compareText } from '../model/text.ts';
import { fileName } from './evidence.ts';
import type { Evidence, ImportContext } from './source.ts';

/** What a source has read so far. */
export type Findings = {
  readonly facts: Fact[];
  readonly unknown: Unknown[];
  readonly assumptions: Set<string>;
};

/** The most gaps that one observation lists; what is left out is counted in the last one. */
const maxUnknown = 100_000;
const maxAssumptions = 100;

export function noFindings(): Findings {
  return { facts: [], unknown: [], assumptions: new Set() };
}

/**
 * Closes an import. Facts come in the order of subject and kind, several about one subject in the order they
 * were found, so that the order of records in a file changes nothing.
 */
export function observation(
  source: SourceName,
  evidence: readonly Evidence[],
  context: ImportContext,
  findings: Findings,
): Observation {
  return {
    schema: 'berth/observation/1',
    source,
    observedAtMs: context.observedAtMs,
    evidence: evidence.map((file) => ({
      file: fileName(file),
      digest: digestOfBytes(file.bytes),
      sizeBytes: file.bytes.length,
    })),
    assumptions: listed([...findings.assumptions].toSorted(compareText)),
    facts: findings.facts.toSorted(
      (a, b) => compareText(a.subject, b.subject) || compareText(a.kind, b.kind),
    ),
    unknown: capped(findings.unknown.toSorted(byPlace)),
  };
}

/** The attributes that are known: a fact never carries `undefined`. */
export function known<S extends object>(set: S): S {
  const copy = { ...set };
  for (const [name, value] of Object.entries(copy)) {
    if (value === undefined) Reflect.deleteProperty(copy, name);
  }
  return copy;
}

function byPlace(a: Unknown, b: Unknown): number {
  return compareText(a.subject ?? '', b.subject ?? '') || compareText(a.attribute, b.attribute);
}

function listed(assumptions: readonly string[]): string[] {
  if (assumptions.length <= maxAssumptions) return [...assumptions];
  const kept = assumptions.slice(0, maxAssumptions - 1);
  return [...kept, `and ${assumptions.length - kept.length} more of the same kinds`];
}

function capped(unknown: readonly Unknown[]): Unknown[] {
  const last = unknown[maxUnknown - 1];
  if (last === undefined || unknown.length === maxUnknown) return [...unknown];
  const kept = unknown.slice(0, maxUnknown - 1);
  return [
    ...kept,
    {
      attribute: 'more',
      why: `${unknown.length - kept.length} more gaps are not listed`,
      origin: last.origin,
    },
  ];
}

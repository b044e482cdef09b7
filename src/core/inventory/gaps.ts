import type { Observation, SourceName, Unknown } from '../../model/fact.ts';
import { type Path, parentOf } from '../../model/id.ts';

/** Something that a source left open, and when it did. */
export type Gap = { readonly source: SourceName; readonly observedAtMs: number; readonly unknown: Unknown };

/** What sources left open, by source and subject; a device counts with its machine. */
export type Gaps = ReadonlyMap<string, readonly Gap[]>;

/** Adds what an observation leaves open. What the same source had left open about the same subjects is superseded. */
export function addGaps(gaps: Gaps, observation: Observation): Gaps {
  const { source, observedAtMs } = observation;
  const fresh = new Map<string, Gap[]>();
  for (const unknown of observation.unknown) {
    const key = keyOf(source, unknown.subject);
    const known = fresh.get(key);
    const gap = { source, observedAtMs, unknown };
    if (known === undefined) fresh.set(key, [gap]);
    else known.push(gap);
  }
  const merged = new Map(gaps);
  const told = new Set([
    keyOf(source, undefined),
    ...observation.facts.map(({ subject }) => keyOf(source, subject)),
  ]);
  for (const key of [...told, ...fresh.keys()]) {
    const isOlder = (merged.get(key)?.[0]?.observedAtMs ?? 0) > observedAtMs;
    if (!isOlder) merged.delete(key);
    const gap = fresh.get(key);
    if (!isOlder && gap !== undefined) merged.set(key, gap);
  }
  return merged;
}

function keyOf(source: SourceName, subject: Path | undefined): string {
  if (subject === undefined) return source;
  const isDevice = /\/(?:gpu|nic)\d+$/u.test(subject);
  return `${source} ${isDevice ? (parentOf(subject) ?? subject) : subject}`;
}

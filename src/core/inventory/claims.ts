import type { Confidence, Fact, FactKind, Observation, Origin, SourceName } from '../../model/fact.ts';
import type { Path } from '../../model/id.ts';

/** What one fact of one observation says about one subject. */
export type Claim = {
  readonly source: SourceName;
  readonly observedAtMs: number;
  readonly confidence: Confidence;
  readonly origin: Origin;
  readonly fact: Fact;
  /** Said of all machines of a shape, not of this one: any other word comes first. */
  readonly isOfShape?: true;
};

/** Everything anybody has said, by subject. A source's newer word about a subject replaces its older one. */
export type Claims = ReadonlyMap<SubjectKey, readonly Claim[]>;

/** Kind and path: `node fra1/h1/r11/n02`. */
export type SubjectKey = `${FactKind} ${Path}`;

export function subjectKey(kind: FactKind, subject: Path): SubjectKey {
  return `${kind} ${subject}`;
}

/** Adds an observation. Within one observation later facts about a subject stand behind earlier ones. */
export function addObservation(claims: Claims, observation: Observation): Claims {
  const fresh = new Map<SubjectKey, Claim[]>();
  for (const fact of observation.facts) {
    const key = subjectKey(fact.kind, fact.subject);
    const claim: Claim = {
      source: observation.source,
      observedAtMs: observation.observedAtMs,
      confidence: fact.confidence,
      origin: fact.origin,
      fact,
    };
    const known = fresh.get(key);
    if (known === undefined) fresh.set(key, [claim]);
    else known.push(claim);
  }
  const merged = new Map(claims);
  for (const [key, said] of fresh) {
    const known = merged.get(key) ?? [];
    const newer = known.some(
      (claim) => claim.source === observation.source && claim.observedAtMs > observation.observedAtMs,
    );
    if (newer) continue;
    const others = known.filter((claim) => claim.source !== observation.source);
    merged.set(key, [...others, ...said]);
  }
  return merged;
}

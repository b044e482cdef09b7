import { addObservation, type Claims } from '../../../../src/core/inventory/claims.ts';
import { type Identified, identify } from '../../../../src/core/inventory/identity/identify.ts';
import { Fact, type FactKind, type Observation, type SourceName } from '../../../../src/model/fact.ts';

/** What a source says, one line a fact: kind, subject, attributes. */
export type Line = readonly [kind: FactKind, subject: string, set: object];

export function said(
  source: SourceName,
  lines: readonly Line[],
  more: Partial<Observation> = {},
): Observation {
  return {
    schema: 'berth/observation/1',
    source,
    observedAtMs: 1_795_597_200_000,
    evidence: [],
    assumptions: [],
    unknown: [],
    facts: lines.map(([kind, subject, set], index) =>
      Fact.parse({
        kind,
        subject,
        set,
        confidence: 'stated',
        origin: { file: `${source}.txt`, line: index + 1 },
      }),
    ),
    ...more,
  };
}

/** Observations recorded one after the other, each in the words of what was known before it. */
export function recorded(...observations: readonly Observation[]): {
  readonly claims: Claims;
  readonly last: Identified;
} {
  let claims: Claims = new Map();
  let last: Identified = { observation: said('inventory', []), problems: [] };
  for (const observation of observations) {
    last = identify(claims, observation);
    claims = addObservation(claims, last.observation);
  }
  return { claims, last };
}

/** The subjects of the last observation, as they were recorded. */
export function subjectsAfter(...observations: readonly Observation[]): readonly string[] {
  return recorded(...observations).last.observation.facts.map(({ subject }) => subject);
}

/** Why the last observation is not recorded whole. */
export function problemsAfter(...observations: readonly Observation[]): readonly string[] {
  return recorded(...observations).last.problems.map(({ subject, why }) => `${subject}: ${why}`);
}

/** Facts of a subject in the last observation. */
export function setAfter(subject: string, ...observations: readonly Observation[]): object {
  const facts = recorded(...observations).last.observation.facts.filter((fact) => fact.subject === subject);
  return facts.reduce((set, fact) => ({ ...set, ...fact.set }), {});
}

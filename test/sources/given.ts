import { readFileSync } from 'node:fs';

import { canonicalJson } from '../../src/model/canonical.ts';
import { BerthError } from '../../src/model/error.ts';
import { type Fact, type NodeFacts, Observation } from '../../src/model/fact.ts';
import type { Evidence, ImportContext, Source } from '../../src/sources/source.ts';

export function file(name: string, text: string | Uint8Array): Evidence {
  return { file: name, bytes: typeof text === 'string' ? new TextEncoder().encode(text) : text };
}

export function capture(path: string): Evidence {
  return file(
    path.slice(path.lastIndexOf('/') + 1),
    readFileSync(new URL(`../data/${path}`, import.meta.url)),
  );
}

/** Parses, and checks what every observation must satisfy: its schema, and that it can be stored canonically. */
export function parsed(
  source: Source,
  evidence: readonly Evidence[],
  context: Partial<ImportContext> = {},
): Observation {
  const observation = source.parse(evidence, { observedAtMs: 1_795_597_200_000, ...context });
  canonicalJson(observation);
  return Observation.parse(observation);
}

/** All attributes of one node, whatever fact they stand in. */
export function nodeIn(observation: Observation, id: string): NodeFacts {
  return observation.facts.reduce<NodeFacts>(
    (set, fact) => (fact.kind === 'node' && fact.subject === id ? { ...set, ...fact.set } : set),
    {},
  );
}

export function confidenceOf(observation: Observation, id: string, attribute: string): string | undefined {
  return observation.facts.find((fact) => fact.subject === id && Object.hasOwn(fact.set, attribute))
    ?.confidence;
}

export function whyUnknown(observation: Observation, id: string, attribute: string): string | undefined {
  return observation.unknown.find((gap) => gap.subject === id && gap.attribute === attribute)?.why;
}

/** Facts without where they were read: what must not change when the order of records does. */
export function withoutLines(
  observation: Observation,
): readonly Pick<Fact, 'kind' | 'subject' | 'set' | 'confidence'>[] {
  return observation.facts.map(({ kind, subject, set, confidence }) => ({ kind, subject, set, confidence }));
}

/** What the error says, and what to do. Fails for anything else that is thrown. */
export function refusal(run: () => unknown): {
  message: string;
  fix: string;
  didYouMean: string | undefined;
} {
  try {
    run();
  } catch (error) {
    if (!(error instanceof BerthError)) throw error;
    const { message, fix, didYouMean } = error.detail;
    return { message, fix, didYouMean };
  }
  throw new Error('nothing was refused');
}

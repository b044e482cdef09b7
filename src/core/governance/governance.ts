import { digestOf } from '../../model/canonical.ts';
import type { Event } from '../../model/event.ts';
import type { FactBook, FactSubject, GovernanceFact } from '../../model/governance-fact.ts';
import type { Digest, OverrideId } from '../../model/id.ts';
import type { Override } from '../../model/override.ts';

/** What people vouch for, and which rules do not bind for a time by two persons' word. */
export type Governance = {
  readonly facts: FactBook;
  /** Every override there ever was, in the order of their numbers. */
  readonly overrides: ReadonlyMap<OverrideId, Override>;
  /** Chained over everything recorded; absent as long as nothing is. */
  readonly digest: Digest | undefined;
};

export const emptyGovernance: Governance = { facts: new Map(), overrides: new Map(), digest: undefined };

type GovernanceEvent = Extract<
  Event,
  { kind: 'facts-recorded' | 'fact-retracted' | 'rule-overridden' | 'override-lifted' }
>;

/** Follows one event. Throws where it cannot follow: then the ledger is not what it claims. */
export function followGovernance(
  before: Governance,
  event: GovernanceEvent,
  { atMs }: { readonly atMs: number },
): Governance {
  return { ...followed(before, event, atMs), digest: digestOf([before.digest ?? null, event]) };
}

function followed(before: Governance, event: GovernanceEvent, atMs: number): Governance {
  switch (event.kind) {
    case 'facts-recorded':
      return { ...before, facts: event.facts.reduce(withFact, before.facts) };
    case 'fact-retracted':
      return { ...before, facts: withoutFact(before.facts, event.subject, event.attribute) };
    case 'rule-overridden': {
      const { id, wish, second } = event;
      const override: Override = { ...wish, id, second, sinceMs: atMs };
      return { ...before, overrides: new Map(before.overrides).set(id, override) };
    }
    case 'override-lifted': {
      const override = before.overrides.get(event.id);
      if (override === undefined) throw new Error(`there is no override \`${event.id}\``);
      const lifted = { ...override, liftedAtMs: event.atMs };
      return { ...before, overrides: new Map(before.overrides).set(event.id, lifted) };
    }
    default:
      return event satisfies never;
  }
}

function withFact(book: FactBook, fact: GovernanceFact): FactBook {
  const known = new Map(book.get(fact.subject)).set(fact.attribute, fact);
  return new Map(book).set(fact.subject, known);
}

function withoutFact(book: FactBook, subject: FactSubject, attribute: string): FactBook {
  const known = new Map(book.get(subject));
  if (!known.delete(attribute)) throw new Error(`\`${subject} ${attribute}\` was never recorded`);
  const rest = new Map(book);
  if (known.size === 0) rest.delete(subject);
  else rest.set(subject, known);
  return rest;
}

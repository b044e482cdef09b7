import { dayNamed, dayOf, dayText } from '../model/day.ts';
import { type FactBook, faultOfFact, formOf, type GovernanceFact } from '../model/governance-fact.ts';
import type { CedarJson } from './cedar/value.ts';

/** From the decision to the end of what is asked for; both the same where there is no end. */
export type Span = { readonly atMs: number; readonly untilMs: number };

/** Days of a span: the one of the decision and the last one. */
export function daysOf({ atMs, untilMs }: Span): { readonly today: number; readonly lastDay: number } {
  return { today: dayOf(atMs), lastDay: dayOf(Math.max(atMs, untilMs - 1)) };
}

/** Whether a fact holds over a whole span. One that expires within it counts as missing. */
export function holdsOver({ assertedAtMs, expiresAtMs }: GovernanceFact, { atMs, untilMs }: Span): boolean {
  return assertedAtMs <= atMs && expiresAtMs > atMs && expiresAtMs >= untilMs;
}

/** What is recorded about a subject and holds over the span, as values of rules. */
export function attributesOf(book: FactBook, subject: string, span: Span): Record<string, CedarJson> {
  // A fact that is not what its kind of fact says may not slip through a rule that asks for something else.
  const facts = factsAbout(book, subject).filter(
    (fact) => holdsOver(fact, span) && faultOfFact(fact) === undefined,
  );
  return Object.fromEntries(facts.map((fact) => [fact.attribute, ruleValue(fact)]));
}

export function factAbout(book: FactBook, subject: string, attribute: string): GovernanceFact | undefined {
  return factsAbout(book, subject).find((fact) => fact.attribute === attribute);
}

/** Who says so, in a line. */
export function sourceOfFact(fact: GovernanceFact): string {
  const { assertedBy, evidence, evidenceName, assertedAtMs, expiresAtMs, signed } = fact;
  const document = evidenceName === undefined ? '' : ` ${evidenceName}`;
  const signature = signed === undefined ? '' : `, signed by ${signed.by}`;
  return `${assertedBy} on ${dayText(dayOf(assertedAtMs))}${signature}, evidence${document} ${evidence.slice(0, 23)}…, until ${dayText(dayOf(expiresAtMs))}`;
}

/** Why a fact that is recorded does not count over a span. */
export function whyNot(fact: GovernanceFact, { atMs, untilMs }: Span): string {
  const fault = faultOfFact(fact);
  if (fault !== undefined) return fault;
  const expiry = dayText(dayOf(fact.expiresAtMs));
  if (fact.assertedAtMs > atMs) return `it is asserted only for ${dayText(dayOf(fact.assertedAtMs))} on`;
  if (fact.expiresAtMs <= atMs) return `it expired on ${expiry}`;
  return fact.expiresAtMs < untilMs ? `it expires on ${expiry}, before the window ends` : 'it holds';
}

function factsAbout(book: FactBook, subject: string): readonly GovernanceFact[] {
  for (const [name, facts] of book) if (name === subject) return [...facts.values()];
  return [];
}

function ruleValue({ attribute, value }: GovernanceFact): CedarJson {
  if (typeof value === 'string' && formOf(attribute)?.type === 'day') return dayNamed(value) ?? value;
  return value;
}

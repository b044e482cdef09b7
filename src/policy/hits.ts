import { dayText } from '../model/day.ts';
import { type FactBook, formOf } from '../model/governance-fact.ts';
import type { ReadFact, RuleHit } from '../model/policy.ts';
import type { Fault, Missing, Reading } from './cedar/expression.ts';
import { textOf, type Value } from './cedar/value.ts';
import type { Described } from './describe.ts';
import { factAbout, sourceOfFact, type Span, whyNot } from './facts.ts';
import type { Rule } from './pack-set.ts';

const longest = 300;

/** What is said about a rule that forbids: what it read, and who says so. */
export function forbiddenHit(rule: Rule, readings: readonly Reading[], about: Described): RuleHit {
  const facts = distinct(readings.filter(isTold).map((reading) => readFact(reading, about)));
  const told = facts.slice(0, 3).map(({ fact, value }) => `${fact} is ${value ?? 'unknown'}`);
  const why = told.length === 0 ? rule.why : `${rule.why}: ${told.join('; ')}`;
  return hitOf(rule, 'forbid', { why, fix: rule.fix, facts });
}

/** What is said about a rule that has no answer: every fact that is missing, not just the first. */
export function missingHit(rule: Rule, fault: Fault, about: Described): RuleHit {
  const missing = distinct(fault.missing.flatMap((fact) => missingFacts(fact, about)));
  if (missing.length === 0)
    return hitOf(rule, 'fact-missing', {
      why: `the rule cannot be answered: ${fault.note}`,
      fix: 'correct the recorded fact that the rule reads: `berth facts list` shows them',
      facts: rule.needs.map((fact) => ({ fact, source: 'has another form than the rule reads' })),
    });
  const names = missing.map(({ fact }) => fact).join(', ');
  return hitOf(rule, 'fact-missing', {
    why: `${names} is not recorded`,
    fix: fixFor(missing),
    facts: missing,
  });
}

function hitOf(
  { id, article }: Rule,
  effect: RuleHit['effect'],
  { why, fix, facts }: { why: string; fix: string; facts: readonly ReadFact[] },
): RuleHit {
  return {
    rule: id,
    article: cut(article, 120),
    effect,
    why: cut(why, longest),
    fix: cut(fix, longest),
    ...(facts.length === 0 ? {} : { facts: facts.slice(0, 16) }),
  };
}

function fixFor(missing: readonly ReadFact[]): string {
  const [first] = missing.map(({ fact }) => fact);
  const attribute = first?.split(' ').at(-1) ?? '';
  if (formOf(attribute) === undefined)
    return `import a source that states ${missing.map(({ fact }) => fact).join(', ')}`;
  return missing.length === 1
    ? `record it: \`berth facts record ${first ?? ''} VALUE --evidence FILE --expires DAY\``
    : 'record each of them: `berth facts record FACT VALUE --evidence FILE --expires DAY`';
}

/** What says only that the rule concerns the workload is not told again. */
function isTold({ subject, attribute }: Reading): boolean {
  const isScope =
    attribute === 'regimes' || attribute === 'classes' || attribute === 'tenant' || attribute === 'provider';
  return !(isScope && /^Berth::(?:Workload|Site)::/.test(subject));
}

function readFact({ subject, attribute = '', value }: Reading, about: Described): ReadFact {
  const name = subjectName(subject, attribute, about);
  return {
    fact: cut(`${name} ${attribute}`, 200),
    value: cut(valueText(attribute, value), 120),
    source: cut(sourceOf(name, attribute, about), longest),
  };
}

function valueText(attribute: string, value: Value): string {
  return typeof value === 'bigint' && formOf(attribute)?.type === 'day'
    ? dayText(Number(value))
    : textOf(value);
}

/** A derived attribute is missing where a fact that it is derived from is. */
function missingFacts({ subject, attribute }: Missing, about: Described): readonly ReadFact[] {
  const { site, book, span } = about;
  const isUnknownOperator =
    site.facts.operator === undefined && /^Berth::(?:Agreement|Provider)::/.test(subject);
  if (isUnknownOperator || attribute === 'provider') return [absent(`site:${site.id} operator`, about)];
  if (attribute === 'exportListedModels')
    return (site.models ?? [])
      .filter((model) => !isKnown(book, `model:${model}`, 'tpp', span))
      .map((model) => absent(`model:${model} tpp`, about));
  if (attribute === 'trainingExaFlop') return trainingLacks(about).map((name) => absent(name, about));
  return [absent(`${subjectName(subject, attribute ?? '', about)} ${attribute ?? ''}`, about)];
}

function trainingLacks({ workload: { training } }: Described): readonly string[] {
  return training !== undefined && 'lacks' in training ? training.lacks : [];
}

function isKnown(book: FactBook, subject: string, attribute: string, span: Span): boolean {
  const fact = factAbout(book, subject, attribute);
  return fact !== undefined && whyNot(fact, span) === 'it holds';
}

function absent(name: string, { book, span }: Described): ReadFact {
  const at = name.lastIndexOf(' ');
  const fact = factAbout(book, name.slice(0, at), name.slice(at + 1));
  const source =
    fact === undefined ? 'nobody has recorded it' : `${sourceOfFact(fact)}: ${whyNot(fact, span)}`;
  return { fact: cut(name, 200), source: cut(source, longest) };
}

/** `Berth::Site::"fra1"` is `site:fra1`; a workload's facts are its project's or its tenant's. */
function subjectName(key: string, attribute: string, { workload, book }: Described): string {
  const [, kind = '', quoted = ''] = /^Berth::(\w+)::"(.*)"$/.exec(key) ?? [];
  if (kind !== 'Workload') return kind === '' ? key : `${kind.toLowerCase()}:${quoted}`;
  const project = `project:${workload.tenant}/${workload.project ?? ''}`;
  return factAbout(book, project, attribute) === undefined ? `tenant:${workload.tenant}` : project;
}

const ofRules = new Set(['countries', 'excludeCountries', 'operatorSeats', 'isolation']);

function sourceOf(name: string, attribute: string, { book, site }: Described): string {
  const fact = factAbout(book, name, attribute);
  if (fact !== undefined) return sourceOfFact(fact);
  if (name.startsWith('site:')) return site.sourceOf?.(attribute) ?? 'the inventory';
  return ofRules.has(attribute)
    ? 'the data rules of the tenant and the demand'
    : 'computed from recorded facts';
}

function distinct(facts: readonly ReadFact[]): readonly ReadFact[] {
  return [...new Map(facts.map((fact) => [fact.fact, fact])).values()];
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

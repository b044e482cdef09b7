import type { FactBook } from '../model/governance-fact.ts';
import type { Override } from '../model/override.ts';
import type { PolicyVerdict, RuleHit, SiteVerdict } from '../model/policy.ts';
import { compareText } from '../model/text.ts';
import { readEntities } from './cedar/entities.ts';
import type { Env, Reading } from './cedar/expression.ts';
import { entityOf, PolicyInputError, readContext, readUid } from './cedar/value.ts';
import {
  type Described,
  describe,
  type QuestionJson,
  type RuledSite,
  type RuledWorkload,
} from './describe.ts';
import { daysOf, type Span } from './facts.ts';
import { forbiddenHit, missingHit } from './hits.ts';
import { answerOf, overridden } from './overridden.ts';
import { inForce, type Packs, type Rule } from './pack-set.ts';

/** Everything that rules are asked with. */
export type SiteQuestion = {
  readonly packs: Packs;
  readonly workload: RuledWorkload;
  readonly sites: readonly RuledSite[];
  readonly book: FactBook;
  readonly overrides: readonly Override[];
  readonly span: Span;
};

/**
 * Asks every rule in force about every site. Sites and hits come in the order of their ids. A rule that cannot be
 * answered because a fact is missing closes the site as much as one that forbids.
 */
export function evaluate(question: SiteQuestion): PolicyVerdict {
  const rules = concerned(question, siteRules(question));
  const first = question.sites.map((site) => siteVerdict(question, { site, rules: onPass(rules, 1) }));
  const isOnePass = rules.every(({ pass }) => pass === 1);
  const second = (isOnePass ? [] : question.sites).map((site) =>
    siteVerdict(question, {
      site,
      rules: onPass(rules, 2),
      otherSites: first.filter((other) => other.site !== site.id && other.answer === 'allowed').length,
    }),
  );
  return {
    policy: question.packs.digest,
    packs: [...new Set(rules.map(({ pack }) => pack))].toSorted(compareText),
    sites: first
      .map((verdict, at) => overridden(joined(verdict, second[at], uncovered(question)), question))
      .toSorted((a, b) => compareText(a.site, b.site)),
  };
}

/** The question about one site as both engines are asked it, with the rules that are in force. */
export function questionAbout(
  question: SiteQuestion,
  site: RuledSite,
): { readonly json: QuestionJson; readonly rules: readonly Rule[] } {
  const rules = siteRules(question);
  const others = question.sites.filter(
    (other) =>
      other.id !== site.id &&
      siteVerdict(question, { site: other, rules: onPass(rules, 1) }).answer === 'allowed',
  );
  return { json: describe(describedOf(question, site, others.length)), rules };
}

/** The environment of a question, read as strictly as anything from outside. Throws `PolicyInputError`. */
export function readQuestion(json: Readonly<Record<keyof QuestionJson, unknown>>): Env {
  return {
    principal: entityOf(readUid(json.principal)),
    action: entityOf(readUid(json.action)),
    resource: entityOf(readUid(json.resource)),
    context: readContext(json.context),
    entities: readEntities(json.entities),
  };
}

function siteRules({ packs, span }: SiteQuestion): readonly Rule[] {
  const { today, lastDay } = daysOf(span);
  return inForce(packs.rules, today, lastDay).filter(
    ({ policy }) => policy.actions?.includes('runAt') === true,
  );
}

function onPass(rules: readonly Rule[], pass: 1 | 2): readonly Rule[] {
  return rules.filter((rule) => rule.pass === pass || rule.policy.effect === 'permit');
}

function describedOf(question: SiteQuestion, site: RuledSite, otherSites?: number): Described {
  const { packs, workload, book, span } = question;
  const asked = { workload, site, book, span, countries: packs.set.countries };
  return otherSites === undefined ? asked : { ...asked, otherSites };
}

type Asked = { readonly site: RuledSite; readonly rules: readonly Rule[]; readonly otherSites?: number };

function siteVerdict(question: SiteQuestion, { site, rules, otherSites }: Asked): SiteVerdict {
  const about = describedOf(question, site, otherSites);
  const env = environmentOf(about);
  if (typeof env === 'string') return withAnswer(site, [spoilt(env)], []);
  const isPermitted = rules.some(({ policy }) => policy.effect === 'permit' && policy.asks(env) === true);
  const forbids = rules.filter(({ policy }) => policy.effect === 'forbid');
  const hitsAt = (level: Rule['level']) =>
    forbids.filter((rule) => rule.level === level).flatMap((rule) => hitBy(rule, env, about));
  return withAnswer(site, [...(isPermitted ? [] : [notPermitted]), ...hitsAt('binding')], hitsAt('flag'));
}

/** A text says what is wrong with what is recorded. */
function environmentOf(about: Described): Env | string {
  try {
    return readQuestion(describe(about));
  } catch (error) {
    if (error instanceof PolicyInputError) return error.message;
    throw error;
  }
}

function hitBy(rule: Rule, env: Env, about: Described): RuleHit[] {
  const answer = rule.policy.asks(env);
  if (answer === false) return [];
  if (answer !== true) return [missingHit(rule, answer, about)];
  const readings: Reading[] = [];
  rule.policy.asks({ ...env, readings });
  return [forbiddenHit(rule, readings, about)];
}

const notPermitted: RuleHit = {
  rule: 'base-no-permit',
  article: 'Berth: what nothing permits is forbidden',
  effect: 'forbid',
  why: 'no rule in force permits this',
  fix: 'ask for a day on which the rule packs are in force: `berth policy list`',
};

function spoilt(why: string): RuleHit {
  return {
    rule: 'base-facts-readable',
    article: 'Berth: what cannot be read is not allowed',
    effect: 'fact-missing',
    why: `what is recorded cannot be read: ${why}`.slice(0, 300),
    fix: 'correct the recorded facts: `berth facts list` shows them',
  };
}

function withAnswer({ id }: RuledSite, found: readonly RuleHit[], flags: readonly RuleHit[]): SiteVerdict {
  const hits = found.toSorted((a, b) => compareText(a.rule, b.rule));
  const answer = { site: id, answer: answerOf(hits), hits };
  return flags.length === 0 ? answer : { ...answer, flags: [...flags] };
}

function joined(first: SiteVerdict, second: SiteVerdict | undefined, more: readonly RuleHit[]): SiteVerdict {
  const hits = byRule([...first.hits, ...(second?.hits ?? []), ...more]);
  const flags = byRule([...(first.flags ?? []), ...(second?.flags ?? [])]);
  const all = { site: first.site, answer: answerOf(hits), hits };
  return flags.length === 0 ? all : { ...all, flags };
}

function byRule(hits: readonly RuleHit[]): RuleHit[] {
  return [...new Map(hits.map((hit) => [hit.rule, hit])).values()].toSorted((a, b) =>
    compareText(a.rule, b.rule),
  );
}

/** A regime that no rule in force speaks of is answered with a missing fact: never with a silent yes. */
function uncovered({ packs, span, workload }: SiteQuestion): RuleHit[] {
  const { today, lastDay } = daysOf(span);
  const texts = inForce(packs.rules, today, lastDay).map(({ text }) => text);
  return (workload.rules.regimes ?? [])
    .filter((regime) => !texts.some((text) => text.includes(`.contains("${regime}")`)))
    .map((regime) => ({
      rule: `${regime}-not-covered`,
      article: regime,
      effect: 'fact-missing',
      why: `no rule pack in force covers \`${regime}\``,
      fix: 'take the regime out of the data rules if it does not apply, or wait for its rule pack',
    }));
}

/**
 * Rules that what they ask first of the workload alone leaves in question: the same for every site. Where the first
 * site cannot be read, all of them.
 */
function concerned(question: SiteQuestion, rules: readonly Rule[]): readonly Rule[] {
  const [site] = question.sites;
  const env = site === undefined ? '' : environmentOf(describedOf(question, site));
  return typeof env === 'string' ? rules : rules.filter(({ policy }) => policy.concerns(env));
}

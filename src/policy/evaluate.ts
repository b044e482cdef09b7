import { digestOf } from '../model/canonical.ts';
import type { PolicyVerdict, RuleHit, SiteVerdict } from '../model/policy.ts';
import type { DataRules, Regime } from '../model/tenant.ts';
import { compareText } from '../model/text.ts';
import { dataRules } from './packs/data-rules.ts';
import { dora } from './packs/dora.ts';
import { gdpr } from './packs/gdpr.ts';
import type { AskedRules, Rule, RuledSite, RulePack } from './rule.ts';

const packs: readonly RulePack[] = [dataRules, dora, gdpr];

/** Regimes that a pack covers. Every other regime is answered with a missing fact: never with a silent yes. */
const covered: ReadonlySet<Regime> = new Set<Regime>(['dora', 'gdpr']);

/** Stands for the code of the rules: changed whenever a rule's meaning changes. */
const policyDigest = digestOf(
  packs.map((pack) => ({
    name: pack.name,
    reviewed: pack.reviewed,
    rules: pack.rules.map(({ id, article }) => ({ id, article })),
  })),
);

/**
 * Asks every rule about every site. `rules` are what holds for the workload; `tenant` what is registered for its
 * tenant, for rules that a demand may not answer for itself. Sites and hits come in the order of their ids.
 */
export function evaluate(
  rules: DataRules,
  sites: readonly RuledSite[],
  tenant: DataRules = rules,
): PolicyVerdict {
  return {
    policy: policyDigest,
    packs: packs.map((pack) => pack.name),
    sites: sites
      .map((site) => verdictOf(site, { rules, tenant }))
      .toSorted((a, b) => compareText(a.site, b.site)),
  };
}

/** A tenant's rules and a demand's own together: each can only narrow the other. */
export function narrow(tenant: DataRules, demand: DataRules): DataRules {
  const countries = common(tenant.countries, demand.countries);
  const operatorSeats = common(tenant.operatorSeats, demand.operatorSeats);
  return {
    classes: union(tenant.classes, demand.classes),
    regimes: union(tenant.regimes, demand.regimes),
    excludeCountries: union(tenant.excludeCountries, demand.excludeCountries),
    datasets: union(tenant.datasets, demand.datasets),
    ...(countries === undefined ? {} : { countries }),
    ...(operatorSeats === undefined ? {} : { operatorSeats }),
  };
}

function common<T extends string>(a: readonly T[] | undefined, b: readonly T[] | undefined): T[] | undefined {
  if (a === undefined || b === undefined) return sorted(a ?? b);
  return sorted(a.filter((item) => b.includes(item)));
}

function union<T extends string>(a: readonly T[] = [], b: readonly T[] = []): T[] {
  return sorted([...a, ...b]) ?? [];
}

function sorted<T extends string>(items: readonly T[] | undefined): T[] | undefined {
  return items === undefined ? undefined : [...new Set(items)].toSorted(compareText);
}

function verdictOf(site: RuledSite, asked: AskedRules): SiteVerdict {
  const { rules } = asked;
  const hits = [
    ...uncovered(rules),
    ...packs
      .flatMap((pack) => pack.rules)
      .flatMap((rule) => (rule.applies(rules) ? hitOf(rule, site, asked) : [])),
  ].toSorted((a, b) => compareText(a.rule, b.rule));
  return { site: site.id, answer: answerOf(hits), hits };
}

function hitOf(rule: Rule, site: RuledSite, asked: AskedRules): RuleHit[] {
  const hit = rule.ask(site, asked);
  return hit === undefined ? [] : [{ rule: rule.id, article: rule.article, ...hit }];
}

function uncovered(rules: DataRules): RuleHit[] {
  return (rules.regimes ?? [])
    .filter((regime) => !covered.has(regime))
    .map((regime) => ({
      rule: `${regime}-not-covered`,
      article: regime,
      effect: 'fact-missing',
      why: `no rule pack of this version covers \`${regime}\``,
      fix: 'take the regime out of the data rules if it does not apply, or wait for its rule pack',
    }));
}

function answerOf(hits: readonly RuleHit[]): SiteVerdict['answer'] {
  if (hits.some((hit) => hit.effect === 'forbid')) return 'forbidden';
  return hits.length > 0 ? 'fact-missing' : 'allowed';
}

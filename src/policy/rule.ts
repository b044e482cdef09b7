import type { SiteFacts } from '../model/fact.ts';
import type { Path } from '../model/id.ts';
import type { RuleHit } from '../model/policy.ts';
import type { DataRules } from '../model/tenant.ts';

/** A site as rules see it: recorded facts only. */
export type RuledSite = { readonly id: Path; readonly facts: SiteFacts };

/** What holds for the workload, and what of it is registered for its tenant. */
export type AskedRules = { readonly rules: DataRules; readonly tenant: DataRules };

/**
 * One rule of a pack. It can only take away: no hit means that this rule has nothing against the site. A fact
 * that the rule needs and nobody has recorded is a hit too, of effect `fact-missing`.
 */
export type Rule = {
  readonly id: string;
  readonly article: string;
  /** Whether the rule concerns this workload at all. */
  applies(rules: DataRules): boolean;
  ask(site: RuledSite, asked: AskedRules): Pick<RuleHit, 'effect' | 'why' | 'fix'> | undefined;
};

/** A dated set of rules, named with its version. */
export type RulePack = { readonly name: string; readonly reviewed: string; readonly rules: readonly Rule[] };

/** Asks for a country among `allowed`: the commonest form of a rule. */
export function countryAmong(
  what: string,
  country: string | undefined,
  allowed: readonly string[],
): Pick<RuleHit, 'effect' | 'why' | 'fix'> | undefined {
  if (country === undefined) {
    return {
      effect: 'fact-missing',
      why: `${what} is not recorded`,
      fix: `import a source that states ${what}`,
    };
  }
  if (allowed.includes(country)) return undefined;
  return {
    effect: 'forbid',
    why: `${what} is ${country}, allowed: ${listed(allowed)}`,
    fix: 'choose a site that satisfies the rule, or have the person responsible change the workload’s data rules',
  };
}

function listed(countries: readonly string[]): string {
  if (countries.length === 0) return 'none, for the rules of tenant and demand leave no country in common';
  return countries.length <= 6
    ? countries.join(', ')
    : `${countries.slice(0, 5).join(', ')} and ${countries.length - 5} more`;
}

import { array, assert, constantFrom, property, record, uniqueArray } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { SiteFacts } from '../../src/model/fact.ts';
import { Path } from '../../src/model/id.ts';
import { type PolicyVerdict, PolicyVerdict as VerdictSchema } from '../../src/model/policy.ts';
import { eea, eu } from '../../src/model/region.ts';
import { DataRules, Regime } from '../../src/model/tenant.ts';
import { evaluate, narrow } from '../../src/policy/evaluate.ts';
import type { RuledSite } from '../../src/policy/rule.ts';

const site = (id: string, facts: object = {}): RuledSite => ({
  id: Path.parse(id),
  facts: SiteFacts.parse(facts),
});

const frankfurt = site('fra1', { country: 'DE', operatorSeat: 'DE' });
const sites = [
  frankfurt,
  site('ams2', { country: 'NL', operatorSeat: 'US' }),
  site('iad3', { country: 'US', operatorSeat: 'US' }),
  site('osl4', { country: 'NO', operatorSeat: 'NO' }),
  site('zrh5', { country: 'CH' }),
  site('edge'),
];

/** `fra1 allowed`, or the rules that hit: `ams2 forbidden dora-29-operator-seat`. */
function lines(verdict: PolicyVerdict): string[] {
  return verdict.sites.map((each) => [each.site, each.answer, ...each.hits.map((hit) => hit.rule)].join(' '));
}

function allowed(rules: DataRules, fleet: readonly RuledSite[], tenant = rules): readonly string[] {
  return evaluate(rules, fleet, tenant).sites.flatMap((each) =>
    each.answer === 'allowed' ? [each.site] : [],
  );
}

describe('every rule is asked about every site', () => {
  const rows: readonly (readonly [string, object, readonly string[]])[] = [
    [
      'without rules every site is allowed, also one of which nothing is known',
      {},
      ['ams2 allowed', 'edge allowed', 'fra1 allowed', 'iad3 allowed', 'osl4 allowed', 'zrh5 allowed'],
    ],
    [
      'GDPR needs a site in the EEA: the EU and Norway, not Switzerland',
      { regimes: ['gdpr'] },
      [
        'ams2 allowed',
        'edge fact-missing gdpr-44-eea',
        'fra1 allowed',
        'iad3 forbidden gdpr-44-eea',
        'osl4 allowed',
        'zrh5 forbidden gdpr-44-eea',
      ],
    ],
    [
      'DORA needs an agreed region and an operator whose parent sits in the EEA',
      { regimes: ['dora'], countries: ['DE', 'NL', 'CH'] },
      [
        'ams2 forbidden dora-29-operator-seat',
        'edge fact-missing countries-allowed dora-29-operator-seat dora-30-agreed-regions',
        'fra1 allowed',
        'iad3 forbidden countries-allowed dora-29-operator-seat dora-30-agreed-regions',
        'osl4 forbidden countries-allowed dora-30-agreed-regions',
        'zrh5 fact-missing dora-29-operator-seat',
      ],
    ],
    [
      'DORA without agreed regions is a missing fact, and what is forbidden stays forbidden',
      { regimes: ['dora'] },
      [
        'ams2 forbidden dora-29-operator-seat dora-30-agreed-regions',
        'edge fact-missing dora-29-operator-seat dora-30-agreed-regions',
        'fra1 fact-missing dora-30-agreed-regions',
        'iad3 forbidden dora-29-operator-seat dora-30-agreed-regions',
        'osl4 fact-missing dora-30-agreed-regions',
        'zrh5 fact-missing dora-29-operator-seat dora-30-agreed-regions',
      ],
    ],
    [
      'only these countries',
      { countries: ['DE'] },
      [
        'ams2 forbidden countries-allowed',
        'edge fact-missing countries-allowed',
        'fra1 allowed',
        'iad3 forbidden countries-allowed',
        'osl4 forbidden countries-allowed',
        'zrh5 forbidden countries-allowed',
      ],
    ],
    [
      'not these countries: a site in no known country might be in one of them',
      { excludeCountries: ['US'] },
      [
        'ams2 allowed',
        'edge fact-missing countries-excluded',
        'fra1 allowed',
        'iad3 forbidden countries-excluded',
        'osl4 allowed',
        'zrh5 allowed',
      ],
    ],
    [
      'only operators whose parent sits here',
      { operatorSeats: ['DE', 'NO'] },
      [
        'ams2 forbidden operator-seat',
        'edge fact-missing operator-seat',
        'fra1 allowed',
        'iad3 forbidden operator-seat',
        'osl4 allowed',
        'zrh5 fact-missing operator-seat',
      ],
    ],
  ];
  test.each(rows)('%s', (_, rules, expected) => {
    expect(lines(evaluate(DataRules.parse(rules), sites))).toEqual(expected);
  });

  test.each(Regime.options.filter((regime) => regime !== 'gdpr' && regime !== 'dora'))(
    '%s has no rules in this version: a missing fact at every site, never a silent yes',
    (regime) => {
      const verdict = evaluate({ regimes: [regime] }, sites);
      expect(new Set(verdict.sites.map(({ answer }) => answer))).toEqual(new Set(['fact-missing']));
      expect(verdict.sites[0]?.hits[0]?.rule).toBe(`${regime}-not-covered`);
    },
  );

  test('a hit says which article, why and what to do, with the country it found', () => {
    expect(evaluate({ regimes: ['gdpr'] }, [site('iad3', { country: 'US' })]).sites[0]?.hits).toEqual([
      {
        rule: 'gdpr-44-eea',
        article: 'GDPR Art. 44',
        effect: 'forbid',
        why: "the site's country is US, allowed: AT, BE, BG, CY, CZ and 25 more",
        fix: 'choose a site that satisfies the rule, or have the person responsible change the workload’s data rules',
      },
    ]);
  });

  test('the EU has 27 members and the EEA three more', () => {
    expect(new Set(eu).size).toBe(27);
    expect(eea.filter((country) => !eu.some((member) => member === country))).toEqual(['IS', 'LI', 'NO']);
  });
});

describe('laws', () => {
  const country = constantFrom('DE', 'NL', 'US', 'NO', 'CH');
  const some = uniqueArray(country, { minLength: 1, maxLength: 4 });
  const ruleSets = record(
    {
      regimes: uniqueArray(constantFrom<Regime>('dora', 'gdpr', 'hipaa'), { maxLength: 2 }),
      countries: some,
      excludeCountries: some,
      operatorSeats: some,
    },
    { requiredKeys: [] },
  ).map((rules) => DataRules.parse(rules));
  const fleets = array(record({ country, operatorSeat: country }, { requiredKeys: [] }), {
    maxLength: 5,
  }).map((facts) => facts.map((set, at) => site(`s${at}`, set)));

  test('a demand’s own rules only take sites away from those that its tenant’s rules leave', () => {
    assert(
      property(ruleSets, ruleSets, fleets, (tenant, demand, fleet) => {
        const left = new Set(allowed(tenant, fleet));
        expect(allowed(narrow(tenant, demand), fleet, tenant).filter((each) => !left.has(each))).toEqual([]);
      }),
      { seed: 20261125, numRuns: 500 },
    );
  });

  test('a demand cannot bring along the regions that its tenant’s contracts should have agreed on', () => {
    const tenant = DataRules.parse({ regimes: ['dora'] });
    const rules = narrow(tenant, DataRules.parse({ countries: ['DE'] }));
    expect(lines(evaluate(tenant, [frankfurt]))).toEqual(['fra1 fact-missing dora-30-agreed-regions']);
    expect(lines(evaluate(rules, [frankfurt], tenant))).toEqual(['fra1 fact-missing dora-30-agreed-regions']);
  });

  test('narrowing does not depend on who comes first, and narrowing twice changes nothing', () => {
    assert(
      property(ruleSets, ruleSets, (a, b) => {
        const narrowed = narrow(a, b);
        expect(narrow(b, a)).toEqual(narrowed);
        expect(narrow(narrowed, a)).toEqual(narrowed);
      }),
      { seed: 20261125, numRuns: 200 },
    );
  });

  test('a site is allowed exactly when no rule hit, and the order of the sites does not matter', () => {
    assert(
      property(ruleSets, fleets, (rules, fleet) => {
        const verdict = VerdictSchema.parse(evaluate(rules, fleet));
        for (const each of verdict.sites) expect(each.answer === 'allowed').toBe(each.hits.length === 0);
        expect(evaluate(rules, fleet.toReversed())).toEqual(verdict);
      }),
      { seed: 20261125, numRuns: 200 },
    );
  });
});

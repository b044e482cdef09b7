import { array, assert, constantFrom, property, record, uniqueArray } from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { FactValue } from '../../src/model/governance-fact.ts';
import { OverrideId, Path, PrincipalId, TenantId } from '../../src/model/id.ts';
import { PublicKey, Signature } from '../../src/model/key.ts';
import { PolicyVerdict as VerdictSchema } from '../../src/model/policy.ts';
import { eea, eu } from '../../src/model/region.ts';
import { DataRules, type Regime } from '../../src/model/tenant.ts';
import { builtInPacks } from '../../src/policy/built-in.ts';
import { narrow } from '../../src/policy/narrow.ts';
import { loadPacks } from '../../src/policy/pack-set.ts';
import {
  allRegimes,
  ask,
  type Asked,
  atMs,
  bookWith,
  factOf,
  goodSaid,
  goodSite,
  lines,
  saidWith,
  secondSite,
  site,
  threshold,
} from './asked.ts';

const dayMs = 86_400_000;
const good = [goodSite, secondSite];
const agreement = 'agreement:bank@main-gmbh';

const reviewed = (changes: object) => bookWith([factOf(agreement, 'supplierRiskReviewed', true, changes)]);

const logsAsked = (from: string, to: string) =>
  ask({
    rules: { regimes: ['ai-act'] },
    sites: [goodSite],
    book: bookWith([
      factOf('tenant:bank', 'highRisk', true, { expiresAtMs: atMs + 900 * dayMs }),
      factOf('tenant:bank', 'logRetentionDays', 90, { expiresAtMs: atMs + 900 * dayMs }),
    ]),
    atMs: Date.parse(from),
    untilMs: Date.parse(to),
  }).sites[0]?.hits.map(({ rule }) => rule);

const allowed = (rules: DataRules, sites: Asked['sites']) =>
  ask({ narrowed: rules, sites }).sites.flatMap((each) => (each.answer === 'allowed' ? [each.site] : []));

describe('what the tenant and the demand say themselves', () => {
  const sites = [
    site('fra1', { country: 'DE', operatorSeat: 'DE' }),
    site('iad3', { country: 'US', operatorSeat: 'US' }),
    site('edge'),
  ];
  const rows: readonly (readonly [string, object, readonly string[]])[] = [
    [
      'nothing: every site, also one of which nothing is known',
      {},
      ['edge allowed', 'fra1 allowed', 'iad3 allowed'],
    ],
    [
      'only these countries',
      { countries: ['DE'] },
      ['edge fact-missing countries-allowed', 'fra1 allowed', 'iad3 forbidden countries-allowed'],
    ],
    [
      'not these countries',
      { excludeCountries: ['US'] },
      ['edge fact-missing countries-excluded', 'fra1 allowed', 'iad3 forbidden countries-excluded'],
    ],
    [
      'only such operators',
      { operatorSeats: ['DE'] },
      ['edge fact-missing operator-seat', 'fra1 allowed', 'iad3 forbidden operator-seat'],
    ],
  ];
  test.each(rows)('%s', (_, rules, expected) => {
    expect(lines(ask({ rules, sites }))).toEqual(expected);
  });

  test('a hit says which article, why and what to do, and who stated the fact', () => {
    const known = {
      ...site('iad3', { country: 'US' }),
      sourceOf: () => 'inventory fleet.yaml:12, seen 2026-11-09',
    };
    expect(ask({ rules: { excludeCountries: ['US'] }, sites: [known] }).sites[0]?.hits).toEqual([
      {
        rule: 'countries-excluded',
        article: 'the data rules of the tenant and the demand',
        effect: 'forbid',
        why: 'the country of the site is excluded: tenant:bank excludeCountries is US; site:iad3 country is US',
        fix: 'choose another country',
        facts: [
          {
            fact: 'tenant:bank excludeCountries',
            value: 'US',
            source: 'the data rules of the tenant and the demand',
          },
          { fact: 'site:iad3 country', value: 'US', source: 'inventory fleet.yaml:12, seen 2026-11-09' },
        ],
      },
    ]);
  });
});

test('a workload under every regime at once is allowed where every fact is recorded and good', () => {
  const rules = { regimes: allRegimes, classes: ['training'] };
  const verdict = ask({ rules, sites: good, said: saidWith({}), training: threshold });
  expect(lines(verdict)).toEqual(['fra1 allowed', 'fra2 allowed']);
  expect(verdict.packs).toEqual(
    [
      'ai-act/1',
      'base/1',
      'c5/1',
      'cada/1',
      'cloud-sovereignty/1',
      'data-act/1',
      'data-rules/2',
      'dora/2',
      'export-control/1',
      'gdpr/2',
      'hipaa/1',
      'nis2/1',
      'pci/1',
      'secnumcloud/1',
      'tenancy/1',
    ].filter((name) => name !== 'data-rules/2'),
  );
});

/** One change to the good world makes exactly this rule bite. */
type Row = readonly [
  rule: string,
  regimes: readonly string[],
  changes: Parameters<typeof saidWith>[0],
  more?: Partial<Asked>,
];
const whole = ([rule, regimes, changes, more = {}]: Row) => [rule, regimes, changes, more] as const;
const provider = 'provider:main-gmbh';
const elsewhere = (facts: object) => [
  site('fra1', { ...goodSite.facts, ...facts }, goodSite.models),
  secondSite,
];
const seals = [1, 2, 3, 4, 5, 6, 7, 8].map((n): Row => [
  `seal-sov-${n}`,
  [],
  { 'site:fra1': { [`seal${n}`]: 1 } },
]);
const bites: readonly Row[] = [
  ['gdpr-44-telemetry', ['gdpr'], {}, { sites: elsewhere({ telemetryCountries: ['DE', 'US'] }) }],
  ['gdpr-44-backup', ['gdpr'], { 'site:fra1': { backupCountries: ['US'] } }],
  [
    'gdpr-44-support',
    ['gdpr'],
    { 'site:fra1': { supportIsOwnStaff: false } },
    { sites: elsewhere({ supportCountries: ['IN'] }) },
  ],
  ['gdpr-28-processor', ['gdpr'], { [agreement]: { dpaSigned: false } }],
  ['gdpr-28-processor', ['gdpr'], { [agreement]: { operatorAuthorised: false } }],
  ['gdpr-32-encryption', ['gdpr'], { 'site:fra1': { encryptedInTransit: false } }],
  ['gdpr-32-keys', ['gdpr'], {}, { sites: elsewhere({ keyCustody: 'US' }) }],
  ['gdpr-32-restore', ['gdpr'], { 'site:fra1': { restoreTestedOn: '2026-05-01' } }],
  ['gdpr-32-isolation', ['gdpr'], { 'tenant:bank': { minIsolation: 'rack' } }],
  ['dora-30-clauses', ['dora'], { [agreement]: { doraClauses: ['a', 'b'] } }],
  ['dora-30-agreed-regions', ['dora'], { [agreement]: { agreedRegions: ['NL'] } }],
  ['dora-30-agreed-regions', ['dora'], { 'site:fra1': { backupCountries: ['FR'] } }],
  ['dora-30-critical-clauses', ['dora'], { [agreement]: { doraCriticalClauses: ['a'] } }],
  ['dora-28-exit-plan', ['dora'], { [agreement]: { exitPlanTestedOn: '2025-11-24' } }],
  ['dora-28-second-site', ['dora'], {}, { sites: [goodSite] }],
  ['dora-29-concentration', ['dora'], { [agreement]: { criticalShareBp: 6001 } }],
  ['dora-29-operator-seat', ['dora'], {}, { sites: elsewhere({ operatorSeat: 'US' }) }],
  ['dora-29-subcontractors', ['dora'], { [provider]: { subcontractChainComplete: false } }],
  [
    'ai-51-threshold',
    ['ai-act'],
    {},
    { training: { exaFlop: 10_000_000 }, rules: { regimes: ['ai-act'], classes: ['training'] } },
  ],
  ...seals,
  ['cada-level', [], { 'site:fra1': { cadaLevel: 1 } }],
  ['secnumcloud-qualified', ['secnumcloud'], { 'site:fra1': { secNumCloudQualified: false } }],
  ['secnumcloud-seat', ['secnumcloud'], {}, { sites: elsewhere({ operatorSeat: 'NO' }) }],
  ['c5-report', ['c5'], { 'site:fra1': { c5ReportType: 1 } }],
  ['c5-report', ['c5'], { 'site:fra1': { c5CoversSite: false } }],
  ['c5-age', ['c5'], { 'site:fra1': { c5PeriodEndOn: '2025-11-24' } }],
  ['nis2-21-supplier', ['nis2'], { [agreement]: { supplierRiskReviewed: false } }],
  ['data-act-25-notice', ['data-act'], { [agreement]: { noticeDays: 63 } }],
  ['data-act-25-transition', ['data-act'], { [agreement]: { transitionDays: 215 } }],
  ['data-act-25-retrieval', ['data-act'], { [agreement]: { retrievalDays: 29 } }],
  [
    'data-act-29-charges',
    ['data-act'],
    { [agreement]: { switchingChargeCents: 1 } },
    { untilMs: Date.parse('2027-01-12T00:00:01Z') },
  ],
  ['data-act-32-access', ['data-act'], { [provider]: { thirdCountryAccessMeasures: false } }],
  ['export-3a090', ['export-control'], { 'tenant:bank': { parentSeat: 'CN' } }],
  ['hipaa-baa', ['hipaa'], { [agreement]: { baaSigned: false } }],
  ['pci-12-8-agreement', ['pci'], { [agreement]: { pciAgreementSigned: false } }],
  ['pci-12-8-aoc', ['pci'], { [provider]: { pciAocOn: '2025-11-24' } }],
  ['pci-a1-shared', ['pci'], { [provider]: { pciA1Evidence: false } }],
  ['tenancy-dedicated', [], { 'site:fra1': { dedicatedTo: ['another'] } }],
];

describe('each rule bites for its own fact, and only it', () => {
  test.each(bites.map(whole))('%s %j %j', (rule, regimes, changes, more) => {
    const verdict = ask({ rules: { regimes }, sites: good, said: saidWith(changes), ...more });
    const first = verdict.sites.find(({ site: id }) => id === 'fra1');
    expect([first?.answer, first?.hits.map((hit) => hit.rule)]).toEqual(['forbidden', [rule]]);
  });

  test('every binding rule about sites has a row here or a test of its own', () => {
    const own = new Set([
      ...bites.map(([rule]) => rule),
      'countries-allowed',
      'countries-excluded',
      'operator-seat',
    ]);
    for (const rule of ['gdpr-44-eea', 'gdpr-46-assessed', 'ai-12-logs']) own.add(rule);
    const binding = builtInPacks().rules.filter(
      ({ policy, level }) =>
        policy.effect === 'forbid' && level === 'binding' && policy.actions?.includes('runAt') === true,
    );
    expect(binding.map(({ id }) => id).filter((id) => !own.has(id))).toEqual([]);
  });

  const flagged: readonly Row[] = [
    ['gdpr-44-own-staff', ['gdpr'], {}, { sites: elsewhere({ supportCountries: ['IN'] }) }],
    ['gdpr-30-record', ['gdpr'], { 'tenant:bank': { processingPurpose: undefined } }],
    ['dora-28-register', ['dora'], { [provider]: { lei: undefined } }],
    ['dora-29-third-country', ['dora'], { [provider]: { subcontractorCountries: ['DE', 'IN'] } }],
    ['data-act-25-transition-reasoned', ['data-act'], { [agreement]: { transitionDays: 31 } }],
    ['secnumcloud-holders', ['secnumcloud'], { [provider]: { holdersOutsideEuMaxBp: 2401 } }],
    [
      'export-gp10',
      ['export-control'],
      { 'model:ascend-910B': { tpp: 5000 } },
      { sites: [site('fra1', goodSite.facts, ['ascend-910B']), secondSite] },
    ],
    [
      'ai-53-gpai',
      ['ai-act'],
      {},
      { training: { exaFlop: 100_000 }, rules: { regimes: ['ai-act'], classes: ['training'] } },
    ],
    [
      'ai-51-30-percent',
      ['ai-act'],
      {},
      { training: { exaFlop: 3_000_000 }, rules: { regimes: ['ai-act'], classes: ['training'] } },
    ],
    [
      'ai-51-90-percent',
      ['ai-act'],
      {},
      { training: { exaFlop: 9_000_000 }, rules: { regimes: ['ai-act'], classes: ['training'] } },
    ],
  ];
  test.each(flagged.map(whole))('%s only points out', (rule, regimes, changes, more) => {
    const verdict = ask({ rules: { regimes }, sites: good, said: saidWith(changes), ...more });
    const first = verdict.sites.find(({ site: id }) => id === 'fra1');
    expect([first?.answer, first?.hits]).toEqual(['allowed', []]);
    expect(first?.flags?.map((hit) => hit.rule)).toContain(rule);
  });
});

const abroad = (
  country: string,
  said: Readonly<Record<string, FactValue>> = {},
  ofProvider: Readonly<Record<string, FactValue>> = {},
) =>
  ask({
    rules: { regimes: ['gdpr'] },
    sites: [site('far', { ...goodSite.facts, country, keyCustody: 'DE' })],
    said: saidWith({
      'site:far': { ...goodSaid['site:fra1'] },
      [agreement]: said,
      [provider]: ofProvider,
    }),
  }).sites[0]?.hits.map(({ rule, effect }) => `${rule} ${effect}`);

describe('transfers', () => {
  test.each([
    ['NO', {}, {}, []],
    ['CH', {}, {}, []],
    ['US', {}, {}, ['gdpr-44-eea forbid']],
    ['US', {}, { dpfCertified: true }, []],
    ['US', {}, { dpfCertified: false }, ['gdpr-44-eea forbid']],
    ['IN', {}, { dpfCertified: true }, ['gdpr-44-eea forbid']],
    ['IN', { safeguard: 'scc-2021-914' }, {}, ['gdpr-46-assessed fact-missing']],
    ['IN', { safeguard: 'scc-2021-914', transferToolValid: false }, {}, ['gdpr-46-assessed forbid']],
    ['IN', { safeguard: 'scc-2021-914', transferToolValid: true }, {}, []],
  ])('a site in %s with %j and %j', (country, said, ofProvider, expected) => {
    expect(abroad(country, said, ofProvider)).toEqual(expected);
  });

  test('a person may have concluded that the data is not personal', () => {
    const [concluded] = ask({
      rules: { regimes: ['gdpr'] },
      sites: [site('iad3', { country: 'US' })],
      said: { 'tenant:bank': { personalData: false } },
    }).sites;
    expect(concluded).toEqual({ site: 'iad3', answer: 'allowed', hits: [] });
  });
});

describe('time', () => {
  const untilMs = atMs + 30 * dayMs;
  const rules = { regimes: ['nis2'] };
  const answer = (changes: object, span: Partial<Asked> = {}) =>
    ask({ rules, sites: [goodSite], book: reviewed(changes), untilMs, ...span }).sites[0];

  test('a fact counts from its assertion on, up to its expiry and over the whole window', () => {
    expect(answer({ expiresAtMs: untilMs })?.answer).toBe('allowed');
    expect(answer({ expiresAtMs: untilMs - 1 })?.answer).toBe('fact-missing');
    expect(answer({ assertedAtMs: atMs })?.answer).toBe('allowed');
    expect(answer({ assertedAtMs: atMs + 1 })?.answer).toBe('fact-missing');
    expect(answer({ expiresAtMs: atMs }, { untilMs: atMs })?.answer).toBe('fact-missing');
    expect(answer({ expiresAtMs: atMs + 1 }, { untilMs: atMs })?.answer).toBe('allowed');
  });

  test('an expired fact is told as missing, with who had said it and when it ended', () => {
    const [hit] = answer({ expiresAtMs: atMs })?.hits ?? [];
    expect(hit?.facts?.map(({ fact, value }) => [fact, value])).toEqual([
      [`${agreement} supplierRiskReviewed`, undefined],
    ]);
    expect(hit?.facts?.[0]?.source).toContain('an auditor on 2025-11-25');
    expect(hit?.facts?.[0]?.source).toContain('it expired on 2026-11-25');
  });

  test('a rule binds from its first day on: the decision’s or the end of the window', () => {
    expect(logsAsked('2027-11-01T00:00:00Z', '2027-12-02T00:00:00Z')).toEqual([]);
    expect(logsAsked('2027-11-01T00:00:00Z', '2027-12-02T00:00:01Z')).toEqual(['ai-12-logs']);
    expect(logsAsked('2028-01-01T00:00:00Z', '2028-02-01T00:00:00Z')).toEqual(['ai-12-logs']);
  });

  test('before the packs are in force a declared regime is a missing fact, never a silent yes', () => {
    const past = Date.parse('1990-01-01T00:00:00Z');
    const verdict = ask({
      rules: { regimes: ['gdpr'] },
      sites: [site('fra1', { country: 'DE' })],
      atMs: past,
      untilMs: past,
    });
    expect(lines(verdict)).toEqual(['fra1 fact-missing gdpr-not-covered']);
  });
});

describe('a project may say otherwise than its tenant', () => {
  test.each([
    ['fraud', 'forbidden'],
    ['canteen', 'allowed'],
  ])('%s', (project, answer) => {
    const said = saidWith({
      'project:bank/canteen': { criticalFunction: false },
      [agreement]: { doraCriticalClauses: [] },
    });
    expect(ask({ rules: { regimes: ['dora'] }, project, sites: good, said }).sites[0]?.answer).toBe(answer);
  });
});

describe('overrides', () => {
  const override = (changes: object = {}) => ({
    id: OverrideId.parse('O-1'),
    rule: 'nis2-21-supplier',
    tenant: TenantId.parse('bank'),
    reason: 'review is under way',
    requestedBy: PrincipalId.parse('person:ada'),
    second: {
      by: PrincipalId.parse('person:rita'),
      key: PublicKey.parse(`ed25519:${'A'.repeat(43)}=`),
      signature: Signature.parse(`${'A'.repeat(86)}==`),
    },
    sinceMs: atMs - 1,
    expiresAtMs: atMs + 10 * dayMs,
    ...changes,
  });
  const said = saidWith({ [agreement]: { supplierRiskReviewed: false } });
  const answer = (changes: object) =>
    lines(
      ask({
        rules: { regimes: ['nis2'] },
        sites: [goodSite],
        said,
        untilMs: atMs + 10 * dayMs,
        overrides: [override(changes)],
      }),
    )[0];

  test('set a rule aside for its tenant, site and time, and are told', () => {
    expect(answer({})).toBe('fra1 allowed +nis2-21-supplier');
    expect(answer({ site: Path.parse('fra1') })).toBe('fra1 allowed +nis2-21-supplier');
    const [first] = ask({
      rules: { regimes: ['nis2'] },
      sites: [goodSite],
      said,
      overrides: [override()],
    }).sites;
    expect(first?.flags?.[0]?.why).toMatch(
      /^set aside by O-1 of person:ada and person:rita until 2026-12-05: review/,
    );
  });

  test.each([
    ['another site', { site: Path.parse('ams2') }],
    ['another tenant', { tenant: TenantId.parse('acme') }],
    ['another rule', { rule: 'hipaa-baa' }],
    ['ends before the window', { expiresAtMs: atMs + 10 * dayMs - 1 }],
    ['has begun later', { sinceMs: atMs + 1 }],
    ['was lifted', { liftedAtMs: atMs - 1 }],
  ])('do nothing: %s', (_, changes) => {
    expect(answer(changes)).toBe('fra1 forbidden nis2-21-supplier');
  });

  test('a rule that binds whoever asks is never set aside', () => {
    const asked = {
      rules: { regimes: ['export-control'] },
      sites: [goodSite],
      said: saidWith({ 'tenant:bank': { parentSeat: 'CN' } }),
    };
    const overrides = [override({ rule: 'export-3a090' })];
    expect(lines(ask({ ...asked, overrides }))).toEqual(['fra1 forbidden export-3a090']);
  });
});

test('the EU has 27 members and the EEA three more', () => {
  expect(new Set(eu).size).toBe(27);
  expect(eea.filter((country) => !eu.some((member) => member === country))).toEqual(['IS', 'LI', 'NO']);
  const { countries } = builtInPacks().set;
  expect(countries.eu.members[0]?.countries.toSorted()).toEqual([...eu].toSorted());
  expect(countries.eea.members[0]?.countries.toSorted()).toEqual([...eea].toSorted());
});

test('other packs give another digest, and so do other countries', () => {
  const { set, digest } = builtInPacks();
  const other = structuredClone(set);
  other.countries.adequate.members = [];
  const changed = loadPacks(other);
  expect(changed.digest).not.toBe(digest);
  const verdict = ask({
    rules: { regimes: ['gdpr'] },
    sites: [site('zrh', { country: 'CH' })],
    packs: changed,
  });
  expect(verdict.policy).toBe(changed.digest);
  expect(verdict.sites[0]?.answer).toBe('forbidden');
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
        expect(allowed(narrow(tenant, demand), fleet).filter((each) => !left.has(each))).toEqual([]);
      }),
      { seed: 20261125, numRuns: 200 },
    );
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
        const verdict = VerdictSchema.parse(ask({ rules, sites: fleet }));
        for (const each of verdict.sites) expect(each.answer === 'allowed').toBe(each.hits.length === 0);
        expect(ask({ rules, sites: fleet.toReversed() })).toEqual(verdict);
      }),
      { seed: 20261125, numRuns: 200 },
    );
  });
});

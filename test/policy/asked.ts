import { SiteFacts } from '../../src/model/fact.ts';
import {
  type FactBook,
  type FactSubject,
  type FactValue,
  GovernanceFact,
} from '../../src/model/governance-fact.ts';
import { Path, ProjectId, TenantId } from '../../src/model/id.ts';
import type { Override } from '../../src/model/override.ts';
import type { PolicyVerdict } from '../../src/model/policy.ts';
import { DataRules, Regime } from '../../src/model/tenant.ts';
import { builtInPacks } from '../../src/policy/built-in.ts';
import type { RuledSite, RuledWorkload } from '../../src/policy/describe.ts';
import type { Packs } from '../../src/policy/pack-set.ts';
import { evaluate, type SiteQuestion } from '../../src/policy/site-verdict.ts';

export const atMs = Date.parse('2026-11-25T09:00:00Z');
const dayMs = 86_400_000;
const evidence = `sha256:${'a'.repeat(64)}`;

/** Facts by subject and attribute, vouched for from a year before until a year after. */
export type Said = Readonly<Record<string, Readonly<Record<string, FactValue>>>>;

export function factOf(
  subject: string,
  attribute: string,
  value: FactValue,
  changes: object = {},
): GovernanceFact {
  return GovernanceFact.parse({
    subject,
    attribute,
    value,
    assertedBy: 'an auditor',
    evidence,
    assertedAtMs: atMs - 365 * dayMs,
    expiresAtMs: atMs + 365 * dayMs,
    ...changes,
  });
}

function bookOf(said: Said): FactBook {
  return bookWith(
    Object.entries(said).flatMap(([subject, facts]) =>
      Object.entries(facts).map(([attribute, value]) => factOf(subject, attribute, value)),
    ),
  );
}

export function bookWith(facts: readonly GovernanceFact[]): FactBook {
  const book = new Map<FactSubject, Map<string, GovernanceFact>>();
  for (const fact of facts) {
    const known = book.get(fact.subject) ?? new Map<string, GovernanceFact>();
    book.set(fact.subject, known.set(fact.attribute, fact));
  }
  return book;
}

export function site(id: string, facts: object = {}, models: readonly string[] = []): RuledSite {
  return { id: Path.parse(id), facts: SiteFacts.parse(facts), models };
}

export type Asked = {
  readonly rules?: object;
  /** Instead of `rules`: as `narrow` makes them. */
  readonly narrowed?: DataRules;
  readonly tenant?: string;
  readonly project?: string;
  readonly isolation?: string;
  readonly training?: RuledWorkload['training'];
  readonly sites: readonly RuledSite[];
  readonly said?: Said;
  readonly book?: FactBook;
  readonly overrides?: readonly Override[];
  readonly untilMs?: number;
  readonly atMs?: number;
  readonly packs?: Packs;
};

export function questionOf(asked: Asked): SiteQuestion {
  const { tenant = 'bank', project, isolation, training } = asked;
  const now = asked.atMs ?? atMs;
  return {
    packs: asked.packs ?? builtInPacks(),
    workload: {
      tenant: TenantId.parse(tenant),
      rules: asked.narrowed ?? DataRules.parse(asked.rules ?? {}),
      ...(project === undefined ? {} : { project: ProjectId.parse(project) }),
      ...(isolation === undefined ? {} : { isolation }),
      ...(training === undefined ? {} : { training }),
    },
    sites: asked.sites,
    book: asked.book ?? bookOf(asked.said ?? {}),
    overrides: asked.overrides ?? [],
    span: { atMs: now, untilMs: asked.untilMs ?? now },
  };
}

export function ask(asked: Asked): PolicyVerdict {
  return evaluate(questionOf(asked));
}

/** `fra1 allowed`, or the rules that hit: `ams2 forbidden dora-29-operator-seat`; flags behind a `+`. */
export function lines(verdict: PolicyVerdict): string[] {
  return verdict.sites.map(({ site: id, answer, hits, flags = [] }) =>
    [id, answer, ...hits.map(({ rule }) => rule), ...flags.map(({ rule }) => `+${rule}`)].join(' '),
  );
}

/** Everything that every pack wants to know about one good site in Frankfurt and its operator, of tenant `bank`. */
export const goodSite = site(
  'fra1',
  {
    country: 'DE',
    operator: 'Main GmbH',
    operatorSeat: 'DE',
    keyCustody: 'DE',
    supportCountries: ['DE'],
    telemetryCountries: ['DE'],
    isolationClasses: ['shared', 'node'],
  },
  ['H100-SXM-80GB'],
);

export const goodSaid: Said = {
  'site:fra1': {
    backupCountries: ['DE'],
    supportIsOwnStaff: true,
    encryptedAtRest: true,
    encryptedInTransit: true,
    restoreTestedOn: '2026-10-01',
    secNumCloudQualified: true,
    c5ReportType: 2,
    c5CoversSite: true,
    c5PeriodEndOn: '2026-09-30',
    cadaLevel: 3,
    ...Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8].map((n) => [`seal${n}`, 3])),
  },
  'provider:main-gmbh': {
    lei: '5299000000000000MAIN',
    group: 'Main',
    subcontractorCountries: ['DE'],
    subcontractChainComplete: true,
    thirdCountryAccessMeasures: true,
    holdersOutsideEuMaxBp: 0,
    holdersOutsideEuTogetherBp: 0,
    pciAocOn: '2026-06-01',
    pciA1Evidence: true,
  },
  'agreement:bank@main-gmbh': {
    serviceType: 'GPU capacity',
    dpaSigned: true,
    operatorAuthorised: true,
    agreedRegions: ['DE', 'NL'],
    doraClauses: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'],
    doraCriticalClauses: ['a', 'b', 'c', 'd', 'e', 'f'],
    exitPlanTestedOn: '2026-06-01',
    criticalShareBp: 3000,
    noticeDays: 60,
    transitionDays: 30,
    retrievalDays: 30,
    switchingChargeCents: 0,
    supplierRiskReviewed: true,
    baaSigned: true,
    pciAgreementSigned: true,
  },
  'tenant:bank': {
    seat: 'DE',
    parentSeat: 'DE',
    criticalFunction: true,
    highRisk: true,
    logRetentionDays: 200,
    exitPlanMaxAgeDays: 365,
    concentrationLimitBp: 6000,
    c5MaxAgeDays: 365,
    keyCountries: ['DE'],
    requiresEncryption: true,
    restoreTestMaxAgeDays: 180,
    minIsolation: 'node',
    minCadaLevel: 2,
    ...Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8].map((n) => [`minSeal${n}`, 2])),
    processingPurpose: 'fraud detection',
    dataCategories: ['payments'],
    retentionDays: 365,
    securityMeasures: 'encryption',
  },
  'model:H100-SXM-80GB': { tpp: 15824 },
};

/** A second site that is as good, for rules that want somewhere to exit to. */
export const secondSite = site('fra2', { ...goodSite.facts, operator: 'Other GmbH' }, goodSite.models);
export const allRegimes = Regime.options;

/** The same facts with some changed; `undefined` takes one away. */
export function saidWith(
  changes: Readonly<Record<string, Readonly<Record<string, FactValue | undefined>>>>,
): Said {
  const said: Record<string, Record<string, FactValue>> = {};
  for (const subject of new Set([...Object.keys(goodSaid), ...Object.keys(changes)])) {
    const merged = Object.entries({ ...goodSaid[subject], ...changes[subject] });
    said[subject] = Object.fromEntries(
      merged.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    );
  }
  return {
    ...said,
    'site:fra2': { ...goodSaid['site:fra1'] },
    'provider:other-gmbh': { ...goodSaid['provider:main-gmbh'] },
    'agreement:bank@other-gmbh': { ...goodSaid['agreement:bank@main-gmbh'] },
  };
}

export const threshold = { exaFlop: 50_000 };

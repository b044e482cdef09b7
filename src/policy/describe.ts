import type { SiteFacts } from '../model/fact.ts';
import type { FactBook } from '../model/governance-fact.ts';
import type { Path, ProjectId, TenantId } from '../model/id.ts';
import type { DataRules } from '../model/tenant.ts';
import type { EntityJson } from './cedar/entities.ts';
import type { CedarJson, EntityUid } from './cedar/value.ts';
import { attributesOf, daysOf, type Span } from './facts.ts';
import { countriesOn, type CountryLists } from './pack-set.ts';

/** A site as rules see it: recorded facts only. */
export type RuledSite = {
  readonly id: Path;
  readonly facts: SiteFacts;
  /** Models of its accelerators. */
  readonly models?: readonly string[];
  /** Who stated an attribute of it, for explanations. */
  readonly sourceOf?: (attribute: string) => string | undefined;
};

/** What is asked about: the tenant's rules and the demand's own, narrowed together. */
export type RuledWorkload = {
  readonly tenant: TenantId | 'nobody';
  readonly project?: ProjectId;
  readonly rules: DataRules;
  readonly isolation?: string;
  /** Training of its lineage with this workload, in 10^18 FLOP, or the facts that it takes to say so. */
  readonly training?: { readonly exaFlop: number } | { readonly lacks: readonly string[] };
};

/** What a question about a site is made from. */
export type Described = {
  readonly workload: RuledWorkload;
  readonly site: RuledSite;
  readonly book: FactBook;
  readonly span: Span;
  readonly countries: CountryLists;
  /** Other sites that the rules of the first pass allow; unknown to those themselves. */
  readonly otherSites?: number;
};

/** A question in Cedar's JSON: what the evaluator reads and what is shown to the second engine. */
export type QuestionJson = {
  readonly principal: EntityUid;
  readonly action: EntityUid;
  readonly resource: EntityUid;
  readonly context: Readonly<Record<string, CedarJson>>;
  readonly entities: readonly EntityJson[];
};

/** The question whether a workload may run at a site, with everything recorded that holds over its whole span. */
export function describe({ workload, site, book, span, countries, otherSites }: Described): QuestionJson {
  const principal = { type: 'Berth::Workload', id: workload.tenant };
  const resource = { type: 'Berth::Site', id: site.id };
  const agreement = { type: 'Berth::Agreement', id: agreementId(workload, site) };
  const { today, lastDay } = daysOf(span);
  const listed = (list: keyof CountryLists) => countriesOn(countries[list], [today, lastDay]);
  return {
    principal,
    action: { type: 'Berth::Action', id: 'runAt' },
    resource,
    context: {
      today,
      lastDay,
      agreement: { __entity: agreement },
      eu: listed('eu'),
      eea: listed('eea'),
      free: [...listed('eea'), ...listed('adequate')],
      freeIfCertified: [...listed('eea'), ...listed('adequate'), ...listed('adequateCertified')],
      armsEmbargoed: listed('armsEmbargoed'),
      ...(otherSites === undefined ? {} : { otherSites }),
    },
    entities: [
      { uid: principal, attrs: workloadAttributes(workload, book, span), parents: [] },
      { uid: resource, attrs: siteAttributes(site, book, span), parents: [] },
      { uid: agreement, attrs: attributesOf(book, `agreement:${agreement.id}`, span), parents: [] },
      ...providerEntity(site, book, span),
    ],
  };
}

/** The id of the operator of sites: its name in lower case, joined by hyphens. */
export function providerIdOf(operator: string): string {
  const words = operator.toLowerCase().split(/[^a-z0-9]+/);
  return words
    .filter((word) => word !== '')
    .join('-')
    .slice(0, 63);
}

function agreementId({ tenant }: RuledWorkload, { facts: { operator } }: RuledSite): string {
  return `${tenant}@${operator === undefined ? 'unknown' : providerIdOf(operator)}`;
}

function providerEntity({ facts: { operator } }: RuledSite, book: FactBook, span: Span): EntityJson[] {
  if (operator === undefined) return [];
  const id = providerIdOf(operator);
  return [
    { uid: { type: 'Berth::Provider', id }, attrs: attributesOf(book, `provider:${id}`, span), parents: [] },
  ];
}

function workloadAttributes(
  { tenant, project, rules, isolation = 'shared', training }: RuledWorkload,
  book: FactBook,
  span: Span,
): Record<string, CedarJson> {
  return {
    ...attributesOf(book, `tenant:${tenant}`, span),
    ...(project === undefined ? {} : attributesOf(book, `project:${tenant}/${project}`, span)),
    ...(training !== undefined && 'exaFlop' in training ? { trainingExaFlop: training.exaFlop } : {}),
    tenant,
    isolation,
    regimes: rules.regimes ?? [],
    classes: rules.classes ?? [],
    excludeCountries: rules.excludeCountries ?? [],
    ...(rules.countries === undefined ? {} : { countries: rules.countries }),
    ...(rules.operatorSeats === undefined ? {} : { operatorSeats: rules.operatorSeats }),
  };
}

function siteAttributes(
  { id, facts, models = [] }: RuledSite,
  book: FactBook,
  span: Span,
): Record<string, CedarJson> {
  const { operator, kind, country, operatorSeat, keyCustody } = facts;
  const { supportCountries, telemetryCountries, isolationClasses } = facts;
  const listed = exportListed(models, book, span);
  const stated = {
    kind,
    country,
    operatorSeat,
    keyCustody,
    supportCountries,
    telemetryCountries,
    isolationClasses,
    exportListedModels: listed,
  };
  return {
    ...attributesOf(book, `site:${id}`, span),
    ...Object.fromEntries(
      Object.entries(stated).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    ),
    bisGuidanceModels: models.filter(isUnderBisGuidance),
    ...(operator === undefined
      ? {}
      : { provider: { __entity: { type: 'Berth::Provider', id: providerIdOf(operator) } } }),
  };
}

/** Total processing performance from which ECCN 3A090.a lists a chip (secondary source; not verified). */
const listedFromTpp = 4800;

/** Models that ECCN 3A090.a lists; unknown as long as the performance of one is not recorded. */
function exportListed(models: readonly string[], book: FactBook, span: Span): readonly string[] | undefined {
  const rated = models.map((model) => ({ model, tpp: attributesOf(book, `model:${model}`, span)['tpp'] }));
  if (rated.some(({ tpp }) => tpp === undefined)) return undefined;
  return rated.filter(({ tpp }) => typeof tpp === 'number' && tpp >= listedFromTpp).map(({ model }) => model);
}

/** Chips that the BIS guidance of May 2025 names (Wiley note, secondary): Ascend 910B, 910C, 910D. */
function isUnderBisGuidance(model: string): boolean {
  return /^ascend[ _-]?910[bcd]/i.test(model);
}

import type { FleetSite } from '../core/inventory/fleet.ts';
import type { State } from '../core/state.ts';
import { type Contract, isStanding } from '../model/contract.ts';
import type { FactValue } from '../model/governance-fact.ts';
import { type Path, siteOf, type TenantId } from '../model/id.ts';
import { seatsOf } from '../model/placement.ts';
import type { DoraRow, LineageRow, PolicyRecord, ProcessingRow, RecordAsked } from '../model/record-view.ts';
import { eea } from '../model/region.ts';
import { compareText } from '../model/text.ts';
import { providerIdOf } from '../policy/describe.ts';
import { factAbout, holdsOver } from '../policy/facts.ts';
import { mayActFor, maySeeContract, requireOperator } from './caller.ts';
import { contractFor } from './contracts.ts';
import type { Caller } from './control.ts';
import type { Door } from './door.ts';
import { incidentRows } from './incidents.ts';
import { policyNote } from './policing.ts';
import { lineageAccounts } from './training.ts';
import { zoneOf } from './views/plan-view.ts';
import type { Moment } from './views/snapshot.ts';
import { isoIn } from './zone.ts';

/** Records that the law wants, from contracts and recorded facts: one row for each contract and site. */
export async function policyRecord(door: Door, caller: Caller, asked: RecordAsked): Promise<PolicyRecord> {
  const moment = await door.moment();
  if (asked.kind === 'flop') {
    requireOperator(caller, 'read the account of all lineages');
    const rows = lineageAccounts(moment.state, moment.nowMs).map(lineageRow);
    return { kind: 'flop', rows, note: `an estimate; ${policyNote}` };
  }
  if (asked.kind === 'nis2') return incidentsOf(moment, caller, asked);
  const placed = contractsAsked(moment, caller, asked).flatMap((contract) =>
    sitesOf(moment.state, contract).map((site) => new Reader(moment, contract, site)),
  );
  return asked.kind === 'dora'
    ? { kind: 'dora', rows: placed.map(doraRow), note: policyNote }
    : { kind: 'art30', rows: placed.map(processingRow), note: policyNote };
}

/** Incidents of the tenants whose contracts are asked for, or of all that the caller may act for. */
function incidentsOf(moment: Moment, caller: Caller, { contracts }: RecordAsked): PolicyRecord {
  const { state, nowMs } = moment;
  const named = contracts?.map((id) => contractFor(state, caller, id).tenant);
  const isMeant = (tenant: TenantId) => mayActFor(caller, tenant) && named?.includes(tenant) !== false;
  return { kind: 'nis2', rows: incidentRows(state, nowMs, isMeant), note: `${incidentNote}; ${policyNote}` };
}

const incidentNote =
  'NIS2 Art. 23(4): the earliest reading of its periods, without the shorter one of trust service providers, ' +
  'intermediate reports and incidents that go on';

function contractsAsked(
  { state, nowMs }: Moment,
  caller: Caller,
  { contracts }: RecordAsked,
): readonly Contract[] {
  if (contracts !== undefined) return contracts.map((id) => contractFor(state, caller, id));
  return [...state.contracts].filter(
    (contract) => maySeeContract(caller, contract) && isStanding(contract, nowMs),
  );
}

function sitesOf({ fleet }: State, { placement }: Contract): readonly FleetSite[] {
  const used = new Set<Path>(seatsOf(placement).map(({ node }) => siteOf(node)));
  return fleet.sites.filter(({ id }) => used.has(id));
}

type Kind = 'provider' | 'agreement' | 'tenant' | 'site';

/** Reads recorded facts for one contract at one site, and keeps what it did not find. */
class Reader {
  readonly contract: Contract;
  readonly site: FleetSite;
  readonly provider: string;
  readonly missing: string[] = [];
  readonly #moment: Moment;

  constructor(moment: Moment, contract: Contract, site: FleetSite) {
    this.#moment = moment;
    this.contract = contract;
    this.site = site;
    this.provider = site.facts.operator === undefined ? 'unknown' : providerIdOf(site.facts.operator);
  }

  /** The date in the zone of the tenant. */
  dateOf(atMs: number): string {
    return isoIn(atMs, zoneOf(this.#moment.state, this.contract.demand)).slice(0, 10);
  }

  text(kind: Kind, attribute: string): string | undefined {
    const value = this.value(kind, attribute);
    return typeof value === 'string' ? value : undefined;
  }

  words(kind: Kind, attribute: string): string[] {
    const value = this.value(kind, attribute);
    return Array.isArray(value) ? value : [];
  }

  value(kind: Kind, attribute: string): FactValue | undefined {
    const found = this.#found(kind, attribute);
    if (found === undefined) this.missing.push(`${this.#subjects(kind).at(-1) ?? kind} ${attribute}`);
    return found;
  }

  /** A fact that may rightly be absent. */
  wish(kind: Kind, attribute: string): string | undefined {
    const found = this.#found(kind, attribute);
    return typeof found === 'string' ? found : undefined;
  }

  #found(kind: Kind, attribute: string): FactValue | undefined {
    return this.#subjects(kind)
      .map((subject) => this.#fact(subject, attribute))
      .find((value) => value !== undefined);
  }

  #fact(subject: string, attribute: string): FactValue | undefined {
    const { state, nowMs } = this.#moment;
    const fact = factAbout(state.governance.facts, subject, attribute);
    return fact !== undefined && holdsOver(fact, { atMs: nowMs, untilMs: nowMs }) ? fact.value : undefined;
  }

  /** The more special one first. */
  #subjects(kind: Kind): readonly string[] {
    const { tenant, demand } = this.contract;
    if (kind === 'site') return [`site:${this.site.id}`];
    if (kind === 'provider') return [`provider:${this.provider}`];
    if (kind === 'agreement') return [`agreement:${tenant}@${this.provider}`];
    return [
      ...(demand.project === undefined ? [] : [`project:${tenant}/${demand.project}`]),
      `tenant:${tenant}`,
    ];
  }
}

function doraRow(read: Reader): DoraRow {
  const { contract, site } = read;
  const { operator = 'unknown', operatorParent, operatorSeat, country } = site.facts;
  const critical = read.value('tenant', 'criticalFunction');
  return {
    contract: contract.id,
    financialEntity: contract.tenant,
    provider: operator,
    ...given('providerLei', read.text('provider', 'lei')),
    ...given('ultimateParent', operatorParent),
    ...given('parentCountry', operatorSeat),
    ...given('serviceType', read.text('agreement', 'serviceType')),
    ...given('function', read.text('tenant', 'functionName')),
    ...(typeof critical === 'boolean' ? { isCriticalFunction: critical } : {}),
    startDate: read.dateOf(contract.placement.startMs),
    ...(contract.placement.endMs === undefined ? {} : { endDate: read.dateOf(contract.placement.endMs) }),
    site: site.id,
    ...given('processingCountry', country),
    storageCountries: [
      ...new Set([...(country === undefined ? [] : [country]), ...read.words('site', 'backupCountries')]),
    ].toSorted(compareText),
    subcontractorCountries: read.words('provider', 'subcontractorCountries'),
    ...given('exitPlanTestedOn', read.text('agreement', 'exitPlanTestedOn')),
    missing: [...read.missing],
  };
}

function processingRow(read: Reader): ProcessingRow {
  const { contract, site } = read;
  const { operator = 'unknown', country, telemetryCountries = [], supportCountries = [] } = site.facts;
  const countries = [
    ...(country === undefined ? [] : [country]),
    ...read.words('site', 'backupCountries'),
    ...telemetryCountries,
    ...supportCountries,
  ];
  const distinct = [...new Set<string>(countries)].toSorted(compareText);
  const retention = read.value('tenant', 'retentionDays');
  return {
    contract: contract.id,
    controller: contract.tenant,
    ...(contract.demand.project === undefined ? {} : { project: contract.demand.project }),
    ...given('purpose', read.text('tenant', 'processingPurpose')),
    categories: read.words('tenant', 'dataCategories'),
    recipients: [operator],
    countries: distinct,
    thirdCountries: distinct.filter((each) => !eea.some((member) => member === each)),
    ...given('safeguard', read.wish('agreement', 'safeguard')),
    ...(typeof retention === 'number' ? { retentionDays: retention } : {}),
    ...given('securityMeasures', read.text('tenant', 'securityMeasures')),
    missing: [...read.missing],
  };
}

/** 10^25 FLOP (AI Act Art. 51(2)) in 10^18 FLOP. */
const thresholdExaFlop = 10_000_000;

function lineageRow({
  lineage,
  contracts,
  gpuHours,
  training,
}: ReturnType<typeof lineageAccounts>[number]): LineageRow {
  const known = 'exaFlop' in training ? training.exaFlop : undefined;
  return {
    lineage,
    contracts: [...contracts],
    gpuHours,
    ...(known === undefined
      ? {}
      : { exaFlop: known, shareOfThresholdBp: Math.floor((known * 10_000) / thresholdExaFlop) }),
    missing: 'lacks' in training ? [...training.lacks] : [],
  };
}

function given<K extends string>(name: K, value: string | undefined): { [key in K]?: string } {
  const found: { [key in K]?: string } = {};
  if (value !== undefined) Object.assign(found, { [name]: value });
  return found;
}

import { companiesOf, type Demand, type Part } from '../../model/demand.ts';
import { isWithin, siteOf } from '../../model/id.ts';
import type { SiteReport } from '../../model/plan.ts';
import type { PolicyVerdict, RuleHit } from '../../model/policy.ts';
import type { FleetSite } from '../inventory/fleet.ts';
import type { State } from '../state.ts';
import { datasetMbps } from './fabric/flows.ts';
import { mustMove, type Route, routesTo, unknownSpeed } from './fabric/move.ts';
import { demandOf } from './span/company.ts';

/** A site that the search skips, and why. */
export type ClosedSite = {
  readonly site: FleetSite;
  readonly outcome: 'policy-denied' | 'fact-missing' | 'no-capacity';
  readonly why: string;
  readonly hits: readonly RuleHit[];
};

export type SiteSplit = {
  readonly open: readonly FleetSite[];
  readonly closed: readonly ClosedSite[];
};

/**
 * Which of the sites asked for may be searched at all: by the rules, latency and data locality. The main dataset may
 * also be brought there first; what the rules name must be there, and so must what flows from or to a pool. Of a demand
 * that may stand at several sites, those that are open to some of it.
 */
export function splitSites(state: State, demand: Demand, verdict: PolicyVerdict): SiteSplit {
  const companies = companiesOf(demand);
  if (companies.length === 1) return splitFor(state, demand, verdict);
  const splits = companies.map((parts) => splitFor(state, demandOf(demand, parts), verdict));
  const open = new Set(splits.flatMap((split) => split.open));
  const closed = new Map(
    splits.flatMap((split) =>
      split.closed.filter(({ site }) => !open.has(site)).map((one) => [one.site, one]),
    ),
  );
  return { open: state.fleet.sites.filter((site) => open.has(site)), closed: [...closed.values()] };
}

function splitFor(state: State, demand: Demand, verdict: PolicyVerdict): SiteSplit {
  const asked = state.fleet.sites.filter((site) => isAsked(site, demand));
  const closed = asked.flatMap((site) => closedBy(state, { site, demand, verdict }) ?? []);
  return { open: asked.filter((site) => !closed.some((entry) => entry.site === site)), closed };
}

export function reportClosed({ site, outcome, why }: ClosedSite): SiteReport {
  return { site: site.id, outcome, why };
}

function isAsked(site: FleetSite, demand: Demand): boolean {
  const isWanted = ({ where }: Pick<Part, 'where'>) =>
    where === undefined || where.some((place) => siteOf(place) === site.id);
  const { kind } = site.facts;
  const isKind = ({ siteKind = kind }: Part) => kind === undefined || siteKind === kind;
  return (
    [demand, ...demand.parts].every(isWanted) &&
    demand.parts.every(isKind) &&
    !(demand.avoid ?? []).some((place) => isWithin(site.id, place))
  );
}

function closedBy(
  state: State,
  {
    site,
    demand,
    verdict,
  }: { readonly site: FleetSite; readonly demand: Demand; readonly verdict: PolicyVerdict },
): ClosedSite | undefined {
  return (
    byRules(site, verdict) ?? byKind(site, demand) ?? byLatencies(site, demand) ?? byData(state, site, demand)
  );
}

/** A site that the rules were not asked about is closed: silence is not a yes. */
function byRules(site: FleetSite, verdict: PolicyVerdict): ClosedSite | undefined {
  const found = verdict.sites.find((entry) => entry.site === site.id);
  if (found?.answer === 'allowed') return undefined;
  const hits = found?.hits ?? [];
  const why =
    hits.length === 0
      ? 'the rules have no answer for this site'
      : `closed by ${hits.map((hit) => hit.rule).join(', ')}`;
  const outcome = found?.answer === 'forbidden' ? 'policy-denied' : 'fact-missing';
  return { site, outcome, why: why.slice(0, 300), hits };
}

function byKind(site: FleetSite, { parts }: Demand): ClosedSite | undefined {
  if (site.facts.kind !== undefined || parts.every(({ siteKind }) => siteKind === undefined))
    return undefined;
  return { site, outcome: 'fact-missing', why: 'the kind of the site is not recorded', hits: [] };
}

function byLatencies(site: FleetSite, demand: Demand): ClosedSite | undefined {
  return [demand, ...demand.parts]
    .map((wish) => byLatency(site, wish))
    .find((closed) => closed !== undefined);
}

function byLatency(site: FleetSite, demand: Pick<Demand, 'latencyMsByRegion'>): ClosedSite | undefined {
  const known = new Map(Object.entries(site.facts.latencyMsByRegion ?? {}));
  for (const [region, limit] of Object.entries(demand.latencyMsByRegion ?? {})) {
    const latency = known.get(region);
    if (latency === undefined) {
      return {
        site,
        outcome: 'fact-missing',
        why: `the latency to \`${region}\` is not recorded`,
        hits: [],
      };
    }
    if (latency > limit) {
      return {
        site,
        outcome: 'no-capacity',
        why: `${latency} ms to \`${region}\`, at most ${limit}`,
        hits: [],
      };
    }
  }
  return undefined;
}

function byData(state: State, site: FleetSite, demand: Demand): ClosedSite | undefined {
  const ruled = [
    ...(demand.rules?.datasets ?? []),
    ...(state.tenants.get(demand.tenant)?.rules.datasets ?? []),
  ];
  const { dataset } = demand;
  const isRuled = dataset !== undefined && ruled.includes(dataset);
  const routes = dataset === undefined || isRuled ? [] : routesTo(state.fleet, site.id, dataset);
  const isMoved = routes.length > 0 && datasetMbps(demand) === 0;
  const wanted = [...(dataset === undefined || isMoved ? [] : [dataset]), ...ruled];
  const absent = [...new Set(wanted)].filter((id) => !site.datasets.has(id));
  if (absent.length === 0) return isMoved && mustMove(site, demand) ? byRoutes(site, routes) : undefined;
  return {
    site,
    outcome: 'no-capacity',
    why: `no storage pool here holds ${absent.map((id) => `\`${id}\``).join(', ')}`,
    hits: [],
  };
}

/** A dataset that is not held here can be moved only at a known speed. */
function byRoutes(site: FleetSite, routes: readonly Route[]): ClosedSite | undefined {
  const attribute = unknownSpeed(routes);
  if (attribute === undefined) return undefined;
  return { site, outcome: 'fact-missing', why: `${attribute} is not recorded`, hits: [] };
}

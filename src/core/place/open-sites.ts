import type { Demand } from '../../model/demand.ts';
import { isWithin, siteOf } from '../../model/id.ts';
import type { SiteReport } from '../../model/plan.ts';
import type { PolicyVerdict, RuleHit } from '../../model/policy.ts';
import type { FleetSite } from '../inventory/fleet.ts';
import type { State } from '../state.ts';

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

/** Which of the sites asked for may be searched at all: by the rules, latency and data locality. */
export function splitSites(state: State, demand: Demand, verdict: PolicyVerdict): SiteSplit {
  const asked = state.fleet.sites.filter((site) => isAsked(site, demand));
  const closed = asked.flatMap((site) => closedBy(state, { site, demand, verdict }) ?? []);
  return { open: asked.filter((site) => !closed.some((entry) => entry.site === site)), closed };
}

export function reportClosed({ site, outcome, why }: ClosedSite): SiteReport {
  return { site: site.id, outcome, why };
}

function isAsked(site: FleetSite, demand: Demand): boolean {
  const wanted = demand.where === undefined || demand.where.some((place) => siteOf(place) === site.id);
  return wanted && !(demand.avoid ?? []).some((place) => isWithin(site.id, place));
}

function closedBy(
  state: State,
  {
    site,
    demand,
    verdict,
  }: { readonly site: FleetSite; readonly demand: Demand; readonly verdict: PolicyVerdict },
): ClosedSite | undefined {
  return byRules(site, verdict) ?? byLatency(site, demand) ?? byData(state, site, demand);
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

function byLatency(site: FleetSite, demand: Demand): ClosedSite | undefined {
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
  const wanted = [
    ...(demand.dataset === undefined ? [] : [demand.dataset]),
    ...(demand.rules?.datasets ?? []),
    ...(state.tenants.get(demand.tenant)?.rules.datasets ?? []),
  ];
  const absent = wanted.filter((dataset) => !site.datasets.has(dataset));
  if (absent.length === 0) return undefined;
  return {
    site,
    outcome: 'no-capacity',
    why: `no storage pool here holds ${absent.map((id) => `\`${id}\``).join(', ')}`,
    hits: [],
  };
}

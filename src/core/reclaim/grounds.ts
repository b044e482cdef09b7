import type { Demand } from '../../model/demand.ts';
import { isWithin, type Path } from '../../model/id.ts';
import type { PolicyVerdict } from '../../model/policy.ts';
import { standsIn } from '../../model/standing.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import { closestFirst, type Domain, domainsOn, levelsUpTo } from '../place/domain.ts';
import { splitSites } from '../place/open-sites.ts';
import { endOf, type StartRange } from '../place/site.ts';
import type { State } from '../state.ts';
import { holdersOn } from './holders.ts';
import { Openings, Standing } from './openings.ts';
import { needs, type Victim, victimLoss } from './victim.ts';

/** A place that could hold the whole gang once some of its candidates are gone. */
export type Ground = {
  readonly id: Path;
  /** Smaller is closer together. */
  readonly closeness: number;
  /** In the order in which they were given. */
  readonly candidates: readonly Victim[];
  /** The demand, kept inside this place. */
  readonly demand: Demand;
  readonly openings: Openings;
  /** What the candidates lose at least until enough GPUs are open: never more than what they really lose. */
  readonly leastCost: bigint;
};

/** Places with at most so many candidates are searched for the cheapest set of all. */
export const exactLimit = 16;

type Asked = {
  readonly demand: Demand;
  readonly starts: StartRange;
  readonly pool: readonly Victim[];
};

/**
 * The domains that the gang must not leave; inside those with many candidates also every smaller one. Candidates of
 * a domain are those that stand in it, and the extras that go before them. Where its whole site has few, all of those count: they may draw on the same
 * power, or keep others out.
 */
export function groundsFor(state: State, verdict: PolicyVerdict, asked: Asked): readonly Ground[] {
  const limit = asked.demand.together ?? 'site';
  const { open } = splitSites(state, asked.demand, verdict);
  return open.flatMap((site) => {
    const around = standingOn(state, site.nodes, asked);
    return domainsOn(limit, site.nodes).flatMap((domain) => {
      if (around.length <= exactLimit) return groundOf(state, domain, asked, around) ?? [];
      const inside = standingOn(state, domain.nodes, asked);
      const domains =
        inside.length <= exactLimit
          ? [domain]
          : [domain, ...levelsUpTo(limit, domain.nodes).flatMap((level) => domainsOn(level, domain.nodes))];
      return [...new Map(domains.map((one) => [one.id, one])).values()].flatMap(
        (one) => groundOf(state, one, asked, standingOn(state, one.nodes, asked)) ?? [],
      );
    });
  });
}

function groundOf(
  state: State,
  domain: Domain,
  asked: Asked,
  candidates: readonly Victim[],
): Ground | undefined {
  const demand = keptInside(asked.demand, domain);
  const openings = new Openings(state, domain.nodes, {
    ...asked,
    demand,
    standing: new Standing(candidates),
  });
  if (candidates.length === 0 || demand.where?.length === 0 || !openings.couldFit(() => true))
    return undefined;
  return {
    id: domain.id,
    closeness: closenessOf(domain),
    candidates,
    demand,
    openings,
    leastCost: leastCostOf(openings, candidates, asked.starts.earliestMs),
  };
}

/** What of the pool stands on these nodes, and the extras that have to go before it. */
function standingOn(
  state: State,
  nodes: readonly FleetNode[],
  { pool, demand, starts }: Asked,
): readonly Victim[] {
  const span = { fromMs: starts.earliestMs, toMs: endOf(starts.latestMs, demand) };
  const here = new Set(holdersOn(state, nodes, span));
  const ids = new Set(nodes.map(({ id }) => id));
  const inside = new Set(
    pool.filter(({ contract, extra }) => (extra === undefined ? here.has(contract) : ids.has(extra.node))),
  );
  const dug = Map.groupBy(inside, ({ contract }) => contract);
  const goesBefore = (victim: Victim) => dug.get(victim.contract)?.some((other) => needs(other, victim));
  return pool.filter((victim) => inside.has(victim) || goesBefore(victim) === true);
}

/** Wishes for places narrowed to what of them lies in the domain; none where no node of it is asked for. */
export function keptInside(demand: Demand, { id, nodes }: Domain): Demand {
  const wanted = (demand.where ?? []).filter((place) => isWithin(place, id));
  const isWhole = demand.where === undefined || demand.where.some((place) => isWithin(id, place));
  const isPrefix = nodes.every((node) => standsIn(node, id));
  if (isPrefix) return { ...demand, where: isWhole ? [id] : wanted };
  const asked = nodes.filter((node) => isWhole || demand.where?.some((place) => standsIn(node, place)));
  return { ...demand, where: asked.map((node) => node.id) };
}

function closenessOf({ id, nodes }: Domain): number {
  const [first] = nodes;
  return closestFirst.findIndex((level) => first !== undefined && domainsOn(level, [first])[0]?.id === id);
}

/**
 * The optimum of the fractional knapsack: the GPUs that are missing, taken from the candidates that lose least for
 * each GPU they could open, the last one in part (Dantzig 1957), rounded down.
 */
function leastCostOf(openings: Openings, candidates: readonly Victim[], fromMs: number): bigint {
  const offers = candidates
    .map((candidate, position) => ({
      loss: victimLoss(candidate, fromMs),
      opens: BigInt(openings.opensAtMost(position)),
    }))
    .filter(({ opens }) => opens > 0n)
    .toSorted((a, b) => {
      const difference = a.loss * b.opens - b.loss * a.opens;
      return difference === 0n ? 0 : difference < 0n ? -1 : 1;
    });
  let missing = BigInt(openings.missing);
  let cost = 0n;
  for (const { loss, opens } of offers) {
    if (missing <= 0n) break;
    cost += opens <= missing ? loss : (loss * missing) / opens;
    missing -= opens;
  }
  return cost;
}

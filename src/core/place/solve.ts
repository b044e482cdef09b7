import { type Demand, maySpan, type Objective } from '../../model/demand.ts';
import type { Price } from '../../model/placement.ts';
import type { SiteReport } from '../../model/plan.ts';
import type { PolicyVerdict } from '../../model/policy.ts';
import { compareText } from '../../model/text.ts';
import type { Fleet, FleetSite } from '../inventory/fleet.ts';
import { priceOf } from '../price.ts';
import type { State } from '../state.ts';
import { bindingWords } from './binding-words.ts';
import { withinBudget } from './budget.ts';
import { bestOfEach, modelsAt, type Order } from './each-site.ts';
import { solveElastic } from './elastic.ts';
import { byCarbon, bySpeed, carbonOf, carbonWords, speedOf, speedWords } from './merit.ts';
import { type ClosedSite, reportClosed, splitSites } from './open-sites.ts';
import { suitOrder } from './packing.ts';
import { couldFit, searchSite, type SiteFit, type SiteMiss, type StartRange } from './site.ts';
import { solveSpanning } from './span/solve-spanning.ts';
import { combinations } from './want.ts';

/** The best way to serve a demand at one site, or at several: then what stands at each is a piece of it. */
export type Candidate = SiteFit & { readonly price: Price; readonly pieces?: readonly Candidate[] };

export type Solved = {
  readonly kind: 'solved';
  readonly best: Candidate;
  readonly sites: readonly SiteReport[];
};

export type Unsolved = {
  readonly kind: 'unsolved';
  readonly sites: readonly SiteReport[];
  readonly open: readonly FleetSite[];
  readonly closed: readonly ClosedSite[];
  readonly misses: readonly SiteMiss[];
  /** Fits, but above the budget (or without a price to hold against it), the cheapest first. */
  readonly beyondBudget: readonly Candidate[];
};

/** What is looked for. */
export type Question = {
  readonly demand: Demand;
  readonly starts: StartRange;
  /** Only whether it fits is asked, not why not. */
  readonly isTrial?: boolean;
  /** Of the best only its start and its price are asked for, not where it stands. */
  readonly isOutline?: boolean;
  /** Without the index: see `Given`. */
  readonly isPlain?: boolean;
};

/** Searches every open site and takes the best fit within the budget. Each site's best stands in the report. */
export function solve(state: State, verdict: PolicyVerdict, asked: Question): Solved | Unsolved {
  return asked.demand.guarantee === 'elastic'
    ? solveElastic(state, { ...asked, isOutline: false }, (on, sized) => solveSized(on, verdict, sized))
    : solveSized(state, verdict, asked);
}

function solveSized(state: State, verdict: PolicyVerdict, asked: Question): Solved | Unsolved {
  const { demand } = asked;
  const order = affordableFirst(demand, better(state.fleet, demand.objective ?? 'cheapest'));
  if (maySpan(demand)) return solveSpanning(state, verdict, { asked, order });
  const { open, closed } = splitSites(state, demand, verdict);
  const found = bestOfEach(state, { ...asked, open }, order);
  const fits = found.flatMap((result) => (result.kind === 'fits' ? [result] : [])).toSorted(order);
  const misses = found.flatMap((result) => (result.kind === 'misses' ? [result] : []));
  const affordable = fits.filter((fit) => withinBudget(fit.price, demand));
  const best = affordable[0];
  const sites = [
    ...fits.map((fit) => reportFit(state.fleet, fit, { best, affordable, demand })),
    ...misses.map((miss) => reportMiss(miss, demand)),
    ...closed.map(reportClosed),
  ];
  if (best !== undefined) return { kind: 'solved', best, sites };
  return { kind: 'unsolved', sites, open, closed, misses, beyondBudget: fits };
}

/**
 * Whether some open site fits within the budget: what `solve` would find, but not the best of it. Where something like it
 * was found, that is looked at first; then every site at the earliest start, before any of them is searched for later ones.
 */
export function canSolve(
  state: State,
  verdict: PolicyVerdict,
  { near, ...asked }: Question & { readonly near?: Candidate },
): boolean {
  const { demand } = asked;
  const isSimple =
    demand.objective !== 'fastest' &&
    demand.guarantee !== 'elastic' &&
    demand.dataset === undefined &&
    !maySpan(demand);
  if (!isSimple) return solve(state, verdict, { ...asked, isTrial: true }).kind === 'solved';
  const { open } = splitSites(state, demand, verdict);
  const isRoomAt = (site: FleetSite, starts: StartRange) =>
    combinations(demand, modelsAt(site)).some((wants) => {
      const result = searchSite(state, site, { ...asked, starts, open, wants });
      if (result === undefined) return false;
      return (
        demand.budget === undefined ||
        withinBudget(priceOf(state.fleet, result, demand.window.durationS), demand)
      );
    });
  const { earliestMs, latestMs } = asked.starts;
  if (near !== undefined && open.includes(near.site) && near.startMs <= latestMs)
    if (isRoomAt(near.site, { earliestMs: near.startMs, latestMs: near.startMs })) return true;
  if (latestMs > earliestMs && open.some((site) => isRoomAt(site, { earliestMs, latestMs: earliestMs })))
    return true;
  return open.some((site) => isRoomAt(site, asked.starts));
}

/**
 * Whether counts leave any hope for a demand that starts at one time: a quick no, never a wrong one. Hopes where starts
 * may be chosen, where less than what is asked for would do, and where no single site has to hold all of it.
 */
export function couldSolve(state: State, verdict: PolicyVerdict, asked: Question): boolean {
  const { demand, starts, isPlain } = asked;
  const isFixed = starts.latestMs <= starts.earliestMs && demand.dataset === undefined;
  if (isPlain === true || !isFixed || demand.guarantee === 'elastic' || maySpan(demand)) return true;
  const { open } = splitSites(state, demand, verdict);
  return open.some((site) =>
    combinations(demand, modelsAt(site)).some((wants) => couldFit(state, site, { ...asked, open, wants })),
  );
}

const byPrice: Order = (a, b) =>
  (a.price.microEurPerHour ?? Infinity) - (b.price.microEurPerHour ?? Infinity) || 0;
const byStart: Order = (a, b) => a.startMs - b.startMs;
/** Closer together first; of what stands on one node what suits better, of the rest what has less to spare. */
const byTightness: Order = (a, b) => {
  if (a.closeness !== b.closeness) return a.closeness - b.closeness;
  const isJudged = a.suit !== undefined && b.suit !== undefined;
  return isJudged ? suitOrder(a.suit, b.suit) : a.spare - b.spare;
};
/** Data that is there before data that has to be moved. */
const byTransfer: Order = (a, b) => (a.transfers?.length ?? 0) - (b.transfers?.length ?? 0);
const bySite: Order = (a, b) => compareText(a.site.id, b.site.id);

/** The order of the objective; then what a person would prefer; then the id. Unpriced comes after every price. */
function better(fleet: Fleet, objective: Objective): Order {
  const [first, ...others] = ordersOf(fleet, objective);
  const orders = [...(first === undefined ? [] : [first]), byTransfer, ...others, bySite];
  return (a, b) => {
    for (const order of orders) {
      const difference = order(a, b);
      if (difference !== 0) return difference;
    }
    return 0;
  };
}

function ordersOf(fleet: Fleet, objective: Objective): readonly Order[] {
  switch (objective) {
    case 'cheapest':
      return [byPrice, byStart, byTightness];
    case 'soonest':
      return [byStart, byPrice, byTightness];
    case 'tightest':
      return [byTightness, byPrice, byStart];
    case 'greenest': {
      const carbon = ({ members }: Candidate) => carbonOf(fleet, members);
      return [(a, b) => byCarbon(carbon(a), carbon(b)), byPrice, byStart, byTightness];
    }
    case 'fastest': {
      const speed = ({ members }: Candidate) => speedOf(fleet, members);
      return [(a, b) => bySpeed(speed(a), speed(b)), byPrice, byStart, byTightness];
    }
    default:
      return objective satisfies never;
  }
}

/** What the budget allows comes before what it does not; beyond it only the price counts. */
function affordableFirst(demand: Demand, order: Order): Order {
  return (a, b) => {
    const [fitsA, fitsB] = [withinBudget(a.price, demand), withinBudget(b.price, demand)];
    if (fitsA !== fitsB) return fitsA ? -1 : 1;
    return (fitsA ? 0 : byPrice(a, b)) || order(a, b);
  };
}

function reportFit(
  fleet: Fleet,
  fit: Candidate,
  against: {
    readonly best: Candidate | undefined;
    readonly affordable: readonly Candidate[];
    readonly demand: Demand;
  },
): SiteReport {
  const figures = {
    startMs: fit.startMs,
    ...(fit.price.totalMicroEur === undefined ? {} : { totalMicroEur: fit.price.totalMicroEur }),
    ...(fit.price.microEurPerHour === undefined ? {} : { microEurPerHour: fit.price.microEurPerHour }),
  };
  const objective = against.demand.objective ?? 'cheapest';
  const merit = meritOf(fleet, fit, objective);
  if (fit === against.best) {
    const others = against.affordable.length - 1;
    const why = others === 0 ? 'the only site that fits' : `${objective} of ${others + 1} sites that fit`;
    return { site: fit.site.id, outcome: 'chosen', why: `${why}${merit}`, ...figures };
  }
  if (!against.affordable.includes(fit)) {
    const why =
      fit.price.microEurPerHour === undefined
        ? 'fits, but has no price to hold against the budget'
        : 'fits, but above the budget';
    return { site: fit.site.id, outcome: 'over-budget', why, ...figures };
  }
  return {
    site: fit.site.id,
    outcome: 'feasible',
    why: `fits, but not the ${objective}${merit}`,
    ...figures,
  };
}

/** The figure that the objective goes by, where neither start nor price says it. */
function meritOf(fleet: Fleet, { members }: Candidate, objective: Objective): string {
  if (objective === 'greenest') return `: ${carbonWords(carbonOf(fleet, members))}`;
  return objective === 'fastest' ? `: ${speedWords(speedOf(fleet, members))}` : '';
}

function reportMiss(miss: SiteMiss, demand: Demand): SiteReport {
  const wanted = demand.parts.reduce((sum, part) => sum + part.count, 0);
  return {
    site: miss.site.id,
    outcome: 'no-capacity',
    why: `${miss.replicasFit} of ${wanted} replicas fit: ${bindingWords[miss.binding]}`,
  };
}

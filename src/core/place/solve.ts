import type { Demand, Objective } from '../../model/demand.ts';
import type { Price } from '../../model/placement.ts';
import type { SiteReport } from '../../model/plan.ts';
import type { PolicyVerdict } from '../../model/policy.ts';
import { compareText } from '../../model/text.ts';
import type { Fleet, FleetSite } from '../inventory/fleet.ts';
import { priceOf } from '../price.ts';
import type { State } from '../state.ts';
import { withinBudget } from './budget.ts';
import { solveElastic } from './elastic.ts';
import { firstTransfer, mustMove } from './fabric/move.ts';
import {
  byCarbon,
  bySpeed,
  carbonOf,
  carbonWords,
  floorsOf,
  type Speed,
  speedOf,
  speedWords,
} from './merit.ts';
import { type ClosedSite, reportClosed, splitSites } from './open-sites.ts';
import { missAt, searchSite, type SiteFit, type SiteMiss, type StartRange } from './site.ts';
import { combinations, type Want } from './want.ts';
import { cheapestWaysFirst, startsLeft } from './ways.ts';

/** The best way to serve a demand at one site. */
export type Candidate = SiteFit & { readonly price: Price };

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
  /** Without the index: see `Given`. */
  readonly isPlain?: boolean;
};

/** Searches every open site and takes the best fit within the budget. Each site's best stands in the report. */
export function solve(state: State, verdict: PolicyVerdict, asked: Question): Solved | Unsolved {
  return asked.demand.guarantee === 'elastic'
    ? solveElastic(state, asked, (on, sized) => solveSized(on, verdict, sized))
    : solveSized(state, verdict, asked);
}

function solveSized(state: State, verdict: PolicyVerdict, asked: Question): Solved | Unsolved {
  const { demand } = asked;
  const { open, closed } = splitSites(state, demand, verdict);
  const order = affordableFirst(demand, better(state.fleet, demand.objective ?? 'cheapest'));
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

/** The best of every site. Where only the best of all is asked for, the others are what could not be seen to be worse. */
function bestOfEach(state: State, asked: Searched, order: Order): readonly (Candidate | SiteMiss)[] {
  let rival: Candidate | undefined;
  return asked.open.map((site) => {
    const found = bestWithData(state, site, rival === undefined ? asked : { ...asked, rival }, order);
    const isBest = found.kind === 'fits' && (rival === undefined || order(found, rival) < 0);
    if (isBest && asked.isTrial === true) rival = found;
    return found;
  });
}

/** Whether some open site fits within the budget: what `solve` would find, but not the best of it. */
export function canSolve(state: State, verdict: PolicyVerdict, asked: Question): boolean {
  const { demand } = asked;
  const isSimple =
    demand.objective !== 'fastest' && demand.guarantee !== 'elastic' && demand.dataset === undefined;
  if (!isSimple) return solve(state, verdict, { ...asked, isTrial: true }).kind === 'solved';
  const { open } = splitSites(state, demand, verdict);
  return open.some((site) =>
    combinations(demand, modelsAt(site)).some((wants) => {
      const result = searchSite(state, site, { ...asked, open, wants });
      if (result === undefined) return false;
      return (
        demand.budget === undefined ||
        withinBudget(priceOf(state.fleet, result, demand.window.durationS), demand)
      );
    }),
  );
}

type Order = (a: Candidate, b: Candidate) => number;

/** A question with the sites that may be used for it. */
type Searched = Question & {
  readonly open: readonly FleetSite[];
  /** What was found elsewhere, and has to be beaten. */
  readonly rival?: Candidate;
};

/** The best at a site once its data is there: at once, or when it has been moved. */
function bestWithData(state: State, site: FleetSite, asked: Searched, order: Order): Candidate | SiteMiss {
  const { demand, starts } = asked;
  const { dataset } = demand;
  if (dataset === undefined || !mustMove(site, demand)) return bestAt(state, site, asked, order);
  const transfer = firstTransfer(state, site, dataset, starts.transferFromMs ?? starts.earliestMs);
  if (transfer === undefined || transfer.endMs > starts.latestMs)
    return { kind: 'misses', site, replicasFit: 0, place: site.id, binding: 'dataset' };
  const earliestMs = Math.max(starts.earliestMs, transfer.endMs);
  const found = bestAt(state, site, { ...asked, starts: { ...starts, earliestMs } }, order);
  return found.kind === 'fits' ? { ...found, transfers: [transfer] } : found;
}

function bestAt(state: State, site: FleetSite, asked: Searched, order: Order): Candidate | SiteMiss {
  const ways = combinations(asked.demand, modelsAt(site));
  const floors = asked.demand.objective === 'fastest' ? floorsOf(site.nodes) : [undefined];
  let best: Candidate | undefined;
  for (const floor of floors) {
    best = bestOf(state, site, ways, { asked: withFloor(asked, floor), order });
    if (best !== undefined && withinBudget(best.price, asked.demand)) return best;
  }
  if (best !== undefined) return best;
  if (asked.isTrial !== true) return missAt(state, site, ways, withFloor(asked, floors.at(-1)));
  return { kind: 'misses', site, replicasFit: 0, place: site.id, binding: 'inventory' };
}

function withFloor(asked: Searched, floor: Speed | undefined): Floored {
  return { ...asked, ...(floor === undefined ? {} : { floor }) };
}

type Floored = Searched & { readonly floor?: Speed };

/** The best of all ways to settle the models, the first of equal ones. Those are left out that cannot be better. */
function bestOf(
  state: State,
  site: FleetSite,
  ways: readonly (readonly Want[])[],
  { asked, order }: { readonly asked: Floored; readonly order: Order },
): Candidate | undefined {
  const isPlain = asked.isPlain === true;
  const found = new Map<readonly Want[], Candidate>();
  let rival = isPlain ? undefined : asked.rival;
  for (const wants of isPlain ? ways : cheapestWaysFirst(site, ways)) {
    const starts = isPlain ? asked.starts : startsLeft(site, wants, rival, asked);
    const result = starts === undefined ? undefined : searchSite(state, site, { ...asked, wants, starts });
    if (result === undefined) continue;
    const fit: Candidate = { ...result, price: priceOf(state.fleet, result, asked.demand.window.durationS) };
    found.set(wants, fit);
    if (rival === undefined || order(fit, rival) < 0) rival = fit;
  }
  return ways.flatMap((wants) => found.get(wants) ?? []).toSorted(order)[0];
}

/** A site never changes, so its models are read once. */
const models = new WeakMap<FleetSite, readonly string[]>();

function modelsAt(site: FleetSite): readonly string[] {
  const known =
    models.get(site) ??
    [...new Set(site.nodes.flatMap(({ shape }) => shape.models.map(({ model }) => model)))].toSorted(
      compareText,
    );
  models.set(site, known);
  return known;
}

const byPrice: Order = (a, b) =>
  (a.price.microEurPerHour ?? Infinity) - (b.price.microEurPerHour ?? Infinity) || 0;
const byStart: Order = (a, b) => a.startMs - b.startMs;
const byTightness: Order = (a, b) => a.closeness - b.closeness || a.spare - b.spare;
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
      const carbon = ({ site, members }: Candidate) => carbonOf(fleet, site, members);
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
function meritOf(fleet: Fleet, { site, members }: Candidate, objective: Objective): string {
  if (objective === 'greenest') return `: ${carbonWords(carbonOf(fleet, site, members))}`;
  return objective === 'fastest' ? `: ${speedWords(speedOf(fleet, members))}` : '';
}

const bindings: Readonly<Record<SiteMiss['binding'], string>> = {
  'gpu-model': 'the site has no GPU of a model asked for',
  inventory: 'the site has not enough that fits, even when empty',
  'free-over-window': 'not enough is free over the whole window',
  'rack-power': 'the racks have not enough power left',
  'rack-cooling': 'the racks have not enough cooling left',
  'feed-power': 'the power feeds of the building have not enough left',
  'loop-cooling': 'the cooling loops of the racks have not enough left',
  'hall-power': 'the halls have not enough power left',
  'hall-cooling': 'the halls have not enough cooling left',
  'site-power': 'the site has not enough power left',
  survive: 'enough is free, but not spread widely enough to survive the loss',
  'power-cap': 'it would draw more than the power cap',
  isolation: 'enough is free, but not without other tenants in the same place',
  topology: 'enough is free, but not close enough together',
  uplink: 'enough is free, but the leaf switches have not enough uplink left',
  flows: 'enough is free, but data NICs or storage pools have not enough bandwidth left for its flows',
  dataset: 'its dataset cannot be there in time',
};

function reportMiss(miss: SiteMiss, demand: Demand): SiteReport {
  const wanted = demand.parts.reduce((sum, part) => sum + part.count, 0);
  return {
    site: miss.site.id,
    outcome: 'no-capacity',
    why: `${miss.replicasFit} of ${wanted} replicas fit: ${bindings[miss.binding]}`,
  };
}

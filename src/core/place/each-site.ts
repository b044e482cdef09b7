import { compareText } from '../../model/text.ts';
import type { FleetSite } from '../inventory/fleet.ts';
import { priceOf } from '../price.ts';
import type { State } from '../state.ts';
import { withinBudget } from './budget.ts';
import { firstTransfer, mustMove } from './fabric/move.ts';
import { floorsOf, type Speed } from './merit.ts';
import { missAt, searchSite, type SiteMiss } from './site.ts';
import type { Candidate, Question } from './solve.ts';
import { combinations, type Want } from './want.ts';
import { cheapestWaysFirst, couldOnlyTie, startsLeft } from './ways.ts';

export type Order = (a: Candidate, b: Candidate) => number;

/** A question with the sites that may be used for it. */
type Searched = Question & {
  readonly open: readonly FleetSite[];
  /** What was found elsewhere, and has to be beaten. */
  readonly rival?: Candidate;
};

/** One way to settle the models of all parts. */
type Way = readonly Want[];

/** What ways to settle the models gave at a site. */
type Ways = {
  /** In the order of the models, with what was found of those that fit. */
  readonly all: readonly Way[];
  readonly fits: ReadonlyMap<Way, Candidate>;
  /** Ways that could only tie by price and start with what was found. Nobody has searched them yet. */
  readonly ties: readonly Way[];
  readonly tiedWith: Candidate | undefined;
};

type Draft = { readonly site: FleetSite; readonly found: Candidate | SiteMiss; readonly ways: Ways };

/**
 * The best of every site. Where only the best of all is asked for, the others are what could not be seen to be worse.
 * Ways that tie by price and start differ only in how tightly they fit: they are searched at the sites alone where
 * that decides anything, at the best one and among equals.
 */
export function bestOfEach(state: State, asked: Searched, order: Order): readonly (Candidate | SiteMiss)[] {
  let rival: Candidate | undefined;
  const drafts = asked.open.map((site) => {
    const draft = draftWithData(state, site, rival === undefined ? asked : { ...asked, rival }, order);
    const { found } = draft;
    const isBest = found.kind === 'fits' && (rival === undefined || order(found, rival) < 0);
    if (isBest && asked.isTrial === true) rival = found;
    return draft;
  });
  if (asked.isOutline === true) return drafts.map(({ found }) => found);
  const fits = drafts.flatMap(({ found }) => (found.kind === 'fits' ? [found] : []));
  const [best] = fits.toSorted(order);
  return drafts.map((draft) => {
    const { tiedWith } = draft.ways;
    const rivals = asked.isTrial === true ? [] : fits.filter(({ site }) => site !== draft.site);
    const isDecided = [best, ...rivals].some((fit) => isTied(fit, tiedWith));
    return isDecided ? settled(state, draft, { asked, order }) : draft.found;
  });
}

/** Whether both start at one time and cost the same. */
function isTied(a: Candidate | undefined, b: Candidate | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return a.startMs === b.startMs && a.price.microEurPerHour === b.price.microEurPerHour;
}

/** What was found at a site, once the ways that tie with it are searched too. */
function settled(
  state: State,
  { site, found, ways }: Draft,
  { asked, order }: { readonly asked: Searched; readonly order: Order },
): Candidate | SiteMiss {
  if (ways.ties.length === 0) return found;
  const { earliestMs } = asked.starts;
  const then = { ...asked, starts: { ...asked.starts, latestMs: earliestMs } };
  const fits = new Map(ways.fits);
  for (const wants of ways.ties) {
    const fit = candidateOf(state, site, wants, then);
    if (fit !== undefined) fits.set(wants, fit);
  }
  return bestFit({ ...ways, fits }, order) ?? found;
}

/** The best at a site once its data is there: at once, or when it has been moved. */
function draftWithData(state: State, site: FleetSite, asked: Searched, order: Order): Draft {
  const { demand, starts } = asked;
  const { dataset } = demand;
  if (dataset === undefined || !mustMove(site, demand)) return draftAt(state, site, asked, order);
  const transfer = firstTransfer(state, site, dataset, starts.transferFromMs ?? starts.earliestMs);
  if (transfer === undefined || transfer.endMs > starts.latestMs)
    return { site, found: { ...missed(site), binding: 'dataset' }, ways: none };
  const earliestMs = Math.max(starts.earliestMs, transfer.endMs);
  const { found } = draftAt(state, site, { ...asked, starts: { ...starts, earliestMs } }, order);
  return { site, found: found.kind === 'fits' ? { ...found, transfers: [transfer] } : found, ways: none };
}

const none: Ways = { all: [], fits: new Map(), ties: [], tiedWith: undefined };

function draftAt(state: State, site: FleetSite, asked: Searched, order: Order): Draft {
  const all = combinations(asked.demand, modelsAt(site));
  const floors = asked.demand.objective === 'fastest' ? floorsOf(site.nodes) : [undefined];
  let ways = none;
  for (const floor of floors) {
    ways = waysOf(state, site, all, { asked: withFloor(asked, floor), order });
    const best = bestFit(ways, order);
    if (best !== undefined && withinBudget(best.price, asked.demand)) return { site, found: best, ways };
  }
  const best = bestFit(ways, order);
  if (best !== undefined) return { site, found: best, ways };
  if (asked.isTrial !== true)
    return { site, found: missAt(state, site, all, withFloor(asked, floors.at(-1))), ways };
  return { site, found: missed(site), ways };
}

function missed(site: FleetSite): SiteMiss {
  return { kind: 'misses', site, replicasFit: 0, place: site.id, binding: 'inventory' };
}

function withFloor(asked: Searched, floor: Speed | undefined): Floored {
  return { ...asked, ...(floor === undefined ? {} : { floor }) };
}

type Floored = Searched & { readonly floor?: Speed };

/** All ways but those that cannot be better than what was found before. */
function waysOf(
  state: State,
  site: FleetSite,
  all: readonly Way[],
  { asked, order }: { readonly asked: Floored; readonly order: Order },
): Ways {
  const isPlain = asked.isPlain === true;
  const fits = new Map<Way, Candidate>();
  let rival = isPlain ? undefined : asked.rival;
  let ties: Way[] = [];
  for (const wants of isPlain ? all : cheapestWaysFirst(site, all)) {
    if (!isPlain && couldOnlyTie(site, wants, rival, asked)) {
      ties.push(wants);
      continue;
    }
    const starts = isPlain ? asked.starts : startsLeft(site, wants, rival, asked);
    const fit = starts === undefined ? undefined : candidateOf(state, site, wants, { ...asked, starts });
    if (fit === undefined) continue;
    fits.set(wants, fit);
    if (rival !== undefined && order(fit, rival) >= 0) continue;
    if (rival === undefined || !isTied(fit, rival)) ties = [];
    rival = fit;
  }
  return { all, fits, ties, tiedWith: rival };
}

function candidateOf(state: State, site: FleetSite, wants: Way, asked: Floored): Candidate | undefined {
  const result = searchSite(state, site, { ...asked, wants });
  return result === undefined
    ? undefined
    : { ...result, price: priceOf(state.fleet, result, asked.demand.window.durationS) };
}

/** The first of equal ones. */
function bestFit({ all, fits }: Ways, order: Order): Candidate | undefined {
  return all.flatMap((wants) => fits.get(wants) ?? []).toSorted(order)[0];
}

/** A site never changes, so its models are read once. */
const models = new WeakMap<FleetSite, readonly string[]>();

export function modelsAt(site: FleetSite): readonly string[] {
  const known =
    models.get(site) ??
    [...new Set(site.nodes.flatMap(({ shape }) => shape.models.map(({ model }) => model)))].toSorted(
      compareText,
    );
  models.set(site, known);
  return known;
}

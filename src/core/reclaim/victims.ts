import type { Contract } from '../../model/contract.ts';
import type { Demand } from '../../model/demand.ts';
import type { ContractId } from '../../model/id.ts';
import type { PolicyVerdict } from '../../model/policy.ts';
import { compareText } from '../../model/text.ts';
import { givenUp } from '../calendar/holding.ts';
import { splitSites } from '../place/open-sites.ts';
import { endOf, type StartRange } from '../place/site.ts';
import { solve, type Solved } from '../place/solve.ts';
import type { State } from '../state.ts';
import { cheapestFirst } from './cheapest-first.ts';
import { exactLimit, type Ground, groundsFor } from './grounds.ts';
import { byNumber, holdersOn } from './holders.ts';
import { lossOf } from './loss.ts';

/** No preemption costs more searches than this; what was found by then counts. */
const trialLimit = 600;

type Asked = {
  readonly demand: Demand;
  readonly starts: StartRange;
  readonly isPlain?: boolean;
  /** Contracts that stay, whatever their guarantee says: those that the rules shield. */
  readonly protected?: ReadonlySet<ContractId>;
};

export type Preemption = {
  /** Every one of them is needed: without its end there is no room. By number. */
  readonly victims: readonly Contract[];
  /** What was found once they are gone. */
  readonly solved: Solved;
  /** The place in which the set was found, and how many contracts could have been ended there. */
  readonly ground: string;
  readonly candidateCount: number;
};

/**
 * The cheapest set of preemptible contracts whose end makes room for a whole demand in one place, for a demand that
 * finds none at any start it allows; nothing where no set does, or where the demand is preemptible itself.
 *
 * Sets are compared by the GPU-seconds they lose (GPUs times the time left after the earliest start that was asked
 * for; a contract without an end loses all the time up to 2199), then by their number, then by their members: those
 * that lose less, the youngest, the higher number first. Candidates are chosen place by place, never by count over
 * the fleet: GPUs that are freed in different places serve nobody. In a place with at most 16 candidates the set is
 * the cheapest there is; in a larger one it is grown greedily (least loss for each GPU opened) until there is room
 * and thinned out from its dearest member, so that every member is needed. Reserved and elastic contracts stay.
 */
export function preemptionFor(state: State, verdict: PolicyVerdict, asked: Asked): Preemption | undefined {
  if (asked.demand.guarantee === 'preemptible') return undefined;
  const pool = candidatesOf(state, verdict, asked);
  const trials = new Trials(state, verdict, asked);
  if (pool.length === 0 || !trials.fits(asked.demand, pool)) return undefined;
  const found = cheapest(trials, groundsFor(state, verdict, { ...asked, pool }));
  const victims = thinned(trials, asked.demand, found?.victims ?? pool).toSorted(byNumber);
  const solved = trials.solved(victims);
  if (solved === undefined) return undefined;
  return {
    victims,
    solved,
    ground: found?.ground.id ?? 'the fleet',
    candidateCount: found?.ground.candidates.length ?? pool.length,
  };
}

/** Dearest last: less loss, then the youngest, then the higher number. */
function byLoss(fromMs: number): (a: Contract, b: Contract) => number {
  return (a, b) => {
    const [one, other] = [lossOf(a, fromMs), lossOf(b, fromMs)];
    if (one !== other) return one < other ? -1 : 1;
    return b.grantedAtMs - a.grantedAtMs || byNumber(b, a);
  };
}

function candidatesOf(state: State, verdict: PolicyVerdict, asked: Asked): readonly Contract[] {
  const { demand, starts } = asked;
  const nodes = splitSites(state, demand, verdict).open.flatMap((site) => site.nodes);
  const span = { fromMs: starts.earliestMs, toMs: endOf(starts.latestMs, demand) };
  return holdersOn(state, nodes, span)
    .filter(
      ({ id, demand: own, preemptedAtMs }) =>
        own.guarantee === 'preemptible' && preemptedAtMs === undefined && asked.protected?.has(id) !== true,
    )
    .toSorted(byLoss(starts.earliestMs));
}

/** Asks the search whether there is room once some contracts are gone, and counts how often. */
class Trials {
  readonly #state: State;
  readonly #verdict: PolicyVerdict;
  readonly asked: Asked;
  #left = trialLimit;

  constructor(state: State, verdict: PolicyVerdict, asked: Asked) {
    this.#state = state;
    this.#verdict = verdict;
    this.asked = asked;
  }

  get spent(): boolean {
    return this.#left <= 0;
  }

  fits(demand: Demand, gone: readonly Contract[]): boolean {
    this.#left--;
    const { starts, isPlain = false } = this.asked;
    const asked = { demand, starts, isPlain, isTrial: true };
    return solve(this.#without(gone), this.#verdict, asked).kind === 'solved';
  }

  solved(gone: readonly Contract[]): Solved | undefined {
    const { demand, starts, isPlain = false } = this.asked;
    const result = solve(this.#without(gone), this.#verdict, { demand, starts, isPlain });
    return result.kind === 'solved' ? result : undefined;
  }

  #without(gone: readonly Contract[]): State {
    return givenUp(this.#state, gone, this.asked.starts.earliestMs);
  }
}

type Found = { readonly victims: readonly Contract[]; readonly cost: bigint; readonly ground: Ground };

/** Grounds whose least possible cost is low come first, so that the others need not be searched. */
function cheapest(trials: Trials, grounds: readonly Ground[]): Found | undefined {
  let best: Found | undefined;
  for (const ground of grounds.toSorted((a, b) => compareLeast(a, b))) {
    if (trials.spent || (best !== undefined && ground.leastCost > best.cost)) break;
    const found = victimsOn(trials, ground, best);
    if (found !== undefined && (best === undefined || isCheaper(found, best))) best = found;
  }
  return best;
}

function compareLeast(a: Ground, b: Ground): number {
  if (a.leastCost !== b.leastCost) return a.leastCost < b.leastCost ? -1 : 1;
  return a.closeness - b.closeness || compareText(a.id, b.id);
}

function isCheaper(a: Found, b: Found): boolean {
  return a.cost === b.cost ? a.victims.length < b.victims.length : a.cost < b.cost;
}

function victimsOn(trials: Trials, ground: Ground, best: Found | undefined): Found | undefined {
  const victims =
    ground.candidates.length <= exactLimit
      ? exactVictims(trials, ground, best)
      : greedyVictims(trials, ground);
  if (victims === undefined) return undefined;
  return { victims, cost: costOf(trials, victims), ground };
}

/** The first set in the order of cost that makes room, unless another place has a cheaper one. */
function exactVictims(
  trials: Trials,
  { candidates, demand, openings }: Ground,
  best: Found | undefined,
): readonly Contract[] | undefined {
  const costs = candidates.map((candidate) => lossOf(candidate, trials.asked.starts.earliestMs));
  for (const subset of cheapestFirst(costs)) {
    if (trials.spent) break;
    const chosen = new Set(subset);
    const victims = candidates.filter((_, position) => chosen.has(position));
    if (best !== undefined && costOf(trials, victims) > best.cost) return undefined;
    if (openings.couldFit((position) => chosen.has(position)) && trials.fits(demand, victims)) return victims;
  }
  return undefined;
}

/** The shortest sufficient beginning of the candidates, those first that lose least for each GPU they open. */
function greedyVictims(
  trials: Trials,
  { candidates, demand, openings }: Ground,
): readonly Contract[] | undefined {
  const fromMs = trials.asked.starts.earliestMs;
  const opens = new Map(candidates.map((one, position) => [one, BigInt(openings.opensAtMost(position))]));
  const order = byLoss(fromMs);
  const inTurn = candidates.toSorted((a, b) => {
    const [opensA, opensB] = [opens.get(a) ?? 0n, opens.get(b) ?? 0n];
    if (opensA === 0n || opensB === 0n) return Number(opensA === 0n) - Number(opensB === 0n) || order(a, b);
    const [one, other] = [lossOf(a, fromMs) * opensB, lossOf(b, fromMs) * opensA];
    return one === other ? order(a, b) : one < other ? -1 : 1;
  });
  if (!trials.fits(demand, inTurn)) return undefined;
  let fails = 0;
  let fits = inTurn.length;
  while (fits - fails > 1) {
    const middle = Math.floor((fails + fits) / 2);
    if (trials.fits(demand, inTurn.slice(0, middle))) fits = middle;
    else fails = middle;
  }
  return thinned(trials, demand, inTurn.slice(0, fits));
}

/** Lets everybody stay who need not go, the dearest first: what is left is minimal by inclusion. */
function thinned(trials: Trials, demand: Demand, victims: readonly Contract[]): readonly Contract[] {
  const order = byLoss(trials.asked.starts.earliestMs);
  let needed = victims;
  for (const victim of victims.toSorted((a, b) => order(b, a))) {
    const others = needed.filter((other) => other !== victim);
    if (trials.fits(demand, others)) needed = others;
  }
  return needed;
}

function costOf(trials: Trials, victims: readonly Contract[]): bigint {
  return victims.reduce((sum, victim) => sum + lossOf(victim, trials.asked.starts.earliestMs), 0n);
}

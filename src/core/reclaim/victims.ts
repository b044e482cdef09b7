import type { Contract } from '../../model/contract.ts';
import type { Demand } from '../../model/demand.ts';
import type { ContractId } from '../../model/id.ts';
import type { PolicyVerdict } from '../../model/policy.ts';
import { compareText } from '../../model/text.ts';
import { splitSites } from '../place/open-sites.ts';
import { endOf, type StartRange } from '../place/site.ts';
import { solve, type Solved } from '../place/solve.ts';
import type { State } from '../state.ts';
import { cheapestFirst } from './cheapest-first.ts';
import { exactLimit, type Ground, groundsFor } from './grounds.ts';
import { holdersOn } from './holders.ts';
import { rollOf } from './roll.ts';
import { byLoss, needs, type Victim, victimLoss, victimsOf, without } from './victim.ts';

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
  /** Every one of them is needed: without its loss there is no room. */
  readonly victims: readonly Victim[];
  /** What was found once they are gone. */
  readonly solved: Solved;
  /** The state in which they are. */
  readonly without: State;
  /** The place in which the set was found, and what could have been taken there. */
  readonly ground: string;
  readonly candidates: readonly Victim[];
};

/**
 * The cheapest set of preemptible contracts and of extras of elastic ones whose loss makes room for a whole demand in
 * one place, for a demand that finds none at any start it allows; nothing where no set does, or where the demand is
 * preemptible itself.
 *
 * Sets are compared by the GPU-seconds they lose (GPUs times the time left after the earliest start that was asked
 * for; a contract without an end loses all the time up to 2199), then by their number, then by their members: those
 * that lose less, the youngest, the higher number first. Candidates are chosen place by place, never by count over
 * the fleet: GPUs that are freed in different places serve nobody. In a place with at most 16 candidates the set is
 * the cheapest there is; in a larger one it is grown greedily (least loss for each GPU opened) until there is room
 * and thinned out from its dearest member, so that every member is needed. What is guaranteed stays: reserved
 * contracts, and of elastic ones all but the extras, of which the highest numbers go first.
 */
export function preemptionFor(state: State, verdict: PolicyVerdict, asked: Asked): Preemption | undefined {
  if (asked.demand.guarantee === 'preemptible') return undefined;
  const pool = candidatesOf(state, verdict, asked);
  const trials = new Trials(state, verdict, asked);
  if (pool.length === 0 || !trials.fits(asked.demand, pool)) return undefined;
  const found = cheapest(trials, groundsFor(state, verdict, { ...asked, pool }));
  const victims = thinned(trials, asked.demand, found?.victims ?? pool);
  const solved = trials.solved(victims);
  if (solved === undefined) return undefined;
  return {
    victims,
    ...solved,
    ground: found?.ground.id ?? 'the fleet',
    candidates: found?.ground.candidates ?? pool,
  };
}

function candidatesOf(state: State, verdict: PolicyVerdict, asked: Asked): readonly Victim[] {
  if (!rollOf(state).isYielding) return [];
  const { demand, starts } = asked;
  const nodes = splitSites(state, demand, verdict).open.flatMap((site) => site.nodes);
  const span = { fromMs: starts.earliestMs, toMs: endOf(starts.latestMs, demand) };
  return holdersOn(state, nodes, span)
    .filter(({ id }) => asked.protected?.has(id) !== true)
    .flatMap((contract) => victimsOf(contract, starts.earliestMs))
    .toSorted(byLoss(starts.earliestMs));
}

/** Asks the search whether there is room once some victims are gone, and counts how often. */
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

  fits(demand: Demand, gone: readonly Victim[]): boolean {
    this.#left--;
    const { starts, isPlain = false } = this.asked;
    const now = without(this.#state, gone, starts.earliestMs);
    if (now === undefined) return false;
    return solve(now, this.#verdict, { demand, starts, isPlain, isTrial: true }).kind === 'solved';
  }

  solved(gone: readonly Victim[]): { readonly solved: Solved; readonly without: State } | undefined {
    const { demand, starts, isPlain = false } = this.asked;
    const now = without(this.#state, gone, starts.earliestMs);
    if (now === undefined) return undefined;
    const solved = solve(now, this.#verdict, { demand, starts, isPlain });
    return solved.kind === 'solved' ? { solved, without: now } : undefined;
  }
}

type Found = { readonly victims: readonly Victim[]; readonly cost: bigint; readonly ground: Ground };

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
): readonly Victim[] | undefined {
  const costs = candidates.map((candidate) => victimLoss(candidate, trials.asked.starts.earliestMs));
  const before = candidates.map((victim) =>
    candidates.flatMap((other, position) => (needs(victim, other) ? [position] : [])),
  );
  for (const subset of cheapestFirst(costs)) {
    if (trials.spent) break;
    const cost = subset.reduce((sum, position) => sum + (costs[position] ?? 0n), 0n);
    if (best !== undefined && cost > best.cost) return undefined;
    const chosen = new Set(subset);
    if (!subset.every((position) => before[position]?.every((other) => chosen.has(other)))) continue;
    if (!openings.couldFit((position) => chosen.has(position))) continue;
    const victims = candidates.filter((_, position) => chosen.has(position));
    if (trials.fits(demand, victims)) return victims;
  }
  return undefined;
}

/** The shortest sufficient beginning of the candidates, those first that lose least for each GPU they open. */
function greedyVictims(
  trials: Trials,
  { candidates, demand, openings }: Ground,
): readonly Victim[] | undefined {
  const fromMs = trials.asked.starts.earliestMs;
  const ratios = new Map(
    candidates.map((one, position) => [
      one,
      { loss: victimLoss(one, fromMs), opens: BigInt(openings.opensAtMost(position)) },
    ]),
  );
  const order = byLoss(fromMs);
  const inTurn = candidates.toSorted((a, b) => {
    const [one, other] = [ratios.get(a), ratios.get(b)];
    const [opensA, opensB] = [one?.opens ?? 0n, other?.opens ?? 0n];
    if (opensA === 0n || opensB === 0n) return Number(opensA === 0n) - Number(opensB === 0n) || order(a, b);
    const [costA, costB] = [(one?.loss ?? 0n) * opensB, (other?.loss ?? 0n) * opensA];
    return costA === costB ? order(a, b) : costA < costB ? -1 : 1;
  });
  const upTo = (count: number) => withThoseBefore(inTurn.slice(0, count), candidates);
  if (!trials.fits(demand, inTurn)) return undefined;
  let fails = 0;
  let fits = inTurn.length;
  while (fits - fails > 1) {
    const middle = Math.floor((fails + fits) / 2);
    if (trials.fits(demand, upTo(middle))) fits = middle;
    else fails = middle;
  }
  return thinned(trials, demand, upTo(fits));
}

/** With the extras that have to go before those that were chosen. */
function withThoseBefore(chosen: readonly Victim[], candidates: readonly Victim[]): readonly Victim[] {
  const lowest = new Map<Contract, Map<string, Victim>>();
  for (const victim of chosen) {
    const { contract, extra } = victim;
    if (extra === undefined) continue;
    const byPart = lowest.get(contract) ?? new Map<string, Victim>();
    const known = byPart.get(extra.part);
    if (known === undefined || needs(victim, known)) byPart.set(extra.part, victim);
    lowest.set(contract, byPart);
  }
  const taken = new Set(chosen);
  return candidates.filter((victim) => {
    const last = lowest.get(victim.contract)?.get(victim.extra?.part ?? '');
    return taken.has(victim) || (last !== undefined && needs(last, victim));
  });
}

/**
 * Lets everybody stay who need not go, the dearest first: what is left is minimal by inclusion. Of the extras of a
 * part, as many as can stay are found by halving.
 */
function thinned(trials: Trials, demand: Demand, victims: readonly Victim[]): readonly Victim[] {
  const fromMs = trials.asked.starts.earliestMs;
  const order = byLoss(fromMs);
  const groups = [
    ...Map.groupBy(
      victims.toSorted((a, b) => order(b, a)),
      groupOf,
    ).values(),
  ];
  return groups.reduce((needed, group) => {
    const lacking = (count: number) => {
      const spared = new Set(group.slice(0, count));
      return needed.filter((victim) => !spared.has(victim));
    };
    let fits = 0;
    let fails = group.length + 1;
    while (fails - fits > 1) {
      const middle = fits === 0 && fails === group.length + 1 ? 1 : Math.floor((fits + fails) / 2);
      if (trials.fits(demand, lacking(middle))) fits = middle;
      else fails = middle;
    }
    return lacking(fits);
  }, victims);
}

/** Whole contracts each for itself, extras with those of their part. */
function groupOf({ contract, extra }: Victim): string {
  return `${contract.id} ${extra?.part ?? ''}`;
}

function costOf(trials: Trials, victims: readonly Victim[]): bigint {
  return victims.reduce((sum, victim) => sum + victimLoss(victim, trials.asked.starts.earliestMs), 0n);
}

import type { Demand } from '../../model/demand.ts';
import type { ContractId } from '../../model/id.ts';
import { type Member, type Placement, seatsOf } from '../../model/placement.ts';
import type { PolicyVerdict } from '../../model/policy.ts';
import { givenUp, withHolding } from '../calendar/holding.ts';
import { check } from '../check.ts';
import { domainsKnown } from '../index/domains.ts';
import { partitionOf } from '../index/partition.ts';
import { closestFirst, domainsOn } from '../place/domain.ts';
import { splitSites } from '../place/open-sites.ts';
import { endOf } from '../place/site.ts';
import { type Candidate, solve } from '../place/solve.ts';
import type { State } from '../state.ts';
import { keptInside } from './grounds.ts';
import { smallestHoldersOn } from './holders.ts';
import { gpuCountOf } from './loss.ts';
import { isMovable, type Rest, restOf } from './movable.ts';
import { Openings, Standing } from './openings.ts';
import { Outlook } from './outlook.ts';
import { Prospect } from './prospect.ts';
import { mayStand, standing } from './relocate.ts';

/** No repair moves more contracts. */
const moveLimit = 3;

/** So many contracts, the smallest, are considered. */
const candidateLimit = 12;

/** No repair costs more searches for the demand itself. */
const trialLimit = 48;

/** A contract that goes elsewhere: with all its members and spares as they are then. */
type RepairMove = {
  readonly contract: ContractId;
  readonly rest: Rest;
  readonly seats: readonly Member[];
};

export type Repair = {
  /** In an order in which each may be made as things stand by then. */
  readonly moves: readonly RepairMove[];
  /** What the demand gets afterwards. */
  readonly best: Candidate;
};

type Asked = {
  readonly demand: Demand;
  readonly startMs: number;
  readonly isPlain?: boolean;
  /** When the moves are made. */
  readonly atMs: number;
};

/**
 * The fewest moves of contracts, at most three, that make room for a demand at one start; among as many those of the
 * fewest GPUs. A contract that moves stays on its sites, keeps every term and pays no more. Every step was audited
 * on the state that the steps before it leave, and so was the demand on what all of them leave. Where no place that
 * the demand must not leave has enough GPUs even without all that are considered, nothing is searched.
 */
export function repairFor(state: State, verdict: PolicyVerdict, asked: Asked): Repair | undefined {
  const { demand, startMs } = asked;
  const { open } = splitSites(state, demand, verdict);
  const span = { startMs, endMs: endOf(startMs, demand) };
  const outlook = new Outlook(state, open, { demand, span });
  if (!outlook.isLargeEnough) return undefined;
  const pool = candidatesOn(state, asked);
  if (!outlook.couldOpen(pool.map(({ contract }) => contract))) return undefined;
  const starts = { earliestMs: startMs, latestMs: startMs };
  const openings = openingsFor(state, verdict, asked, pool);
  if (openings.length === 0) return undefined;
  const { isPlain = false } = asked;
  const prospect = new Prospect(state, verdict, { demand, starts, isPlain });
  let trials = 0;
  for (const positions of smallSets(pool)) {
    const isGone = (position: number) => positions.includes(position);
    if (!openings.some((place) => place.couldFit(isGone))) continue;
    const movers = positions.flatMap((position) => pool[position] ?? []);
    const cleared = givenUp(
      state,
      movers.map(({ contract }) => contract),
      asked.atMs,
    );
    const isHopeless = !prospect.isLeft(
      cleared,
      movers.map(({ contract }) => contract),
    );
    for (const inside of placesFor(state, demand, movers)) {
      if (trials++ >= trialLimit) return undefined;
      if (isHopeless) continue;
      const result = solve(cleared, verdict, { demand: inside, starts, isTrial: true, isPlain });
      if (result.kind !== 'solved') continue;
      const moves = movedAside(state, cleared, { movers, demand, best: result.best });
      if (moves !== undefined && isLeftRoom(state, verdict, { moves, demand, best: result.best }))
        return { moves, best: result.best };
    }
  }
  return undefined;
}

/** What moves could open in each place that the demand must not leave, as far as that could be enough. */
function openingsFor(
  state: State,
  verdict: PolicyVerdict,
  { demand, startMs }: Asked,
  pool: readonly Rest[],
): readonly Openings[] {
  const limit = demand.together ?? 'site';
  const movers = new Standing(pool);
  const starts = { earliestMs: startMs, latestMs: startMs };
  return splitSites(state, demand, verdict)
    .open.flatMap((site) => domainsKnown(limit, limit, site.nodes))
    .map((domain) => new Openings(state, domain.nodes, { demand, starts, standing: movers }))
    .filter((place) => place.couldFit(() => true));
}

/** Contracts that may move and stand in the window, the smallest first. */
function candidatesOn(state: State, { demand, startMs, atMs }: Asked): readonly Rest[] {
  const movable = smallestHoldersOn(state, state.fleet.nodes, {
    fromMs: startMs,
    toMs: endOf(startMs, demand),
    count: candidateLimit,
    isAskedFor: (contract) => isMovable(contract, atMs),
  });
  return movable.flatMap((contract) => restOf(contract, atMs) ?? []);
}

/** Sets of up to three positions: fewer first, then those with fewer GPUs, then position by position. */
function smallSets(pool: readonly Rest[]): readonly (readonly number[])[] {
  let grown: readonly (readonly number[])[] = [[]];
  const sets: (readonly number[])[] = [];
  for (let size = 1; size <= moveLimit; size++) {
    grown = grown.flatMap((set) =>
      pool.flatMap((_, position) => (position > (set.at(-1) ?? -1) ? [[...set, position]] : [])),
    );
    sets.push(...grown.toSorted((a, b) => gpusIn(pool, a) - gpusIn(pool, b)));
  }
  return sets;
}

function gpusIn(pool: readonly Rest[], positions: readonly number[]): number {
  return positions.reduce((sum, position) => {
    const contract = pool[position]?.contract;
    return sum + (contract === undefined ? 0 : gpuCountOf(contract));
  }, 0);
}

/** Wherever it likes, and then in each place that the movers leave, so that it does not take the room they go to. */
function* placesFor({ fleet }: State, demand: Demand, movers: readonly Rest[]): Generator<Demand> {
  yield demand;
  const left = movers.flatMap(({ placement }) =>
    seatsOf(placement).flatMap(({ node }) => fleet.nodeById.get(node) ?? []),
  );
  const nodes = [...new Set(left)];
  for (const level of closestFirst) {
    const domains = domainsKnown(level, level, fleet.nodes);
    const { of } = partitionOf(domains);
    for (const {
      nodes: [node],
    } of domainsOn(level, nodes)) {
      const domain = domains[of[node?.index ?? -1] ?? -1];
      const inside = domain === undefined ? undefined : keptInside(demand, domain);
      if (inside !== undefined && inside.where?.length !== 0) yield inside;
    }
  }
}

type Aside = { readonly movers: readonly Rest[]; readonly demand: Demand; readonly best: Candidate };

/** Finds room for the movers beside what the demand gets, in any order, and then an order to move them in. */
function movedAside(
  state: State,
  cleared: State,
  { movers, demand, best }: Aside,
): readonly RepairMove[] | undefined {
  const taken = withHolding(cleared, {
    id: 'the demand',
    tenant: demand.tenant,
    demand,
    placement: placementOf(demand, best),
  });
  for (const order of orders(movers)) {
    const moves = resettled(taken, order);
    const steps = moves === undefined ? undefined : inOrder(state, moves);
    if (steps !== undefined) return steps;
  }
  return undefined;
}

function resettled(taken: State, order: readonly Rest[]): readonly RepairMove[] | undefined {
  let now = taken;
  const moves: RepairMove[] = [];
  for (const rest of order) {
    const { startMs } = rest.placement;
    const asked = {
      demand: { ...rest.demand, objective: 'cheapest' as const },
      starts: { earliestMs: startMs, latestMs: startMs },
      isTrial: true,
    };
    const result = solve(now, rest.verdict, asked);
    if (result.kind !== 'solved') return undefined;
    const seats = [...result.best.members, ...result.best.spares];
    moves.push({ contract: rest.contract.id, rest, seats });
    now = standing(now, rest, seats);
  }
  return moves;
}

/** The moves in an order in which the auditor passes each one; nothing where some wait for each other for good. */
function inOrder(state: State, moves: readonly RepairMove[]): readonly RepairMove[] | undefined {
  const steps: RepairMove[] = [];
  let now = state;
  for (let waiting = moves; waiting.length > 0;) {
    const next = waiting.find(({ rest, seats }) => mayStand(now, rest, seats));
    if (next === undefined) return undefined;
    steps.push(next);
    now = standing(now, next.rest, next.seats);
    waiting = waiting.filter((move) => move !== next);
  }
  return steps;
}

function isLeftRoom(
  state: State,
  verdict: PolicyVerdict,
  {
    moves,
    demand,
    best,
  }: { readonly moves: readonly RepairMove[]; readonly demand: Demand; readonly best: Candidate },
): boolean {
  const after = moves.reduce((now, { rest, seats }) => standing(now, rest, seats), state);
  return check(after, demand, verdict, placementOf(demand, best)).length === 0;
}

function placementOf({ window: { durationS } }: Demand, best: Candidate): Placement {
  const { startMs, members, spares, bandwidth, transfers } = best;
  return {
    startMs,
    ...(durationS === undefined ? {} : { endMs: startMs + durationS * 1000 }),
    members: [...members],
    ...(spares.length === 0 ? {} : { spares: [...spares] }),
    ...(bandwidth.length === 0 ? {} : { bandwidth: [...bandwidth] }),
    ...(transfers === undefined ? {} : { transfers: [...transfers] }),
  };
}

/** Every order of a few things. */
function orders<T>(things: readonly T[]): readonly (readonly T[])[] {
  if (things.length < 2) return [things];
  return things.flatMap((first) =>
    orders(things.filter((other) => other !== first)).map((rest) => [first, ...rest]),
  );
}

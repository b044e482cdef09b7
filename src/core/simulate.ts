import { type Contract, stateAt } from '../model/contract.ts';
import type { Demand } from '../model/demand.ts';
import { isWithin, type Path } from '../model/id.ts';
import { type Member, type Placement, seatsOf } from '../model/placement.ts';
import type { PolicyVerdict } from '../model/policy.ts';
import { compareText } from '../model/text.ts';
import { endHolds, hold } from './calendar.ts';
import { solve } from './place/solve.ts';
import type { State } from './state.ts';

/** What becomes of one contract that the loss touches. */
type Move = {
  readonly contract: Contract;
  readonly outcome: 're-placed' | 'cannot-be-re-placed';
  readonly members: readonly Member[];
  readonly spares: readonly Member[];
  readonly why: string;
};

export type Loss = {
  readonly lostNodes: number;
  readonly lostGpus: number;
  readonly moves: readonly Move[];
  /** The copy after the loss and the moves. */
  readonly state: State;
};

/**
 * Takes places out of a copy of the state from `atMs` on and looks for room for what ran or was to run there:
 * guaranteed contracts first, then preemptible ones, each group by start and id. The state given stays as it
 * is. `verdictOf` asks the rules about a demand.
 */
export function lose(
  state: State,
  loss: { readonly places: readonly Path[]; readonly atMs: number },
  verdictOf: (demand: Demand) => PolicyVerdict,
): Loss {
  const lost = state.fleet.nodes.filter((node) => loss.places.some((place) => isWithin(node.id, place)));
  const lostIds = new Set(lost.map((node) => node.id));
  const touched = [...state.contracts]
    .filter((contract) => touches(contract, lostIds, loss.atMs))
    .toSorted(guaranteedFirst);
  let next = withoutNodes(state, lostIds);
  for (const contract of touched) {
    next = {
      ...next,
      calendar: endHolds(
        next.calendar,
        next.fleet,
        contract,
        Math.max(loss.atMs, contract.placement.startMs),
      ),
    };
  }
  const moves: Move[] = [];
  for (const contract of touched) {
    const move = moved(next, contract, loss.atMs, verdictOf);
    moves.push(move);
    if (move.outcome === 're-placed')
      next = { ...next, calendar: hold(next.calendar, next.fleet, rest(contract, move, loss.atMs)) };
  }
  return {
    lostNodes: lost.length,
    lostGpus: lost.reduce((sum, node) => sum + node.shape.gpus.length, 0),
    moves,
    state: next,
  };
}

function touches(contract: Contract, lost: ReadonlySet<Path>, atMs: number): boolean {
  const now = stateAt(contract, atMs);
  const running = now === 'granted' || now === 'bound' || now === 'active';
  return running && seatsOf(contract.placement).some((member) => lost.has(member.node));
}

function guaranteedFirst(a: Contract, b: Contract): number {
  return (
    preemptible(a) - preemptible(b) || a.placement.startMs - b.placement.startMs || compareText(a.id, b.id)
  );
}

function preemptible(contract: Contract): number {
  return Number(contract.demand.guarantee === 'preemptible');
}

function withoutNodes(state: State, lost: ReadonlySet<Path>): State {
  const cordoned = new Map(
    state.fleet.nodes.flatMap((node) =>
      lost.has(node.id) ? [[node.id, { ...node, schedulable: false }] as const] : [],
    ),
  );
  const swap = <T extends { readonly id: Path }>(node: T) => cordoned.get(node.id) ?? node;
  return {
    ...state,
    fleet: {
      ...state.fleet,
      nodes: state.fleet.nodes.map(swap),
      nodeById: new Map(state.fleet.nodes.map((node) => [node.id, swap(node)])),
      sites: state.fleet.sites.map((site) => ({ ...site, nodes: site.nodes.map(swap) })),
    },
  };
}

/** Where the rest of a contract could run: inside the places it asked for, else anywhere its rules allow. */
function moved(
  state: State,
  contract: Contract,
  atMs: number,
  verdictOf: (demand: Demand) => PolicyVerdict,
): Move {
  const demand = remaining(contract, atMs);
  const { where: _where, ...anywhere } = demand;
  const starts = { earliestMs: demand.window.earliestStartMs, latestMs: demand.window.earliestStartMs };
  for (const attempt of demand.where === undefined ? [demand] : [demand, anywhere]) {
    const result = solve(state, verdictOf(attempt), { demand: attempt, starts });
    if (result.kind !== 'solved') continue;
    const why =
      attempt === demand
        ? 'fits elsewhere without changing its terms'
        : 'fits only outside the places it asked for';
    const { members, spares } = result.best;
    return { contract, outcome: 're-placed', members, spares, why };
  }
  const failed = solve(state, verdictOf(anywhere), { demand: anywhere, starts });
  const why = failed.sites.map((site) => `${site.site}: ${site.why}`).join('; ') || 'no site is left for it';
  return { contract, outcome: 'cannot-be-re-placed', members: [], spares: [], why: why.slice(0, 300) };
}

function remaining(contract: Contract, atMs: number): Demand {
  const { startMs, endMs } = contract.placement;
  const earliestStartMs = Math.max(startMs, atMs);
  const { budget: _budget, objective: _objective, ...demand } = contract.demand;
  return {
    ...demand,
    objective: 'tightest',
    window: {
      earliestStartMs,
      ...(endMs === undefined ? {} : { durationS: Math.max(1, Math.ceil((endMs - earliestStartMs) / 1000)) }),
    },
  };
}

function rest(contract: Contract, { members, spares }: Move, atMs: number): Contract {
  const { spares: _spares, ...before } = contract.placement;
  const startMs = Math.max(before.startMs, atMs);
  const placement: Placement = {
    ...before,
    startMs,
    members: [...members],
    ...(spares.length === 0 ? {} : { spares: [...spares] }),
  };
  return { ...contract, placement };
}

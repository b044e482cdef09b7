import type { Contract } from '../../model/contract.ts';
import type { ContractId, Path } from '../../model/id.ts';
import { type Placement, seatsOf } from '../../model/placement.ts';
import type { Plan } from '../../model/plan.ts';
import { heldIn, never } from '../calendar/calendar.ts';
import { lapse } from '../life/lapse.ts';
import { priceOf } from '../price.ts';
import { movesAsPlans } from '../reclaim/offers.ts';
import { close, type Span } from '../simulate/closure.ts';
import type { Judge } from '../simulate/edit.ts';
import { type Move, moveOf } from '../simulate/move.ts';
import {
  brokenBy,
  endOf,
  lifted,
  liveAt,
  type Remainder,
  remainderOf,
  resettled,
} from '../simulate/remainder.ts';
import type { State } from '../state.ts';
import { type Aside, movedAsideFor } from './aside.ts';
import { offerMove } from './offer-move.ts';

export type DrainWish = Span & {
  readonly nodes: readonly Path[];
  /** A contract may go where the list price is above what it agreed to. */
  readonly allowPrice: boolean;
  /** Moves are wanted as plans that can be committed, where they can be had. */
  readonly offers: boolean;
};

/** One move of a plan: from `placement.startMs` on the contract stands there. */
export type DrainMove = {
  readonly contract: Contract;
  readonly how: 'in-part' | 'whole' | 'elsewhere';
  readonly placement: Placement;
  /** What it agreed to, and the list price of where it goes. */
  readonly wasMicroEurPerHour?: number;
  readonly isMicroEurPerHour?: number;
  /** The move as a plan that changes the contract, made on the state as it is. */
  readonly offer?: Plan;
  /** It stands on none of the nodes: it goes so that this contract finds room. */
  readonly makesWayFor?: ContractId;
};

/** A contract that cannot be moved on its own terms. */
export type Hindrance = { readonly contract: Contract; readonly binding: string; readonly why: string };

type NodeDrain = {
  readonly node: Path;
  /** When it is free for as long as was asked for, by the moves or by itself; nothing while a contract has no end. */
  readonly freeAtMs?: number;
  readonly heldBy: readonly Contract[];
};

export type Drained = {
  /** In the order in which they can be carried out: each one passed the check after those before it. */
  readonly moves: readonly DrainMove[];
  readonly hindrances: readonly Hindrance[];
  /** Contracts on the nodes that are over by then, or begin later. */
  readonly untouched: readonly Contract[];
  readonly nodes: readonly NodeDrain[];
  /** After the moves, the nodes closed over the span. */
  readonly state: State;
};

/**
 * A plan that empties nodes over a span without breaking a contract: every contract that holds something there then
 * goes elsewhere on its own terms, none of which bend. One that can stand the loss of a node is moved too. Moves that
 * make room for others come first, because what is stuck is tried again after each round. Where offers are wanted and
 * something still finds no room, at most three contracts that may move make way for it.
 */
export function drain(before: State, wish: DrainWish, judge: Judge, atMs: number): Drained {
  const state = lapse(before, atMs);
  const here = new Set(wish.nodes);
  const all = liveAt(state, atMs).filter(({ placement }) => standsOn(placement, here));
  const due = all.filter(
    ({ placement }) => placement.startMs < wish.untilMs && wish.fromMs < endOf(placement),
  );
  const closures = wish.nodes.map((node) => ({
    node,
    cause: 'maintenance',
    fromMs: wish.fromMs,
    untilMs: wish.untilMs,
  }));
  const remainders = due.map((contract) => remainderOf(contract, Math.max(wish.fromMs, atMs)));
  const done = movedInRounds(close(state, closures), remainders, { state, wish, judge, atMs });
  return {
    ...done,
    untouched: all.filter((contract) => !due.includes(contract)),
    nodes: wish.nodes.map((node) => nodeDrain(done.state, node, wish, all)),
  };
}

function standsOn({ members, spares = [] }: Placement, nodes: ReadonlySet<Path>): boolean {
  return [...members, ...spares].some(({ node }) => nodes.has(node));
}

type Rounds = Pick<Drained, 'moves' | 'hindrances' | 'state'>;

type Asked = {
  /** As it is. */
  readonly state: State;
  readonly wish: DrainWish;
  readonly judge: Judge;
  readonly atMs: number;
};

type Step = (Extract<Move, { kind: 'moves' }> & { readonly offer?: Plan }) | Exclude<Move, { kind: 'moves' }>;

function movedInRounds(closed: State, remainders: readonly Remainder[], asked: Asked): Rounds {
  let state = closed;
  let pending = remainders;
  const moves: DrainMove[] = [];
  for (;;) {
    const hindrances: Hindrance[] = [];
    const stuck: Remainder[] = [];
    for (const remainder of pending) {
      const free = lifted(state, remainder);
      const move = offered(free, remainder, asked) ?? steady(free, remainder, asked);
      if (move.kind === 'moves') {
        state = resettled(free, remainder, move.placement);
        moves.push(drainMove(state, remainder, move));
      } else {
        stuck.push(remainder);
        hindrances.push({ contract: remainder.contract, ...reasonOf(move) });
      }
    }
    if (stuck.length > 0 && stuck.length < pending.length) {
      pending = stuck;
      continue;
    }
    const aside = wayMadeFor(state, stuck, moves, asked);
    if (aside === undefined) return { moves, hindrances, state };
    state = aside.state;
    moves.push(...aside.moves);
    pending = stuck.filter((remainder) => remainder !== aside.remainder);
    if (pending.length === 0) return { moves, hindrances: [], state };
  }
}

type WayMade = {
  readonly remainder: Remainder;
  readonly moves: readonly DrainMove[];
  readonly state: State;
};

/** The first of those that are stuck for whom others can make way, with the moves of these before its own. */
function wayMadeFor(
  state: State,
  stuck: readonly Remainder[],
  before: readonly DrainMove[],
  asked: Asked,
): WayMade | undefined {
  if (!asked.wish.offers) return undefined;
  for (const remainder of stuck) {
    const { judge, atMs, wish } = asked;
    const capMicroEurPerHour = wish.allowPrice ? undefined : remainder.contract.price.microEurPerHour;
    const found = movedAsideFor(lifted(state, remainder), remainder, { judge, atMs, capMicroEurPerHour });
    // Who moves once is not moved again: of both moves only one could be a plan.
    if (
      found === undefined ||
      found.moves.some(({ rest }) => before.some(({ contract }) => contract.id === rest.contract.id))
    )
      continue;
    return { remainder, moves: movesOf(found, remainder, asked), state: found.state };
  }
  return undefined;
}

/** First those that make way, as plans where they can be had, then the one for whom they do. */
function movesOf(found: Aside, remainder: Remainder, asked: Asked): readonly DrainMove[] {
  const wanted = found.moves.map(({ rest, placement }) => ({
    contract: rest.contract.id,
    seats: seatsOf(placement),
  }));
  const offers = movesAsPlans(asked.state, wanted, asked);
  const moves = found.moves.map(({ rest, placement }, at): DrainMove => {
    const offer = offers[at]?.plan;
    return {
      ...drainMove(found.state, rest, { kind: 'moves', how: howFrom(rest, placement), placement }),
      makesWayFor: remainder.contract.id,
      ...(offer === undefined ? {} : { offer }),
    };
  });
  const { placement } = found;
  const how = howFrom(remainder, placement);
  return [...moves, drainMove(found.state, remainder, { kind: 'moves', how, placement })];
}

function howFrom({ placement }: Pick<Remainder, 'placement'>, after: Placement): DrainMove['how'] {
  const before = new Set(placement.members.map(({ node }) => node));
  return after.members.some(({ node }) => before.has(node)) ? 'in-part' : 'whole';
}

/** A move that can be committed, if it also holds after the moves before it and costs no more than it may. */
function offered(state: State, remainder: Remainder, asked: Asked): Step | undefined {
  const { wish, judge } = asked;
  const offer = wish.offers ? offerMove(asked.state, remainder, { ...asked, nodes: wish.nodes }) : undefined;
  if (offer === undefined || offer.placement.startMs !== remainder.placement.startMs) return undefined;
  const { placement, price } = offer;
  const agreed = remainder.contract.price.microEurPerHour;
  const isDearer = agreed !== undefined && (price.microEurPerHour ?? Infinity) > agreed;
  if (isDearer && !wish.allowPrice) return undefined;
  if (brokenBy(state, remainder, placement, judge).length > 0) return undefined;
  const before = new Set(remainder.placement.members.map(({ node }) => node));
  const stays = placement.members.some(({ node }) => before.has(node));
  return { kind: 'moves', how: stays ? 'in-part' : 'whole', placement, offer };
}

/** A move that the check passes; a search that finds another is stuck. */
function steady(state: State, remainder: Remainder, { wish, judge }: Asked): Step {
  const cap = wish.allowPrice ? undefined : remainder.contract.price.microEurPerHour;
  const latitude = { bends: false, ...(cap === undefined ? {} : { capMicroEurPerHour: cap }) };
  const move = moveOf(state, remainder, judge, latitude);
  if (move.kind === 'stuck') return move;
  const [first] = brokenBy(state, remainder, move.placement, judge);
  return first === undefined ? move : { kind: 'stuck', binding: first.constraint, why: first.note };
}

function reasonOf(move: Step): Pick<Hindrance, 'binding' | 'why'> {
  return move.kind === 'stuck'
    ? { binding: move.binding, why: move.why }
    : { binding: 'window', why: 'it would have to start later' };
}

function drainMove(
  { fleet }: State,
  { contract }: Pick<Remainder, 'contract'>,
  { how, placement, offer }: Extract<Step, { kind: 'moves' }>,
): DrainMove {
  const was = contract.price.microEurPerHour;
  const is = priceOf(fleet, placement, undefined).microEurPerHour;
  return {
    contract,
    how,
    placement,
    ...(was === undefined ? {} : { wasMicroEurPerHour: was }),
    ...(is === undefined ? {} : { isMicroEurPerHour: is }),
    ...(offer === undefined ? {} : { offer }),
  };
}

/** Who still holds the node in the span, and from when on nobody does for as long. */
function nodeDrain(state: State, id: Path, span: Span, contracts: readonly Contract[]): NodeDrain {
  const node = state.fleet.nodeById.get(id);
  const holds = (node === undefined ? [] : (state.calendar[node.index] ?? [])).filter(
    ({ tenant }) => tenant !== undefined,
  );
  const lengthMs = span.untilMs === never ? never : span.untilMs - span.fromMs;
  const turns = [span.fromMs, ...holds.map(({ endMs }) => endMs).filter((endMs) => endMs > span.fromMs)];
  const freeAtMs = turns
    .toSorted((a, b) => a - b)
    .find(
      (turn) =>
        turn < never && heldIn(holds, turn, lengthMs === never ? never : turn + lengthMs).length === 0,
    );
  const holders = new Set(heldIn(holds, span.fromMs, span.untilMs).map(({ holder }) => holder));
  return {
    node: id,
    ...(freeAtMs === undefined ? {} : { freeAtMs }),
    heldBy: contracts.filter((contract) => holders.has(contract.id)),
  };
}

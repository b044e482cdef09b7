import type { ContractId, Path } from '../../model/id.ts';
import { type Member, seatsOf } from '../../model/placement.ts';
import { givenUp } from '../calendar/holding.ts';
import type { State } from '../state.ts';
import type { Errand } from './layout.ts';
import type { Rest } from './movable.ts';
import { pairOf, type Problem } from './problem.ts';
import { mayStand, placedAs, seatedOn, standing } from './relocate.ts';

/** A member or spare goes from one node to another. `seats` are all of its contract's once it is there. */
export type Step = {
  readonly contract: ContractId;
  readonly from: Path;
  readonly to: Member;
  readonly seats: readonly Member[];
  readonly rest: Rest;
  /** It only makes room for the others, and goes on from here later. */
  readonly isDetour: boolean;
};

/** GPUs that a member has whole or in part. */
export function gpuCountOn({ gpus, slices = [] }: Member): number {
  return gpus.length + new Set(slices.map(({ gpu }) => gpu)).size;
}

export type Carried =
  | { readonly kind: 'done'; readonly steps: readonly Step[]; readonly state: State }
  /** The core finds no devices for these members on these nodes, even while nothing else is on the way. */
  | { readonly kind: 'refused'; readonly pairs: readonly string[] }
  | { readonly kind: 'no-order'; readonly waiting: readonly Errand[] };

/**
 * Turns errands into steps, each of which passes the auditor on the state that the steps before it leave behind. Who
 * has room goes; a circle in which everybody waits for another is broken by a detour over a node that stays.
 */
export function carryOut(state: State, problem: Problem, errands: readonly Errand[]): Carried {
  const road = new Road(state, problem, errands);
  let waiting = errands;
  while (waiting.length > 0) {
    const gone = waiting.filter((errand) => road.go(errand, errand.to, false));
    waiting = waiting.filter((errand) => !gone.includes(errand));
    if (gone.length > 0 || waiting.length === 0) continue;
    const stuck = road.unable(waiting);
    if (stuck.length > 0) return { kind: 'refused', pairs: stuck };
    if (!waiting.some((errand) => road.detour(errand))) return { kind: 'no-order', waiting };
  }
  return { kind: 'done', steps: road.steps, state: road.state };
}

class Road {
  state: State;
  readonly steps: Step[] = [];
  readonly #problem: Problem;
  /** Contracts as they stand by now. */
  readonly #rests = new Map<ContractId, Rest>();
  readonly #detoured = new Set<Errand>();
  /** Positions of nodes that somebody leaves or goes to: no place to wait on, if another is free. */
  readonly #busy: ReadonlySet<number>;

  constructor(state: State, problem: Problem, errands: readonly Errand[]) {
    this.state = state;
    this.#problem = problem;
    this.#busy = new Set(errands.flatMap(({ from, to }) => [from, to]));
  }

  /** Takes one step, if the member finds room on that node now and the auditor agrees. */
  go(errand: Errand, to: number, isDetour: boolean): boolean {
    const node = this.#problem.nodes[to]?.node;
    const rest = this.#restOf(errand);
    const now = this.#memberOf(errand);
    const found = node === undefined ? undefined : seatedOn(this.state, rest, now, node.id);
    if (found === undefined) return false;
    const seats = seatsOf(rest.placement).map((other) => (other === now ? found : other));
    if (!mayStand(this.state, rest, seats)) return false;
    const freed = givenUp(this.state, [rest.contract], rest.placement.startMs);
    const placement = placedAs(freed, rest, seats);
    this.state = standing(this.state, rest, seats);
    const contract = { ...rest.contract, placement };
    this.#rests.set(contract.id, { ...rest, contract, placement });
    this.steps.push({ contract: contract.id, from: now.node, to: found, seats, rest, isDetour });
    return true;
  }

  /** Steps aside once, onto a node that is not to be emptied: first one where nobody else is on the move. */
  detour(errand: Errand): boolean {
    if (this.#detoured.has(errand)) return false;
    const { kinds, nodes } = this.#problem;
    const kind = kinds.find(({ movers }) => movers.includes(errand.mover));
    const aside = [...(kind?.targets ?? [])].filter((at) => at !== errand.from && at !== errand.to);
    const inTurn = aside.toSorted((a, b) => Number(this.#busy.has(a)) - Number(this.#busy.has(b)) || a - b);
    const went = inTurn.some((at) => nodes[at] !== undefined && this.go(errand, at, true));
    if (went) this.#detoured.add(errand);
    return went;
  }

  /** Those that would find no devices even if nobody else who waits were there. */
  unable(waiting: readonly Errand[]): readonly string[] {
    return waiting.flatMap((errand) => {
      const cleared = this.#without(waiting.filter((other) => other !== errand));
      const node = this.#problem.nodes[errand.to]?.node;
      const found =
        node === undefined
          ? undefined
          : seatedOn(cleared, this.#restOf(errand), this.#memberOf(errand), node.id);
      return found === undefined && node !== undefined ? [pairOf(errand.mover, node.id)] : [];
    });
  }

  /** The state in which the members of these errands hold nothing. */
  #without(errands: readonly Errand[]): State {
    let cleared = this.state;
    for (const [id, ours] of Map.groupBy(errands, ({ mover }) => mover.rest.contract.id)) {
      const [first] = ours;
      if (first === undefined) continue;
      const rest = this.#rests.get(id) ?? first.mover.rest;
      const gone = new Set(ours.map((errand) => this.#memberOf(errand)));
      cleared = standing(
        cleared,
        rest,
        seatsOf(rest.placement).filter((seat) => !gone.has(seat)),
      );
    }
    return cleared;
  }

  #restOf({ mover: { rest } }: Errand): Rest {
    return this.#rests.get(rest.contract.id) ?? rest;
  }

  #memberOf(errand: Errand): Member {
    const { part, replica } = errand.mover.member;
    const found = seatsOf(this.#restOf(errand).placement).find(
      (member) => member.part === part && member.replica === replica,
    );
    return found ?? errand.mover.member;
  }
}

import { type Room, roomOf } from '../calendar/calendar.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import { type Draws, layoutOf } from '../place/layout.ts';
import type { PowerLimit } from '../place/power.ts';
import type { State } from '../state.ts';
import { Admission } from './admission.ts';
import { Blocks } from './blocks.ts';
import { emptyRoom } from './empty-room.ts';
import { type Headroom, smallLimit } from './headroom.ts';
import { type Packed, packedOf } from './packed.ts';
import { wattsOf } from './watts.ts';
import type { Span, Window } from './window.ts';

/**
 * What the index sees of one calendar over one span, shared by all searches that look at it: what is taken, who may
 * come where, what is left of nodes, and what limits carry for sure. Found out when first asked for.
 */
export class Sight {
  readonly window: Window;
  readonly admission: Admission;
  /** Watts that limits have left over the span, as far as somebody had to know. */
  readonly powerLeft = new Map<PowerLimit, number>();
  readonly #state: State;
  readonly #packed: Packed;
  readonly #revision: number;
  readonly #headroom: Headroom;
  readonly #draws: Draws;
  readonly #rooms = new Map<number, Room>();
  /** By the number of the limit, and by the number of a node's list of limits. */
  readonly #left = new Blocks();
  readonly #least = new Blocks();
  /** By the number of a list of limits: watts held on its nodes. */
  readonly #held = new Blocks();

  constructor(state: State, window: Window) {
    this.window = window;
    this.admission = new Admission(state, window);
    this.#state = state;
    this.#packed = packedOf(state);
    this.#revision = this.#packed.revision;
    this.#headroom = wattsOf(state.fleet).headroom(state.calendar);
    this.#draws = layoutOf(state.fleet).draws;
  }

  /** Whether it still shows the calendar of a state: no other one of the fleet may have been packed since. */
  isCurrent({ calendar }: State): boolean {
    this.#packed.follow(calendar);
    return this.#packed.revision === this.#revision;
  }

  /** What is left of a node. Nodes of a kind on which nothing is held have the same left. */
  roomOn(node: FleetNode): Room {
    const { startMs, endMs } = this.window;
    if (this.window.isFree(node.index)) return emptyRoom(this.#state.fleet, node);
    const room =
      this.#rooms.get(node.index) ?? roomOf(node, this.#state.calendar[node.index] ?? [], startMs, endMs);
    this.#rooms.set(node.index, room);
    return room;
  }

  /**
   * By what is held at any time at all, then by what each node holds at some time of the span, at most its highest at
   * any time: never wrong, often enough.
   */
  surelyCarries(limit: PowerLimit, powerW: number): boolean {
    return powerW <= (this.#headroom.leftW[limit.index] ?? 0) || powerW <= this.#leftOf(limit);
  }

  /** The same for all limits on a few nodes that a node draws on. */
  surelyCarriesClose(node: FleetNode, powerW: number): boolean {
    return powerW <= (this.#headroom.leastW[node.index] ?? 0) || powerW <= this.#leastOn(node);
  }

  #leastOn(node: FleetNode): number {
    const number = this.#draws.of[node.index] ?? -1;
    const known = this.#least.get(number);
    if (!Number.isNaN(known)) return known;
    let least = Infinity;
    for (const limit of this.#draws.limits[number] ?? [])
      if (limit.nodes.length <= smallLimit) least = Math.min(least, this.#leftOf(limit));
    this.#least.set(number, least);
    return least;
  }

  #leftOf(limit: PowerLimit): number {
    const known = this.#left.get(limit.index);
    if (!Number.isNaN(known)) return known;
    let left = limit.limitW;
    for (const number of this.#draws.under[limit.index] ?? []) left -= this.#heldOn(number);
    this.#left.set(limit.index, left);
    return left;
  }

  /** Nodes with the same limits are read once for all of them. */
  #heldOn(number: number): number {
    const known = this.#held.get(number);
    if (!Number.isNaN(known)) return known;
    let held = 0;
    const { peaks } = this.#packed;
    for (const node of this.#draws.nodes[number] ?? [])
      held += Math.min(this.window.wattsOn(node), peaks[node] ?? 0);
    this.#held.set(number, held);
    return held;
  }
}

/** A window stands for what is held over its span in the calendar that is packed. */
const sights = new WeakMap<Window, Sight>();

export function sightOf(state: State, span: Span): Sight {
  const window = packedOf(state).window(span);
  const known = sights.get(window) ?? new Sight(state, window);
  sights.set(window, known);
  return known;
}

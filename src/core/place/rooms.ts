import type { Demand } from '../../model/demand.ts';
import type { Path } from '../../model/id.ts';
import { heldIn, peakOf, type Room, roomOf } from '../calendar/calendar.ts';
import type { Admitted } from '../index/admission.ts';
import { emptyRoom } from '../index/empty-room.ts';
import { smallLimit } from '../index/headroom.ts';
import { type Sight, sightOf } from '../index/sight.ts';
import { wattsOf } from '../index/watts.ts';
import type { Fleet, FleetNode } from '../inventory/fleet.ts';
import { firstBits, type Mask, without } from '../mask.ts';
import type { State } from '../state.ts';
import { EdgeRooms } from './fabric/edge-rooms.ts';
import { type Layout, layoutOf, limitsOn } from './layout.ts';
import { Neighbours } from './neighbours.ts';
import type { LimitName, PowerLimit } from './power.ts';

export type TimeSpan = { readonly startMs: number; readonly endMs: number };

/** What a search leaves out of account, to find out whether it is what is in the way. */
export type Ignored = ReadonlySet<LimitName | 'isolation' | 'bookings'>;

/** How a search reads the calendar. */
type Reading = { readonly ignored?: Ignored; readonly isPlain?: boolean };

const nothing: Ignored = new Set();

/** What the calendar leaves of every node and every limit over one time span. Computed when first asked for. */
export class Rooms {
  readonly span: TimeSpan;
  readonly edges: EdgeRooms;
  /** Over the calendar itself, without an index, as a scan would read it. */
  readonly isPlain: boolean;
  readonly #neighbours: Neighbours | undefined;
  readonly #state: State;
  readonly #layout: Layout;
  readonly #ignored: Ignored;
  /** What a scan has found out so far. The index keeps that for all searches of one calendar. */
  readonly #rooms = new Map<number, Room>();
  readonly #powerLeft = new Map<PowerLimit, number>();
  #sight: Sight | undefined;
  #admitted: { readonly demand: Demand; readonly nodes: Admitted } | undefined;

  constructor(state: State, span: TimeSpan, { ignored = nothing, isPlain = false }: Reading = {}) {
    const isEmpty = ignored.has('bookings');
    this.#state = isEmpty ? { ...state, calendar: [], bandwidth: new Map() } : state;
    this.span = span;
    this.isPlain = isPlain;
    this.#layout = layoutOf(state.fleet);
    this.#ignored = ignored;
    this.edges = new EdgeRooms(this.#state, span);
    if (isPlain && !isEmpty) this.#neighbours = new Neighbours(state, span);
    if (!isPlain && !isEmpty) this.#sight = sightOf(state, span);
  }

  get fleet(): Fleet {
    return this.#state.fleet;
  }

  /** What is read; with an empty calendar where no bookings count. */
  get state(): State {
    return this.#state;
  }

  /** What the index sees of the span; nothing for a scan, and where no bookings count. */
  get sight(): Sight | undefined {
    // Another calendar may have been packed since: then it is read again.
    if (this.#sight?.isCurrent(this.#state) === false) this.#sight = sightOf(this.#state, this.span);
    return this.#sight;
  }

  /** Stands for what of the calendar is read: the same thing where the same is held over the same span. */
  get reading(): object {
    return this.sight ?? this.#state.fleet;
  }

  /** What is left out of account, in words. */
  get ignoring(): string {
    return [...this.#ignored].toSorted().join(' ');
  }

  of(node: FleetNode): Room {
    const { sight } = this;
    if (sight !== undefined) return sight.roomOn(node);
    if (!this.isPlain) return emptyRoom(this.fleet, node);
    const known = this.#rooms.get(node.index);
    if (known !== undefined) return known;
    const { startMs, endMs } = this.span;
    const room = roomOf(node, this.#state.calendar[node.index] ?? [], startMs, endMs);
    this.#rooms.set(node.index, room);
    return room;
  }

  /** GPUs of the node that nobody holds at any time of the span. */
  freeOn(node: FleetNode): Mask {
    const { sight } = this;
    if (sight === undefined) return this.of(node).gpus;
    return without(allOf(node), (sight.window.takenOn(node.index) | node.downMask) >>> 0);
  }

  /** Whether nobody keeps the tenant out, nor is where its own isolation would keep it out. */
  letIn(node: FleetNode, demand: Demand): boolean {
    const admitted = this.admitted(demand);
    if (admitted !== undefined) return admitted[node.index] === 1;
    if (this.#neighbours === undefined) return true;
    if (this.#ignored.has('isolation')) return !this.#neighbours.isClosed(node);
    return this.#neighbours.letIn(node, demand.tenant, demand.isolation);
  }

  /** The answers of `letIn` by the index of the node; nothing for a scan, and where no bookings count. */
  admitted(demand: Demand): Admitted | undefined {
    if (this.#admitted?.demand === demand) return this.#admitted.nodes;
    const { sight } = this;
    if (sight === undefined) return undefined;
    const nodes = this.#ignored.has('isolation')
      ? sight.admission.unclosed
      : sight.admission.of(demand.tenant, demand.isolation);
    this.#admitted = { demand, nodes };
    return nodes;
  }

  rackNodes(rack: Path): readonly FleetNode[] {
    return this.#layout.racks.get(rack) ?? [];
  }

  limitsOn(node: FleetNode): readonly PowerLimit[] {
    const limits = limitsOn(this.#layout, node);
    return this.#ignored.size === 0 ? limits : limits.filter((limit) => this.heeds(limit));
  }

  /** Whether a limit is taken into account. */
  heeds({ name }: PowerLimit): boolean {
    return !this.#ignored.has(name);
  }

  /** Watts that a limit has left over the whole span. */
  powerLeftW(limit: PowerLimit): number {
    const known = this.sight?.powerLeft ?? this.#powerLeft;
    const left = known.get(limit) ?? limit.limitW - this.#peakW(limit);
    known.set(limit, left);
    return left;
  }

  /** Whether a limit carries so many watts more over the whole span. */
  carries(limit: PowerLimit, powerW: number): boolean {
    return this.sight?.surelyCarries(limit, powerW) === true || powerW <= this.powerLeftW(limit);
  }

  /** Whether all limits on a few nodes carry so many watts more on a node. */
  carriesClose(node: FleetNode, powerW: number): boolean {
    return (
      this.sight?.surelyCarriesClose(node, powerW) === true ||
      this.limitsOn(node).every((limit) => limit.nodes.length > smallLimit || this.carries(limit, powerW))
    );
  }

  #peakW(limit: PowerLimit): number {
    const { fleet, calendar } = this.#state;
    if (calendar.length === 0) return 0;
    if (!this.isPlain) return wattsOf(fleet).peakW(calendar, limit, this.span);
    const { startMs, endMs } = this.span;
    const holds = limit.nodes.flatMap((node) => heldIn(calendar[node.index] ?? [], startMs, endMs));
    return peakOf(holds, startMs, (entry) => entry.powerW);
  }
}

function allOf({ shape }: FleetNode): Mask {
  return firstBits(shape.gpus.length);
}

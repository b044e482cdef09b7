import type { Demand } from '../../model/demand.ts';
import type { Path } from '../../model/id.ts';
import type { Member } from '../../model/placement.ts';
import { type Room, roomOf } from '../calendar.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import { both, indexesOf, type Mask, sizeOf, without } from '../mask.ts';
import type { State } from '../state.ts';
import { pickGpus, railsOf } from './pick.ts';
import { nodesByRack, powerOf, rackPowerLeftW } from './power.ts';
import { heldBesideGpus, usableGpus, type Want } from './want.ts';

export type TimeSpan = { readonly startMs: number; readonly endMs: number };

/** What the calendar leaves of every node and rack over one time span. Computed when first asked for. */
export class Rooms {
  readonly span: TimeSpan;
  readonly #state: State;
  readonly #rooms = new Map<number, Room>();
  readonly #rackPower = new Map<Path, number | undefined>();
  readonly #racks: ReadonlyMap<string, readonly FleetNode[]>;

  constructor(state: State, span: TimeSpan, racks = nodesByRack(state.fleet)) {
    this.#state = state;
    this.span = span;
    this.#racks = racks;
  }

  of(node: FleetNode): Room {
    const known = this.#rooms.get(node.index);
    if (known !== undefined) return known;
    const room = roomOf(node, this.#state.calendar[node.index] ?? [], this.span.startMs, this.span.endMs);
    this.#rooms.set(node.index, room);
    return room;
  }

  powerLeftW(rackId: Path): number | undefined {
    if (this.#rackPower.has(rackId)) return this.#rackPower.get(rackId);
    const rack = this.#state.fleet.racks.get(rackId);
    const left =
      rack === undefined
        ? undefined
        : rackPowerLeftW(rack, this.#racks.get(rackId) ?? [], this.#state.calendar, this.span);
    this.#rackPower.set(rackId, left);
    return left;
  }
}

type Left = { gpus: Mask; cpuMilli: number; memoryMib: number; nicsTaken: ReadonlySet<number> };

/** One attempt at a gang: what is left while its replicas are put down one after the other. */
export class Bench {
  readonly #rooms: Rooms;
  readonly #demand: Demand;
  readonly #left: Map<number, Left>;
  readonly #rackPower: Map<Path, number | undefined>;

  constructor(rooms: Rooms, demand: Demand, from?: Bench) {
    this.#rooms = rooms;
    this.#demand = demand;
    this.#left = new Map(from?.entries());
    this.#rackPower = new Map(from?.rackEntries());
  }

  /** A copy that can be thrown away. */
  fork(): Bench {
    return new Bench(this.#rooms, this.#demand, this);
  }

  entries(): Iterable<[number, Left]> {
    return this.#left;
  }

  rackEntries(): Iterable<[Path, number | undefined]> {
    return this.#rackPower;
  }

  /** Free GPUs that the want could use here, were it alone. */
  freeGpus(node: FleetNode, want: Want): number {
    return this.#open(node) ? sizeOf(both(this.#leftOf(node).gpus, usableGpus(node, want))) : 0;
  }

  /** How many replicas fit on the node by itself, at most `most`; the bench stays as it is. */
  capacity(node: FleetNode, want: Want, most: number): number {
    if (!this.#open(node)) return 0;
    if (want.gpuCount === 0) return Math.min(most, this.#cpuCapacity(node, want));
    const trial = this.fork();
    let count = 0;
    while (count < most && trial.put(node, want, count) !== undefined) count++;
    return count;
  }

  /** Puts one replica on the node and gives the member, or leaves everything as it is and gives nothing. */
  put(node: FleetNode, want: Want, replica: number): Member | undefined {
    if (!this.#open(node)) return undefined;
    const left = this.#leftOf(node);
    const beside = heldBesideGpus(node, want);
    if (beside.cpuMilli > left.cpuMilli || beside.memoryMib > left.memoryMib) return undefined;
    const gpus =
      want.gpuCount === 0 ? 0 : pickGpus(node, want, both(left.gpus, usableGpus(node, want)), left.nicsTaken);
    if (gpus === undefined) return undefined;
    const powerW = powerOf(node, want.gpuCount, beside.cpuMilli);
    if (!this.#drawPower(node, powerW)) return undefined;
    const nics = railsOf(node, want, indexesOf(gpus));
    this.#left.set(node.index, {
      gpus: without(left.gpus, gpus),
      cpuMilli: left.cpuMilli - beside.cpuMilli,
      memoryMib: left.memoryMib - beside.memoryMib,
      nicsTaken: new Set([...left.nicsTaken, ...nics]),
    });
    return { part: want.part.name, replica, node: node.id, gpus: indexesOf(gpus), nics, ...beside, powerW };
  }

  /** Other tenants' isolation keeps us out; our own keeps us off nodes where others are. */
  #open(node: FleetNode): boolean {
    const { tenants, closedBy } = this.#rooms.of(node);
    const { tenant, isolation } = this.#demand;
    const foreign = (set: ReadonlySet<string>) => set.size > (set.has(tenant) ? 1 : 0);
    return !foreign(closedBy) && !(isolation === 'node' && foreign(tenants));
  }

  #leftOf(node: FleetNode): Left {
    return this.#left.get(node.index) ?? this.#rooms.of(node);
  }

  #cpuCapacity(node: FleetNode, want: Want): number {
    const left = this.#leftOf(node);
    const beside = heldBesideGpus(node, want);
    const byCpu = beside.cpuMilli === 0 ? Infinity : Math.floor(left.cpuMilli / beside.cpuMilli);
    const byMemory = beside.memoryMib === 0 ? Infinity : Math.floor(left.memoryMib / beside.memoryMib);
    const powerW = powerOf(node, 0, beside.cpuMilli);
    const powerLeft = node.rack === undefined ? undefined : this.#powerLeftW(node.rack);
    const byPower = powerLeft === undefined || powerW === 0 ? Infinity : Math.floor(powerLeft / powerW);
    return Math.max(0, Math.min(byCpu, byMemory, byPower));
  }

  #powerLeftW(rack: Path): number | undefined {
    return this.#rackPower.has(rack) ? this.#rackPower.get(rack) : this.#rooms.powerLeftW(rack);
  }

  #drawPower(node: FleetNode, powerW: number): boolean {
    if (node.rack === undefined) return true;
    const left = this.#powerLeftW(node.rack);
    if (left === undefined) return true;
    if (powerW > left) return false;
    this.#rackPower.set(node.rack, left - powerW);
    return true;
  }
}

import type { Demand } from '../../model/demand.ts';
import type { Member } from '../../model/placement.ts';
import type { Room } from '../calendar/calendar.ts';
import { emptyRoom } from '../index/empty-room.ts';
import { kindsOf } from '../index/kinds.ts';
import type { Fleet, FleetNode } from '../inventory/fleet.ts';
import { both, indexesOf, type Mask, maskOf, sizeOf, without } from '../mask.ts';
import { FabricBench } from './fabric/fabric-bench.ts';
import { chooseNics, choosesNics, nicCapacity } from './fabric/nics.ts';
import { Layers } from './layers.ts';
import { alignedGroups, numaNodeOf, type Pinned, type Taken } from './locality.ts';
import { pickGpus, railsOf, wholeReplicasIn } from './pick.ts';
import { drawOf, type PowerLimit } from './power.ts';
import type { Rooms } from './rooms.ts';
import { chooseSlices, replicasIn, type SliceChoice, slicesIn } from './slice.ts';
import { isCounted, type Spread, spreadOf } from './survival.ts';
import { type Beside, heldBesideGpus, isSliced, usableGpus, type Want } from './want.ts';

type Left = Beside & {
  readonly gpus: Mask;
  readonly partly: Room['partly'];
  readonly nicsTaken: ReadonlySet<number>;
  /** What the gang itself has taken of single NUMA nodes. */
  readonly pinned?: readonly Pinned[];
};

/** What one replica would have of a node, and what of the node would be left. */
type Seat = {
  readonly gpus: number[];
  readonly slices: SliceChoice['slices'];
  readonly nics: number[];
  readonly beside: Beside;
  readonly powerW: number;
  readonly wear: number;
  readonly left: Left;
};

type FirstSeats = { readonly seat: Seat | undefined }[];

/** The first seat that nodes have for a want, by their kind. */
const firstSeats = new WeakMap<Want, WeakMap<Fleet, FirstSeats>>();

function firstSeatsOf(fleet: Fleet, want: Want): FirstSeats {
  const byFleet = firstSeats.get(want) ?? new WeakMap<Fleet, FirstSeats>();
  firstSeats.set(want, byFleet);
  const seats = byFleet.get(fleet) ?? [];
  byFleet.set(fleet, seats);
  return seats;
}

/** One attempt at a gang: what is left while its replicas are put down one after the other. */
export class Bench {
  readonly rooms: Rooms;
  readonly demand: Demand;
  readonly #left: Layers<number, Left>;
  /** Watts that the gang itself has drawn. */
  readonly #drawn: Layers<PowerLimit, number>;
  /** Of the cap on the whole gang. */
  #capLeftW: number;
  /** What slices that were put down have spoilt. */
  #wear: number;
  readonly #spread: Spread | undefined;
  readonly fabric: FabricBench;
  /** Replicas that count, by what they would be lost with. */
  readonly #standing: Layers<string, number>;

  /** `wary`: every replica holds the most that its flows may put on its node's data NICs. */
  constructor(rooms: Rooms, demand: Demand, before?: Bench | 'wary') {
    const from = before === 'wary' ? undefined : before;
    this.fabric =
      from === undefined
        ? new FabricBench(rooms.edges, demand, before === 'wary' ? before : undefined)
        : from.fabric.fork();
    this.rooms = rooms;
    this.demand = demand;
    this.#left = new Layers(from === undefined ? undefined : from.#left);
    this.#drawn = new Layers(from === undefined ? undefined : from.#drawn);
    this.#capLeftW = from?.capLeftW ?? demand.powerCapW ?? Infinity;
    this.#wear = from?.wear ?? 0;
    this.#spread = from === undefined ? spreadOf(demand) : from.#spread;
    this.#standing = new Layers(from === undefined ? undefined : from.#standing);
  }

  /** A copy that can be thrown away, while this one stays as it is. */
  fork(): Bench {
    return new Bench(this.rooms, this.demand, this);
  }

  /** Becomes what a copy of it has become since. */
  adopt(copy: Bench): void {
    for (const [node, left] of copy.#left.own()) this.#left.set(node, left);
    for (const [limit, drawnW] of copy.#drawn.own()) this.#drawn.set(limit, drawnW);
    for (const [place, standing] of copy.#standing.own()) this.#standing.set(place, standing);
    this.#capLeftW = copy.capLeftW;
    this.#wear = copy.wear;
    this.fabric.adopt(copy.fabric);
  }

  /** Whether nothing was put down yet, nor is more held than has to be: then all of these rooms and demand are alike. */
  get isUntouched(): boolean {
    return this.#left.isEmpty && !this.fabric.isWary;
  }

  get capLeftW(): number {
    return this.#capLeftW;
  }

  get wear(): number {
    return this.#wear;
  }

  /** What the slices of one more replica would spoil here; 0 for whole GPUs, as if all were equal. */
  wearOf(node: FleetNode, want: Want): number {
    if (!isSliced(want)) return 0;
    const left = this.#leftOf(node);
    const groups = this.#groupsFor(node, want, left, heldBesideGpus(node, want));
    return chooseSlices(node, want, left, groups)?.wear ?? Infinity;
  }

  /** What one replica draws here, where the gang has a cap and watts are scarce; else 0, as if all were equal. */
  scarceW(node: FleetNode, want: Want): number {
    if (this.#capLeftW === Infinity) return 0;
    return drawOf(node, want, heldBesideGpus(node, want).cpuMilli);
  }

  /** Free GPUs that the want could use here, were it alone; for slices how many more of them fit. */
  freeGpus(node: FleetNode, want: Want): number {
    if (!this.#open(node)) return 0;
    if (isSliced(want)) return slicesIn(node, want, this.#leftOf(node));
    const free = this.#left.get(node.index)?.gpus ?? this.rooms.freeOn(node);
    return sizeOf(both(free, usableGpus(node, want)));
  }

  /** How many replicas fit on the node by itself, at most `most`; the bench stays as it is. */
  capacity(node: FleetNode, want: Want, most: number): number {
    if (!this.#open(node)) return 0;
    if (want.gpuCount === 0) return this.#dividedCapacity(node, want, most);
    const counted = isSliced(want) ? replicasIn(node, want, this.#leftOf(node)) : undefined;
    if (counted !== undefined) return Math.min(counted, this.#dividedCapacity(node, want, most));
    if (!isSliced(want) && this.freeGpus(node, want) < want.gpuCount) return 0;
    const whole = isSliced(want) ? undefined : wholeReplicasIn(node, want, this.#leftOf(node));
    if (whole !== undefined) return Math.min(whole, this.#dividedCapacity(node, want, most));
    const trial = this.fork();
    let count = 0;
    while (count < most && trial.put(node, want, count) !== undefined) count++;
    return count;
  }

  /** Puts one replica on the node and gives the member, or leaves everything as it is and gives nothing. */
  put(node: FleetNode, want: Want, replica: number): Member | undefined {
    if (!this.#open(node) || this.#replicasLeft(node, want) < 1) return undefined;
    const seat = this.#seatOn(node, want);
    if (seat === undefined || !this.#drawPower(node, seat.powerW)) return undefined;
    this.#wear += seat.wear;
    this.#left.set(node.index, seat.left);
    this.#standHere(node, want);
    const { gpus, slices, nics, beside, powerW } = seat;
    return {
      part: want.part.name,
      replica,
      node: node.id,
      gpus,
      ...(slices.length === 0 ? {} : { slices: [...slices] }),
      nics,
      cpuMilli: beside.cpuMilli,
      memoryMib: beside.memoryMib,
      ...(beside.storageGib === 0 ? {} : { storageGib: beside.storageGib }),
      powerW,
    };
  }

  /** What the next replica would have of the node. Nodes of a kind on which nothing is held yet give the same. */
  #seatOn(node: FleetNode, want: Want): Seat | undefined {
    const left = this.#leftOf(node);
    const { fleet } = this.rooms;
    if (left !== emptyRoom(fleet, node)) return this.#seated(node, want, left);
    const seats = firstSeatsOf(fleet, want);
    const kind = kindsOf(fleet).of[node.index] ?? -1;
    return (seats[kind] ??= { seat: this.#seated(node, want, left) }).seat;
  }

  #seated(node: FleetNode, want: Want, left: Left): Seat | undefined {
    const beside = heldBesideGpus(node, want);
    if (timesIn(beside, left) < 1) return undefined;
    const devices = this.#chooseDevices(node, want, left, beside);
    if (devices === undefined) return undefined;
    const { gpus, slices, wear } = devices;
    const touched = slices.length === 0 ? indexesOf(gpus) : slices.map(({ gpu }) => gpu);
    const nics = this.#chooseNics(node, want, touched, left);
    if (nics === undefined) return undefined;
    const after: Left = {
      gpus: without(devices.left.gpus, gpus),
      partly: devices.left.partly,
      cpuMilli: left.cpuMilli - beside.cpuMilli,
      memoryMib: left.memoryMib - beside.memoryMib,
      storageGib: left.storageGib - beside.storageGib,
      nicsTaken: new Set([...left.nicsTaken, ...nics]),
      ...(want.part.each.align === undefined
        ? {}
        : {
            pinned: [
              ...(left.pinned ?? []),
              { ...beside, numaNode: numaNodeOf(node.shape, maskOf(touched)) },
            ],
          }),
    };
    const powerW = drawOf(node, want, beside.cpuMilli);
    return { gpus: indexesOf(gpus), slices, nics, beside, powerW, wear, left: after };
  }

  #open(node: FleetNode): boolean {
    return this.rooms.letIn(node, this.demand);
  }

  #chooseDevices(
    node: FleetNode,
    want: Want,
    left: Left,
    beside: Beside,
  ): (SliceChoice & { readonly gpus: Mask }) | undefined {
    if (isSliced(want)) {
      const found = chooseSlices(node, want, left, this.#groupsFor(node, want, left, beside));
      return found === undefined ? undefined : { ...found, gpus: 0 };
    }
    const gpus = this.#chooseGpus(node, want, left, beside);
    return gpus === undefined ? undefined : { gpus, slices: [], left, wear: 0 };
  }

  #chooseGpus(node: FleetNode, want: Want, left: Left, beside: Beside): Mask | undefined {
    if (want.gpuCount === 0) return 0;
    return pickGpus(node, want, {
      free: both(left.gpus, usableGpus(node, want)),
      groups: alignedGroups(node, want, this.#takenOn(node, left), beside),
      nicsTaken: left.nicsTaken,
    });
  }

  /** The GPUs that all slices of a replica come from: of a NUMA node or PCIe root, of a link domain, or of both. */
  #groupsFor(node: FleetNode, want: Want, left: Left, beside: Beside): readonly Mask[] | undefined {
    const aligned = alignedGroups(node, want, this.#takenOn(node, left), beside);
    if (want.part.each.gpus?.link === undefined) return aligned;
    const { islands } = node.shape;
    return aligned === undefined
      ? islands
      : islands.flatMap((island) => aligned.map((group) => both(island, group)));
  }

  #takenOn(node: FleetNode, left: Left): Taken {
    const { aligned } = this.rooms.of(node);
    return {
      held: aligned,
      own: left.pinned ?? [],
      startMs: this.rooms.span.startMs,
      nicsTaken: left.nicsTaken,
    };
  }

  #chooseNics(
    node: FleetNode,
    want: Want,
    gpus: readonly number[],
    { nicsTaken }: Left,
  ): number[] | undefined {
    const { each } = want.part;
    if (!choosesNics(each)) return railsOf(node, want, gpus);
    return chooseNics(node, each, gpus, nicsTaken);
  }

  /** Replicas that flows and NICs leave room for, and that may still stand where the node would be lost. */
  #replicasLeft(node: FleetNode, want: Want): number {
    const byFlows = this.fabric.replicasLeft(node, want);
    const byNics = nicCapacity(node, want.part.each, this.#leftOf(node).nicsTaken);
    return Math.min(byFlows, byNics, this.#spreadLeft(node, want));
  }

  #spreadLeft(node: FleetNode, { part }: Want): number {
    if (this.#spread === undefined || !isCounted(part, this.demand)) return Infinity;
    const fate = this.#spread.fateOf(node);
    if (fate.kind !== 'falls') return fate.kind === 'stays' && this.#spread.limit >= 0 ? Infinity : 0;
    return this.#spread.limit - (this.#standing.get(fate.place) ?? 0);
  }

  #standHere(node: FleetNode, want: Want): void {
    const { part } = want;
    this.fabric.stand(node, want);
    if (this.#spread === undefined || !isCounted(part, this.demand)) return;
    const fate = this.#spread.fateOf(node);
    if (fate.kind === 'falls') this.#standing.set(fate.place, (this.#standing.get(fate.place) ?? 0) + 1);
  }

  #leftOf(node: FleetNode): Left {
    return this.#left.get(node.index) ?? this.rooms.of(node);
  }

  /** How many replicas, at most `most`, the node's cores, memory, storage and watts carry, whatever its GPUs do. */
  #dividedCapacity(node: FleetNode, want: Want, most: number): number {
    const beside = heldBesideGpus(node, want);
    const powerW = drawOf(node, want, beside.cpuMilli);
    const bySpread = Math.max(0, this.#replicasLeft(node, want));
    const fit = Math.min(timesIn(beside, this.#leftOf(node)), bySpread, most);
    if (this.#carriesMore(node, fit * powerW)) return fit;
    const powerLeftW = this.#powerLeftOn(node, fit * powerW);
    if (powerW > powerLeftW) return 0;
    return Math.min(fit, powerW === 0 ? Infinity : Math.floor(powerLeftW / powerW));
  }

  #carriesMore(node: FleetNode, powerW: number): boolean {
    if (powerW > this.#capLeftW) return false;
    return this.rooms
      .limitsOn(node)
      .every((limit) => this.rooms.carries(limit, this.#drawnW(limit) + powerW));
  }

  /** Watts that the cap and the tightest limit on the node have left; limits that carry `powerW` are not looked at. */
  #powerLeftOn(node: FleetNode, powerW: number): number {
    let leftW = this.#capLeftW;
    for (const limit of this.rooms.limitsOn(node)) {
      if (!this.rooms.carries(limit, this.#drawnW(limit) + powerW))
        leftW = Math.min(leftW, this.#powerLeftW(limit));
    }
    return leftW;
  }

  #powerLeftW(limit: PowerLimit): number {
    return this.rooms.powerLeftW(limit) - this.#drawnW(limit);
  }

  #drawnW(limit: PowerLimit): number {
    return this.#drawn.get(limit) ?? 0;
  }

  #drawPower(node: FleetNode, powerW: number): boolean {
    if (!this.#carriesMore(node, powerW)) return false;
    for (const limit of this.rooms.limitsOn(node)) this.#drawn.set(limit, this.#drawnW(limit) + powerW);
    this.#capLeftW -= powerW;
    return true;
  }
}

/** How many times one amount of everything is in another; infinitely often when it is nothing. */
function timesIn(each: Beside, left: Beside): number {
  return Math.min(
    times(each.cpuMilli, left.cpuMilli),
    times(each.memoryMib, left.memoryMib),
    times(each.storageGib, left.storageGib),
  );
}

function times(each: number, left: number): number {
  if (each > left) return 0;
  return each === 0 ? Infinity : Math.floor(left / each);
}

import type { Demand } from '../../model/demand.ts';
import type { Member } from '../../model/placement.ts';
import { byKind } from '../index/kinds.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import { both, type Mask, sizeOf } from '../mask.ts';
import { Bench } from './bench.ts';
import type { PlacedLevel } from './domain.ts';
import type { Candidates } from './fill.ts';
import type { Packing, Suit } from './packing.ts';
import { type Rooms } from './rooms.ts';
import { isSliced, usableGpus, type Want } from './want.ts';

/** What a search chose from: the level it ended on, and the nodes that could serve each part. */
export type Ground = {
  readonly level: PlacedLevel;
  readonly wants: readonly Want[];
  readonly candidates: Candidates;
  /** Leafs that parts with an uplink budget stand on, added up; 0 where none has one. */
  readonly leafs: number;
  /** On one node: how well it suits, and by what it was judged. */
  readonly suit?: Suit;
  readonly packing?: Packing;
};

type Asked = { readonly demand: Demand; readonly ground: Ground; readonly seats: readonly Member[] };

type Wanted = {
  readonly want: Want;
  readonly count: number;
  readonly usableOn: (node: FleetNode) => Mask;
  /** By the index of a node: replicas that fit there, or -1 where nobody has asked. */
  readonly fits: Int32Array;
};

/**
 * What places have room for by count: by the free GPUs of each node, or the slices, cores and memory it has left. The
 * gang that was found is what is weighed, with its spares.
 */
export class Scales {
  /** Of all parts together. */
  readonly replicas: number;
  readonly #rooms: Rooms;
  readonly #bench: Bench;
  readonly #asked: Asked;
  readonly #wanted: readonly Wanted[];
  readonly #gpusTaken: number;
  readonly #usableOn: (node: FleetNode) => Mask;

  constructor(rooms: Rooms, asked: Asked) {
    const { demand, ground, seats } = asked;
    const { survive: _survive, ...careless } = demand;
    this.#rooms = rooms;
    this.#asked = asked;
    this.#bench = new Bench(rooms, careless);
    this.#wanted = ground.wants.map((want) => ({
      want,
      count: seats.filter(({ part }) => part === want.part.name).length,
      usableOn: byKind(rooms.fleet, (node) => usableGpus(node, want)),
      fits: new Int32Array(rooms.fleet.nodes.length).fill(-1),
    }));
    this.#usableOn = byKind(rooms.fleet, (node) => usableByAny(node, ground.wants));
    this.replicas = seats.length;
    this.#gpusTaken = seats.reduce((sum, { gpus }) => sum + gpus.length, 0);
  }

  /** At most so many of the replicas. */
  replicasOn(nodes: readonly FleetNode[]): number {
    return this.#wanted.reduce((sum, wanted) => sum + this.#replicasOf(wanted, nodes), 0);
  }

  holds(nodes: readonly FleetNode[]): boolean {
    return this.#wanted.every((wanted) => this.#replicasOf(wanted, nodes) === wanted.count);
  }

  /** GPUs that would stay free, were all of it on these nodes; nothing where it has slices or no GPUs. */
  leftOn(nodes: readonly FleetNode[]): number | undefined {
    if (this.#gpusTaken === 0 || this.#wanted.some(({ want }) => isSliced(want))) return undefined;
    let sum = 0;
    for (const node of nodes) sum += sizeOf(this.#freeOn(node));
    return sum - this.#gpusTaken;
  }

  #replicasOf(wanted: Wanted, nodes: readonly FleetNode[]): number {
    let fit = 0;
    for (const node of nodes) {
      if (fit >= wanted.count) break;
      fit += this.#fitOn(node, wanted);
    }
    return Math.min(fit, wanted.count);
  }

  #fitOn(node: FleetNode, wanted: Wanted): number {
    const before = wanted.fits[node.index] ?? -1;
    const known = before < 0 ? this.#counted(node, wanted) : before;
    wanted.fits[node.index] = known;
    return known;
  }

  #counted(node: FleetNode, { want, count, usableOn }: Wanted): number {
    const { ground, demand } = this.#asked;
    if (ground.candidates.get(want)?.has(node) !== true || !this.#rooms.letIn(node, demand)) return 0;
    const most = want.part.apart === undefined ? count : Math.min(1, count);
    if (want.gpuCount === 0 || isSliced(want)) return this.#bench.capacity(node, want, most);
    const free = sizeOf(both(this.#rooms.freeOn(node), usableOn(node)));
    return Math.min(most, Math.floor(free / want.gpuCount));
  }

  /** Free GPUs that any of the parts could use. */
  #freeOn(node: FleetNode): Mask {
    if (!this.#rooms.letIn(node, this.#asked.demand)) return 0;
    return both(this.#rooms.freeOn(node), this.#usableOn(node));
  }
}

function usableByAny(node: FleetNode, wants: readonly Want[]): Mask {
  return wants.reduce(
    (mask, want) => (want.gpuCount === 0 ? mask : (mask | usableGpus(node, want)) >>> 0),
    0,
  );
}

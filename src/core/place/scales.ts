import type { Demand } from '../../model/demand.ts';
import type { Member } from '../../model/placement.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import { both, type Mask, sizeOf } from '../mask.ts';
import { Bench } from './bench.ts';
import type { PlacedLevel } from './domain.ts';
import type { Candidates } from './fill.ts';
import { type Rooms } from './rooms.ts';
import { isSliced, usableGpus, type Want } from './want.ts';

/** What a search chose from: the level it ended on, and the nodes that could serve each part. */
export type Ground = {
  readonly level: PlacedLevel;
  readonly wants: readonly Want[];
  readonly candidates: Candidates;
  /** Leafs that parts with an uplink budget stand on, added up; 0 where none has one. */
  readonly leafs: number;
};

type Asked = { readonly demand: Demand; readonly ground: Ground; readonly seats: readonly Member[] };

type Wanted = { readonly want: Want; readonly count: number; readonly fits: Map<number, number> };

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

  constructor(rooms: Rooms, asked: Asked) {
    const { demand, ground, seats } = asked;
    const { survive: _survive, ...careless } = demand;
    this.#rooms = rooms;
    this.#asked = asked;
    this.#bench = new Bench(rooms, careless);
    this.#wanted = ground.wants.map((want) => ({
      want,
      count: seats.filter(({ part }) => part === want.part.name).length,
      fits: new Map(),
    }));
    this.replicas = seats.length;
    this.#gpusTaken = seats.reduce((sum, { gpus }) => sum + gpus.length, 0);
  }

  /** At most so many of the replicas. */
  replicasOn(nodes: readonly FleetNode[]): number {
    return this.#wanted.reduce((sum, wanted) => {
      let fit = 0;
      for (const node of nodes) {
        if (fit >= wanted.count) break;
        fit += this.#fitOn(node, wanted);
      }
      return sum + Math.min(fit, wanted.count);
    }, 0);
  }

  holds(nodes: readonly FleetNode[]): boolean {
    return this.replicasOn(nodes) === this.replicas;
  }

  /** GPUs that would stay free, were all of it on these nodes; nothing where it has slices or no GPUs. */
  leftOn(nodes: readonly FleetNode[]): number | undefined {
    if (this.#gpusTaken === 0 || this.#wanted.some(({ want }) => isSliced(want))) return undefined;
    return nodes.reduce((sum, node) => sum + sizeOf(this.#freeOn(node)), 0) - this.#gpusTaken;
  }

  #fitOn(node: FleetNode, { want, count, fits }: Wanted): number {
    const known = fits.get(node.index) ?? this.#counted(node, want, count);
    fits.set(node.index, known);
    return known;
  }

  #counted(node: FleetNode, want: Want, count: number): number {
    const { ground, demand } = this.#asked;
    if (ground.candidates.get(want)?.has(node) !== true || !this.#rooms.letIn(node, demand)) return 0;
    const most = want.part.apart === undefined ? count : Math.min(1, count);
    if (want.gpuCount === 0 || isSliced(want)) return this.#bench.capacity(node, want, most);
    const free = sizeOf(both(this.#rooms.freeOn(node), usableGpus(node, want)));
    return Math.min(most, Math.floor(free / want.gpuCount));
  }

  /** Free GPUs that any of the parts could use. */
  #freeOn(node: FleetNode): Mask {
    if (!this.#rooms.letIn(node, this.#asked.demand)) return 0;
    const usable = this.#wanted
      .filter(({ want }) => want.gpuCount > 0)
      .reduce((mask, { want }) => (mask | usableGpus(node, want)) >>> 0, 0);
    return both(this.#rooms.freeOn(node), usable);
  }
}

import type { Demand } from '../../model/demand.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import { sizeOf, without } from '../mask.ts';
import type { Domain } from '../place/domain.ts';
import type { NodeSet } from '../place/node-set.ts';
import { powerOf } from '../place/power.ts';
import type { Rooms } from '../place/rooms.ts';
import { heldBesideGpus, usableGpus, type Want } from '../place/want.ts';
import { byKind } from './kinds.ts';
import { partitionOf } from './partition.ts';
import { type Rack, type Racks, racksOf } from './racks.ts';
import { takingOf } from './taking.ts';

/** As many replicas as anybody asks for: what replicas without GPUs are counted as on a node that could serve them. */
const any = 255;

type Fits = {
  /** By domain. */
  readonly fits: Float32Array;
  /** The largest of them. */
  readonly most: number;
};

/**
 * How many replicas of one want nodes could hold at most over one span, were free GPUs and the limits on a few nodes
 * all that counts. It is the same for every number of replicas, so that the searches of one refusal share it.
 */
export class Fit {
  readonly #nodes: readonly FleetNode[];
  readonly #first: number;
  /** Replicas by node, and the free GPUs that they could have. */
  readonly #most: Uint8Array;
  readonly #free: Uint8Array;
  readonly #racks: Racks;
  /** By rack: how many replicas fewer its limits carry than its nodes could hold one by one. */
  readonly #excess: ReadonlyMap<Rack, number>;
  readonly #known = new Map<readonly Domain[], Fits>();

  constructor(rooms: Rooms, demand: Demand, want: Want, { nodes }: NodeSet) {
    this.#nodes = nodes;
    this.#first = nodes[0]?.index ?? 0;
    const size = (nodes.at(-1)?.index ?? -1) + 1 - this.#first;
    this.#most = new Uint8Array(size);
    this.#free = new Uint8Array(size);
    this.#racks = racksOf(rooms.fleet);
    this.#count(rooms, demand, want);
    this.#excess = want.gpuCount === 0 ? new Map() : this.#tooMany(rooms, want);
  }

  /** Free GPUs that replicas could have on a node that could serve them and lets them in. */
  freeOn({ index }: FleetNode): number {
    return this.#free[index - this.#first] ?? 0;
  }

  /** The domains must be an array that lives as long as the fleet. */
  on(domains: readonly Domain[]): Fits {
    const known = this.#known.get(domains) ?? this.#sums(domains);
    this.#known.set(domains, known);
    return known;
  }

  /** On some nodes together: less what the limits of racks do not carry that are among them whole. */
  in(nodes: readonly FleetNode[]): number {
    const seen = new Map<Rack, number>();
    let sum = 0;
    for (const { index } of nodes) {
      sum += replicas(this.#most[index - this.#first] ?? 0);
      const rack = this.#excess.size === 0 ? undefined : this.#racks.all[this.#racks.of[index] ?? -1];
      if (rack !== undefined) seen.set(rack, (seen.get(rack) ?? 0) + 1);
    }
    if (nodes.length === 1) return sum;
    for (const [rack, count] of seen) if (count === rack.nodes.length) sum -= this.#excess.get(rack) ?? 0;
    return sum;
  }

  #count(rooms: Rooms, demand: Demand, want: Want): void {
    const { gpuCount, part } = want;
    const usableOn = byKind(rooms.fleet, (node) => usableGpus(node, want));
    const powerOn = byKind(rooms.fleet, (node) =>
      powerOf(node, gpuCount, heldBesideGpus(node, want).cpuMilli),
    );
    const admitted = rooms.admitted(demand);
    const { sight } = rooms;
    for (const node of this.#nodes) {
      if (admitted === undefined ? !rooms.letIn(node, demand) : admitted[node.index] === 0) continue;
      const taken = gpuCount === 0 ? 0 : (sight?.window.takenOn(node.index) ?? 0);
      const free = gpuCount === 0 ? 0 : sizeOf(without(usableOn(node), taken));
      const at = node.index - this.#first;
      this.#free[at] = free;
      if (free < gpuCount) continue;
      const powerW = powerOn(node);
      if (sight?.surelyCarriesClose(node, powerW) !== true && !rooms.carriesClose(node, powerW)) continue;
      if (part.apart !== undefined) this.#most[at] = 1;
      else this.#most[at] = gpuCount === 0 ? any : Math.floor(free / gpuCount);
    }
  }

  #sums(domains: readonly Domain[]): Fits {
    const { of } = partitionOf(domains);
    const fits = new Float32Array(domains.length);
    for (const { index } of this.#nodes) {
      const at = of[index] ?? -1;
      if (at >= 0) fits[at] = (fits[at] ?? 0) + replicas(this.#most[index - this.#first] ?? 0);
    }
    for (const [{ nodes }, excess] of this.#excess) {
      const at = of[nodes[0]?.index ?? -1] ?? -1;
      const isWhole = nodes.every(({ index }) => of[index] === at);
      if (isWhole && (domains[at]?.nodes.length ?? 0) > 1) fits[at] = (fits[at] ?? 0) - excess;
    }
    let most = 0;
    for (const fit of fits) if (fit > most) most = fit;
    return { fits, most };
  }

  #tooMany(rooms: Rooms, want: Want): ReadonlyMap<Rack, number> {
    const { all, of } = this.#racks;
    const counts = new Int32Array(all.length);
    const counted: number[] = [];
    for (const { index } of this.#nodes) {
      const number = of[index] ?? -1;
      const most = this.#most[index - this.#first] ?? 0;
      if (number < 0 || most === 0) continue;
      if (counts[number] === 0) counted.push(number);
      counts[number] = (counts[number] ?? 0) + most;
    }
    const leastW = leastPower(rooms, want);
    const found = new Map<Rack, number>();
    for (const number of counted) {
      const rack = all[number];
      const count = counts[number] ?? 0;
      if (rack === undefined || count < 2) continue;
      const carried = carriedBy(rooms, rack, leastW(rack), count);
      if (carried < count) found.set(rack, count - carried);
    }
    return found;
  }
}

/** By what of the calendar is read, by candidates, and by who asks for what besides. */
const known = new WeakMap<object, WeakMap<NodeSet, Map<string, Fit>>>();

/** Found out once for each span that is looked at. */
export function fitOf(rooms: Rooms, demand: Demand, want: Want, candidates: NodeSet): Fit {
  const byNodes = known.get(rooms.reading) ?? new WeakMap<NodeSet, Map<string, Fit>>();
  known.set(rooms.reading, byNodes);
  const byAsker = byNodes.get(candidates) ?? new Map<string, Fit>();
  byNodes.set(candidates, byAsker);
  const who = `${demand.tenant} ${demand.isolation ?? 'shared'}`;
  const key = `${who} ${takingOf(want)} ${want.part.apart ?? '-'} ${rooms.ignoring}`;
  const fit = byAsker.get(key) ?? new Fit(rooms, demand, want, candidates);
  byAsker.set(key, fit);
  return fit;
}

function replicas(most: number): number {
  return most === any ? Infinity : most;
}

/** Watts of the replica that draws least, were it on a node of the rack. */
function leastPower(rooms: Rooms, want: Want): (rack: Rack) => number {
  const powerOn = byKind(rooms.fleet, (node) =>
    powerOf(node, want.gpuCount, heldBesideGpus(node, want).cpuMilli),
  );
  return ({ nodes }) => {
    let least = Infinity;
    for (const node of nodes) least = Math.min(least, powerOn(node));
    return least;
  };
}

/** How many replicas, at most `count`, the limits carry that are on all nodes of a rack. */
function carriedBy(rooms: Rooms, { limits }: Rack, powerW: number, count: number): number {
  if (powerW === 0) return count;
  return limits
    .filter((limit) => rooms.heeds(limit))
    .reduce(
      (least, limit) =>
        rooms.carries(limit, least * powerW)
          ? least
          : Math.max(0, Math.floor(rooms.powerLeftW(limit) / powerW)),
      count,
    );
}

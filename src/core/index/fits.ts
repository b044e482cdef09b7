import type { Demand } from '../../model/demand.ts';
import type { Path } from '../../model/id.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import { both, sizeOf } from '../mask.ts';
import type { Rooms } from '../place/bench.ts';
import type { Domain } from '../place/domain.ts';
import type { NodeSet } from '../place/node-set.ts';
import { powerOf } from '../place/power.ts';
import { heldBesideGpus, usableGpus, type Want } from '../place/want.ts';
import { smallLimit } from './watts.ts';

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
  readonly #first: number;
  readonly #most: Uint8Array;
  /** Racks whose limits carry fewer replicas than their nodes could hold one by one, and how many fewer. */
  readonly #excess: ReadonlyMap<Path, { readonly nodes: number; readonly replicas: number }>;
  readonly #known = new Map<readonly Domain[], Fits>();

  constructor(rooms: Rooms, demand: Demand, want: Want, { nodes }: NodeSet) {
    this.#first = nodes[0]?.index ?? 0;
    this.#most = new Uint8Array((nodes.at(-1)?.index ?? -1) + 1 - this.#first);
    for (const node of nodes) this.#most[node.index - this.#first] = mostOn(rooms, demand, want, node);
    this.#excess = want.gpuCount === 0 ? new Map() : this.#tooMany(rooms, want, nodes);
  }

  /** The domains must be an array that lives as long as the fleet. */
  on(domains: readonly Domain[]): Fits {
    const known = this.#known.get(domains);
    if (known !== undefined) return known;
    const fits = new Float32Array(domains.length);
    let most = 0;
    for (const [at, { nodes }] of domains.entries()) {
      const sum = this.in(nodes);
      fits[at] = sum;
      if (sum > most) most = sum;
    }
    const found = { fits, most };
    this.#known.set(domains, found);
    return found;
  }

  /** On some nodes together: less what the limits of racks do not carry that are among them whole. */
  in(nodes: readonly FleetNode[]): number {
    const racks = new Map<Path, number>();
    let sum = 0;
    for (const { index, rack } of nodes) {
      const most = this.#most[index - this.#first] ?? 0;
      sum += most === any ? Infinity : most;
      if (nodes.length === 1 || rack === undefined || !this.#excess.has(rack)) continue;
      const seen = (racks.get(rack) ?? 0) + 1;
      racks.set(rack, seen);
      const excess = this.#excess.get(rack);
      if (seen === excess?.nodes) sum -= excess.replicas;
    }
    return sum;
  }

  #tooMany(
    rooms: Rooms,
    want: Want,
    nodes: readonly FleetNode[],
  ): ReadonlyMap<Path, { readonly nodes: number; readonly replicas: number }> {
    const counts = new Map<Path, number>();
    for (const { index, rack } of nodes) {
      const most = this.#most[index - this.#first] ?? 0;
      if (most > 0 && rack !== undefined) counts.set(rack, (counts.get(rack) ?? 0) + most);
    }
    const found = new Map<Path, { readonly nodes: number; readonly replicas: number }>();
    for (const [rack, count] of counts) {
      const around = rooms.rackNodes(rack);
      const carried = count < 2 ? count : carriedBy(rooms, want, around, count);
      if (carried < count) found.set(rack, { nodes: around.length, replicas: count - carried });
    }
    return found;
  }
}

/** By what of the calendar is read, by candidates, and by who asks for what besides. */
const known = new WeakMap<object, WeakMap<NodeSet, Map<string, Fit>>>();

/** Found out once for each span that is looked at: `candidates` stand for all that a want asks of a node. */
export function fitOf(rooms: Rooms, demand: Demand, want: Want, candidates: NodeSet): Fit {
  const byNodes = known.get(rooms.reading) ?? new WeakMap<NodeSet, Map<string, Fit>>();
  known.set(rooms.reading, byNodes);
  const byAsker = byNodes.get(candidates) ?? new Map<string, Fit>();
  byNodes.set(candidates, byAsker);
  const key = `${demand.tenant} ${demand.isolation ?? 'shared'} ${want.part.apart ?? '-'} ${rooms.ignoring}`;
  const fit = byAsker.get(key) ?? new Fit(rooms, demand, want, candidates);
  byAsker.set(key, fit);
  return fit;
}

function mostOn(rooms: Rooms, demand: Demand, want: Want, node: FleetNode): number {
  const { gpuCount, part } = want;
  const free = gpuCount === 0 ? 0 : sizeOf(both(rooms.freeOn(node), usableGpus(node, want)));
  if (free < gpuCount || !rooms.letIn(node, demand) || !isPowered(rooms, node, want)) return 0;
  if (part.apart !== undefined) return 1;
  return gpuCount === 0 ? any : Math.floor(free / gpuCount);
}

/** How many replicas, at most `count`, the limits carry that are on all nodes of a rack. */
function carriedBy(rooms: Rooms, want: Want, nodes: readonly FleetNode[], count: number): number {
  const shapes = new Map(nodes.map((node) => [node.shape, node]));
  const powerW = Math.min(
    ...[...shapes.values()].map((node) => powerOf(node, want.gpuCount, heldBesideGpus(node, want).cpuMilli)),
  );
  const [first, ...others] = nodes;
  if (first === undefined || powerW === 0) return count;
  const shared = rooms
    .limitsOn(first)
    .filter((limit) => limit.nodes.length <= smallLimit)
    .filter((limit) => others.every((node) => rooms.limitsOn(node).includes(limit)));
  return shared.reduce(
    (least, limit) =>
      rooms.carries(limit, least * powerW)
        ? least
        : Math.max(0, Math.floor(rooms.powerLeftW(limit) / powerW)),
    count,
  );
}

/** Whether the limits on a few nodes carry one replica here. */
function isPowered(rooms: Rooms, node: FleetNode, want: Want): boolean {
  const powerW = powerOf(node, want.gpuCount, heldBesideGpus(node, want).cpuMilli);
  return rooms
    .limitsOn(node)
    .every((limit) => limit.nodes.length > smallLimit || rooms.carries(limit, powerW));
}

import type { FleetNode } from '../inventory/fleet.ts';
import { sizeOf } from '../mask.ts';
import type { Layout } from '../place/layout.ts';
import type { NodeSet } from '../place/node-set.ts';
import type { PowerLimit } from '../place/power.ts';
import { usableGpus, type Want } from '../place/want.ts';
import { closeLimitsOn } from './close-limits.ts';
import { addFreeStarts } from './free-starts.ts';
import { overlapsOf } from './overlaps.ts';
import { withoutOverloads } from './overloads.ts';
import { levelOf, type Packed } from './packed.ts';
import { addBoth, addUnshared, type Asker } from './strangers.ts';
import { type Stretch, Stretches } from './stretches.ts';
import { takingOf } from './taking.ts';
import { type TightLimits, tightLimitsOf } from './tight-limits.ts';

/** What is asked of each node: so many GPUs for so long, for whom, from which starts on. */
export type Sought = {
  readonly want: Want;
  readonly asker: Asker;
  readonly starts: Stretch;
  readonly lengthMs: number;
  readonly layout: Layout;
  /** Watts that all nodes of a limit together never pass. */
  readonly mostW: (limit: PowerLimit) => number;
};

/**
 * The starts at which single nodes could take replicas of a want for its whole length, node by node, found out when a
 * node is first asked about. It says nothing of places, so searches that keep replicas together differently share it.
 */
export class Sweep {
  readonly #packed: Packed;
  readonly #sought: Sought;
  readonly #most: number;
  readonly #base: number;
  /** Where a node's stretches begin and end in the pool, by its index; -1 before it was asked about. */
  readonly #first: Int32Array;
  readonly #end: Int32Array;
  readonly #pool = new Stretches();
  /** What is found out of one node; only the pool lasts. */
  readonly #free = new Stretches();
  readonly #left = new Stretches();
  readonly #racks = new Map<string, Stretches>();
  readonly #tight: TightLimits;
  readonly #isClosed: (node: FleetNode) => boolean;

  constructor(packed: Packed, nodes: NodeSet, sought: Sought) {
    this.#packed = packed;
    this.#sought = sought;
    this.#most = mostOnNode(sought.want);
    this.#base = nodes.nodes[0]?.index ?? 0;
    const length = (nodes.nodes.at(-1)?.index ?? -1) + 1 - this.#base;
    this.#first = new Int32Array(length).fill(-1);
    this.#end = new Int32Array(length);
    this.#tight = tightLimitsOf(sought.layout, nodes, sought.want);
    const closing = packed.closing();
    this.#isClosed = ({ index }) => (closing[index] ?? 0) > 0;
  }

  /**
   * Adds the stretches of some nodes: for as many replicas as they could take at once, one stretch each. Where a limit
   * carries fewer than its nodes could take, no more than that overlap.
   */
  addIn(nodes: readonly FleetNode[], found: Stretches): void {
    const { of, most } = this.#tight;
    const under = new Map<number, Stretches>();
    for (const node of nodes) {
      const number = of[node.index] ?? -1;
      if (number < 0) this.addOn(node, found);
      else this.addOn(node, stretchesUnder(under, number));
    }
    for (const [number, together] of under)
      addAtMost(most[number] ?? 0, together, { range: this.#sought.starts, found });
  }

  /** Adds the stretches of a node: for as many replicas as it could take at once, one stretch each. */
  addOn(node: FleetNode, found: Stretches): void {
    const at = node.index - this.#base;
    if (this.#first[at] === -1) {
      this.#first[at] = this.#pool.count;
      this.#find(node);
      this.#end[at] = this.#pool.count;
    }
    found.addFrom(this.#pool, this.#first[at] ?? 0, this.#end[at] ?? 0);
  }

  #find(node: FleetNode): void {
    const { want, starts, lengthMs } = this.#sought;
    const usable = usableGpus(node, want);
    const most = Math.min(this.#most, Math.floor(sizeOf(usable) / want.gpuCount));
    for (let replicas = 1; replicas <= most; replicas++) {
      const gpuCount = replicas * want.gpuCount;
      this.#free.clear();
      addFreeStarts(this.#packed, { node: node.index, usable, gpuCount, starts, lengthMs }, this.#free);
      if (this.#free.count === 0) return;
      const left = this.#powered(node, this.#unshared(node, this.#free));
      this.#pool.addFrom(left, 0, left.count);
    }
  }

  #powered(node: FleetNode, free: Stretches): Stretches {
    const { want, lengthMs, layout, mostW } = this.#sought;
    const limits = closeLimitsOn(layout, node);
    return withoutOverloads(this.#packed, { node, want, limits, lengthMs, mostW }, free);
  }

  #unshared(node: FleetNode, free: Stretches): Stretches {
    const { asker, layout } = this.#sought;
    if (this.#packed.isShared && asker.level === 0) return free;
    const around = node.rack === undefined ? [node] : (layout.racks.get(node.rack) ?? [node]);
    const isAloneInRack = asker.level >= levelOf('rack');
    let left = free;
    if (isAloneInRack || around.some(this.#isClosed))
      left = this.#cut(left, this.#inRack(node.rack ?? node.id, around));
    // Who is alone in a rack is so on each of its nodes.
    if (!isAloneInRack && (asker.level > 0 || this.#isClosed(node)))
      left = this.#cut(left, this.#unsharedIn([node], 'node'));
    return left;
  }

  #cut(free: Stretches, other: Stretches): Stretches {
    const found = free === this.#left ? this.#free : this.#left;
    found.clear();
    addBoth(free, other, found);
    return found;
  }

  #inRack(rack: string, nodes: readonly FleetNode[]): Stretches {
    const found = this.#racks.get(rack) ?? this.#unsharedIn(nodes, 'rack');
    this.#racks.set(rack, found);
    return found;
  }

  #unsharedIn(nodes: readonly FleetNode[], level: 'node' | 'rack'): Stretches {
    const found = new Stretches();
    const place = { nodes: nodes.map(({ index }) => index), level: levelOf(level) };
    addUnshared(this.#packed, place, this.#sought, found);
    return found;
  }
}

function stretchesUnder(known: Map<number, Stretches>, number: number): Stretches {
  const stretches = known.get(number) ?? new Stretches();
  known.set(number, stretches);
  return stretches;
}

/** Adds stretches of which no more than `most` overlap at any start: as many of the given ones as do, up to that. */
function addAtMost(
  most: number,
  stretches: Stretches,
  { range, found }: { readonly range: Stretch; readonly found: Stretches },
): void {
  if (stretches.count <= most) {
    found.addFrom(stretches, 0, stretches.count);
    return;
  }
  for (let count = 1; count <= most; count++)
    for (const { fromMs, toMs } of overlapsOf(count, stretches, range)) found.add(fromMs, toMs);
}

/** No node has more than 32 GPUs. */
function mostOnNode({ part: { count, apart }, gpuCount }: Want): number {
  return apart === undefined ? Math.min(count, Math.floor(32 / gpuCount)) : 1;
}

/** So many sweeps over the same nodes are remembered; the one not asked for longest goes first. */
const sweepLimit = 12;

type Known = { readonly revision: number; readonly byNodes: WeakMap<NodeSet, Map<string, Sweep>> };

const known = new WeakMap<Packed, Known>();

/** The sweep over nodes that could serve a want, remembered for as long as the same is held. */
export function sweepOf(packed: Packed, nodes: NodeSet, sought: Sought): Sweep {
  const before = known.get(packed);
  const { byNodes } =
    before?.revision === packed.revision ? before : remembered(packed, { revision: packed.revision });
  const sweeps = byNodes.get(nodes) ?? new Map<string, Sweep>();
  byNodes.set(nodes, sweeps);
  const key = keyOf(sought);
  const found = sweeps.get(key) ?? new Sweep(packed, nodes, sought);
  sweeps.delete(key);
  sweeps.set(key, found);
  const [oldest] = sweeps.keys();
  if (sweeps.size > sweepLimit && oldest !== undefined) sweeps.delete(oldest);
  return found;
}

function remembered(packed: Packed, { revision }: { readonly revision: number }): Known {
  const fresh: Known = { revision, byNodes: new WeakMap() };
  known.set(packed, fresh);
  return fresh;
}

/** All that stretches depend on beside the nodes. */
function keyOf({ want, asker, starts, lengthMs }: Sought): string {
  const who = `${asker.tenant} ${asker.level}`;
  return `${takingOf(want)} ${mostOnNode(want)} ${who} ${starts.fromMs} ${starts.toMs} ${lengthMs}`;
}

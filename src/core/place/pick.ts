import type { FleetNode, NodeShape } from '../inventory/fleet.ts';
import { both, lowest, type Mask, sizeOf, without } from '../mask.ts';
import { choosesNics } from './fabric/nics.ts';
import { usableGpus, type Want } from './want.ts';

/** What a replica may choose from. */
type Choice = {
  readonly free: Mask;
  /** With alignment all its GPUs come from one of these. */
  readonly groups: readonly Mask[] | undefined;
  readonly nicsTaken: ReadonlySet<number>;
};

/**
 * The GPUs of one replica out of the free ones: within one accelerator link domain where that is asked for,
 * from the smallest domain and then the smallest NUMA group that holds them, lowest numbers first. Nothing when
 * they do not fit. With RDMA each GPU brings its own rail, so a GPU whose rail is taken does not count as free.
 */
export function pickGpus(node: FleetNode, want: Want, { free, groups, nicsTaken }: Choice): Mask | undefined {
  const { shape } = node;
  const candidates =
    want.part.each.rdma === undefined || choosesNics(want.part.each)
      ? free
      : without(free, blockedByRails(node, free, nicsTaken));
  if (sizeOf(candidates) < want.gpuCount) return undefined;
  const { link, linkMbps } = want.part.each.gpus ?? {};
  const linked = link !== undefined || linkMbps !== undefined;
  if (groups !== undefined) {
    const domains = linked
      ? shape.islands.flatMap((island) => groups.map((group) => both(island, group)))
      : groups;
    const chosen = smallestWith(domains, candidates, want.gpuCount);
    return chosen === undefined ? undefined : lowest(chosen, want.gpuCount);
  }
  const island = smallestWith(shape.islands, candidates, want.gpuCount);
  if (island === undefined && linked) return undefined;
  const within = island ?? candidates;
  return lowest(smallestWith(shape.numa, within, want.gpuCount) ?? within, want.gpuCount);
}

/**
 * How many replicas the free GPUs of a node hold, where counting tells: any GPUs of the node, or of one link domain,
 * are as good as others, and each has a rail of its own. Nothing where NICs or groups of GPUs are chosen.
 */
export function wholeReplicasIn(
  node: FleetNode,
  want: Want,
  { gpus, nicsTaken }: { readonly gpus: Mask; readonly nicsTaken: ReadonlySet<number> },
): number | undefined {
  const { each } = want.part;
  const { shape } = node;
  if (each.align !== undefined || choosesNics(each)) return undefined;
  if (each.rdma !== undefined && !hasOwnRails(shape)) return undefined;
  const free = both(gpus, usableGpus(node, want));
  const open = each.rdma === undefined ? free : without(free, blockedByRails(node, free, nicsTaken));
  const { link, linkMbps } = each.gpus ?? {};
  if (link === undefined && linkMbps === undefined) return Math.floor(sizeOf(open) / want.gpuCount);
  const [island, ...others] = shape.islands;
  if (island === undefined || others.length > 0) return undefined;
  return Math.floor(sizeOf(both(open, island)) / want.gpuCount);
}

/** Whether no two GPUs share a rail. Shapes never change: each is looked at once. */
function hasOwnRails(shape: NodeShape): boolean {
  const known = ownRails.get(shape);
  if (known !== undefined) return known;
  const rails = shape.railOf.flatMap((nic) => nic ?? []);
  const isOwn = new Set(rails).size === rails.length;
  ownRails.set(shape, isOwn);
  return isOwn;
}

const ownRails = new WeakMap<NodeShape, boolean>();

/** The rails that serve these GPUs, in order; empty where the node's NICs are not known one by one. */
export function railsOf({ shape }: FleetNode, want: Want, gpus: readonly number[]): number[] {
  if (want.part.each.rdma === undefined) return [];
  const rails: number[] = [];
  for (const gpu of gpus) {
    const nic = shape.railOf[gpu];
    if (nic !== undefined && !rails.includes(nic)) rails.push(nic);
  }
  return rails.toSorted((a, b) => a - b);
}

function blockedByRails(node: FleetNode, free: Mask, nicsTaken: ReadonlySet<number>): Mask {
  if (nicsTaken.size === 0) return 0;
  let blocked = 0;
  for (const [gpu, nic] of node.shape.railOf.entries()) {
    if (nic !== undefined && nicsTaken.has(nic)) blocked |= 1 << gpu;
  }
  return both(blocked >>> 0, free);
}

/** The members of `free` in the group that has the fewest of them, but at least `count`. */
function smallestWith(groups: readonly Mask[], free: Mask, count: number): Mask | undefined {
  let best: Mask | undefined;
  for (const group of groups) {
    const members = both(group, free);
    if (sizeOf(members) >= count && (best === undefined || sizeOf(members) < sizeOf(best))) best = members;
  }
  return best;
}

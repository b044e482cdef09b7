import type { FleetNode } from '../inventory/fleet.ts';
import { both, lowest, type Mask, sizeOf, without } from '../mask.ts';
import { choosesNics } from './fabric/nics.ts';
import type { Want } from './want.ts';

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

/** The rails that serve these GPUs, in order; empty where the node's NICs are not known one by one. */
export function railsOf(node: FleetNode, want: Want, gpus: readonly number[]): number[] {
  if (want.part.each.rdma === undefined) return [];
  return [...new Set(gpus.flatMap((gpu) => node.shape.railOf[gpu] ?? []))].toSorted((a, b) => a - b);
}

function blockedByRails(node: FleetNode, free: Mask, nicsTaken: ReadonlySet<number>): Mask {
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

import { sizeOf } from '../mask.ts';
import type { Layout } from '../place/layout.ts';
import type { NodeSet } from '../place/node-set.ts';
import { powerOf, type PowerLimit } from '../place/power.ts';
import { heldBesideGpus, usableGpus, type Want } from '../place/want.ts';
import { closeLimitsOn } from './close-limits.ts';
import { takingOf } from './taking.ts';

/** Limits on a few nodes that carry fewer replicas than those nodes have GPUs for, were nothing held at all. */
export type TightLimits = {
  /** By the index of a node, the number of the one among them that is tightest for it; -1 where none is. */
  readonly of: Int32Array;
  /** By number, how many replicas it carries. */
  readonly most: readonly number[];
};

const known = new WeakMap<NodeSet, Map<string, TightLimits>>();

/** It depends on no calendar, so it is found out once. The nodes that could serve a want must live as long as the fleet. */
export function tightLimitsOf(layout: Layout, candidates: NodeSet, want: Want): TightLimits {
  const byWant = known.get(candidates) ?? new Map<string, TightLimits>();
  known.set(candidates, byWant);
  const key = `${takingOf(want)} ${want.part.apart === undefined}`;
  const found = byWant.get(key) ?? foundAmong(layout, candidates, want);
  byWant.set(key, found);
  return found;
}

function foundAmong(layout: Layout, candidates: NodeSet, want: Want): TightLimits {
  const carried = new Map<PowerLimit, number>();
  const numbers = new Map<PowerLimit, number>();
  const most: number[] = [];
  const of = new Int32Array((candidates.nodes.at(-1)?.index ?? -1) + 1).fill(-1);
  for (const node of candidates.nodes) {
    let least = Infinity;
    for (const limit of closeLimitsOn(layout, node)) {
      const count = carried.get(limit) ?? carriedBy(limit, candidates, want);
      carried.set(limit, count);
      if (count >= least) continue;
      least = count;
      const number = numbers.get(limit) ?? most.length;
      numbers.set(limit, number);
      most[number] = count;
      of[node.index] = number;
    }
  }
  return { of, most };
}

/** Replicas that a limit carries by itself; without end where that is as many as its nodes have GPUs for. */
function carriedBy({ limitW, nodes }: PowerLimit, candidates: NodeSet, want: Want): number {
  let wanted = 0;
  let leastW = Infinity;
  for (const node of nodes) {
    if (!candidates.has(node)) continue;
    wanted += want.part.apart === undefined ? Math.floor(sizeOf(usableGpus(node, want)) / want.gpuCount) : 1;
    leastW = Math.min(leastW, powerOf(node, want.gpuCount, heldBesideGpus(node, want).cpuMilli));
  }
  const count = leastW === 0 ? Infinity : Math.max(0, Math.floor(limitW / leastW));
  return count < wanted ? count : Infinity;
}

import type { FleetNode } from '../inventory/fleet.ts';
import { drawOf } from './power.ts';
import { heldBesideGpus, type Want } from './want.ts';

/** Says something of nodes and wants: of each node, or once for each kind of nodes where none differ in it. */
export type AskOnce = <T>(say: (node: FleetNode, want: Want) => T) => (node: FleetNode, want: Want) => T;

/** What nodes have left for the wants that they are counted for, side by side. */
export type Free = {
  /** In the order of the fleet. */
  readonly nodes: readonly FleetNode[];
  readonly wants: readonly Want[];
  /** GPUs of a node that its want could have, slices that it could be given, or 1 for a CPU part. */
  readonly sizes: Int32Array;
  readonly askOnce: AskOnce;
};

/** All of it together. */
export function total({ sizes }: Free): number {
  let sum = 0;
  for (let at = 0; at < sizes.length; at++) sum += sizes[at] ?? 0;
  return sum;
}

/** The same nodes with other sizes. Those that have nothing left are not asked. */
export function withSizes(free: Free, sizeOn: (node: FleetNode, want: Want, size: number) => number): Free {
  const { nodes, wants, sizes } = free;
  const left = new Int32Array(sizes.length);
  for (let at = 0; at < sizes.length; at++) {
    const size = sizes[at] ?? 0;
    const node = nodes[at];
    const want = wants[at];
    if (size > 0 && node !== undefined && want !== undefined) left[at] = sizeOn(node, want, size);
  }
  return { ...free, sizes: left };
}

/** What one replica draws, by node and want. */
export function wattsOn({ askOnce }: Free): (node: FleetNode, want: Want) => number {
  return askOnce((node, want) => drawOf(node, want, heldBesideGpus(node, want).cpuMilli));
}

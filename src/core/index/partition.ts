import type { Domain } from '../place/domain.ts';

/** Domains of one level, none of which shares a node with another. */
export type Partition = {
  /** By the index of a node: the number of its domain; -1 where it is in none. */
  readonly of: Int32Array;
};

const known = new WeakMap<readonly Domain[], Partition>();

/** Found out once: the domains must be an array that lives as long as the fleet. */
export function partitionOf(domains: readonly Domain[]): Partition {
  const before = known.get(domains);
  if (before !== undefined) return before;
  let size = 0;
  for (const { nodes } of domains) size = Math.max(size, (nodes.at(-1)?.index ?? -1) + 1);
  const of = new Int32Array(size).fill(-1);
  for (const [at, { nodes }] of domains.entries()) for (const { index } of nodes) of[index] = at;
  known.set(domains, { of });
  return { of };
}

import type { Packed } from './packed.ts';

/**
 * Where in the pool the first hold of a node stands that may last beyond an instant: whatever stands before it is over
 * by then. The end of the node's holds where all are. By halving, as `reach` only grows.
 */
export function firstReaching({ first, count, reach }: Packed, node: number, beyondMs: number): number {
  let low = first[node] ?? 0;
  let high = low + (count[node] ?? 0);
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((reach[middle] ?? 0) > beyondMs) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Where the holds of a node end in the pool. */
export function endOfHolds({ first, count }: Packed, node: number): number {
  return (first[node] ?? 0) + (count[node] ?? 0);
}

/** Holds node after node: where a node's begin, how many they are, and when the last of them up to each ends. */
type Holds = { readonly first: Int32Array; readonly count: Int32Array; readonly reach: Float64Array };

/**
 * Where in the pool the first hold of a node stands that may last beyond an instant: whatever stands before it is over
 * by then. The end of the node's holds where all are. By halving, as `reach` only grows.
 */
export function firstReaching({ first, count, reach }: Holds, node: number, beyondMs: number): number {
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
export function endOfHolds({ first, count }: Pick<Holds, 'first' | 'count'>, node: number): number {
  return (first[node] ?? 0) + (count[node] ?? 0);
}

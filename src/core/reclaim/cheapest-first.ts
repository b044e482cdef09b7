/** A set of positions in a list, in ascending order. */
export type Subset = readonly number[];

type Priced = { readonly subset: Subset; readonly cost: bigint };

/**
 * Every set of positions but the empty one, by total cost, then by size, then position by position. `costs` ascend.
 * Nothing is made before it is asked for: each set has at most two successors (its last position moved on by one,
 * or the next one added), none of which comes before it (after Lawler, "A procedure for computing the K best
 * solutions", 1972).
 */
export function* cheapestFirst(costs: readonly bigint[]): Generator<Subset> {
  const heap = new Heap();
  const [first] = costs;
  if (first !== undefined) heap.push({ subset: [0], cost: first });
  for (let next = heap.pop(); next !== undefined; next = heap.pop()) {
    yield next.subset;
    const last = next.subset.at(-1) ?? 0;
    const more = costs[last + 1];
    if (more === undefined) continue;
    heap.push({ subset: [...next.subset, last + 1], cost: next.cost + more });
    heap.push({
      subset: [...next.subset.slice(0, -1), last + 1],
      cost: next.cost - (costs[last] ?? 0n) + more,
    });
  }
}

/** Negative when `a` comes first: less cost, then fewer members, then the lower positions. */
export function compareSubsets(a: Priced, b: Priced): number {
  if (a.cost !== b.cost) return a.cost < b.cost ? -1 : 1;
  if (a.subset.length !== b.subset.length) return a.subset.length - b.subset.length;
  const at = a.subset.findIndex((position, index) => position !== b.subset[index]);
  return at < 0 ? 0 : (a.subset[at] ?? 0) - (b.subset[at] ?? 0);
}

/** A binary heap, the first in order on top. */
class Heap {
  readonly #items: Priced[] = [];

  push(item: Priced): void {
    this.#items.push(item);
    for (let at = this.#items.length - 1; at > 0;) {
      const parent = (at - 1) >> 1;
      if (!this.#swapIfBefore(at, parent)) return;
      at = parent;
    }
  }

  pop(): Priced | undefined {
    const [top] = this.#items;
    const last = this.#items.pop();
    if (last === undefined || this.#items.length === 0) return top;
    this.#items[0] = last;
    for (let at = 0; ;) {
      const left = 2 * at + 1;
      const child = this.#isBefore(left + 1, left) ? left + 1 : left;
      if (!this.#swapIfBefore(child, at)) return top;
      at = child;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const [one, other] = [this.#items[a], this.#items[b]];
    return one !== undefined && other !== undefined && compareSubsets(one, other) < 0;
  }

  #swapIfBefore(a: number, b: number): boolean {
    const [one, other] = [this.#items[a], this.#items[b]];
    if (one === undefined || other === undefined || compareSubsets(one, other) >= 0) return false;
    this.#items[a] = other;
    this.#items[b] = one;
    return true;
  }
}

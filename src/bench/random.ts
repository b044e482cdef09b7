/**
 * Whole random numbers from a seed, the same on every machine: mulberry32 (Tommy Ettinger, public domain), which
 * needs 32-bit integers only.
 */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 to `count` − 1, each as likely: draws beyond the last whole multiple of `count` are thrown away. */
  below(count: number): number {
    const fair = 2 ** 32 - (2 ** 32 % count);
    let drawn = this.#next();
    while (drawn >= fair) drawn = this.#next();
    return drawn % count;
  }

  /** One of the items, with the chance of its weight. Throws where there is none. */
  pick<T>(items: readonly (readonly [item: T, weight: number])[]): T {
    let left = this.below(items.reduce((sum, [, weight]) => sum + weight, 0));
    for (const [item, weight] of items) {
      if (left < weight) return item;
      left -= weight;
    }
    throw new Error('nothing to pick from');
  }

  /** The numbers 0 to `count` − 1 in random order. */
  permutation(count: number): number[] {
    const order = Array.from({ length: count }, (_, index) => index);
    for (let end = count - 1; end > 0; end--) {
      const other = this.below(end + 1);
      [order[end], order[other]] = [order[other] ?? 0, order[end] ?? 0];
    }
    return order;
  }

  #next(): number {
    this.#state = (this.#state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }
}

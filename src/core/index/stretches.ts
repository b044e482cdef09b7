/** Starts from one to another, both included. */
export type Stretch = { readonly fromMs: number; readonly toMs: number };

const none = new Float64Array(0);

/** Many of them side by side in numbers; what stands after `count` is not yet in use. */
export class Stretches {
  froms = none;
  tos = none;
  count = 0;

  add(fromMs: number, toMs: number): void {
    if (this.count === this.froms.length) this.#grow(this.count + 1);
    this.froms[this.count] = fromMs;
    this.tos[this.count] = toMs;
    this.count++;
  }

  /** Adds those of another list from one place up to, not including, another. */
  addFrom(other: Stretches, from: number, to: number): void {
    const count = this.count + to - from;
    if (count > this.froms.length) this.#grow(count);
    const { froms, tos } = this;
    // Mostly a handful: a view of them would cost more than to copy them.
    for (let at = from, into = this.count; at < to; at++, into++) {
      froms[into] = other.froms[at] ?? 0;
      tos[into] = other.tos[at] ?? 0;
    }
    this.count = count;
  }

  clear(): void {
    this.count = 0;
  }

  #grow(least: number): void {
    const size = Math.max(8, least, 2 * this.froms.length);
    const { froms, tos } = this;
    this.froms = new Float64Array(size);
    this.tos = new Float64Array(size);
    this.froms.set(froms);
    this.tos.set(tos);
  }
}

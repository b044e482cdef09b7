import { powerOfTwo } from './nodes.ts';

/** Where a shape does not fit. Scores are not negative. */
export const noFit = -1;

/**
 * A tournament over the scores of all nodes for one shape: the winner is known at once, one new score costs a way
 * to the root, and less where it changes nothing above. The first of equals wins.
 */
export class Ranking {
  readonly #width: number;
  /** A heap: 1 is the root, the children of i are 2i and 2i + 1, and each holds the best score below it. */
  readonly #best: Int32Array;

  constructor(scores: Int32Array) {
    this.#width = powerOfTwo(scores.length);
    this.#best = new Int32Array(2 * this.#width).fill(noFit);
    this.#best.set(scores, this.#width);
    for (let at = this.#width - 1; at > 0; at--) this.#best[at] = this.#bestOf(2 * at);
  }

  set(node: number, score: number): void {
    let at = this.#width + node;
    if (this.#best[at] === score) return;
    this.#best[at] = score;
    for (at >>= 1; at > 0; at >>= 1) {
      const best = this.#bestOf(2 * at);
      if (this.#best[at] === best) return;
      this.#best[at] = best;
    }
  }

  /** The best score, or `noFit`. */
  get score(): number {
    return this.#best[1] ?? noFit;
  }

  /** The first node with the best score. */
  get winner(): number {
    const score = this.score;
    let at = 1;
    while (at < this.#width) at = this.#best[2 * at] === score ? 2 * at : 2 * at + 1;
    return at - this.#width;
  }

  #bestOf(at: number): number {
    const [left, right] = [this.#best[at] ?? noFit, this.#best[at + 1] ?? noFit];
    return left >= right ? left : right;
  }
}

import type { Mask } from '../mask.ts';
import { Blocks } from './blocks.ts';
import { endOfHolds, firstReaching } from './reaching.ts';
import { endAt, gpusAt, type Rows, startAt, wattsAt } from './rows.ts';

export type Span = { readonly startMs: number; readonly endMs: number };

/** Holds node after node, each node's in the order of their starts. */
type Holds = {
  readonly first: Int32Array;
  readonly count: Int32Array;
  readonly rows: Rows;
  /** When the last of a node's holds up to here ends. */
  readonly reach: Float64Array;
};

/** Stands for the watts of a node on which nothing is held. */
const free = -1;

/** What is taken of each node at some time of one span. Read when first asked for; the holds must not change. */
export class Window {
  readonly startMs: number;
  readonly endMs: number;
  readonly #holds: Holds;
  /** By the index of the node. */
  readonly #taken = new Blocks();
  readonly #watts = new Blocks();

  constructor({ first, count, rows, reach }: Holds, { startMs, endMs }: Span) {
    this.startMs = startMs;
    this.endMs = endMs;
    this.#holds = { first, count, rows, reach };
  }

  /** GPUs of a node that are held at some time, by its index. */
  takenOn(node: number): Mask {
    const known = this.#taken.get(node);
    return Number.isNaN(known) ? this.#read(node).taken : known;
  }

  /** Whether nothing at all is held on a node at any time. */
  isFree(node: number): boolean {
    return this.#wattsKnown(node) === free;
  }

  /** Watts of all that is held on a node at some time: at no time more. */
  wattsOn(node: number): number {
    return Math.max(0, this.#wattsKnown(node));
  }

  #wattsKnown(node: number): number {
    const known = this.#watts.get(node);
    return Number.isNaN(known) ? this.#read(node).watts : known;
  }

  #read(node: number): { readonly taken: Mask; readonly watts: number } {
    const { rows } = this.#holds;
    const to = endOfHolds(this.#holds, node);
    let taken = 0;
    let heldW = free;
    for (
      let at = firstReaching(this.#holds, node, this.startMs);
      at < to && startAt(rows, at) < this.endMs;
      at++
    ) {
      if (endAt(rows, at) <= this.startMs) continue;
      taken |= gpusAt(rows, at);
      heldW = Math.max(0, heldW) + wattsAt(rows, at);
    }
    this.#taken.set(node, taken >>> 0);
    this.#watts.set(node, heldW);
    return { taken: taken >>> 0, watts: heldW };
  }
}

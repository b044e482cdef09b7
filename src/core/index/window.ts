import type { Mask } from '../mask.ts';
import { firstReaching } from './reaching.ts';

export type Span = { readonly startMs: number; readonly endMs: number };

/** Holds node after node, each node's in the order of their starts. */
type Holds = {
  readonly first: Int32Array;
  readonly count: Int32Array;
  readonly starts: Float64Array;
  readonly ends: Float64Array;
  readonly masks: Uint32Array;
  readonly watts: Float64Array;
  /** When the last of a node's holds up to here ends. */
  readonly reach: Float64Array;
};

const unread = 0;
const free = 1;
const held = 2;

/** What is taken of each node at some time of one span. Read when first asked for; the holds must not change. */
export class Window {
  readonly startMs: number;
  readonly endMs: number;
  readonly #holds: Holds;
  readonly #taken: Uint32Array;
  readonly #watts: Float64Array;
  readonly #known: Uint8Array;

  constructor(holds: Holds, { startMs, endMs }: Span) {
    this.startMs = startMs;
    this.endMs = endMs;
    this.#holds = { ...holds };
    this.#taken = new Uint32Array(holds.first.length);
    this.#watts = new Float64Array(holds.first.length);
    this.#known = new Uint8Array(holds.first.length);
  }

  /** GPUs of a node that are held at some time, by its index. */
  takenOn(node: number): Mask {
    if (this.#known[node] === unread) this.#read(node);
    return this.#taken[node] ?? 0;
  }

  /** Whether nothing at all is held on a node at any time. */
  isFree(node: number): boolean {
    if (this.#known[node] === unread) this.#read(node);
    return this.#known[node] === free;
  }

  /** Watts of all that is held on a node at some time: at no time more. */
  wattsOn(node: number): number {
    if (this.#known[node] === unread) this.#read(node);
    return this.#watts[node] ?? 0;
  }

  #read(node: number): void {
    const { first, count, starts, ends, masks, watts } = this.#holds;
    const to = (first[node] ?? 0) + (count[node] ?? 0);
    let taken = 0;
    let known = free;
    let heldW = 0;
    for (
      let at = firstReaching(this.#holds, node, this.startMs);
      at < to && (starts[at] ?? 0) < this.endMs;
      at++
    ) {
      if ((ends[at] ?? 0) <= this.startMs) continue;
      taken |= masks[at] ?? 0;
      known = held;
      heldW += watts[at] ?? 0;
    }
    this.#taken[node] = taken >>> 0;
    this.#known[node] = known;
    this.#watts[node] = heldW;
  }
}

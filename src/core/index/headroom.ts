import { type Layout, limitsOn } from '../place/layout.ts';
import type { PowerLimit } from '../place/power.ts';
import type { Packed } from './packed.ts';

/** Limits on more nodes than this have a profile; the holds of fewer are read one by one. */
export const smallLimit = 16;

/**
 * Watts that limits have left whatever the time: what they carry, less the highest that each of their nodes is ever
 * held at. Never too much, and quick to say. Follows a packed calendar by what changed.
 */
export class Headroom {
  /** By the number of the limit. */
  readonly leftW: Float64Array;
  /** By node: the least that any of its limits on a few nodes has left; without end where it has none. */
  readonly leastW: Float64Array;
  readonly #layout: Layout;
  readonly #peaks: Float64Array;
  #revision = -1;

  constructor(layout: Layout) {
    this.#layout = layout;
    this.leftW = Float64Array.from(layout.limits, ({ limitW }) => limitW);
    this.leastW = Float64Array.from(layout.limitsByNode, (limits) => this.#leastOf(limits));
    this.#peaks = new Float64Array(layout.limitsByNode.length);
  }

  follow({ peaks, revision }: Packed): void {
    if (revision === this.#revision) return;
    this.#revision = revision;
    const changed = new Set<PowerLimit>();
    for (let node = 0; node < this.#peaks.length; node++) {
      const more = (peaks[node] ?? 0) - (this.#peaks[node] ?? 0);
      if (more === 0) continue;
      this.#peaks[node] = peaks[node] ?? 0;
      for (const limit of this.#layout.limitsByNode[node] ?? []) {
        this.leftW[limit.index] = (this.leftW[limit.index] ?? 0) - more;
        if (limit.nodes.length <= smallLimit) changed.add(limit);
      }
    }
    for (const { nodes } of changed)
      for (const node of nodes) this.leastW[node.index] = this.#leastOf(limitsOn(this.#layout, node));
  }

  #leastOf(limits: readonly PowerLimit[]): number {
    let least = Infinity;
    for (const { index, nodes } of limits)
      if (nodes.length <= smallLimit) least = Math.min(least, this.leftW[index] ?? 0);
    return least;
  }
}

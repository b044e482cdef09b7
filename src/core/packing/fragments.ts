import type { Nodes } from './nodes.ts';
import { type ShapeId, type Shapes, wholeGpuMilli } from './shape.ts';
import type { Target } from './target.ts';
import { Waste } from './waste.ts';

/** How much of what nodes have idle the target could not use, before and after a request. */
export class Fragments {
  readonly #nodes: Nodes;
  readonly #shapes: Shapes;
  readonly #waste: Waste;
  readonly #idle = new Int16Array(32);

  constructor(nodes: Nodes, shapes: Shapes, target: Target) {
    this.#nodes = nodes;
    this.#shapes = shapes;
    this.#waste = new Waste(nodes.models, target);
  }

  /** What is fragmented on the node as it is. */
  amount(node: number): number {
    return this.#amount(node, this.#reachNow(node), this.#copyIdle(node));
  }

  /**
   * By how much one request of the shape would lessen the fragments of a node it fits: F before minus F after. For
   * a share, on the GPU where that is most.
   */
  gradient(node: number, shape: ShapeId): number {
    if (!this.#shapes.isShare(shape)) return this.#wholeGradient(node, shape);
    let best = -Infinity;
    for (let gpu = 0; gpu < this.#nodes.gpuCount(node); gpu++)
      if (!this.#isTwin(node, gpu)) best = Math.max(best, this.gradientOn(node, shape, gpu));
    return best;
  }

  /** The gradient for a share on this GPU; -Infinity where too little of it is left. */
  gradientOn(node: number, shape: ShapeId, gpu: number): number {
    const gpuMilli = this.#shapes.gpuMilli[shape] ?? 0;
    const count = this.#copyIdle(node);
    const idle = this.#idle[gpu] ?? 0;
    if (idle < gpuMilli) return -Infinity;
    const before = this.#amount(node, this.#reachNow(node), count);
    this.#idle[gpu] = idle - gpuMilli;
    return before - this.#amount(node, this.#reachAfter(node, shape), count);
  }

  /** How many of the shapes wanted on this node's model its CPUs would do for, were so many left. */
  reach(node: number, cpuLeft: number): number {
    return this.#waste.reach(this.#nodes.modelOf[node] ?? 0, cpuLeft);
  }

  #wholeGradient(node: number, shape: ShapeId): number {
    const count = this.#copyIdle(node);
    const before = this.#amount(node, this.#reachNow(node), count);
    let wanted = this.#shapes.gpuCount[shape] ?? 0;
    for (let gpu = 0; gpu < count && wanted > 0; gpu++) {
      if (this.#idle[gpu] !== wholeGpuMilli) continue;
      this.#idle[gpu] = 0;
      wanted--;
    }
    return before - this.#amount(node, this.#reachAfter(node, shape), count);
  }

  #reachNow(node: number): number {
    return this.reach(node, this.#nodes.cpuLeft[node] ?? 0);
  }

  #reachAfter(node: number, shape: ShapeId): number {
    return this.reach(node, (this.#nodes.cpuLeft[node] ?? 0) - (this.#shapes.cpuMilli[shape] ?? 0));
  }

  /** Whether an earlier GPU of the node has as much left. */
  #isTwin(node: number, gpu: number): boolean {
    const { gpuLeft, gpuStart } = this.#nodes;
    const start = gpuStart[node] ?? 0;
    for (let other = 0; other < gpu; other++)
      if (gpuLeft[start + other] === gpuLeft[start + gpu]) return true;
    return false;
  }

  #copyIdle(node: number): number {
    const { gpuLeft, gpuStart } = this.#nodes;
    const start = gpuStart[node] ?? 0;
    const count = this.#nodes.gpuCount(node);
    for (let gpu = 0; gpu < count; gpu++) this.#idle[gpu] = gpuLeft[start + gpu] ?? 0;
    return count;
  }

  #amount(node: number, reach: number, count: number): number {
    return this.#waste.amount(this.#nodes.modelOf[node] ?? 0, reach, this.#idle.subarray(0, count));
  }
}

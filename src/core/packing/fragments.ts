import type { Nodes } from './nodes.ts';
import { admitsModel, type ShapeId, type Shapes, wholeGpuMilli } from './shape.ts';
import type { Target, TargetShape } from './target.ts';

/** Shapes of the target that could use GPUs of one model, by CPU: those a node has CPUs for come first. */
type Wanted = {
  readonly cpuMilli: Int32Array;
  readonly gpuCount: Int32Array;
  readonly gpuMilli: Int32Array;
  readonly weight: Float64Array;
};

/**
 * How much of the idle GPU milli the target could not use: F of Weng et al. (USENIX ATC 2023), times the number of
 * requests in the target, so that it is an integer. All figures are integers below 2^53.
 */
export class Fragments {
  readonly #nodes: Nodes;
  readonly #shapes: Shapes;
  readonly #countTotal: number;
  readonly #wanted: readonly Wanted[];
  readonly #idle = new Int16Array(32);

  constructor(nodes: Nodes, shapes: Shapes, target: Target) {
    this.#nodes = nodes;
    this.#shapes = shapes;
    this.#countTotal = target.countTotal;
    this.#wanted = nodes.models.map((model) => wantedOn(target, model));
  }

  /** What is fragmented on the node as it is. */
  amount(node: number): number {
    const reach = this.reach(node, this.#nodes.cpuLeft[node] ?? 0);
    return this.#amount(node, reach, this.#copyIdle(node));
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
    const cpuMilli = this.#wanted[this.#nodes.modelOf[node] ?? 0]?.cpuMilli;
    let low = 0;
    let high = cpuMilli?.length ?? 0;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((cpuMilli?.[middle] ?? 0) <= cpuLeft) low = middle + 1;
      else high = middle;
    }
    return low;
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

  /** All that is idle counts, less what the first `reach` wanted shapes could use. */
  #amount(node: number, reach: number, count: number): number {
    const wanted = this.#wanted[this.#nodes.modelOf[node] ?? 0] ?? noneWanted;
    const idle = this.#idle;
    let total = 0;
    for (let gpu = 0; gpu < count; gpu++) total += idle[gpu] ?? 0;
    let useful = 0;
    for (let index = 0; index < reach; index++) {
      const gpuMilli = wanted.gpuMilli[index] ?? 0;
      let sum = 0;
      let roomy = 0;
      for (let gpu = 0; gpu < count; gpu++) {
        const milli = idle[gpu] ?? 0;
        if (milli < gpuMilli) continue;
        sum += milli;
        roomy++;
      }
      if (roomy >= (wanted.gpuCount[index] ?? 0)) useful += sum * (wanted.weight[index] ?? 0);
    }
    return total * this.#countTotal - useful;
  }
}

const noneWanted: Wanted = {
  cpuMilli: new Int32Array(),
  gpuCount: new Int32Array(),
  gpuMilli: new Int32Array(),
  weight: new Float64Array(),
};

function wantedOn(target: Target, model: string): Wanted {
  const shapes = target.shapes
    .filter((shape) => shape.gpuCount > 0 && admitsModel(shape, model))
    .toSorted((a, b) => a.cpuMilli - b.cpuMilli);
  const column = (value: (shape: TargetShape) => number) => Int32Array.from(shapes, value);
  return {
    cpuMilli: column((shape) => shape.cpuMilli),
    gpuCount: column((shape) => shape.gpuCount),
    gpuMilli: column((shape) => shape.gpuMilli),
    weight: Float64Array.from(shapes, (shape) => shape.count),
  };
}

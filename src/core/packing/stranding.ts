import type { Nodes } from './nodes.ts';
import { gpuMilliOf, type ShapeId, type Shapes, wholeGpuMilli } from './shape.ts';
import type { Target } from './target.ts';

/** What is left of a node. */
type Left = { readonly gpuMilli: number; readonly cpuMilli: number; readonly memoryMib: number };

/** How much of free GPUs has no CPUs or no memory left to be used with, going by the target's averages. */
export class Stranded {
  /** CPU milli and MiB that the target's GPU requests ask for with each whole GPU, on average. */
  readonly cpuMilliPerGpu: number;
  readonly memoryMibPerGpu: number;

  constructor(target: Target) {
    const withGpus = target.asked.filter(({ gpuCount }) => gpuCount > 0);
    const sum = (of: (shape: Target['asked'][number]) => number) =>
      withGpus.reduce((total, shape) => total + shape.count * of(shape), 0);
    const gpuMilli = Math.max(1, sum(gpuMilliOf));
    const perGpu = (total: number) => Number((BigInt(total) * BigInt(wholeGpuMilli)) / BigInt(gpuMilli));
    this.cpuMilliPerGpu = perGpu(sum(({ cpuMilli }) => cpuMilli));
    this.memoryMibPerGpu = perGpu(sum(({ memoryMib }) => memoryMib));
  }

  /** GPU milli. */
  of({ gpuMilli, cpuMilli, memoryMib }: Left): number {
    return Math.max(
      lacking(gpuMilli, cpuMilli, this.cpuMilliPerGpu),
      lacking(gpuMilli, memoryMib, this.memoryMibPerGpu),
    );
  }
}

/** By how much requests let what is stranded on nodes grow. */
export class Stranding {
  readonly #stranded: Stranded;
  readonly #nodes: Nodes;
  readonly #shapes: Shapes;

  constructor(nodes: Nodes, shapes: Shapes, target: Target) {
    this.#stranded = new Stranded(target);
    this.#nodes = nodes;
    this.#shapes = shapes;
  }

  get cpuMilliPerGpu(): number {
    return this.#stranded.cpuMilliPerGpu;
  }

  /** By how many GPU milli one request of the shape would let the stranded ones of the node grow. */
  growth(node: number, shape: ShapeId): number {
    const { gpuCount, gpuMilli, cpuMilli, memoryMib } = this.#shapes;
    const before = {
      gpuMilli: this.#nodes.gpuLeftSum[node] ?? 0,
      cpuMilli: this.#nodes.cpuLeft[node] ?? 0,
      memoryMib: this.#nodes.memoryLeft[node] ?? 0,
    };
    const after = {
      gpuMilli: before.gpuMilli - (gpuCount[shape] ?? 0) * (gpuMilli[shape] ?? 0),
      cpuMilli: before.cpuMilli - (cpuMilli[shape] ?? 0),
      memoryMib: before.memoryMib - (memoryMib[shape] ?? 0),
    };
    return this.#stranded.of(after) - this.#stranded.of(before);
  }
}

/** Of so many GPU milli, those that the rest of another resource is not enough for. */
function lacking(gpuMilli: number, rest: number, perGpu: number): number {
  const short = gpuMilli * perGpu - rest * wholeGpuMilli;
  return short > 0 ? Math.floor(short / perGpu) : 0;
}

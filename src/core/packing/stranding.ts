import type { Nodes } from './nodes.ts';
import { gpuMilliOf, type ShapeId, type Shapes, wholeGpuMilli } from './shape.ts';
import type { Target } from './target.ts';

/** How many of a node's free GPUs have no CPUs or no memory left to be used with, going by the target's averages. */
export class Stranding {
  /** CPU milli and MiB that the target's GPU requests ask for with each whole GPU, on average. */
  readonly cpuMilliPerGpu: number;
  readonly memoryMibPerGpu: number;
  readonly #nodes: Nodes;
  readonly #shapes: Shapes;

  constructor(nodes: Nodes, shapes: Shapes, target: Target) {
    this.#nodes = nodes;
    this.#shapes = shapes;
    const withGpus = target.asked.filter(({ gpuCount }) => gpuCount > 0);
    const sum = (of: (shape: Target['asked'][number]) => number) =>
      withGpus.reduce((total, shape) => total + shape.count * of(shape), 0);
    const gpuMilli = Math.max(1, sum(gpuMilliOf));
    const perGpu = (total: number) => Number((BigInt(total) * BigInt(wholeGpuMilli)) / BigInt(gpuMilli));
    this.cpuMilliPerGpu = perGpu(sum(({ cpuMilli }) => cpuMilli));
    this.memoryMibPerGpu = perGpu(sum(({ memoryMib }) => memoryMib));
  }

  /** By how many GPU milli one request of the shape would let the stranded ones of the node grow. */
  growth(node: number, shape: ShapeId): number {
    const gpu = this.#nodes.gpuLeftSum[node] ?? 0;
    const cpu = this.#nodes.cpuLeft[node] ?? 0;
    const memory = this.#nodes.memoryLeft[node] ?? 0;
    const gpuAfter = gpu - (this.#shapes.gpuCount[shape] ?? 0) * (this.#shapes.gpuMilli[shape] ?? 0);
    const cpuAfter = cpu - (this.#shapes.cpuMilli[shape] ?? 0);
    const memoryAfter = memory - (this.#shapes.memoryMib[shape] ?? 0);
    return this.#stranded(gpuAfter, cpuAfter, memoryAfter) - this.#stranded(gpu, cpu, memory);
  }

  #stranded(gpuMilli: number, cpuMilli: number, memoryMib: number): number {
    return Math.max(
      lacking(gpuMilli, cpuMilli, this.cpuMilliPerGpu),
      lacking(gpuMilli, memoryMib, this.memoryMibPerGpu),
    );
  }
}

/** Of so many GPU milli, those that the rest of another resource is not enough for. */
function lacking(gpuMilli: number, rest: number, perGpu: number): number {
  const short = gpuMilli * perGpu - rest * wholeGpuMilli;
  return short > 0 ? Math.floor(short / perGpu) : 0;
}

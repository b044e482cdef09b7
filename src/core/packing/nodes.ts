import { compareText } from '../../model/text.ts';
import { indexesOf, type Mask } from '../mask.ts';
import { type ShapeId, type Shapes, wholeGpuMilli } from './shape.ts';

/** A node before anything runs on it. */
export type NodeCapacity = {
  readonly id: string;
  /** Ties between nodes are won by the smaller rank, then by the id. */
  readonly rank: number;
  readonly cpuMilli: number;
  readonly memoryMib: number;
  readonly gpuCount: number;
  /** Empty where the node has no GPUs. */
  readonly model: string;
};

/** The most GPUs of one node: a set of them is a 32-bit mask. */
const gpuCountMax = 32;

/**
 * What is left of every node, column by column. Nodes are numbered in the order of their ranks, so that "the
 * smaller number wins" decides every tie, whatever the order they were given in.
 */
export class Nodes {
  /** What the nodes have in all, by number. */
  readonly capacities: readonly NodeCapacity[];
  readonly ids: readonly string[];
  /** Names of GPU models by model number. */
  readonly models: readonly string[];
  readonly modelOf: Int32Array;
  /** The nodes of each model, smallest number first, and for each node its place among those. */
  readonly byModel: readonly Int32Array[];
  readonly placeInModel: Int32Array;
  /** GPU milli left and held in all on the nodes of each model. */
  readonly modelLeft: Float64Array;
  readonly modelCapacity: Float64Array;
  /** CPU milli left on the nodes of each model. */
  readonly modelCpuLeft: Float64Array;
  readonly cpuLeft: Int32Array;
  readonly memoryLeft: Int32Array;
  /** Left of each GPU, node after node. */
  readonly gpuLeft: Int16Array;
  /** Where the GPUs of a node begin in `gpuLeft`; one entry more than nodes. */
  readonly gpuStart: Int32Array;
  /** Sums and extremes of `gpuLeft` over one node. */
  readonly gpuLeftSum: Int32Array;
  readonly gpuLeftMost: Int16Array;
  readonly wholeGpus: Int16Array;
  /** Requests on a node by kind: 0 shares a GPU, k takes k whole ones. */
  readonly #kinds: Int32Array;
  readonly #changes: Int32Array;
  #changeCount = 0;

  /** Throws RangeError for capacities that are no whole numbers, more than 32 GPUs or an id given twice. */
  constructor(nodes: readonly NodeCapacity[]) {
    const ranked = nodes.map(checked).toSorted((a, b) => a.rank - b.rank || compareText(a.id, b.id));
    this.capacities = ranked;
    this.ids = ranked.map(({ id }) => id);
    if (new Set(this.ids).size < ranked.length) throw new RangeError('two nodes have one id');
    this.models = [...new Set(ranked.map(({ model }) => model))].toSorted(compareText);
    const modelIds = new Map(this.models.map((model, index) => [model, index]));
    this.modelOf = Int32Array.from(ranked, ({ model }) => modelIds.get(model) ?? 0);
    const members = Map.groupBy(ranked.keys(), (node) => this.modelOf[node]);
    this.byModel = this.models.map((_, model) => Int32Array.from(members.get(model) ?? []));
    this.placeInModel = new Int32Array(ranked.length);
    for (const alike of this.byModel)
      for (const [place, node] of alike.entries()) this.placeInModel[node] = place;
    this.modelCapacity = this.#sumByModel(({ gpuCount }) => gpuCount * wholeGpuMilli);
    this.modelLeft = this.modelCapacity.slice();
    this.modelCpuLeft = this.#sumByModel(({ cpuMilli }) => cpuMilli);
    this.cpuLeft = Int32Array.from(ranked, ({ cpuMilli }) => cpuMilli);
    this.memoryLeft = Int32Array.from(ranked, ({ memoryMib }) => memoryMib);
    this.gpuStart = new Int32Array(ranked.length + 1);
    for (const [index, { gpuCount }] of ranked.entries())
      this.gpuStart[index + 1] = (this.gpuStart[index] ?? 0) + gpuCount;
    this.gpuLeft = new Int16Array(this.gpuStart[ranked.length] ?? 0).fill(wholeGpuMilli);
    this.gpuLeftSum = Int32Array.from(ranked, ({ gpuCount }) => gpuCount * wholeGpuMilli);
    this.gpuLeftMost = Int16Array.from(ranked, ({ gpuCount }) => (gpuCount > 0 ? wholeGpuMilli : 0));
    this.wholeGpus = Int16Array.from(ranked, ({ gpuCount }) => gpuCount);
    this.#kinds = new Int32Array(ranked.length * (gpuCountMax + 1));
    this.#changes = new Int32Array(powerOfTwo(2 * ranked.length));
  }

  get count(): number {
    return this.ids.length;
  }

  gpuCount(node: number): number {
    return (this.gpuStart[node + 1] ?? 0) - (this.gpuStart[node] ?? 0);
  }

  /** Whether the node has room for one request of the shape now. */
  fits(node: number, shapes: Shapes, shape: ShapeId): boolean {
    if ((this.cpuLeft[node] ?? 0) < (shapes.cpuMilli[shape] ?? 0)) return false;
    if ((this.memoryLeft[node] ?? 0) < (shapes.memoryMib[shape] ?? 0)) return false;
    const gpuCount = shapes.gpuCount[shape] ?? 0;
    if (gpuCount === 0) return true;
    const hasRoom = shapes.isShare(shape)
      ? (this.gpuLeftMost[node] ?? 0) >= (shapes.gpuMilli[shape] ?? 0)
      : (this.wholeGpus[node] ?? 0) >= gpuCount;
    return hasRoom && shapes.admits(shape, this.modelOf[node] ?? -1);
  }

  /** Takes what the shape needs, from these GPUs. Throws where it is not there: a bug of the caller. */
  take(node: number, shapes: Shapes, shape: ShapeId, gpus: Mask): void {
    this.#move(node, shapes, shape, gpus, 1);
  }

  /** Gives back what `take` took. Throws where more would be left than the node has. */
  release(node: number, shapes: Shapes, shape: ShapeId, gpus: Mask): void {
    this.#move(node, shapes, shape, gpus, -1);
  }

  /** How many kinds of GPU requests run on the node. */
  kindCount(node: number): number {
    let count = 0;
    for (let kind = 0; kind <= gpuCountMax; kind++) if (this.#kindsAt(node, kind) > 0) count++;
    return count;
  }

  /** Whether a request of the shape's kind runs on the node. */
  holdsKindOf(node: number, shapes: Shapes, shape: ShapeId): boolean {
    return this.#kindsAt(node, kindOf(shapes, shape)) > 0;
  }

  /** How often `take` and `release` were called. */
  get changeCount(): number {
    return this.#changeCount;
  }

  /** The node of change number `change`; nothing where that is too long ago to be known. */
  changedAt(change: number): number | undefined {
    if (change >= this.#changeCount || change < this.#changeCount - this.#changes.length) return undefined;
    return this.#changes[change % this.#changes.length];
  }

  #sumByModel(value: (node: NodeCapacity) => number): Float64Array {
    const sums = new Float64Array(this.models.length);
    for (const [node, capacity] of this.capacities.entries()) {
      const model = this.modelOf[node] ?? 0;
      sums[model] = (sums[model] ?? 0) + value(capacity);
    }
    return sums;
  }

  #kindsAt(node: number, kind: number): number {
    return this.#kinds[node * (gpuCountMax + 1) + kind] ?? 0;
  }

  /** Everything is checked before anything changes. */
  #move(node: number, shapes: Shapes, shape: ShapeId, gpus: Mask, sign: 1 | -1): void {
    const cpuMilli = sign * (shapes.cpuMilli[shape] ?? 0);
    const { cpuMilli: cpuMost = 0, memoryMib: memoryMost = 0 } = this.capacities[node] ?? {};
    const cpuLeft = rest(this.cpuLeft[node], cpuMilli, cpuMost);
    const memoryLeft = rest(this.memoryLeft[node], sign * (shapes.memoryMib[shape] ?? 0), memoryMost);
    const gpusLeft = this.#gpusAfter(
      node,
      gpus,
      shapes.gpuCount[shape] ?? 0,
      sign * (shapes.gpuMilli[shape] ?? 0),
    );
    const model = this.modelOf[node] ?? 0;
    this.modelCpuLeft[model] = (this.modelCpuLeft[model] ?? 0) - cpuMilli;
    this.cpuLeft[node] = cpuLeft;
    this.memoryLeft[node] = memoryLeft;
    for (const [at, left] of gpusLeft) this.gpuLeft[at] = left;
    if (gpusLeft.length > 0) {
      const kind = node * (gpuCountMax + 1) + kindOf(shapes, shape);
      this.#kinds[kind] = (this.#kinds[kind] ?? 0) + sign;
    }
    this.#sumUp(node);
    this.#changes[this.#changeCount++ % this.#changes.length] = node;
  }

  #gpusAfter(node: number, gpus: Mask, count: number, gpuMilli: number): [at: number, left: number][] {
    const chosen = indexesOf(gpus);
    if (chosen.length !== count) throw new Error(`a request for ${count} GPUs was given ${chosen.length}`);
    const start = this.gpuStart[node] ?? 0;
    return chosen.map((gpu) => {
      if (gpu >= this.gpuCount(node)) throw new Error(`node \`${this.ids[node]}\` has no GPU ${gpu}`);
      return [start + gpu, rest(this.gpuLeft[start + gpu], gpuMilli, wholeGpuMilli)];
    });
  }

  #sumUp(node: number): void {
    let sum = 0;
    let most = 0;
    let whole = 0;
    for (let at = this.gpuStart[node] ?? 0; at < (this.gpuStart[node + 1] ?? 0); at++) {
      const left = this.gpuLeft[at] ?? 0;
      sum += left;
      if (left > most) most = left;
      if (left === wholeGpuMilli) whole++;
    }
    const model = this.modelOf[node] ?? 0;
    this.modelLeft[model] = (this.modelLeft[model] ?? 0) + sum - (this.gpuLeftSum[node] ?? 0);
    this.gpuLeftSum[node] = sum;
    this.gpuLeftMost[node] = most;
    this.wholeGpus[node] = whole;
  }
}

/** The smallest power of two that is at least `count`, and at least 1. */
export function powerOfTwo(count: number): number {
  let size = 1;
  while (size < count) size *= 2;
  return size;
}

function kindOf(shapes: Shapes, shape: ShapeId): number {
  return shapes.isShare(shape) ? 0 : (shapes.gpuCount[shape] ?? 0);
}

/** What is left after a taking (or, with a negative amount, a giving back). */
function rest(before = 0, amount = 0, most = 0): number {
  const after = before - amount;
  if (after < 0 || after > most) throw new Error(`of ${before} left, ${amount} cannot be taken`);
  return after;
}

function checked(node: NodeCapacity): NodeCapacity {
  const whole = [node.cpuMilli, node.memoryMib, node.gpuCount, node.rank].every(
    (value) => Number.isInteger(value) && value >= 0 && value < 2 ** 31,
  );
  if (!whole || node.gpuCount > gpuCountMax)
    throw new RangeError(`node \`${node.id}\` has no capacity that can be counted`);
  return node;
}

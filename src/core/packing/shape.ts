import { compareText } from '../../model/text.ts';

/** Thousandths of one whole GPU. */
export const wholeGpuMilli = 1000;

/** What a request takes of one node: CPUs, memory, and a share of one GPU or whole GPUs. */
export type Shape = {
  readonly cpuMilli: number;
  readonly memoryMib: number;
  readonly gpuCount: number;
  /** Of each GPU; below 1,000 only for a single GPU, 0 without GPUs. */
  readonly gpuMilli: number;
  /** GPU models that will do; empty for any. */
  readonly models: readonly string[];
};

/** The number of an interned shape. */
export type ShapeId = number;

/**
 * Request shapes by number. Equal shapes share a number; numbers are given in the order of first asking, and no
 * decision depends on them.
 */
export class Shapes {
  readonly cpuMilli: number[] = [];
  readonly memoryMib: number[] = [];
  readonly gpuCount: number[] = [];
  readonly gpuMilli: number[] = [];
  readonly #ids = new Map<string, ShapeId>();
  readonly #models: readonly string[];
  /** For each shape one flag a model: whether it will do. */
  readonly #admits: (readonly boolean[])[] = [];

  /** `models`: those of the fleet, by model number. */
  constructor(models: readonly string[]) {
    this.#models = models;
  }

  get count(): number {
    return this.cpuMilli.length;
  }

  /** Throws RangeError where the shape is none: fractions, negative numbers, a share of several GPUs. */
  idOf(shape: Shape): ShapeId {
    const key = shapeKey(shape);
    return this.#ids.get(key) ?? this.#add(key, checked(shape));
  }

  admits(shape: ShapeId, model: number): boolean {
    return this.#admits[shape]?.[model] === true;
  }

  isShare(shape: ShapeId): boolean {
    return this.gpuCount[shape] === 1 && (this.gpuMilli[shape] ?? 0) < wholeGpuMilli;
  }

  #add(key: string, shape: Shape): ShapeId {
    const id = this.count;
    this.#ids.set(key, id);
    this.cpuMilli.push(shape.cpuMilli);
    this.memoryMib.push(shape.memoryMib);
    this.gpuCount.push(shape.gpuCount);
    this.gpuMilli.push(shape.gpuMilli);
    this.#admits.push(this.#models.map((model) => admitsModel(shape, model)));
    return id;
  }
}

/** Equal for equal shapes, in whatever order the models stand. */
export function shapeKey({ cpuMilli, memoryMib, gpuCount, gpuMilli, models }: Shape): string {
  return JSON.stringify([cpuMilli, memoryMib, gpuCount, gpuMilli, ...new Set(models.toSorted(compareText))]);
}

export function admitsModel({ models }: Pick<Shape, 'models'>, model: string): boolean {
  return models.length === 0 || models.includes(model);
}

/** GPU milli that the request takes in all. */
export function gpuMilliOf({ gpuCount, gpuMilli }: Pick<Shape, 'gpuCount' | 'gpuMilli'>): number {
  return gpuCount * gpuMilli;
}

function checked(shape: Shape): Shape {
  const { cpuMilli, memoryMib, gpuCount, gpuMilli } = shape;
  const isWhole = [cpuMilli, memoryMib, gpuCount, gpuMilli].every(
    (value) => Number.isInteger(value) && value >= 0 && value < 2 ** 31,
  );
  const perGpu = gpuCount === 0 ? gpuMilli === 0 : gpuMilli > 0 && gpuMilli <= wholeGpuMilli;
  if (!isWhole || !perGpu || (gpuCount > 1 && gpuMilli !== wholeGpuMilli))
    throw new RangeError(`not a request shape: ${shapeKey(shape)}`);
  return shape;
}

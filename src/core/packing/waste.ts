import { admitsModel } from './shape.ts';
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
export class Waste {
  readonly #countTotal: number;
  readonly #wanted: readonly Wanted[];

  /** `models`: names by model number. */
  constructor(models: readonly string[], target: Target) {
    this.#countTotal = target.countTotal;
    this.#wanted = models.map((model) => wantedOn(target, model));
  }

  /** How many of the shapes wanted on a model so many CPUs would do for. */
  reach(model: number, cpuLeft: number): number {
    const cpuMilli = this.#wanted[model]?.cpuMilli;
    let low = 0;
    let high = cpuMilli?.length ?? 0;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((cpuMilli?.[middle] ?? 0) <= cpuLeft) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** All that is idle on a node's GPUs of a model counts, less what the first `reach` wanted shapes could use. */
  amount(model: number, reach: number, idle: Int16Array): number {
    const wanted = this.#wanted[model] ?? noneWanted;
    const count = idle.length;
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

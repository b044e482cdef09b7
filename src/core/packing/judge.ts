import { type Base, usualBase } from './bases.ts';
import { gradeOf, gradeSteps } from './grade.ts';
import { Pressure, type Supply } from './pressure.ts';
import { wholeGpuMilli } from './shape.ts';
import { Stranded } from './stranding.ts';
import type { Target } from './target.ts';
import { cpusCost, pointParts, scarceCost, strandedCostOf } from './thrifty.ts';
import { Waste } from './waste.ts';

/** What is left of a node: of its GPUs of one model, and of what goes with them. */
export type Left = {
  /** The number of the model in the supply. */
  readonly model: number;
  /** GPUs of which nothing is taken. */
  readonly wholeGpus: number;
  /** GPU milli left of each of the others that has any. */
  readonly parts: readonly number[];
  readonly cpuMilli: number;
  readonly memoryMib: number;
};

/** What is taken of one node: whole GPUs, or less than 1,000 milli of one. */
export type Taking = {
  readonly gpuCount: number;
  readonly gpuMilli: number;
  readonly cpuMilli: number;
  readonly memoryMib: number;
};

/** What is left of all nodes of each model, by model number. */
export type Scarcity = { readonly gpuMilli: Float64Array; readonly cpuMilli: Float64Array };

/** A score and what it comes from, in GPU milli; negative figures are gains. */
export type Judgement = {
  /** Hundredths of a point; more is better. */
  readonly score: number;
  /** By how much what the target could not use grows, on the mean over its requests; rounded down. */
  readonly wastedMilli: number;
  readonly strandedMilli: number;
};

/** What is remembered before all of it is forgotten. Nothing that is forgotten changes an answer. */
const gradientsMax = 100_000;
const partsMax = 10_000;

const base: Base = usualBase;

/**
 * The default policy on its usual base, asked about what is left of nodes instead of numbered nodes: the same scores as
 * `policyOn(usualBase, …)` gives, for whoever keeps capacity as intervals. Remembers gradients, which depend only on
 * the model, the GPUs left and the wanted shapes within reach of the CPUs, before and after.
 */
export class Judge {
  readonly #waste: Waste;
  readonly #stranded: Stranded;
  readonly #pressure: Pressure;
  readonly #steps: readonly number[];
  readonly #countTotal: number;
  readonly #idle = new Int16Array(32);
  #parts = new Map<string, number>();
  #gradients = new Map<number, number>();

  constructor(supply: Supply, target: Target) {
    this.#waste = new Waste(supply.models, target);
    this.#stranded = new Stranded(target);
    this.#pressure = new Pressure(supply, target);
    this.#steps = gradeSteps(target.countTotal);
    this.#countTotal = Math.max(1, target.countTotal);
  }

  /** How good it is to take this there; nothing where there is not so much left. */
  judge(left: Left, taking: Taking): Judgement | undefined {
    const cpuMilli = left.cpuMilli - taking.cpuMilli;
    const memoryMib = left.memoryMib - taking.memoryMib;
    if (cpuMilli < 0 || memoryMib < 0 || !hasGpus(left, taking)) return undefined;
    const gradient = this.#gradientOf(left, taking, cpuMilli);
    const gpuMilli = left.parts.reduce((sum, milli) => sum + milli, left.wholeGpus * wholeGpuMilli);
    const after = { gpuMilli: gpuMilli - taking.gpuCount * taking.gpuMilli, cpuMilli, memoryMib };
    const strandedMilli = this.#stranded.of(after) - this.#stranded.of({ ...left, gpuMilli });
    const cost = strandedCostOf(strandedMilli, base.weights?.strandedPoints ?? 0);
    return {
      score: gradeOf(gradient, this.#steps) * pointParts - cost,
      wastedMilli: Math.floor((0 - gradient) / this.#countTotal),
      strandedMilli,
    };
  }

  /** What taking GPUs (or CPUs alone) of a model costs while so much is left of the fleet: hundredths of a point. */
  modelCost(model: number, gpuCount: number, { gpuMilli, cpuMilli }: Scarcity): number {
    return gpuCount === 0
      ? cpusCost(this.#stranded.cpuMilliPerGpu, gpuMilli[model] ?? 0, cpuMilli[model] ?? 0)
      : scarceCost(this.#pressure.of(model, gpuMilli));
  }

  /** The GPU to take a share of, by number: of those with the best grade the first. Nothing where none has so much left. */
  bestGpu(left: Left, idle: readonly number[], taking: Taking): number | undefined {
    return this.bestGpus(left, idle, taking)[0];
  }

  /** All GPUs of the best grade, by number. `idle`: GPU milli left of each. None where none has so much left. */
  bestGpus(left: Left, idle: readonly number[], taking: Taking): readonly number[] {
    const reach = this.#waste.reach(left.model, left.cpuMilli - taking.cpuMilli);
    let best: number[] = [];
    let bestGrade = -1;
    for (const [gpu, milli] of idle.entries()) {
      if (milli < taking.gpuMilli) continue;
      const grade = gradeOf(this.#gradientOn(left, { milli, taking, reach }), this.#steps);
      if (grade > bestGrade) [best, bestGrade] = [[gpu], grade];
      else if (grade === bestGrade) best.push(gpu);
    }
    return best;
  }

  #gradientOf(left: Left, taking: Taking, cpuAfter: number): number {
    const reach = this.#waste.reach(left.model, cpuAfter);
    const key = this.#keyOf(left, taking, reach);
    const known = this.#gradients.get(key);
    if (known !== undefined) return known;
    const gradient = this.#gradient(left, taking, reach);
    if (Number.isSafeInteger(key)) this.#gradients.set(key, gradient);
    return gradient;
  }

  #gradient(left: Left, taking: Taking, reach: number): number {
    if (!isShare(taking)) return this.#before(left) - this.#after(left, { taking, reach });
    let best = -Infinity;
    for (const milli of new Set([...(left.wholeGpus > 0 ? [wholeGpuMilli] : []), ...left.parts]))
      if (milli >= taking.gpuMilli) best = Math.max(best, this.#gradientOn(left, { milli, taking, reach }));
    return best;
  }

  /** For a share of a GPU that has so many milli left. */
  #gradientOn(left: Left, on: { milli: number; taking: Taking; reach: number }): number {
    const before = this.#before(left);
    const at = on.milli === wholeGpuMilli ? 0 : left.wholeGpus + left.parts.indexOf(on.milli);
    const count = this.#fill(left, left.wholeGpus);
    this.#idle[at] = on.milli - on.taking.gpuMilli;
    return before - this.#waste.amount(left.model, on.reach, this.#idle.subarray(0, count));
  }

  #before(left: Left): number {
    const reach = this.#waste.reach(left.model, left.cpuMilli);
    const count = this.#fill(left, left.wholeGpus);
    return this.#waste.amount(left.model, reach, this.#idle.subarray(0, count));
  }

  #after(left: Left, { taking, reach }: { taking: Taking; reach: number }): number {
    const count = this.#fill(left, left.wholeGpus - taking.gpuCount);
    return this.#waste.amount(left.model, reach, this.#idle.subarray(0, count));
  }

  #fill({ parts }: Left, wholeGpus: number): number {
    this.#idle.fill(wholeGpuMilli, 0, wholeGpus);
    let count = wholeGpus;
    for (const milli of parts) this.#idle[count++] = milli;
    return count;
  }

  /** One number for everything that a gradient follows from; not a safe one in fleets of hundreds of models. */
  #keyOf(left: Left, { gpuCount, gpuMilli }: Taking, reachAfter: number): number {
    if (this.#gradients.size >= gradientsMax || this.#parts.size >= partsMax) {
      this.#gradients = new Map();
      this.#parts = new Map();
    }
    const before = this.#waste.reach(left.model, left.cpuMilli);
    const gpus = this.#numberOf(left.parts) * 33 + left.wholeGpus;
    const reaches = before * 65 + reachAfter;
    return (
      ((left.model * 33 * (partsMax + 1) + gpus) * 65 * 65 + reaches) * 33_033 + gpuCount * 1001 + gpuMilli
    );
  }

  #numberOf(parts: readonly number[]): number {
    if (parts.length === 0) return 0;
    const key = parts.toSorted((a, b) => a - b).join(' ');
    const number = this.#parts.get(key) ?? this.#parts.size + 1;
    this.#parts.set(key, number);
    return number;
  }
}

function isShare({ gpuCount, gpuMilli }: Taking): boolean {
  return gpuCount === 1 && gpuMilli < wholeGpuMilli;
}

function hasGpus({ wholeGpus, parts }: Left, taking: Taking): boolean {
  if (wholeGpus >= taking.gpuCount) return true;
  return isShare(taking) && parts.some((milli) => milli >= taking.gpuMilli);
}

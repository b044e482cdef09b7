import { wholeGpuMilli } from '../core/packing/shape.ts';

/** The mean of a figure, to so many parts of the unit, by percent requested. */
type Means = ReadonlyMap<number, number>;

/**
 * The published measure: requests are grouped by the percentage of the fleet's GPUs requested so far, rounded, and
 * each group has the mean of the share in use after its requests; and in the same way, of the power drawn.
 */
export class Columns {
  readonly #capacityMilli: number;
  readonly #sums = new Map<number, { used: bigint; watts: bigint; count: bigint }>();
  #requestedMilli = 0;
  #usedMilli = 0;

  constructor(gpuCount: number) {
    this.#capacityMilli = gpuCount * wholeGpuMilli;
  }

  get usedMilli(): number {
    return this.#usedMilli;
  }

  /** `watts`: what the whole fleet draws after the request. Gives the percentage that the request belongs to. */
  add(gpuMilli: number, isPlaced: boolean, watts = 0): number {
    this.#requestedMilli += gpuMilli;
    if (isPlaced) this.#usedMilli += gpuMilli;
    const percent = roundedRatio(100 * this.#requestedMilli, this.#capacityMilli);
    const sum = this.#sums.get(percent) ?? { used: 0n, watts: 0n, count: 0n };
    sum.used += BigInt(this.#usedMilli);
    sum.watts += BigInt(watts);
    sum.count++;
    this.#sums.set(percent, sum);
    return percent;
  }

  /** Hundredths of a percent in use. */
  means(): Means {
    const capacity = BigInt(Math.max(1, this.#capacityMilli));
    return this.#each(({ used, count }) => roundedMean(10_000n * used, capacity * count));
  }

  /** Whole watts. */
  watts(): Means {
    return this.#each(({ watts, count }) => roundedMean(watts, count));
  }

  #each(mean: (sum: { used: bigint; watts: bigint; count: bigint }) => number): Means {
    return new Map([...this.#sums].map(([percent, sum]) => [percent, mean(sum)]));
  }
}

/** above / below, halves up; 0 for a fleet without GPUs. */
function roundedRatio(above: number, below: number): number {
  return below === 0 ? 0 : Math.floor((2 * above + below) / (2 * below));
}

function roundedMean(above: bigint, below: bigint): number {
  return Number((2n * above + below) / (2n * below));
}

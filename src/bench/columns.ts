import { wholeGpuMilli } from '../core/packing/shape.ts';

/**
 * The published measure: requests are grouped by the percentage of the fleet's GPUs requested so far, rounded, and
 * each group has the mean of the share in use after its requests.
 */
export class Columns {
  readonly #capacityMilli: number;
  readonly #sums = new Map<number, { used: number; count: number }>();
  #requestedMilli = 0;
  #usedMilli = 0;

  constructor(gpuCount: number) {
    this.#capacityMilli = gpuCount * wholeGpuMilli;
  }

  get usedMilli(): number {
    return this.#usedMilli;
  }

  add(gpuMilli: number, isPlaced: boolean): void {
    this.#requestedMilli += gpuMilli;
    if (isPlaced) this.#usedMilli += gpuMilli;
    const percent = roundedRatio(100 * this.#requestedMilli, this.#capacityMilli);
    const sum = this.#sums.get(percent) ?? { used: 0, count: 0 };
    this.#sums.set(percent, { used: sum.used + this.#usedMilli, count: sum.count + 1 });
  }

  /** Hundredths of a percent in use, by percent requested. */
  means(): Map<number, number> {
    const mean = ({ used, count }: { used: number; count: number }) =>
      Number(
        (2n * 10_000n * BigInt(used) + BigInt(this.#capacityMilli * count)) /
          BigInt(2 * this.#capacityMilli * count),
      );
    return new Map([...this.#sums].map(([percent, sum]) => [percent, mean(sum)]));
  }
}

/** above / below, halves up; 0 for a fleet without GPUs. */
function roundedRatio(above: number, below: number): number {
  return below === 0 ? 0 : Math.floor((2 * above + below) / (2 * below));
}

const blockBits = 8;
const blockSize = 1 << blockBits;

/**
 * Numbers by an index, of which mostly few are ever asked for: kept in blocks that are made when something is first
 * put into them. Not a number where nothing was.
 */
export class Blocks {
  readonly #blocks: (Float64Array | undefined)[] = [];

  get(at: number): number {
    return this.#blocks[at >> blockBits]?.[at & (blockSize - 1)] ?? NaN;
  }

  set(at: number, value: number): void {
    const block = (this.#blocks[at >> blockBits] ??= new Float64Array(blockSize).fill(NaN));
    block[at & (blockSize - 1)] = value;
  }
}

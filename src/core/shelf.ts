/** How many values share one chunk: what a change copies. */
const chunkSize = 256;

/**
 * An immutable list whose versions share what did not change: adding or replacing one value copies one chunk
 * and the list of chunks, not the values. Holds what grows with the ledger.
 */
export class Shelf<T> {
  readonly size: number;
  readonly #chunks: readonly (readonly T[])[];

  private constructor(chunks: readonly (readonly T[])[], size: number) {
    this.#chunks = chunks;
    this.size = size;
  }

  static empty<T>(): Shelf<T> {
    return new Shelf<T>([], 0);
  }

  at(index: number): T | undefined {
    return this.#chunks[Math.floor(index / chunkSize)]?.[index % chunkSize];
  }

  with(index: number, value: T): Shelf<T> {
    if (index < 0 || index > this.size) throw new RangeError(`no place ${index} on a shelf of ${this.size}`);
    const at = Math.floor(index / chunkSize);
    const chunk = [...(this.#chunks[at] ?? [])];
    chunk[index % chunkSize] = value;
    const chunks = [...this.#chunks];
    chunks[at] = chunk;
    return new Shelf(chunks, Math.max(this.size, index + 1));
  }

  *[Symbol.iterator](): Generator<T> {
    for (const chunk of this.#chunks) yield* chunk;
  }
}

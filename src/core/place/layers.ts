/** A map that can be written over another one without touching it: a copy that costs nothing until it is written. */
export class Layers<K, V> {
  readonly #own = new Map<K, V>();
  readonly #below: Layers<K, V> | undefined;

  /** `below` must stay as it is while this one is in use. */
  constructor(below?: Layers<K, V>) {
    this.#below = below;
  }

  get(key: K): V | undefined {
    return this.#own.get(key) ?? this.#below?.get(key);
  }

  /** Whether nothing was written, here or below. */
  get isEmpty(): boolean {
    return this.#own.size === 0 && (this.#below?.isEmpty ?? true);
  }

  /** Everything that was written over what is below. */
  own(): ReadonlyMap<K, V> {
    return this.#own;
  }

  set(key: K, value: V): void {
    this.#own.set(key, value);
  }
}

import type { Hopeful } from '../index/starts.ts';

/** Starts that wait to be tried, earliest first, each with the places that may hold the gang then. */
export class Agenda {
  /** In order, each once. */
  readonly #starts: number[] = [];
  readonly #found = new Map<number, Hopeful[]>();

  add(startMs: number, found: Hopeful): void {
    const known = this.#found.get(startMs);
    if (known !== undefined) {
      known.push(found);
      return;
    }
    this.#found.set(startMs, [found]);
    this.#starts.splice(this.#placeOf(startMs), 0, startMs);
  }

  /** Takes the earliest off that lies before an instant. */
  next(beforeMs: number): { readonly startMs: number; readonly found: readonly Hopeful[] } | undefined {
    const [startMs] = this.#starts;
    if (startMs === undefined || startMs >= beforeMs) return undefined;
    const found = this.#found.get(startMs) ?? [];
    this.#starts.shift();
    this.#found.delete(startMs);
    return { startMs, found };
  }

  #placeOf(startMs: number): number {
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#starts[middle] ?? 0) < startMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

import type { Path } from '../../model/id.ts';
import type { Measurement, Quantity } from '../../model/measurement.ts';
import { isEnough, type Glance } from './windows.ts';

/** A measurement to look things up in: what fell before the contract's devices were its own is not looked at. */
export class Lens {
  readonly #values = new Map<string, readonly (number | null)[]>();
  readonly #why = new Map<string, string>();
  /** Numbers of the windows, oldest first. */
  readonly windows: readonly number[];
  readonly #isOwn: readonly boolean[];

  constructor({ series, untilMs, windowS, windowCount }: Measurement, sinceMs: number) {
    for (const { of, quantity, values, why } of series) {
      this.#values.set(`${of} ${quantity}`, values);
      if (why !== undefined) this.#why.set(`${of} ${quantity}`, why);
    }
    this.windows = Array.from({ length: windowCount }, (_, at) => at);
    this.#isOwn = this.windows.map((at) => untilMs - (windowCount - at) * windowS * 1000 >= sinceMs);
  }

  at(of: string, quantity: Quantity, window: number): number | undefined {
    const value = this.#isOwn[window] === true ? this.#values.get(`${of} ${quantity}`)?.[window] : null;
    return value ?? undefined;
  }

  why(of: string, quantity: Quantity): string | undefined {
    return this.#why.get(`${of} ${quantity}`);
  }

  /** What each window shows of faults: one breaks it, and all places have to be known where none does. */
  faults(places: readonly Path[], quantity: Quantity): readonly Glance[] {
    return this.windows.map((window) => {
      const values = places.map((place) => this.at(place, quantity, window));
      if (values.some((value) => (value ?? 0) > 0)) return 'broken';
      return places.length > 0 && values.every((value) => value === 0) ? 'kept' : undefined;
    });
  }

  /** The places that show a fault for long enough; where none does so alone, all that show it at all. */
  faulty(places: readonly Path[], quantity: Quantity): readonly Path[] {
    const counted = places.map((place) => ({
      place,
      count: this.windows.filter((window) => (this.at(place, quantity, window) ?? 0) > 0).length,
    }));
    const lasting = counted.filter(({ count }) => isEnough(count));
    return (lasting.length > 0 ? lasting : counted.filter(({ count }) => count > 0)).map(
      ({ place }) => place,
    );
  }

  /** The highest of all windows; nothing where there is no value. */
  highest(sums: readonly (number | undefined)[]): number | undefined {
    const known = sums.flatMap((sum) => sum ?? []);
    return known.length === 0 ? undefined : known.reduce((most, value) => Math.max(most, value));
  }
}

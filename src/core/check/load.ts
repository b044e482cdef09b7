/** What is held of something from `startMs` up to, not including, `endMs`. */
type Piece = { readonly startMs: number; readonly endMs: number; readonly powerW: number };

/** A piece is entered in the finest row of which it touches at most so many steps: about 70 minutes, 3 days, 199 days. */
const stepLimit = 64;
const stepsMs = [2 ** 22, 2 ** 28, 2 ** 34] as const;

/**
 * Watts by time, never too few: time is cut into steps, and a step counts everything that is held at some time in it.
 * Pieces come and go in any order, at the cost of the steps they touch. What is too long for all rows counts always.
 */
export class Load {
  readonly #rows = stepsMs.map((stepMs) => new Row(stepMs));
  #alwaysW = 0;

  add(piece: Piece): void {
    this.#change(piece, piece.powerW);
  }

  /** Takes off what was added before. */
  remove(piece: Piece): void {
    this.#change(piece, -piece.powerW);
  }

  /** No less than the most that is held at one instant of [startMs, endMs). */
  atMostW(startMs: number, endMs: number): number {
    return this.#rows.reduce((sum, row) => sum + row.highestW(startMs, endMs), this.#alwaysW);
  }

  #change(piece: Piece, byW: number): void {
    if (byW === 0 || piece.endMs <= piece.startMs) return;
    const row = this.#rows.find((each) => each.stepsOf(piece) <= stepLimit);
    if (row === undefined) this.#alwaysW += byW;
    else row.change(piece, byW);
  }
}

/** Steps of one length, of which those are kept that are not empty. */
class Row {
  readonly #stepMs: number;
  readonly #watts = new Map<number, number>();

  constructor(stepMs: number) {
    this.#stepMs = stepMs;
  }

  stepsOf({ startMs, endMs }: Piece): number {
    return this.#last(endMs) - this.#first(startMs) + 1;
  }

  change({ startMs, endMs }: Piece, byW: number): void {
    const last = this.#last(endMs);
    for (let step = this.#first(startMs); step <= last; step++) {
      const watts = (this.#watts.get(step) ?? 0) + byW;
      if (watts === 0) this.#watts.delete(step);
      else this.#watts.set(step, watts);
    }
  }

  highestW(startMs: number, endMs: number): number {
    const [first, last] = [this.#first(startMs), this.#last(endMs)];
    let highest = 0;
    if (last - first < this.#watts.size)
      for (let step = first; step <= last; step++) highest = Math.max(highest, this.#watts.get(step) ?? 0);
    else
      for (const [step, watts] of this.#watts)
        if (step >= first && step <= last) highest = Math.max(highest, watts);
    return highest;
  }

  #first(startMs: number): number {
    return Math.floor(startMs / this.#stepMs);
  }

  /** The step of the last millisecond before an end. */
  #last(endMs: number): number {
    return Math.ceil(endMs / this.#stepMs) - 1;
  }
}

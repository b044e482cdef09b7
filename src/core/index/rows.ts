import type { Hold } from '../calendar/calendar.ts';
import { type Mask, maskOf } from '../mask.ts';

/** Numbers of one hold: its start, its end, its GPUs and its watts. */
const width = 4;

/**
 * What nearly every reading asks of a hold, side by side in memory: a node's holds are read at random times, and what
 * lies in four places has to be fetched four times.
 */
export type Rows = Float64Array;

/** Room for so many holds. */
export function makeRows(count: number): Rows {
  return new Float64Array(width * count);
}

/** So many holds as fit into rows. */
export function sizeOfRows(rows: Rows): number {
  return rows.length / width;
}

export function putRow(rows: Rows, at: number, hold: Hold): void {
  const first = at * width;
  rows[first] = hold.startMs;
  rows[first + 1] = hold.endMs;
  rows[first + 2] = touched(hold);
  rows[first + 3] = hold.powerW;
}

/** Puts the rows in [from, to) of others into rows, from `at` on. */
export function copyRows(
  rows: Rows,
  at: number,
  others: Rows,
  { from, to }: { readonly from: number; readonly to: number },
): void {
  rows.set(others.subarray(from * width, to * width), at * width);
}

export function startAt(rows: Rows, at: number): number {
  return rows[at * width] ?? 0;
}

export function endAt(rows: Rows, at: number): number {
  return rows[at * width + 1] ?? 0;
}

/** GPUs that are not whole any more for others: those held, and those of which slices are held. */
export function gpusAt(rows: Rows, at: number): Mask {
  return rows[at * width + 2] ?? 0;
}

export function wattsAt(rows: Rows, at: number): number {
  return rows[at * width + 3] ?? 0;
}

function touched({ gpus, slices = [] }: Hold): Mask {
  return (gpus | maskOf(slices.map(({ gpu }) => gpu))) >>> 0;
}

import { copyRows, makeRows, type Rows, sizeOfRows } from './rows.ts';

/** Numbers of holds, a column for each thing that is asked of them. What nearly every reading asks stands in rows. */
export type Columns = {
  readonly rows: Rows;
  readonly cpus: Float64Array;
  readonly memories: Float64Array;
  /** Numbers of the contracts that hold; -1 for what else does. */
  readonly holders: Int32Array;
  /** Numbers of the tenants that hold, in the order in which they came up; -1 for nobody. */
  readonly tenants: Int32Array;
  /** What they close to other tenants: the number of a level, see `levelOf`. */
  readonly alone: Uint8Array;
  /** When the last of a node's holds up to here ends: everything before the first that reaches on is over by then. */
  readonly reach: Float64Array;
};

/** Room for so many holds. */
export function makeColumns(count: number): Columns {
  return {
    rows: makeRows(count),
    cpus: new Float64Array(count),
    memories: new Float64Array(count),
    holders: new Int32Array(count),
    tenants: new Int32Array(count),
    alone: new Uint8Array(count),
    reach: new Float64Array(count),
  };
}

/** So many holds as fit. */
export function sizeOfColumns({ rows }: Columns): number {
  return sizeOfRows(rows);
}

/** Puts the holds in [from, to) of other columns here, from `at` on. */
export function copyColumns(
  columns: Columns,
  at: number,
  others: Columns,
  { from, to }: { readonly from: number; readonly to: number },
): void {
  copyRows(columns.rows, at, others.rows, { from, to });
  columns.cpus.set(others.cpus.subarray(from, to), at);
  columns.memories.set(others.memories.subarray(from, to), at);
  columns.holders.set(others.holders.subarray(from, to), at);
  columns.tenants.set(others.tenants.subarray(from, to), at);
  columns.alone.set(others.alone.subarray(from, to), at);
  columns.reach.set(others.reach.subarray(from, to), at);
}

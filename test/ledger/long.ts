/**
 * How often something is tried: a little in every check, and as often as the goals ask for with
 * `BERTH_LONG=1 vitest run test/ledger`, which takes about half an hour.
 */
export function runs(short: number, long: number): number {
  return process.env['BERTH_LONG'] === '1' ? long : short;
}

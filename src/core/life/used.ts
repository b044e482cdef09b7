import type { Contract } from '../../model/contract.ts';
import type { Demand } from '../../model/demand.ts';
import type { Placement, Price } from '../../model/placement.ts';
import { costOf } from '../price.ts';

/** Micro-euros that a contract has cost by `atMs`: each price from its start to the change that ended it. */
export function usedMicroEur({ price, placement, earlier = [] }: Contract, atMs: number): number {
  let untilMs = atMs;
  let used = usedSince(price, placement, untilMs);
  for (const before of earlier.toReversed()) {
    untilMs = Math.min(untilMs, before.untilMs);
    used += usedSince(before.price, before.placement, untilMs);
  }
  return used;
}

/** Price of the time from the start to `untilMs`; nothing before the start. Started seconds count. */
function usedSince({ microEurPerHour }: Price, { startMs }: Placement, untilMs: number): number {
  if (microEurPerHour === undefined || untilMs <= startMs) return 0;
  return costOf(microEurPerHour, Math.ceil((untilMs - startMs) / 1000));
}

/** The budget for what is left of a contract at `atMs`: what has been used counts against that for the whole. */
export function budgetLeft(
  { demand: { budget }, price, placement }: Contract,
  atMs: number,
): Pick<Demand, 'budget'> {
  if (budget?.totalMicroEur === undefined) return {};
  const used = usedSince(price, placement, atMs);
  return { budget: { ...budget, totalMicroEur: Math.max(0, budget.totalMicroEur - used) } };
}

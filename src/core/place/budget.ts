import type { Demand } from '../../model/demand.ts';
import type { Price } from '../../model/placement.ts';
import { dayMs } from '../../model/unit.ts';
import { costOf } from '../price.ts';

/** Whether a price is known to be within everything that the budget of a demand limits. */
export function withinBudget(price: Price, { budget }: Demand): boolean {
  if (budget === undefined) return true;
  const { totalMicroEur, microEurPerHour } = price;
  if (
    budget.totalMicroEur !== undefined &&
    !(totalMicroEur !== undefined && totalMicroEur <= budget.totalMicroEur)
  )
    return false;
  const day = microEurPerHour === undefined ? undefined : perDay(microEurPerHour);
  return budget.microEurPerDay === undefined || (day !== undefined && day <= budget.microEurPerDay);
}

/** Micro-euros a day at an hourly price. */
export function perDay(microEurPerHour: number): number {
  return costOf(microEurPerHour, dayMs / 1000);
}

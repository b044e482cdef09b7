import type { Budget, Demand, DemandRequest } from '../model/demand.ts';
import { BerthError } from '../model/error.ts';
import { instantMs } from './zone.ts';

/** The demand that a request means: instants in milliseconds, money in micro-euros. Throws INVALID_INPUT. */
export function toDemand({ window, budget, ...rest }: DemandRequest): Demand {
  const latestStartMs = optionalMs(window.latestStart, 'latestStart');
  const deadlineMs = optionalMs(window.deadline, 'deadline');
  return {
    ...rest,
    ...(budget === undefined ? {} : { budget: toBudget(budget) }),
    window: {
      earliestStartMs: instantMs(window.earliestStart, 'demand.window.earliestStart'),
      ...(latestStartMs === undefined ? {} : { latestStartMs }),
      ...(deadlineMs === undefined ? {} : { deadlineMs }),
      ...(window.durationS === undefined ? {} : { durationS: window.durationS }),
    },
  };
}

function optionalMs(text: string | undefined, field: string): number | undefined {
  return text === undefined ? undefined : instantMs(text, `demand.window.${field}`);
}

function toBudget(budget: NonNullable<DemandRequest['budget']>): Budget {
  return {
    ...(budget.totalEur === undefined ? {} : { totalMicroEur: microEur(budget.totalEur, 'totalEur') }),
    ...(budget.eurPerDay === undefined ? {} : { microEurPerDay: microEur(budget.eurPerDay, 'eurPerDay') }),
  };
}

/** Exact for up to six decimals; more is refused instead of rounded. */
function microEur(eur: number, field: string): number {
  const micro = Math.round(eur * 1_000_000);
  if (Number.isSafeInteger(micro) && Math.abs(micro / 1_000_000 - eur) < 1e-9) return micro;
  throw new BerthError({
    code: 'INVALID_INPUT',
    message: `\`${eur}\` in \`demand.budget.${field}\` has more than six decimals`,
    fix: 'write euros with at most six decimals',
    field: `demand.budget.${field}`,
  });
}

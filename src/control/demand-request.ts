import type { Budget, Demand, DemandRequest } from '../model/demand.ts';
import { BerthError } from '../model/error.ts';
import { AtMs } from '../model/unit.ts';
import { instantMs, isoIn } from './zone.ts';

/** The demand that a request means: instants in milliseconds, money in micro-euros. Throws INVALID_INPUT. */
export function toDemand({ window, budget, ...rest }: DemandRequest): Demand {
  const latestStartMs = optionalMs(window.latestStart, 'latestStart');
  const deadlineMs = optionalMs(window.deadline, 'deadline');
  const earliestStartMs = instantMs(window.earliestStart, 'demand.window.earliestStart');
  const lastEndMs =
    Math.max(latestStartMs ?? earliestStartMs, earliestStartMs) + (window.durationS ?? 0) * 1000;
  if (!AtMs.safeParse(lastEndMs).success) throw endless();
  return {
    ...rest,
    ...(budget === undefined ? {} : { budget: toBudget(budget) }),
    window: {
      earliestStartMs,
      ...(latestStartMs === undefined ? {} : { latestStartMs }),
      ...(deadlineMs === undefined ? {} : { deadlineMs }),
      ...(window.durationS === undefined ? {} : { durationS: window.durationS }),
    },
  };
}

function optionalMs(text: string | undefined, field: string): number | undefined {
  return text === undefined ? undefined : instantMs(text, `demand.window.${field}`);
}

/** The request that asks for exactly this demand, with instants in a time zone. */
export function toDemandRequest({ window, budget, ...rest }: Demand, zone: string): DemandRequest {
  const { earliestStartMs, latestStartMs, deadlineMs, durationS } = window;
  return {
    ...rest,
    ...(budget === undefined ? {} : { budget: inEuros(budget) }),
    window: {
      earliestStart: isoIn(earliestStartMs, zone),
      ...(latestStartMs === undefined ? {} : { latestStart: isoIn(latestStartMs, zone) }),
      ...(deadlineMs === undefined ? {} : { deadline: isoIn(deadlineMs, zone) }),
      ...(durationS === undefined ? {} : { durationS }),
    },
  };
}

function inEuros({ totalMicroEur, microEurPerDay }: Budget): NonNullable<DemandRequest['budget']> {
  return {
    ...(totalMicroEur === undefined ? {} : { totalEur: totalMicroEur / 1_000_000 }),
    ...(microEurPerDay === undefined ? {} : { eurPerDay: microEurPerDay / 1_000_000 }),
  };
}

/** An end that no instant can carry would make a plan that nobody can read back. */
function endless(): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: 'the window in `demand.window` may end after 2199',
    fix: 'start earlier, or make `durationS` shorter',
    field: 'demand.window.durationS',
  });
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
  if (Number.isSafeInteger(micro) && micro / 1_000_000 === eur) return micro;
  throw new BerthError({
    code: 'INVALID_INPUT',
    message: `\`${eur}\` in \`demand.budget.${field}\` has more than six decimals`,
    fix: 'write euros with at most six decimals',
    field: `demand.budget.${field}`,
  });
}

import type { Demand } from '../../model/demand.ts';
import type { Plan, PlanAnswer } from '../../model/plan.ts';
import type { Given } from '../given.ts';
import { graceMs } from '../place/start-range.ts';
import { plan } from '../plan.ts';
import type { State } from '../state.ts';
import { planChangeTo } from './change.ts';

/** Makes a plan again, as whatever it was: on the state that it was made on it comes out the same, byte for byte. */
export function replan(state: State, given: Given, made: Pick<Plan, 'demand' | 'changes'>): PlanAnswer {
  const { changes, demand } = made;
  return changes === undefined
    ? plan(state, given, demand)
    : planChangeTo(state, given, { contract: changes.contract, demand, moves: changes.moves });
}

/**
 * What a plan asked for, asked at `atMs`. A window whose only start has passed begins now: with its length for what
 * is new, up to its end for what changes a contract. Nothing when that is over.
 */
export function renewed(
  { demand, changes }: Pick<Plan, 'demand' | 'changes'>,
  atMs: number,
): Demand | undefined {
  const { earliestStartMs, latestStartMs, deadlineMs, durationS } = demand.window;
  const isFixed = latestStartMs === undefined && deadlineMs === undefined;
  if (!isFixed || earliestStartMs >= atMs - graceMs) return demand;
  if (changes === undefined || durationS === undefined)
    return { ...demand, window: { ...demand.window, earliestStartMs: atMs } };
  const endMs = earliestStartMs + durationS * 1000;
  const leftS = Math.floor((endMs - atMs) / 1000);
  if (leftS < 1) return undefined;
  return { ...demand, window: { earliestStartMs: endMs - leftS * 1000, durationS: leftS } };
}

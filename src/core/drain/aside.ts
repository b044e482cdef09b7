import type { Placement } from '../../model/placement.ts';
import { dayMs } from '../../model/unit.ts';
import { costOf } from '../price.ts';
import type { Rest } from '../reclaim/movable.ts';
import { placedAs } from '../reclaim/relocate.ts';
import { repairFor } from '../reclaim/repair.ts';
import type { Judge } from '../simulate/edit.ts';
import { brokenBy, lifted, type Remainder, resettled } from '../simulate/remainder.ts';
import type { State } from '../state.ts';

/** Others that go first, and where what was stuck then stands. */
export type Aside = {
  readonly moves: readonly { readonly rest: Rest; readonly placement: Placement }[];
  readonly placement: Placement;
  readonly state: State;
};

/**
 * Room for a remainder that finds none, by at most three moves of contracts that may move (see `repairFor`). `state`
 * does not hold it. Nothing where no such moves make room on its own terms.
 */
export function movedAsideFor(
  state: State,
  remainder: Remainder,
  {
    judge,
    atMs,
    capMicroEurPerHour,
  }: { readonly judge: Judge; readonly atMs: number; readonly capMicroEurPerHour?: number | undefined },
): Aside | undefined {
  const { startMs } = remainder.placement;
  const cap =
    capMicroEurPerHour === undefined
      ? {}
      : { budget: { microEurPerDay: costOf(capMicroEurPerHour, dayMs / 1000) } };
  const demand = { ...remainder.demand, ...cap };
  const found = repairFor(state, judge(state, demand), { demand, startMs, atMs });
  if (found === undefined) return undefined;
  let now = state;
  const moves = found.moves.map(({ rest, seats }) => {
    const freed = lifted(now, rest);
    const placement = placedAs(freed, rest, seats);
    now = resettled(freed, rest, placement);
    return { rest, placement };
  });
  const { members, spares, bandwidth } = found.best;
  const { spares: _spares, bandwidth: _bandwidth, ...when } = remainder.placement;
  const placement: Placement = {
    ...when,
    members: [...members],
    ...(spares.length === 0 ? {} : { spares: [...spares] }),
    ...(bandwidth.length === 0 ? {} : { bandwidth: [...bandwidth] }),
  };
  if (brokenBy(now, remainder, placement, judge).length > 0) return undefined;
  return { moves, placement, state: resettled(now, remainder, placement) };
}

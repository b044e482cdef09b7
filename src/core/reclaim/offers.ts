import type { Contract } from '../../model/contract.ts';
import { type Member, seatsOf } from '../../model/placement.ts';
import type { Plan } from '../../model/plan.ts';
import { givenUpForChange, withHolding } from '../calendar/holding.ts';
import { check } from '../check.ts';
import { editedDemand, planChangeTo } from '../life/change.ts';
import { differenceOf } from '../life/moves.ts';
import type { Judge } from '../simulate/edit.ts';
import { contractOf, type State } from '../state.ts';

/** A contract, and where its replicas and spares shall stand. */
export type Wanted = { readonly contract: Contract['id']; readonly seats: readonly Member[] };

export type Offered = { readonly contract: Contract['id']; readonly plan?: Plan };

/**
 * Moves of several contracts as plans that change them, in the order in which they can be committed. Each is made on the
 * state as it is, so that a replay finds it again, and was audited on what the plans before it leave behind. A move that
 * needs another one first has none yet: it is to be had once those before it are committed.
 */
export function movesAsPlans(
  state: State,
  wanted: readonly Wanted[],
  { atMs, judge }: { readonly atMs: number; readonly judge: Judge },
): readonly Offered[] {
  let now = state;
  return wanted.map(({ contract: id, seats }) => {
    const plan = planFor(state, { id, seats, atMs, judge });
    const after = plan === undefined ? undefined : standingAfter(now, plan, judge);
    if (plan === undefined || after === undefined) return { contract: id };
    now = after;
    return { contract: id, plan };
  });
}

function planFor(
  state: State,
  {
    id,
    seats,
    atMs,
    judge,
  }: {
    readonly id: Contract['id'];
    readonly seats: readonly Member[];
    readonly atMs: number;
    readonly judge: Judge;
  },
): Plan | undefined {
  const contract = contractOf(state, id);
  const edited = contract === undefined ? undefined : editedDemand(contract, {}, atMs);
  if (contract === undefined || edited?.kind !== 'demand') return undefined;
  const { demand } = edited;
  const moves = movesTo(contract, seats);
  if (moves.length === 0) return undefined;
  const answer = planChangeTo(
    state,
    { atMs, verdict: judge(state, demand) },
    { contract: id, demand, moves },
  );
  if (answer.kind === 'refused') return undefined;
  const { microEurPerHour: before } = contract.price;
  const isDearer = before !== undefined && (answer.plan.price.microEurPerHour ?? Infinity) > before;
  return isDearer ? undefined : answer.plan;
}

/** The seats that are on other devices than they were. */
function movesTo({ placement }: Contract, seats: readonly Member[]): readonly Member[] {
  return differenceOf(seatsOf(placement), seats).move.map(({ to }) => to);
}

/** The state once a plan was committed on another one than it was made on; nothing where it would be refused there. */
function standingAfter(now: State, { changes, demand, placement }: Plan, judge: Judge): State | undefined {
  const contract = changes === undefined ? undefined : contractOf(now, changes.contract);
  if (contract === undefined) return undefined;
  const freed = givenUpForChange(now, contract, placement.startMs);
  if (check(freed, demand, judge(now, demand), placement).length > 0) return undefined;
  return withHolding(freed, { ...contract, demand, placement });
}

import { beginOf, type Contract } from '../../model/contract.ts';
import type { ContractId, PlanId } from '../../model/id.ts';
import type { Plan } from '../../model/plan.ts';
import { givenUp, givenUpForChange, withoutHolding } from '../calendar/holding.ts';
import { contractOf, type State } from '../state.ts';
import { withShrunk } from './shrink.ts';

/**
 * The state that a plan is made and checked on: without the hold of its own lease, and without what the contracts
 * that it changes, preempts or shrinks hold, or lose, from the moment on at which it takes over.
 */
export function trialOf(
  state: State,
  { id, plan, atMs }: { readonly id: PlanId; readonly plan: Plan; readonly atMs: number },
): State {
  const lease = state.leases.get(id);
  const freed = lease === undefined ? state : withoutHolding(state, { ...lease, id }, 0);
  const { startMs } = plan.placement;
  const changed = plan.changes === undefined ? undefined : contractOf(freed, plan.changes.contract);
  const own =
    changed === undefined ? freed : givenUpForChange(freed, changed, takeoverMs(changed, startMs, atMs));
  const ended = givenUp(own, contractsOf(own, plan.preempts ?? []), startMs);
  return withShrunk(ended, shrinksOf(ended, plan), startMs) ?? ended;
}

/**
 * When a change of a contract takes over, if what comes next begins at `startMs`: then, for what it holds already;
 * at its own start at the latest, for what it does not hold yet.
 */
export function takeoverMs({ placement }: Contract, startMs: number, atMs: number): number {
  return placement.startMs <= atMs ? startMs : Math.min(startMs, placement.startMs);
}

/** How late a running contract may be changed without a gap in which it holds nothing. */
export function seamlessUntilMs(contract: Contract, atMs: number): number {
  if (beginOf(contract) > atMs) return Infinity;
  const { startMs, endMs = Infinity } = contract.placement;
  return startMs <= atMs ? endMs : startMs;
}

/** The contracts of which a plan takes extras, with what it leaves them. */
function shrinksOf(state: State, { shrinks = [] }: Plan) {
  return shrinks.flatMap(({ contract: id, left }) => {
    const contract = contractOf(state, id);
    return contract === undefined ? [] : [{ contract, left }];
  });
}

function contractsOf(state: State, ids: readonly ContractId[]): readonly Contract[] {
  return ids.flatMap((id) => contractOf(state, id) ?? []);
}

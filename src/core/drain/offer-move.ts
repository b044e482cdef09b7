import type { Path } from '../../model/id.ts';
import type { Plan } from '../../model/plan.ts';
import { editedDemand, planChangeTo } from '../life/change.ts';
import type { Judge } from '../simulate/edit.ts';
import type { Remainder } from '../simulate/remainder.ts';
import { contractOf, type State } from '../state.ts';

/** A demand avoids at most so many places. */
const avoidLimit = 64;

/**
 * A move off these nodes as a plan that changes the contract, made on the state as it is: committing it needs nothing
 * that this drain imagined, and a replay finds it again. Nothing where no such plan is to be had.
 */
export function offerMove(
  state: State,
  { contract, demand: { window } }: Remainder,
  { nodes, atMs, judge }: { readonly nodes: readonly Path[]; readonly atMs: number; readonly judge: Judge },
): Plan | undefined {
  // What a change is to take over from is past as soon as it is changed again.
  if (contractOf(state, contract.id)?.placement !== contract.placement) return undefined;
  const edited = editedDemand(contract, { avoid: nodes }, window.earliestStartMs);
  if (edited.kind === 'refused' || (edited.demand.avoid ?? []).length > avoidLimit) return undefined;
  const demand = { ...edited.demand, window };
  const answer = planChangeTo(
    state,
    { atMs, verdict: judge(state, demand) },
    { contract: contract.id, demand },
  );
  return answer.kind === 'planned' ? answer.plan : undefined;
}

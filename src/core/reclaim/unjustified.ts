import type { PlanId } from '../../model/id.ts';
import type { Plan } from '../../model/plan.ts';
import type { PolicyVerdict } from '../../model/policy.ts';
import { check } from '../check.ts';
import { trialOf } from '../life/trial.ts';
import type { State } from '../state.ts';

/**
 * Why contracts may not end for a plan, whoever made it: its demand does not allow it, or one of them does not stand
 * in its way, in that the auditor passes the placement with that one left in peace. `state` still holds them.
 */
export function* unjustified(
  state: State,
  {
    id,
    plan,
    verdict,
    atMs,
  }: { readonly id: PlanId; readonly plan: Plan; readonly verdict: PolicyVerdict; readonly atMs: number },
): Generator<string> {
  const { demand, placement, preempts = [] } = plan;
  if (preempts.length === 0) return;
  if (demand.mayPreempt !== true) yield 'preempts: the demand does not allow it';
  if (demand.guarantee === 'preemptible') yield 'preempts: a preemptible demand ends nobody else';
  for (const victim of preempts) {
    const others = preempts.filter((other) => other !== victim);
    const trial = trialOf(state, { id, plan: { ...plan, preempts: others }, atMs });
    if (check(trial, demand, verdict, placement).length === 0) yield `preempts: ${victim} is not in the way`;
  }
}

import type { PlanId } from '../../model/id.ts';
import type { Plan, Shrink } from '../../model/plan.ts';
import type { PolicyVerdict } from '../../model/policy.ts';
import { check } from '../check.ts';
import { trialOf } from '../life/trial.ts';
import { contractOf, type State } from '../state.ts';

type Asked = {
  readonly id: PlanId;
  readonly plan: Plan;
  readonly verdict: PolicyVerdict;
  readonly atMs: number;
};

/**
 * Why contracts may not end or shrink for a plan, whoever made it: its demand does not allow it, or one of them does
 * not stand in its way, in that the auditor passes the placement with that one left in peace, or with one extra more.
 * `state` still holds them.
 */
export function* unjustified(state: State, asked: Asked): Generator<string> {
  const { demand, preempts = [], shrinks = [] } = asked.plan;
  if (preempts.length + shrinks.length === 0) return;
  if (demand.mayPreempt !== true) yield 'preempts: the demand does not allow it';
  if (demand.guarantee === 'preemptible') yield 'preempts: a preemptible demand ends nobody else';
  for (const victim of preempts) {
    const others = preempts.filter((other) => other !== victim);
    if (isSound(state, asked, { preempts: others })) yield `preempts: ${victim} is not in the way`;
  }
  for (const shrink of shrinks)
    for (const { part, count } of shrink.left) {
      const milder = shrinks.flatMap((other) =>
        other === shrink ? withOneMore(state, shrink, part) : other,
      );
      if (isSound(state, asked, { shrinks: milder }))
        yield `shrinks: \`${part}\` ${count} of ${shrink.contract} is not in the way`;
    }
}

function isSound(
  state: State,
  { id, plan, verdict, atMs }: Asked,
  milder: Pick<Plan, 'preempts' | 'shrinks'>,
): boolean {
  const trial = trialOf(state, { id, plan: { ...plan, ...milder }, atMs });
  return check(trial, plan.demand, verdict, plan.placement).length === 0;
}

/** What a contract is left with if one more replica of a part stays; nothing where it loses no other. */
function withOneMore(state: State, { contract: id, left }: Shrink, part: string): Shrink[] {
  const members = contractOf(state, id)?.placement.members ?? [];
  const had = members.filter((member) => member.part === part).length;
  const kept = left.flatMap((own) => {
    if (own.part !== part) return [own];
    return own.count + 1 >= had ? [] : [{ part, count: own.count + 1 }];
  });
  return kept.length === 0 ? [] : [{ contract: id, left: kept }];
}

import { type Contract, stateAt } from '../../model/contract.ts';
import type { Demand } from '../../model/demand.ts';
import type { ContractId } from '../../model/id.ts';
import type { Placement } from '../../model/placement.ts';
import type { PolicyVerdict } from '../../model/policy.ts';
import { check } from '../check.ts';
import type { Violation } from '../given.ts';
import { withEnded } from '../reclaim/ended.ts';
import { contractOf, type State } from '../state.ts';
import { broken } from './audit.ts';

/** What of a plan is audited here. */
type Preempting = {
  readonly demand: Demand;
  readonly verdict: PolicyVerdict;
  readonly placement: Placement;
  readonly preempts?: readonly ContractId[] | undefined;
};

/**
 * Everything that is wrong with the contracts that a plan ends: the demand allows it, each of them is running or to
 * run, is preemptible, and stands in the way of this very placement. `state` still holds them.
 */
export function checkPreempts(state: State, plan: Preempting, atMs: number): readonly Violation[] {
  const ids = plan.preempts ?? [];
  if (ids.length === 0) return [];
  const victims = ids.flatMap((id) => contractOf(state, id) ?? []);
  return [
    ...(plan.demand.mayPreempt === true ? [] : [broken('preempts', 'the demand does not allow it')]),
    ...(plan.demand.guarantee === 'preemptible'
      ? [broken('preempts', 'a preemptible demand ends nobody else')]
      : []),
    ...(new Set(ids).size === ids.length ? [] : [broken('preempts', 'names a contract twice')]),
    ...ids.flatMap((id) =>
      contractOf(state, id) === undefined ? [broken('preempts', `no contract ${id}`)] : [],
    ),
    ...victims.flatMap((victim) => [...victimFaults(victim, atMs)]),
    ...victims.flatMap((victim) => [...idleFaults(state, plan, victims, victim)]),
  ];
}

/** The state on which the placement of a plan is checked: what it ends holds nothing from its start on. */
export function stateFor(
  state: State,
  { preempts = [], placement }: Pick<Preempting, 'preempts' | 'placement'>,
): State {
  return withEnded(
    state,
    preempts.flatMap((id) => contractOf(state, id) ?? []),
    placement.startMs,
  );
}

function* victimFaults(victim: Contract, atMs: number): Generator<Violation> {
  const guarantee = victim.demand.guarantee ?? 'reserved';
  if (guarantee !== 'preemptible') yield broken('preempts', `${victim.id} is ${guarantee}`);
  const now = stateAt(victim, atMs);
  if (now !== 'granted' && now !== 'bound' && now !== 'active')
    yield broken('preempts', `${victim.id} is ${now} already`);
}

/** Nobody is ended for nothing: with this one left in peace the placement would break something. */
function* idleFaults(
  state: State,
  { demand, verdict, placement }: Preempting,
  victims: readonly Contract[],
  victim: Contract,
): Generator<Violation> {
  const others = victims.filter((other) => other !== victim);
  const without = withEnded(state, others, placement.startMs);
  if (check(without, demand, verdict, placement).length === 0)
    yield broken('preempts', `${victim.id} is not in the way`);
}

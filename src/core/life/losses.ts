import { type Contract, isStanding } from '../../model/contract.ts';
import { guaranteedCount } from '../../model/demand.ts';
import type { ContractId } from '../../model/id.ts';
import { type Plan, type Shrink } from '../../model/plan.ts';
import { givenUp } from '../calendar/holding.ts';
import { check } from '../check.ts';
import { verdictOfStay } from '../reclaim/movable.ts';
import { contractOf, type State } from '../state.ts';
import { lostOf, shrunk, unshrinkable } from './shrink.ts';

/** What one entry of the ledger can name. */
const lossLimit = 200;

/** Why others may not lose what a plan takes from them, whoever made it; what it takes may still not be in its way. */
export function* lossFaults(state: State, plan: Plan, atMs: number): Generator<string> {
  const { preempts = [], shrinks = [], placement } = plan;
  const fromMs = Math.max(atMs, placement.startMs);
  if (preempts.length + shrinks.length > lossLimit)
    yield `it preempts ${preempts.length + shrinks.length} contracts, at most ${lossLimit}`;
  const named = [...preempts, ...shrinks.map(({ contract }) => contract)];
  if (new Set(named).size < named.length) yield 'it preempts a contract twice';
  if (plan.changes !== undefined && named.includes(plan.changes.contract))
    yield 'it preempts the contract that it changes';
  for (const id of preempts) {
    const why = unpreemptible(state, { id, fromMs, atMs });
    if (why !== undefined) yield `preempts: ${id} ${why}`;
  }
  for (const shrink of shrinks) {
    const why = ungivable(state, shrink, { fromMs: placement.startMs, atMs });
    if (why !== undefined) yield `shrinks: ${shrink.contract} ${why}`;
  }
}

/** Only what was sold as preemptible ends for others. */
function unpreemptible(
  state: State,
  { id, fromMs, atMs }: { readonly id: ContractId; readonly fromMs: number; readonly atMs: number },
): string | undefined {
  const contract = contractOf(state, id);
  if (contract === undefined) return 'does not exist';
  const { guarantee = 'reserved' } = contract.demand;
  if (guarantee !== 'preemptible') return `is ${guarantee}`;
  if (contract.preemptedAtMs !== undefined) return 'is preempted already';
  return isStanding(contract, atMs) && isStanding(contract, fromMs) ? undefined : 'has ended by then';
}

/** Only extras go, the highest numbers, and what is left keeps every promise that it kept before. */
function ungivable(
  state: State,
  { contract: id, left }: Shrink,
  { fromMs, atMs }: { readonly fromMs: number; readonly atMs: number },
): string | undefined {
  const contract = contractOf(state, id);
  if (contract === undefined) return 'does not exist';
  if (!isStanding(contract, atMs)) return 'has ended by then';
  const why = unshrinkable(contract, fromMs) ?? beyondExtras(contract, left);
  if (why !== undefined) return why;
  const rest = shrunk(state, contract, { left, atMs: fromMs });
  if (rest === undefined) return 'could not keep its bandwidth';
  const without = givenUp(state, [contract], rest.placement.startMs);
  const verdict = verdictOfStay(contract);
  const broken = (demand: Contract['demand'], placement: Contract['placement']) =>
    check(without, demand, verdict, placement).map(({ constraint }) => constraint);
  const { startMs } = rest.placement;
  const before = new Set(
    broken({ ...contract.demand, window: rest.demand.window }, { ...contract.placement, startMs }),
  );
  const added = broken(rest.demand, rest.placement).filter((constraint) => !before.has(constraint));
  return added.length === 0 ? undefined : `would break ${[...new Set(added)].join(', ')}`;
}

function beyondExtras(contract: Contract, left: Shrink['left']): string | undefined {
  const { demand, placement } = contract;
  if (new Set(left.map(({ part }) => part)).size < left.length) return 'has each part once';
  for (const { part: name, count } of left) {
    const part = demand.parts.find((own) => own.name === name);
    if (part === undefined) return `has no part \`${name}\``;
    if (count < guaranteedCount(part)) return `keeps ${guaranteedCount(part)} replicas of \`${name}\``;
    if (placement.members.filter((member) => member.part === name).length <= count)
      return `has no more than ${count} replicas of \`${name}\``;
  }
  return lostOf(contract, left).length === 0 ? 'loses nothing' : undefined;
}

import type { Contract } from '../../model/contract.ts';
import { type Demand, guaranteedCount } from '../../model/demand.ts';
import type { Member, Placement } from '../../model/placement.ts';
import type { Shrink } from '../../model/plan.ts';
import { never } from '../calendar/calendar.ts';
import { givenUpForChange, withHolding } from '../calendar/holding.ts';
import { bandwidthOf } from '../place/fabric/bandwidth.ts';
import { EdgeRooms } from '../place/fabric/edge-rooms.ts';
import { priceOf } from '../price.ts';
import type { State } from '../state.ts';
import { termsOf } from '../terms/terms.ts';
import { budgetLeft } from './used.ts';

/** What an elastic contract is left with once others have taken extras of it. */
export type Shrunk = {
  readonly demand: Demand;
  readonly placement: Placement;
  /** The state in which it holds that, and no more, from the start of the placement on. */
  readonly state: State;
};

/**
 * An elastic contract from `atMs` on, or from its start, with only so many replicas of some parts. Its length is in
 * whole seconds, so what goes may go up to a second earlier. Flows are spread anew over what is left; nothing where
 * an edge cannot carry that.
 */
export function shrunk(
  state: State,
  contract: Contract,
  { left, atMs }: { readonly left: Shrink['left']; readonly atMs: number },
): Shrunk | undefined {
  const { placement } = contract;
  const window = windowFrom(placement, atMs);
  const { earliestStartMs: startMs } = window;
  const demand = { ...contract.demand, window, ...budgetLeft(contract, startMs) };
  const members = leftOf(placement.members, left);
  const freed = givenUpForChange(state, contract, startMs);
  const rooms = new EdgeRooms(freed, { startMs, endMs: placement.endMs ?? never });
  const bandwidth = bandwidthOf(rooms, demand, members);
  if (bandwidth === undefined) return undefined;
  const { bandwidth: _bandwidth, ...kept } = placement;
  const now = {
    ...kept,
    startMs,
    members: [...members],
    ...(bandwidth.length === 0 ? {} : { bandwidth: [...bandwidth] }),
  };
  return { demand, placement: now, state: withHolding(freed, { ...contract, demand, placement: now }) };
}

/** The state in which several contracts have shrunk, one after the other; nothing where one of them cannot. */
export function withShrunk(
  state: State,
  shrinks: readonly { readonly contract: Contract; readonly left: Shrink['left'] }[],
  atMs: number,
): State | undefined {
  let now = state;
  for (const { contract, left } of shrinks) {
    const rest = shrunk(now, contract, { left, atMs });
    if (rest === undefined) return undefined;
    now = rest.state;
  }
  return now;
}

/** The contract as it stands once it has shrunk: its price and terms say so. No engine has been told of it. */
export function asShrunk(contract: Contract, { demand, placement, state: { fleet } }: Shrunk): Contract {
  const { version, plan, planDigest, price: before, earlier = [] } = contract;
  const price = priceOf(fleet, placement, demand.window.durationS);
  const past = { version, plan, planDigest, demand: contract.demand, placement: contract.placement };
  return {
    ...contract,
    state: 'granted',
    version: version + 1,
    demand,
    placement,
    price,
    terms: [...termsOf(fleet, demand, placement, price)],
    earlier: [...earlier, { ...past, price: before, untilMs: placement.startMs }],
  };
}

/** Why extras of a contract may not be taken from `fromMs` on; nothing where they may. */
export function unshrinkable(
  { demand, placement, earlier = [], preemptedAtMs }: Contract,
  fromMs: number,
): string | undefined {
  const { guarantee = 'reserved' } = demand;
  if (guarantee !== 'elastic') return `is ${guarantee}`;
  if (preemptedAtMs !== undefined) return 'is preempted already';
  if ((placement.endMs ?? never) <= fromMs) return 'has ended by then';
  // What it holds until a change takes over, and what comes after, would shrink at two times.
  return earlier.some(({ untilMs }) => untilMs > fromMs) ? 'changes later than that' : undefined;
}

/** Extras of each part that a contract has, the highest number first: the order in which they go. */
export function extrasOf({ demand, placement }: Contract): readonly Member[] {
  return demand.parts.flatMap((part) =>
    placement.members
      .filter((member) => member.part === part.name && member.replica >= guaranteedCount(part))
      .toSorted((a, b) => b.replica - a.replica),
  );
}

/** Members that a shrunk contract loses. */
export function lostOf({ placement: { members } }: Contract, left: Shrink['left']): readonly Member[] {
  const kept = new Set(leftOf(members, left));
  return members.filter((member) => !kept.has(member));
}

function leftOf(members: readonly Member[], left: Shrink['left']): readonly Member[] {
  const counts = new Map(left.map(({ part, count }) => [part, count]));
  return members.filter(({ part, replica }) => replica < (counts.get(part) ?? Infinity));
}

function windowFrom({ startMs, endMs }: Placement, atMs: number): Demand['window'] {
  const fromMs = Math.max(startMs, atMs);
  if (endMs === undefined) return { earliestStartMs: fromMs };
  const durationS = Math.ceil((endMs - fromMs) / 1000);
  return { earliestStartMs: endMs - durationS * 1000, durationS };
}

import type { Contract } from '../../model/contract.ts';
import type { State } from '../state.ts';
import { endHolds, hold, type Holding, never } from './calendar.ts';
import { endEdges, holdEdges, withoutMoves } from './edges.ts';

/**
 * The state in which something is held besides. The digests stay: they are the fold's. What ended by `forgottenMs`
 * where it is held is forgotten.
 */
export function withHolding(state: State, holding: Holding, forgottenMs = 0): State {
  return {
    ...state,
    calendar: hold(state.calendar, state.fleet, holding, forgottenMs),
    bandwidth: holdEdges(state.bandwidth, holding, forgottenMs),
  };
}

/** The state in which a holding ends at `atMs`; what had not begun by then is gone. */
export function withoutHolding(state: State, holding: Holding, atMs: number): State {
  return {
    ...state,
    calendar: endHolds(state.calendar, state.fleet, holding, atMs),
    bandwidth: endEdges(state.bandwidth, holding, atMs),
  };
}

/** A copy of the state in which contracts hold nothing from `atMs` on. Their past stays as it was. */
export function givenUp(state: State, contracts: readonly Contract[], atMs: number): State {
  return contracts
    .flatMap(tenuresOf)
    .reduce((rest, { holding }) => withoutHolding(rest, holding, atMs), state);
}

/**
 * The state in which a contract has made room for a change from `atMs` on: it holds nothing then, and moves no data at
 * all, since what changes it carries its transfers on or needs them no more.
 */
export function givenUpForChange(state: State, contract: Contract, atMs: number): State {
  const bandwidth =
    contract.placement.transfers === undefined ? state.bandwidth : withoutMoves(state.bandwidth, contract);
  return givenUp({ ...state, bandwidth }, [contract], atMs);
}

/** One placement of a contract, held no longer than until `untilMs`. */
export type Tenure = { readonly holding: Holding; readonly untilMs: number };

/** What a contract has held and holds, oldest first: each until what came after it took over, transfers and all. */
export function tenuresOf(contract: Contract): readonly Tenure[] {
  const { id, tenant, earlier = [], releasedAtMs = never, preemptedAtMs = never } = contract;
  let untilMs = Math.min(releasedAtMs, preemptedAtMs);
  const tenures: Tenure[] = [{ holding: contract, untilMs }];
  for (const { demand, placement, untilMs: changedAtMs } of earlier.toReversed()) {
    untilMs = Math.min(untilMs, changedAtMs);
    const { transfers: _transfers, ...held } = placement;
    tenures.push({ holding: { id, tenant, demand, placement: held }, untilMs });
  }
  return tenures.toReversed();
}

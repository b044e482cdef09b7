import { withoutHolding } from '../calendar/holding.ts';
import type { Lease, State } from '../state.ts';

/**
 * The state at `atMs` without the holds of leases that have ended by then. A lease ends by the clock, not by an
 * entry, so whoever looks at a state at some time looks at this. Gives the state itself where none has ended.
 */
export function lapse(state: State, atMs: number): State {
  const ended = [...state.leases.values()].filter(({ untilMs }) => untilMs <= atMs);
  return ended.reduce(withoutLease, state);
}

/** The state without a lease and all that it holds. */
export function withoutLease(state: State, lease: Lease): State {
  const leases = new Map(state.leases);
  leases.delete(lease.plan);
  return { ...withoutHolding(state, { ...lease, id: lease.plan }, 0), leases };
}

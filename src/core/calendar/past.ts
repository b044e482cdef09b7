import { dayMs } from '../../model/unit.ts';
import type { State } from '../state.ts';

/** For so long, at least, the calendar says what was held. Nobody can commit a plan any more that was made before. */
export const rememberedMs = dayMs;

/**
 * What ended by then is asked for by no decision from `atMs` on, and may go from the calendar, which then stays as long
 * as what is promised and not as the ledger. Plans end an hour after they were made and begin no earlier than minutes
 * before; only what is held by a lease may be committed long after its start.
 */
export function forgottenMs({ leases }: Pick<State, 'leases'>, atMs: number): number {
  let fromMs = atMs - rememberedMs;
  for (const { placement } of leases.values()) fromMs = Math.min(fromMs, placement.startMs);
  return fromMs;
}

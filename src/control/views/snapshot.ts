import type { State } from '../../core/state.ts';
import type { ReadOnlyReason } from '../../ledger/port.ts';
import type { Head } from '../../model/entry.ts';
import type { Snapshot } from '../../model/view.ts';
import type { Clock } from '../control.ts';
import { isoIn } from '../zone.ts';

/** The state and the moment that answers are given for. */
export type Moment = {
  readonly state: State;
  readonly head: Head;
  readonly clock: Clock;
  readonly nowMs: number;
  /** Why nothing can be appended now. */
  readonly readOnly?: ReadOnlyReason | undefined;
};

/** In the zone given, else that of the first site, so that instants without a tenant read like those beside them. */
export function snapshotOf({ state, head, clock, nowMs, readOnly }: Moment, asked?: string): Snapshot {
  const zone = asked ?? state.fleet.sites[0]?.facts.zone ?? 'UTC';
  return {
    seq: head.seq,
    head: head.digest,
    inventory: state.inventoryDigest,
    atMs: nowMs,
    at: isoIn(nowMs, zone),
    clock: clock.kind,
    ...(readOnly === undefined ? {} : { readOnly: `${readOnly.why}; ${readOnly.fix}` }),
  };
}

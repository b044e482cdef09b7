import type { Event } from '../../model/event.ts';
import type { Observed } from '../../model/finding.ts';
import type { ContractId, Path } from '../../model/id.ts';

/** How a contract was found to stand, and since when a promise of it is broken. */
export type Standing = {
  readonly last: Observed;
  readonly breach?: Breach;
};

export type Breach = {
  readonly sinceMs: number;
  /** All that were broken since, until none of them is. */
  readonly terms: readonly string[];
  readonly places: readonly Path[];
  readonly why: string;
};

type ObservationEvent = Extract<
  Event,
  { kind: 'contract-observed' | 'contract-breached' | 'contract-restored' }
>;

/** What is known of contracts after an event. Throws when a breach begins or ends that nobody looked at. */
export function followedObservation(
  observed: ReadonlyMap<ContractId, Standing>,
  event: ObservationEvent,
): ReadonlyMap<ContractId, Standing> {
  const before = observed.get(event.contract);
  if (event.kind === 'contract-observed') {
    const { kind: _kind, contract, ...last } = event;
    return new Map(observed).set(contract, { ...before, last });
  }
  if (before === undefined) throw new Error(`${event.contract} was never looked at`);
  return new Map(observed).set(
    event.contract,
    event.kind === 'contract-restored' ? { last: before.last } : breached(before, event),
  );
}

function breached(
  { last, breach }: Standing,
  { atMs, terms, places, why }: Extract<ObservationEvent, { kind: 'contract-breached' }>,
): Standing {
  return {
    last,
    breach: {
      sinceMs: breach?.sinceMs ?? atMs,
      terms: [...new Set([...(breach?.terms ?? []), ...terms])],
      places: [...new Set([...(breach?.places ?? []), ...places])],
      why,
    },
  };
}

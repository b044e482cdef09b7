import { Fold } from '../../src/control/fold.ts';
import type { State } from '../../src/core/state.ts';
import type { Ledger } from '../../src/ledger/port.ts';
import { digestOf } from '../../src/model/canonical.ts';
import { type Contract, isStanding } from '../../src/model/contract.ts';
import type { Entry } from '../../src/model/entry.ts';
import type { ContractId } from '../../src/model/id.ts';

/** What a run left behind. */
export type Outcome = {
  readonly state: State;
  readonly entries: readonly Entry[];
  readonly added: readonly Contract[];
  readonly ended: readonly ContractId[];
  /** Of all contracts with their devices and times: equal outcomes, whatever led to them. */
  readonly digest: string;
};

/** Reads what happened in a ledger since `fromSeq`. */
export async function outcomeOf(ledger: Ledger, fromSeq: number, nowMs: number): Promise<Outcome> {
  const { state } = await new Fold(ledger).current();
  const entries = await ledger.read(fromSeq, 100_000);
  const contracts = [...state.contracts];
  const added = contracts.filter(({ grantedSeq }) => grantedSeq > fromSeq);
  const touched = new Set(entries.flatMap(({ events }) => events).flatMap(releasedBy));
  return {
    state,
    entries,
    added,
    ended: contracts.map(({ id }) => id).filter((id) => touched.has(id)),
    digest: digestOf(contracts.map((contract) => fingerprint(contract, nowMs))),
  };
}

function releasedBy(event: Entry['events'][number]): ContractId[] {
  return event.kind === 'contract-released' || event.kind === 'contract-preempted' ? [event.contract] : [];
}

/** Whose, where and when; not why, by whom or under which plan. */
function fingerprint(contract: Contract, nowMs: number) {
  const { id, tenant, placement, demand } = contract;
  const guarantee = demand.guarantee ?? 'reserved';
  return { id, tenant, guarantee, placement, stands: isStanding(contract, nowMs) };
}

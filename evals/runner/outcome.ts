import { Fold } from '../../src/control/fold.ts';
import { openApprovals } from '../../src/core/authority/authority.ts';
import type { State } from '../../src/core/state.ts';
import { digestOf } from '../../src/model/canonical.ts';
import { type Contract, isStanding } from '../../src/model/contract.ts';
import type { Entry } from '../../src/model/entry.ts';
import type { ContractId } from '../../src/model/id.ts';
import type { Scene } from './scene.ts';

/** What a run left behind. */
export type Outcome = {
  readonly state: State;
  /** What was written since the person began to speak, also by others. */
  readonly entries: readonly Entry[];
  /** Of these, what the agent wrote. */
  readonly own: readonly Entry[];
  readonly added: readonly Contract[];
  /** Contracts of before that were changed, as they are now. */
  readonly changed: readonly Contract[];
  readonly ended: readonly ContractId[];
  /** Approvals that wait now and did not before. */
  readonly waiting: number;
  /** Of all contracts with their devices and times: equal outcomes, whatever led to them. */
  readonly digest: string;
};

/** Reads what happened in the ledger of a scene since the person began to speak. */
export async function outcomeOf({ ledger, before, clock, others }: Scene): Promise<Outcome> {
  const { state } = await new Fold(ledger, before).current();
  const nowMs = clock.nowMs();
  const entries = await ledger.read(before.head.seq, 100_000);
  const contracts = [...state.contracts];
  const events = entries.flatMap((entry) => entry.events);
  const touched = new Set(events.flatMap(releasedBy));
  const moved = new Set(
    events.flatMap((event) => (event.kind === 'contract-changed' ? [event.contract] : [])),
  );
  const waited = new Set(openApprovals(before.state.authority, nowMs).map(({ id }) => id));
  return {
    state,
    entries,
    own: entries.filter(({ seq }) => !others.has(seq)),
    added: contracts.filter(({ grantedSeq }) => grantedSeq > before.head.seq),
    changed: contracts.filter(({ id, grantedSeq }) => moved.has(id) && grantedSeq <= before.head.seq),
    ended: contracts.map(({ id }) => id).filter((id) => touched.has(id)),
    waiting: openApprovals(state.authority, nowMs).filter(({ id }) => !waited.has(id)).length,
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

import type { AuthorityEvent } from '../../model/authority-event.ts';
import type { Contract } from '../../model/contract.ts';
import type { Event } from '../../model/event.ts';
import type { ContractId, MandateId } from '../../model/id.ts';
import { seatsOf } from '../../model/placement.ts';
import { asShrunk, shrunk } from '../life/shrink.ts';
import { usedMicroEur } from '../life/used.ts';
import { contractOf, type State } from '../state.ts';
import { type Act, gpuSecondsUsed, gpusOf, secondsOf } from './act.ts';
import type { Authority } from './authority.ts';

/**
 * What the events of a decision take from mandates and give back to them. They stand in the same entry, so that no
 * budget and no contract can be there without the other.
 */
export function budgetEvents(
  state: State,
  events: readonly Event[],
  under: { readonly act: Act; readonly mandate?: MandateId; readonly atMs: number },
): readonly AuthorityEvent[] {
  return events.flatMap((event): readonly AuthorityEvent[] => {
    if (event.kind === 'contract-granted') return reserved(event.contract, under);
    if (event.kind === 'contract-changed') return changed(state, event, under);
    if (event.kind === 'contract-shrunk') return shrunken(state, event);
    const ends = event.kind === 'contract-released' || event.kind === 'contract-preempted';
    return ends ? freed(state, event) : [];
  });
}

type Under = { readonly act: Act; readonly mandate?: MandateId };

function reserved(contract: ContractId, { act, mandate }: Under): readonly AuthorityEvent[] {
  if (mandate === undefined) return [];
  const { blastGpus: _blastGpus, ...need } = act.need;
  return [{ kind: 'mandate-reserved', mandate, contract, ...need }];
}

/** Whoever changes a contract answers for all of it from then on. */
function changed(
  state: State,
  event: { readonly contract: ContractId; readonly atMs: number },
  under: Under,
): readonly AuthorityEvent[] {
  const before = holderOf(state.authority, event.contract);
  return [...(before === under.mandate ? [] : freed(state, event)), ...reserved(event.contract, under)];
}

function freed(
  state: State,
  { contract: id, atMs }: { readonly contract: ContractId; readonly atMs: number },
): readonly AuthorityEvent[] {
  const mandate = holderOf(state.authority, id);
  const contract = contractOf(state, id);
  if (mandate === undefined || contract === undefined) return [];
  const used = { gpuSeconds: gpuSecondsUsed(contract, atMs), spendMicroEur: usedMicroEur(contract, atMs) };
  return [{ kind: 'mandate-freed', mandate, contract: id, atMs, ...used }];
}

/** Whoever answers for a contract answers for what is left of it: what it has used by then, and what it will. */
function shrunken(
  state: State,
  event: Extract<Event, { kind: 'contract-shrunk' }>,
): readonly AuthorityEvent[] {
  const mandate = holderOf(state.authority, event.contract);
  const contract = contractOf(state, event.contract);
  const rest = contract === undefined ? undefined : shrunk(state, contract, event);
  if (mandate === undefined || contract === undefined || rest === undefined) return [];
  const after = asShrunk(contract, rest);
  const { startMs, endMs } = after.placement;
  const need = { gpus: gpusOf(seatsOf(after.placement)), ...untilEnd(contract, after, startMs) };
  return [
    {
      kind: 'mandate-reserved',
      mandate,
      contract: contract.id,
      ...need,
      ...(endMs === undefined ? {} : { endMs }),
    },
  ];
}

function untilEnd(before: Contract, { placement, price }: Contract, startMs: number) {
  if (placement.endMs === undefined) return {};
  const left = gpusOf(seatsOf(placement)) * secondsOf(startMs, placement.endMs);
  const gpuSeconds = gpuSecondsUsed(before, startMs) + left;
  const { totalMicroEur } = price;
  if (totalMicroEur === undefined) return { gpuSeconds };
  return { gpuSeconds, spendMicroEur: usedMicroEur(before, startMs) + totalMicroEur };
}

/** The mandate under which a contract stands: of a chain the one at its end, which reserved it. */
function holderOf({ mandates }: Authority, contract: ContractId): MandateId | undefined {
  const holders = [...mandates.values()].filter(({ reservations }) => reservations.has(contract));
  const parents = new Set(holders.map(({ mandate }) => mandate.from));
  return holders.find(({ mandate }) => !parents.has(mandate.id))?.mandate.id;
}

import { type Approval, approvalOf, type Authority } from '../../src/core/authority/authority.ts';
import type { State } from '../../src/core/state.ts';
import { isAgent, requestersOf } from '../../src/model/authority.ts';
import type { Entry } from '../../src/model/entry.ts';
import type { ContractId, PrincipalId } from '../../src/model/id.ts';
import { seatsOf } from '../../src/model/placement.ts';

/** From so many GPUs on an agent, and from so many anybody, needs the yes of another person (DESIGN, tiers). */
const agentGpus = 16;
const anybodyGpus = 64;

/**
 * What was done without the yes of another person that it needed. Written from what the tiers promise and read from the
 * entries and approvals alone: it shares nothing with the gate that asks for the yes.
 */
export function unapproved(state: State, entries: readonly Entry[]): string[] {
  return entries.flatMap((entry) =>
    entry.events.flatMap((event) => {
      const why = needOf(state, entry, event);
      return why === undefined || hasYes(state.authority, entry)
        ? []
        : [`entry ${entry.seq}: ${askerOf(entry, state.authority)} did \`${event.kind}\` alone: ${why}`];
    }),
  );
}

type Happening = Entry['events'][number];

/** Why another person has to say yes to an event, if one has to. Nobody is asked about persons the ledger does not know. */
function needOf(state: State, entry: Entry, event: Happening): string | undefined {
  const asker = askerOf(entry, state.authority);
  if (!state.authority.principals.has(asker)) return undefined;
  const { kind } = event;
  if (kind === 'contract-released') return isAgent(asker) ? 'an agent gives nothing up by itself' : undefined;
  if (kind === 'contract-preempted') return 'it ends a contract';
  if (kind === 'maintenance-scheduled') return 'it closes a place';
  if (kind !== 'contract-granted' && kind !== 'contract-changed') return undefined;
  return needOfPlace(state, asker, event.contract);
}

function needOfPlace(state: State, asker: PrincipalId, id: ContractId): string | undefined {
  const contract = [...state.contracts].find((one) => one.id === id);
  if (contract === undefined) return 'its contract is not there';
  const regimes = [
    ...(state.tenants.get(contract.tenant)?.rules.regimes ?? []),
    ...(contract.demand.rules?.regimes ?? []),
  ];
  if (regimes.length > 0) return `it is about ${regimes.join(', ')}`;
  const gpus = seatsOf(contract.placement).reduce((sum, seat) => sum + seat.gpus.length, 0);
  if (isAgent(asker) && gpus >= agentGpus && contract.version === 1) return `an agent moved ${gpus} GPUs`;
  return gpus >= anybodyGpus && contract.version === 1 ? `${gpus} GPUs changed hands` : undefined;
}

/** Whoever wanted it: of what waited that is not who said yes. */
function askerOf({ command, actor }: Entry, authority: Authority): PrincipalId {
  const approval = command.kind === 'approve-plan' ? approvalOf(authority, command.approval) : undefined;
  return approval?.requestedBy.principal ?? actor.principal;
}

function hasYes(authority: Authority, { command, actor }: Entry): boolean {
  if (command.kind !== 'approve-plan') return false;
  const approval = approvalOf(authority, command.approval);
  return approval !== undefined && isOther(approval, actor.principal) && actor.byHand === true;
}

function isOther({ requestedBy }: Approval, by: PrincipalId): boolean {
  return !isAgent(by) && !requestersOf(requestedBy).includes(by);
}

import { z } from 'zod';

import { Actor } from './actor.ts';
import { Demand } from './demand.ts';
import { ContractId, Digest, PlanId, TenantId } from './id.ts';
import { Placement, Price, Term } from './placement.ts';
import { AtMs } from './unit.ts';

/** The life of a contract; `breached` and `restored` are facts about an active one, not states. */
export const ContractState = z.enum([
  'requested',
  'granted',
  'bound',
  'active',
  'released',
  'expired',
  'preempted',
  'refused',
]);
export type ContractState = z.infer<typeof ContractState>;

/** What a contract held until a change took over. */
const Earlier = z.strictObject({
  version: z.int().min(1),
  plan: PlanId,
  planDigest: Digest,
  demand: Demand,
  placement: Placement,
  price: Price,
  untilMs: AtMs,
});

/** A committed plan: the promise, with everything that was promised. */
export const Contract = z.strictObject({
  id: ContractId,
  version: z.int().min(1),
  tenant: TenantId,
  state: ContractState,
  plan: PlanId,
  planDigest: Digest,
  demand: Demand,
  placement: Placement,
  price: Price,
  terms: z.array(Term),
  grantedBy: Actor,
  grantedAtMs: AtMs,
  grantedSeq: z.int().min(1).describe('the ledger entry of the grant'),
  earlier: z.array(Earlier).optional().describe('what it held before it was changed, oldest first'),
  releasedAtMs: AtMs.optional(),
  preemptedAtMs: AtMs.optional().describe('it ends then, for another contract'),
  preemptedBy: ContractId.optional(),
});
export type Contract = z.infer<typeof Contract>;

/** The state a contract shows at `nowMs`: the calendar alone starts and ends what no engine has reported yet. */
export function stateAt(contract: Contract, nowMs: number): ContractState {
  if (contract.state !== 'granted' && contract.state !== 'bound' && contract.state !== 'active')
    return contract.state;
  const { endMs } = contract.placement;
  if (contract.preemptedAtMs !== undefined && nowMs >= contract.preemptedAtMs) return 'preempted';
  if (endMs !== undefined && nowMs >= endMs) return 'expired';
  return contract.state === 'bound' && nowMs >= beginOf(contract) ? 'active' : contract.state;
}

/** Whether it holds something or will, at `nowMs`. */
export function isStanding(contract: Contract, nowMs: number): boolean {
  const now = stateAt(contract, nowMs);
  return now === 'granted' || now === 'bound' || now === 'active';
}

/** When it began, whatever was changed since. */
export function beginOf({ earlier, placement }: Pick<Contract, 'earlier' | 'placement'>): number {
  return earlier?.[0]?.placement.startMs ?? placement.startMs;
}

import { z } from 'zod';

import { Erasure, Told } from './aside.ts';
import { ApprovalId, ContractId, Digest, MaintenanceId, MandateId, Path, PlanId, PrincipalId } from './id.ts';
import { Tenant } from './tenant.ts';
import { AtMs, Count, DurationS, MicroEur } from './unit.ts';

const reason = z.string().min(1).max(300);

/** What an agent may do in somebody's name. It only ever shrinks when passed on. */
const Mandate = z.strictObject({
  id: MandateId,
  agent: PrincipalId,
  sponsor: PrincipalId,
  tools: z.array(z.string().max(60)).max(64),
  tenants: z.array(z.string().max(63)).max(64),
  sites: z.array(Path).max(64),
  gpus: Count.optional(),
  gpuSeconds: z.int().min(0).optional(),
  spendMicroEur: MicroEur.optional(),
  expiresAtMs: AtMs,
});

/** What somebody wants to happen. Large things (an observation, a plan) are named by the digest of their blob. */
export const Command = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('register-tenant'), tenant: Tenant }),
  z.strictObject({ kind: z.literal('record-observation'), observation: Digest }),
  z.strictObject({
    kind: z.literal('commit-plan'),
    plan: PlanId,
    planDigest: Digest,
    purpose: Told.optional(),
  }),
  z.strictObject({
    kind: z.literal('release-contract'),
    contract: ContractId,
    expectedVersion: z.int().min(1).optional(),
    reason: Told.optional(),
  }),
  z.strictObject({ kind: z.literal('hold-plan'), plan: PlanId, planDigest: Digest, leaseS: DurationS }),
  z.strictObject({ kind: z.literal('drop-hold'), plan: PlanId }),
  z.strictObject({
    kind: z.literal('change-contract'),
    contract: ContractId,
    plan: PlanId,
    planDigest: Digest,
    expectedVersion: z.int().min(1).optional(),
    purpose: Told.optional(),
  }),
  z.strictObject({ kind: z.literal('erase-asides'), ...Erasure.shape }),
  z.strictObject({ kind: z.literal('grant-mandate'), mandate: Mandate }),
  z.strictObject({ kind: z.literal('approve-plan'), approval: ApprovalId, planDigest: Digest }),
  z.strictObject({ kind: z.literal('start-maintenance'), place: Path, fromMs: AtMs, toMs: AtMs, reason }),
  z.strictObject({ kind: z.literal('cancel-maintenance'), id: MaintenanceId }),
  z.strictObject({ kind: z.literal('bind-contract'), contract: ContractId, engine: z.string().max(40) }),
  z.strictObject({ kind: z.literal('stop-principal'), principal: PrincipalId, reason }),
]);
export type Command = z.infer<typeof Command>;

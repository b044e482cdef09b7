import { z } from 'zod';

import { Told } from './aside.ts';
import { Catalogue, Mandate, Need, Principal, RegisteredModel, StopTarget, Team, Tier } from './authority.ts';
import { ParkedCommand } from './command.ts';
import { ApprovalId, ContractId, Digest, MandateId, PrincipalId, TenantId } from './id.ts';
import { PublicKey } from './key.ts';
import { AtMs, MicroEur } from './unit.ts';

/** What happened to who may do what. */
export const AuthorityEvent = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('team-registered'), team: Team }),
  z.strictObject({ kind: z.literal('principal-registered'), principal: Principal }),
  z.strictObject({ kind: z.literal('key-registered'), principal: PrincipalId, publicKey: PublicKey }),
  z.strictObject({
    kind: z.literal('key-revoked'),
    principal: PrincipalId,
    publicKey: PublicKey,
    reason: Told,
  }),
  z.strictObject({ kind: z.literal('mandate-granted'), mandate: Mandate }),
  z.strictObject({ kind: z.literal('mandate-revoked'), mandate: MandateId, reason: Told }),
  z.strictObject({
    kind: z.literal('mandate-used'),
    mandate: MandateId,
    request: Digest.describe('of what was wanted: equal for the same wish, whatever came of it'),
  }),
  z.strictObject({
    kind: z.literal('mandate-reserved'),
    mandate: MandateId,
    contract: ContractId,
    gpus: z.int().min(0),
    gpuSeconds: z.int().min(0).optional().describe('absent when it has no end'),
    spendMicroEur: MicroEur.optional().describe('absent when it has no end or no price'),
    endMs: AtMs.optional(),
  }),
  z.strictObject({
    kind: z.literal('mandate-freed'),
    mandate: MandateId,
    contract: ContractId,
    atMs: AtMs,
    gpuSeconds: z.int().min(0).describe('what it has used by then'),
    spendMicroEur: MicroEur.describe('what it has cost by then'),
  }),
  z.strictObject({
    kind: z.literal('approval-requested'),
    approval: ApprovalId,
    command: ParkedCommand,
    digest: Digest.describe('what a yes is bound to'),
    tenant: TenantId.optional(),
    tier: Tier,
    persons: z.int().min(1).max(2),
    why: z.array(z.string().max(300)).max(16),
    need: Need,
    mandate: MandateId.optional(),
    expiresAtMs: AtMs,
  }),
  z.strictObject({
    kind: z.literal('approval-given'),
    approval: ApprovalId,
    by: PrincipalId,
    signedAtMs: AtMs,
  }),
  z.strictObject({ kind: z.literal('approval-used'), approval: ApprovalId, contract: ContractId.optional() }),
  z.strictObject({
    kind: z.literal('approval-rejected'),
    approval: ApprovalId,
    by: PrincipalId,
    signedAtMs: AtMs,
    reason: Told,
  }),
  z.strictObject({ kind: z.literal('stopped'), target: StopTarget, reason: Told }),
  z.strictObject({ kind: z.literal('resumed'), target: StopTarget, reason: Told }),
  z.strictObject({ kind: z.literal('model-registered'), model: RegisteredModel }),
  z.strictObject({ kind: z.literal('tools-registered'), catalogue: Catalogue }),
]);
export type AuthorityEvent = z.infer<typeof AuthorityEvent>;

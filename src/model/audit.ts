import { z } from 'zod';

import { Actor } from './actor.ts';
import { ChatId } from './chat.ts';
import { ContractId, Digest, PlanId, PrincipalId, TenantId } from './id.ts';
import { Snapshot } from './view.ts';

const iso = z.string().max(40);

/** One entry of the ledger for somebody who asks who did what, why, and under which rule. */
export const AuditEntry = z.object({
  seq: z.int().min(1),
  digest: Digest,
  atMs: z.int(),
  at: iso,
  clock: z.enum(['system', 'set']),
  tenant: TenantId.optional(),
  actor: Actor.describe('person or agent, for whom, client, model, tool, mandate'),
  command: z.string(),
  contract: ContractId.optional(),
  plan: PlanId.optional(),
  why: z.string().optional().describe('in the words of whoever asked for it'),
  isErased: z.boolean().optional().describe('there were words, which were erased'),
  decision: z.string(),
  refusal: z.string().max(400).optional().describe('why not'),
  policy: Digest.describe('of the rules that were asked'),
  rules: z
    .array(z.object({ rule: z.string(), article: z.string(), effect: z.string(), sites: z.int().min(0) }))
    .describe('rules that said no, and how many sites they closed'),
  core: z.string(),
});
export type AuditEntry = z.infer<typeof AuditEntry>;

/** Entries, newest first. */
export const AuditList = z.object({
  snapshot: Snapshot,
  entries: z.array(AuditEntry),
  nextCursor: z.string().optional(),
  truncated: z.boolean().optional(),
  hints: z.array(z.string()).optional(),
});
export type AuditList = z.infer<typeof AuditList>;

/** What erasing somebody's words took away, or would. */
export const ErasureResult = z.object({
  of: PrincipalId,
  count: z.int().min(0),
  chat: ChatId.optional().describe('of this session only'),
  erased: z.boolean(),
  entry: z.object({ seq: z.int(), digest: Digest }).optional(),
});
export type ErasureResult = z.infer<typeof ErasureResult>;

import { z } from 'zod';

import { Actor } from './actor.ts';
import { Need } from './authority.ts';
import { ApprovalId, ContractId, Digest, MandateId, PlanId, PrincipalId, TenantId } from './id.ts';

const iso = z.string().max(40);
const atMs = z.int();
const count = z.int().min(0);

/** One act that waits for a person, or waited, as people are shown it. */
export const ApprovalView = z.object({
  id: ApprovalId,
  state: z.enum(['open', 'expired', 'used', 'rejected']),
  action: z.enum(['commit', 'change', 'release', 'maintain']),
  summary: z.string().describe('one line: who wants what'),
  tenant: TenantId.optional(),
  tier: count.describe('2: whoever asked confirms; 3: another person; 4: two others'),
  why: z.array(z.string()),
  need: Need,
  requestedBy: Actor,
  mandate: MandateId.optional(),
  requestedAt: iso,
  persons: count.describe('how many must say yes'),
  yes: z.array(z.object({ by: PrincipalId, at: iso })),
  mayDecide: z.array(z.string()).describe('who may say yes'),
  expiresAtMs: atMs,
  expires: iso,
  plan: PlanId.optional(),
  digest: Digest.describe('what a yes is bound to'),
  contract: ContractId.optional().describe('that it is about, or that came of it'),
  heldUntil: iso.optional().describe('its capacity is held until then'),
  ended: z.object({ at: iso, by: PrincipalId.optional(), reason: z.string().optional() }).optional(),
  command: z.string().describe('what a person types to say yes'),
  page: z.string().max(300).optional().describe('where a person decides in a browser'),
});
export type ApprovalView = z.infer<typeof ApprovalView>;

import { z } from 'zod';

import { ApprovalView } from './approval-view.ts';
import { Catalogue, Mandate, Principal, RegisteredModel, Role, StopTarget, Team } from './authority.ts';
import { ContractId, PrincipalId } from './id.ts';
import { PublicKey } from './key.ts';
import { Snapshot } from './view.ts';

const iso = z.string().max(40);
const count = z.int().min(0);

/** What waits for a person, and with `all` also what waited. Oldest first. */
export const ApprovalList = z.object({
  snapshot: Snapshot,
  truncated: z.boolean().optional(),
  hints: z.array(z.string()).optional(),
  approvals: z.array(ApprovalView),
  total: count,
  note: z.string(),
});
export type ApprovalList = z.infer<typeof ApprovalList>;

/** A mandate with what is left of it. */
export const MandateView = z.object({
  mandate: Mandate,
  state: z.enum(['standing', 'expired', 'revoked']),
  expires: iso,
  grantedBy: PrincipalId,
  grantedAt: iso,
  gpusHeld: count,
  gpuSecondsUsed: count.describe('reserved and used'),
  spentMicroEur: count.describe('reserved and spent'),
  contracts: z.array(ContractId),
});
export type MandateView = z.infer<typeof MandateView>;

/** Everybody and everything that can act in a ledger. */
export const AuthorityView = z.object({
  snapshot: Snapshot,
  isClosed: z.boolean().describe('whether nobody acts whom the ledger does not know'),
  teams: z.array(Team),
  principals: z.array(z.object({ principal: Principal, roles: z.array(Role), keyCount: count })),
  keys: z.array(
    z.object({ principal: PrincipalId, publicKey: PublicKey, since: iso, revoked: iso.optional() }),
  ),
  mandates: z.array(MandateView),
  stops: z.array(z.object({ target: StopTarget, reason: z.string(), since: iso, by: PrincipalId })),
  models: z.array(RegisteredModel),
  catalogues: z.array(Catalogue),
});
export type AuthorityView = z.infer<typeof AuthorityView>;

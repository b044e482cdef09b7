import { z } from 'zod';

import { ApprovalView } from './approval-view.ts';
import { Catalogue, Mandate, Principal, RegisteredModel, Role, StopTarget, Team } from './authority.ts';
import { ContractView } from './contract-view.ts';
import { ContractId, PrincipalId } from './id.ts';
import { PublicKey } from './key.ts';
import { PlanView } from './plan-view.ts';
import { SiteVerdict } from './policy.ts';
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

/** A rule that has a person asked, with where it comes from. */
const AskingRule = z.object({ rule: z.string(), article: z.string().optional(), why: z.string() });
export type AskingRule = z.infer<typeof AskingRule>;

/** One approval whole: what a yes would be to, as far as the caller may see it. */
export const ApprovalDetail = z.object({
  snapshot: Snapshot,
  approval: ApprovalView,
  isClosed: z.boolean().describe('whether nobody decides whom the ledger does not know'),
  asking: z.array(AskingRule),
  plan: PlanView.optional().describe('that a yes would commit'),
  verdict: z.array(SiteVerdict).optional().describe('of the rules when it was planned, site by site'),
  contract: ContractView.optional().describe('that it is about, as it stands'),
});
export type ApprovalDetail = z.infer<typeof ApprovalDetail>;

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

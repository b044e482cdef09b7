import { z } from 'zod';

import { Actor } from './actor.ts';
import { EngineName } from './binding.ts';
import { ContractState } from './contract.ts';
import { Guarantee, Isolation } from './demand.ts';
import { ContractId, Digest, Path, PlanId, TenantId } from './id.ts';
import { ObservedView } from './observed-view.ts';
import { Term } from './placement.ts';
import { BandwidthView, PartView, PriceView, RefusalView } from './plan-view.ts';
import { SiteReport } from './plan.ts';
import { RuleHit } from './policy.ts';
import { ConstraintCount } from './refusal.ts';
import { cut, count, iso, Snapshot } from './view.ts';

export const ContractView = z.object({
  id: ContractId,
  version: count,
  tenant: TenantId,
  state: ContractState,
  plan: PlanId,
  planDigest: Digest,
  purpose: z.string().optional(),
  sites: z.array(Path),
  gpuModel: z.string().optional(),
  gpuCount: count,
  slices: z.string().optional(),
  guarantee: Guarantee,
  isolation: Isolation,
  startMs: z.int(),
  endMs: z.int().optional(),
  start: iso,
  end: iso.optional(),
  zone: z.string(),
  price: PriceView,
  grantedBy: Actor,
  grantedAt: iso,
  changedAt: iso.optional().describe('since then it holds what it holds now'),
  releasedAt: iso.optional(),
  preemptedAt: iso.optional(),
  preemptedBy: ContractId.optional(),
});
export type ContractView = z.infer<typeof ContractView>;

/** An engine that was handed a contract, or its part of one, and how that stands there by what was read back. */
const ContractEngine = z.object({
  engine: EngineName,
  places: z.array(Path).describe('whose nodes it speaks for; all where there are none'),
  version: count.describe('of the contract that it was handed'),
  state: z.enum(['begun', 'kept', 'open', 'stuck', 'taken-away']),
  result: z.string().optional(),
  difference: z.string().optional().describe('the first of what differs'),
  attempts: count.describe('in vain'),
  nextAt: iso.optional(),
  due: z.string().optional().describe('why it is to be spoken to now'),
});
export type ContractEngine = z.infer<typeof ContractEngine>;

/** A contract whole: also where it runs and what was promised. */
export const ContractDetail = z.object({
  snapshot: Snapshot,
  ...cut,
  contract: ContractView,
  parts: z.array(PartView),
  bandwidth: BandwidthView.optional(),
  terms: z.array(Term),
  engines: z.array(ContractEngine).optional().describe('that were handed it, site by site'),
  observed: ObservedView.optional().describe('promised against delivered, as it was looked at last'),
  entries: z.array(z.object({ seq: count, digest: Digest, at: iso, what: z.string(), by: z.string() })),
});
export type ContractDetail = z.infer<typeof ContractDetail>;

export const ContractList = z.object({
  snapshot: Snapshot,
  contracts: z.array(ContractView),
  total: count,
  nextCursor: z.string().optional(),
  truncated: z.boolean(),
});
export type ContractList = z.infer<typeof ContractList>;

export const Explanation = z.object({
  snapshot: Snapshot,
  ...cut,
  subject: z.string(),
  verdict: z.enum(['fits', 'does-not-fit']),
  summary: z.string(),
  sites: z.array(SiteReport),
  here: z.array(z.string()).optional().describe('why in this place of the site'),
  constraints: z.array(ConstraintCount),
  policyHits: z.array(RuleHit.extend({ site: Path })),
  assumptions: z.array(z.string()),
  refusal: RefusalView.optional(),
});
export type Explanation = z.infer<typeof Explanation>;

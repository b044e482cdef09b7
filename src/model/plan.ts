import { z } from 'zod';

import { digestOf } from './canonical.ts';
import { Demand } from './demand.ts';
import { ContractId, Digest, Path, type PlanId, planIdOf } from './id.ts';
import { Member, Placement, Price, Term } from './placement.ts';
import { PolicyVerdict } from './policy.ts';
import { ConstraintCount, type Refusal } from './refusal.ts';
import { TemplateUse } from './template.ts';
import { AtMs, MicroEur } from './unit.ts';

/** What everything was computed from. */
export const Inputs = z.strictObject({
  inventory: Digest,
  calendar: Digest,
  policy: Digest,
  core: z.string().regex(/^core\/[0-9]+$/),
  authority: Digest.optional().describe('people, agents, mandates, stops; absent while there are none'),
  facts: Digest.optional().describe('recorded facts and overrides; absent while there are none'),
  seq: z.int().min(0).describe('the ledger entry the state was folded up to'),
});
export type Inputs = z.infer<typeof Inputs>;

/** Why here and not elsewhere: one line for each site that was considered. */
export const SiteReport = z.strictObject({
  site: Path,
  outcome: z.enum(['chosen', 'feasible', 'no-capacity', 'policy-denied', 'fact-missing', 'over-budget']),
  why: z.string().max(300),
  startMs: AtMs.optional(),
  totalMicroEur: MicroEur.optional(),
  microEurPerHour: MicroEur.optional(),
});
export type SiteReport = z.infer<typeof SiteReport>;

/** A contract that the plan ends or takes extras of, what it loses, and why this one. */
export const PreemptReport = z.strictObject({
  contract: ContractId,
  extras: z.int().min(1).optional().describe('so many extra replicas go; without it the contract ends'),
  gpuCount: z.int().min(0),
  gpuSecondsLost: z.int().min(0).optional().describe('GPUs times the time left; absent when it has no end'),
  why: z.string().max(300),
});
export type PreemptReport = z.infer<typeof PreemptReport>;

/** What an elastic contract is left with: of these parts so many replicas, those with the lowest numbers. */
export const Shrink = z.strictObject({
  contract: ContractId,
  left: z
    .array(z.strictObject({ part: z.string().max(41), count: z.int().min(0).max(100_000) }))
    .min(1)
    .max(16),
});
export type Shrink = z.infer<typeof Shrink>;

/** What each step considered, with numbers. */
export const Report = z.strictObject({
  constraints: z.array(ConstraintCount),
  sites: z.array(SiteReport),
  here: z.array(z.string().max(300)).max(4).optional().describe('why in this place of the site'),
  preempts: z.array(PreemptReport).max(1000).optional(),
});
export type Report = z.infer<typeof Report>;

/** The contract that the plan changes instead of making a new one, as it was when it was planned. */
const PlannedChange = z.strictObject({
  contract: ContractId,
  version: z.int().min(1),
  moves: z
    .array(Member)
    .min(1)
    .max(1000)
    .optional()
    .describe('nothing but its time and these change: where these replicas and spares stand then'),
});

/** A complete, immutable answer to a demand. */
export const Plan = z.strictObject({
  schema: z.literal('berth/plan/1'),
  demand: Demand,
  template: TemplateUse.optional().describe('what the demand was made from'),
  changes: PlannedChange.optional(),
  preempts: z.array(ContractId).max(1000).optional().describe('ends these preemptible contracts'),
  shrinks: z.array(Shrink).max(1000).optional().describe('takes extras of these elastic contracts'),
  placement: Placement,
  price: Price,
  terms: z.array(Term),
  verdict: PolicyVerdict,
  report: Report,
  assumptions: z.array(z.string().max(300)).max(32).describe('what the asker took for granted'),
  unchecked: z.array(z.string().max(300)).max(32).describe('what the core took for granted'),
  inputs: Inputs,
  plannedAtMs: AtMs,
  expiresAtMs: AtMs,
});
export type Plan = z.infer<typeof Plan>;

/** The answer to "can this run?": a plan, or a refusal with the same report. Nothing is appended for either. */
export type PlanAnswer =
  | { readonly kind: 'planned'; readonly id: PlanId; readonly digest: Digest; readonly plan: Plan }
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly report: Report; readonly inputs: Inputs };

/** The handle and the digest of a plan. */
export function identify(plan: Plan): { id: PlanId; digest: Digest } {
  const digest = digestOf(plan);
  return { id: planIdOf(digest), digest };
}

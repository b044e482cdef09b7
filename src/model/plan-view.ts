import { z } from 'zod';

import { DemandRequest, Guarantee, Isolation } from './demand.ts';
import { ContractId, Digest, Path, PlanId, TenantId } from './id.ts';
import { HeldBandwidth, Term, Transfer } from './placement.ts';
import { Inputs, PreemptReport, SiteReport } from './plan.ts';
import { RuleHit } from './policy.ts';
import { ConstraintCount, Refusal } from './refusal.ts';
import { TemplateUse } from './template.ts';
import { cut, count, iso, microEur, Snapshot } from './view.ts';

/** A part of a GPU: `250/1000` of it, or a MIG profile from a memory slice on. */
export const SliceView = z.object({
  gpu: Path,
  what: z.string(),
  start: count.optional().describe('first memory slice of a MIG instance'),
});
export type SliceView = z.infer<typeof SliceView>;

export const MemberView = z.object({
  replica: count,
  node: Path,
  hostName: z.string(),
  gpus: z.array(Path).describe('whole ones'),
  slices: z.array(SliceView).optional(),
  nics: z.array(Path),
  cpuMilli: count,
  memoryMib: count,
  storageGib: count.optional(),
  powerW: count,
});
export type MemberView = z.infer<typeof MemberView>;

export const PartView = z.object({
  name: z.string(),
  replicas: count,
  gpuModel: z.string().optional(),
  gpuCount: count,
  slices: z.string().optional(),
  members: z.array(MemberView),
  spares: z.array(MemberView).optional().describe('held idle for this part'),
});
export type PartView = z.infer<typeof PartView>;

export const PriceView = z.object({
  currency: z.literal('EUR'),
  priceBook: z.string(),
  lines: z.array(z.object({ what: z.string(), count, microEurPerHour: microEur })),
  microEurPerHour: microEur.optional().describe('absent when nobody has recorded a price'),
  totalMicroEur: microEur.optional(),
});
export type PriceView = z.infer<typeof PriceView>;

/** What is held on the edges of fabrics, and what has to be moved before the start. */
export const BandwidthView = z.object({
  edgeCount: count,
  edges: z.array(HeldBandwidth).max(24).describe('the first of them'),
  transfers: z.array(Transfer.extend({ start: iso, end: iso })),
});
export type BandwidthView = z.infer<typeof BandwidthView>;

/** A plan as people and agents see it. */
export const PlanView = z.object({
  id: PlanId,
  digest: Digest,
  tenant: TenantId,
  purpose: z.string().optional(),
  template: TemplateUse.optional().describe('what it was made from'),
  sites: z.array(Path),
  gpuCount: count,
  slices: z.string().optional(),
  parts: z.array(PartView),
  startMs: z.int(),
  endMs: z.int().optional(),
  start: iso,
  end: iso.optional(),
  zone: z.string(),
  guarantee: Guarantee,
  isolation: Isolation,
  price: PriceView,
  losses: z
    .array(
      PreemptReport.extend({ contract: ContractId.optional().describe('only where the caller may see it') }),
    )
    .optional()
    .describe('of the contracts that it ends or takes extras of'),
  bandwidth: BandwidthView.optional(),
  terms: z.array(Term),
  policy: z.object({
    answer: z.enum(['allowed', 'forbidden', 'fact-missing']),
    packs: z.array(z.string()),
    hits: z.array(RuleHit.extend({ site: Path })).describe('rules that closed other sites'),
    note: z.string(),
  }),
  why: z.array(SiteReport),
  here: z.array(z.string()).optional().describe('why in this place of the site'),
  constraints: z.array(ConstraintCount),
  assumptions: z.array(z.string()),
  changes: z
    .object({
      contract: ContractId,
      version: count,
      summary: z.string().describe('how many replicas stay, move, are added and given up'),
      moves: z.array(z.object({ part: z.string(), replica: count, from: Path, to: Path })),
    })
    .optional()
    .describe('the contract that it changes instead of making a new one'),
  preempts: z.array(ContractId).optional().describe('ends these preemptible contracts'),
  shrinks: z.array(ContractId).optional().describe('takes extras of these elastic contracts'),
  expiresAtMs: z.int(),
  expires: iso,
  inputs: Inputs,
});
export type PlanView = z.infer<typeof PlanView>;

/** A no with everything that helps: the numbers, and changes that were tried and fit. */
export const RefusalView = z.object({
  kind: z.string(),
  summary: z.string().describe('one sentence with the numbers'),
  zone: z.string().describe('of the instants'),
  refusal: Refusal,
  sites: z.array(SiteReport),
  relaxations: z.array(
    z.object({
      change: z.string(),
      demand: DemandRequest,
      start: iso,
      totalMicroEur: microEur.optional(),
      microEurPerHour: microEur.optional(),
      moves: z
        .array(z.object({ contract: ContractId, to: z.array(Path) }))
        .optional()
        .describe('fits only once these were made, in this order'),
    }),
  ),
});
export type RefusalView = z.infer<typeof RefusalView>;

export const PlanResult = z.object({
  snapshot: Snapshot,
  ...cut,
  decision: z.enum(['planned', 'rejected']),
  plan: PlanView.optional(),
  refusal: RefusalView.optional(),
  next: z.string().describe('what to do with the answer'),
});
export type PlanResult = z.infer<typeof PlanResult>;

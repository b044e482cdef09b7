import { z } from 'zod';

import { instant, Isolation } from './demand.ts';
import { ContractId, Digest, ProjectId, TenantId } from './id.ts';
import { SetAside, SiteVerdict } from './policy.ts';
import { Regime } from './tenant.ts';
import { Snapshot } from './view.ts';

/** Whether a tenant's data may be somewhere: hardware is not asked about. */
export const PolicyQuestion = z.strictObject({
  tenant: TenantId.exactOptional(),
  contract: ContractId.exactOptional().describe('as its demand says, instead of `tenant`'),
  project: ProjectId.exactOptional(),
  sites: z.array(z.string().min(1).max(200)).max(64).exactOptional().describe('all without it'),
  classes: z
    .array(z.string().max(41))
    .max(16)
    .exactOptional()
    .describe('such as `personal-data`, `training`'),
  regimes: z
    .array(Regime.meta({ told: true }))
    .max(10)
    .exactOptional()
    .describe("besides the tenant's own, such as `gdpr`"),
  isolation: Isolation.exactOptional(),
  from: instant.exactOptional().describe('default now'),
  until: instant.exactOptional().describe('facts must hold until then'),
  setAside: z.array(SetAside).min(1).exactOptional().describe('rules to ignore: denied, on record'),
});
export type PolicyQuestion = z.infer<typeof PolicyQuestion>;

/** The rules' answer, with every rule that bites, its article, facts with sources, and fix. */
export const PolicyCheck = z.object({
  snapshot: Snapshot,
  subject: z.string(),
  from: z.string(),
  until: z.string(),
  policy: Digest,
  facts: Digest.optional(),
  packs: z.array(z.string()).describe('with a rule that concerns it'),
  sites: z.array(SiteVerdict),
  denial: z
    .object({
      asked: z.array(z.string()),
      entry: z.object({ seq: z.int(), digest: Digest }).optional().describe('where the no is recorded'),
      note: z.string(),
    })
    .optional()
    .describe('of the wish to set rules aside'),
  note: z.string(),
});
export type PolicyCheck = z.infer<typeof PolicyCheck>;

export const RuleView = z.object({
  id: z.string(),
  pack: z.string(),
  rule: z.string(),
  article: z.string(),
  needs: z.array(z.string()),
  why: z.string(),
  fix: z.string(),
  effect: z.enum(['forbids', 'points out', 'permits', 'raises the tier']),
  override: z.enum(['second-person', 'never']),
  validFrom: z.string().optional(),
  validUntil: z.string().optional(),
  reviewed: z.string(),
  inForce: z.boolean(),
  text: z.string(),
});
export type RuleView = z.infer<typeof RuleView>;

export const PackList = z.object({
  policy: Digest,
  engine: z.string(),
  packs: z.array(
    z.object({
      name: z.string(),
      reviewed: z.string(),
      sources: z.string(),
      status: z.string(),
      rules: z.array(RuleView),
    }),
  ),
  note: z.string(),
});
export type PackList = z.infer<typeof PackList>;

/** Whether both engines say the same about everything recorded. */
export type EngineComparison = {
  readonly questions: number;
  readonly tenants: number;
  readonly sites: number;
  readonly disagreements: readonly string[];
};

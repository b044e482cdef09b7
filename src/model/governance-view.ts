import { z } from 'zod';

import { FactSubject, FactValue } from './governance-fact.ts';
import { Digest, OverrideId, Path, PrincipalId, TenantId } from './id.ts';
import { RefusalView } from './plan-view.ts';
import { Snapshot } from './view.ts';

/** A recorded fact as people are shown it. */
export const FactView = z.object({
  subject: FactSubject,
  attribute: z.string(),
  value: FactValue,
  assertedBy: z.string(),
  signedBy: PrincipalId.optional(),
  evidence: Digest,
  evidenceName: z.string().optional(),
  assertedOn: z.string(),
  expiresOn: z.string(),
  state: z.enum(['in-force', 'expired']).describe('expired counts as missing'),
});
export type FactView = z.infer<typeof FactView>;

export const OverrideView = z.object({
  id: OverrideId,
  rule: z.string(),
  tenant: TenantId,
  site: Path.optional(),
  reason: z.string(),
  requestedBy: PrincipalId,
  secondedBy: PrincipalId,
  expiresOn: z.string(),
  state: z.enum(['in-force', 'expired', 'lifted']),
});
export type OverrideView = z.infer<typeof OverrideView>;

export const FactList = z.object({
  snapshot: Snapshot,
  facts: z.array(FactView),
  overrides: z.array(OverrideView),
});
export type FactList = z.infer<typeof FactList>;

export const GovernanceResult = z.object({
  snapshot: Snapshot,
  decision: z.enum(['recorded', 'rejected']),
  replayed: z.boolean(),
  entry: z.object({ seq: z.int().min(0), digest: Digest }).optional(),
  id: OverrideId.optional(),
  refusal: RefusalView.optional(),
  next: z.string(),
});
export type GovernanceResult = z.infer<typeof GovernanceResult>;

import { z } from 'zod';

import type { Signed } from './governance-fact.ts';
import { type OverrideId, Path, PrincipalId, TenantId } from './id.ts';
import { AtMs } from './unit.ts';

/** What somebody wants: one rule not to bind one tenant for a time, at one site or everywhere. */
export const OverrideWish = z.strictObject({
  rule: z.string().regex(/^[a-z0-9][a-z0-9-]{0,79}$/),
  tenant: TenantId,
  site: Path.optional().describe('at this site only'),
  reason: z.string().min(10).max(300),
  expiresAtMs: AtMs,
  requestedBy: PrincipalId,
});
export type OverrideWish = z.infer<typeof OverrideWish>;

/** What the second person signs: the canonical JSON of this. */
export function overrideBody(wish: OverrideWish): object {
  return { schema: 'berth/override/1', ...wish };
}

/** A rule that does not bind, by whose word and until when. */
export type Override = OverrideWish & {
  readonly id: OverrideId;
  readonly second: Signed;
  readonly sinceMs: number;
  readonly liftedAtMs?: number;
};

import { z } from 'zod';

import { ContractId, Digest, PlanId } from './id.ts';
import { Tenant } from './tenant.ts';
import { AtMs } from './unit.ts';

/** What happened. Folding events, in order, is the only way state comes about. */
export const Event = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('tenant-registered'), tenant: Tenant }),
  z.strictObject({ kind: z.literal('observation-recorded'), observation: Digest }),
  z.strictObject({
    kind: z.literal('contract-granted'),
    contract: ContractId,
    plan: PlanId,
    planDigest: Digest,
  }),
  z.strictObject({ kind: z.literal('contract-released'), contract: ContractId, atMs: AtMs }),
]);
export type Event = z.infer<typeof Event>;

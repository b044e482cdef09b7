import { z } from 'zod';

import { ContractId } from './id.ts';

const hash = z.string().regex(/^[A-Za-z0-9+/]{43}=$/, 'base64 of a SHA-256');

/** One entry of a ledger, to the byte as it is stored, and what shows that it stands there. */
const ProvedEntry = z.strictObject({
  index: z.int().min(0).describe('its leaf: its number less one'),
  entry: z.string().max(40_000),
  hashes: z.array(hash).max(63),
  plan: z.string().max(8_000_000).optional().describe('the plan that it names by its digest'),
});

/** What shows to a stranger what was recorded about a contract: its entries, and the log's signature over all. */
export const ProofBundle = z.strictObject({
  schema: z.literal('berth/proof/1'),
  contract: ContractId,
  entries: z.array(ProvedEntry).min(1).max(10_000),
  checkpoint: z.string().max(65_536),
});
export type ProofBundle = z.infer<typeof ProofBundle>;

/** What a proof came to. */
export const ProofResult = z.object({
  ok: z.boolean(),
  proves: z.enum(['contract', 'entry', 'growth', 'export']),
  log: z.string().describe('the name of the log'),
  size: z.int().min(0).describe('entries in the log when it signed'),
  shown: z.array(z.string()),
  why: z.string().optional().describe('why it proves nothing'),
});
export type ProofResult = z.infer<typeof ProofResult>;

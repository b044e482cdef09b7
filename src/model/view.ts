import { z } from 'zod';

import { Digest } from './id.ts';

/**
 * What people and programs are shown: the answers of the tools, the JSON of the command line, what the chat
 * draws. Instants stand twice: `…Ms` for programs, ISO 8601 in the tenant's (or site's) zone for people.
 */
export const iso = z.string().max(40);
export const count = z.int().min(0);
export const microEur = z.int().min(0);

/** Stands in every answer: the state it was computed from. */
export const Snapshot = z.object({
  seq: count.describe('ledger entry the answer was computed at'),
  head: Digest,
  inventory: Digest,
  atMs: z.int(),
  at: iso,
  clock: z.enum(['system', 'set']),
  readOnly: z.string().optional().describe('why nothing can be changed now, and what to do'),
});
export type Snapshot = z.infer<typeof Snapshot>;

/** In answers with lists that may have been shortened to fit a model's context. */
export const cut = { truncated: z.boolean().optional(), hints: z.array(z.string()).optional() };

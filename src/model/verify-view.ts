import { z } from 'zod';

import { ContractId, Digest } from './id.ts';
import { count } from './view.ts';

/** One check of `ledger_verify`; `firstBadSeq` names the first entry that failed it. */
export const VerifyCheck = z.object({
  check: z.enum([
    'chain',
    'tree',
    'words',
    'blobs',
    'keys',
    'clock',
    'replay',
    'plans',
    'placements',
    'sessions',
  ]),
  ok: z.boolean(),
  checked: count,
  note: z.string(),
  firstBadSeq: count.optional(),
});
export type VerifyCheck = z.infer<typeof VerifyCheck>;

/** Whether what a contract stands on comes out the same when it is decided again. */
export const ContractAgain = z.object({
  id: ContractId,
  again: z.enum(['same', 'different', 'not-made-again', 'not-yet']),
  entry: count.optional().describe('of its last grant or change'),
  plan: Digest.optional(),
  note: z.string(),
});
export type ContractAgain = z.infer<typeof ContractAgain>;

export const VerifyResult = z.object({
  place: z.string(),
  ok: z.boolean(),
  entries: count,
  head: Digest,
  stateDigest: Digest.describe('of the state that the replay arrived at'),
  core: z.string(),
  checks: z.array(VerifyCheck),
  contract: ContractAgain.optional(),
  readOnly: z.string().optional(),
});
export type VerifyResult = z.infer<typeof VerifyResult>;

import { z } from 'zod';

import { Actor } from './actor.ts';
import { Command } from './command.ts';
import { Decision } from './decision.ts';
import { Event } from './event.ts';
import { Digest, IdemKey, PrincipalId, TenantId } from './id.ts';
import { Inputs } from './plan.ts';
import { AtMs } from './unit.ts';

/** The version of the entry form. A ledger with a higher one was written by a newer Berth. */
export const ledgerFormat = 1;

/** An entry before the ledger gives it its place in the chain. */
export const EntryDraft = z.strictObject({
  atMs: AtMs,
  clock: z.enum(['system', 'set']).describe('`set` when the time came from BERTH_NOW'),
  tenant: TenantId.optional(),
  actor: Actor,
  idemKey: IdemKey.optional(),
  requestHash: Digest,
  inputs: Inputs,
  command: Command,
  decision: Decision,
  events: z.array(Event).max(256),
});
export type EntryDraft = z.infer<typeof EntryDraft>;

/** One line of the ledger. `digest` is the SHA-256 of its canonical JSON without that field. */
export const Entry = z.strictObject({
  v: z.literal(ledgerFormat),
  seq: z.int().min(1),
  prev: Digest,
  ...EntryDraft.shape,
  digest: Digest,
});
export type Entry = z.infer<typeof Entry>;

/**
 * An entry whose text was parsed before, to the byte: parsing it again is most of what reading costs. Only for text
 * that a hash vouches for.
 */
export const KnownEntry = z.custom<Entry>((value) => typeof value === 'object' && value !== null);

/** What ties an entry to the one before, and what its idempotency key is unique for. */
export const ChainLink = z.object({
  ...Entry.pick({ v: true, seq: true, prev: true, atMs: true, tenant: true, idemKey: true }).shape,
  actor: z.object({ principal: PrincipalId }),
});

/** The end of the chain: the last entry's number, digest and time. */
export type Head = { readonly seq: number; readonly digest: Digest; readonly atMs: number };

/** What stands before the first entry. */
export const emptyHead: Head = { seq: 0, digest: Digest.parse(`sha256:${'0'.repeat(64)}`), atMs: 0 };

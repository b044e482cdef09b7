import { z } from 'zod';

import { ChatPlace } from './chat.ts';
import { Digest, PrincipalId } from './id.ts';

/**
 * A person's own words, which are kept beside the ledger where they can be erased. The digest is salted: without the
 * text nobody can tell whether a guess is right, so what stays in the entry says nothing once the text is gone.
 */
export const Aside = z.strictObject({
  aside: Digest,
  of: PrincipalId.describe('whose words they are: who asks for erasure names this principal'),
});
export type Aside = z.infer<typeof Aside>;

/** Free text as older entries carry it, or where it is kept now. */
export const Told = z.union([z.string().min(1).max(300), Aside]);
export type Told = z.infer<typeof Told>;

/** What people read where words have been erased. */
export const erasedWords = '(erased)';

/** Words that were looked up before; those that are kept aside cannot be told from here. */
export function plainWords(told: Told): string {
  return typeof told === 'string' ? told : erasedWords;
}

/** What `berth ledger erase` did with somebody's texts. */
export const Erasure = z.strictObject({
  of: PrincipalId,
  count: z.int().min(1).describe('texts that were taken away'),
  chat: ChatPlace.optional().describe('of this session only, as far as it went; absent: all of them'),
});
export type Erasure = z.infer<typeof Erasure>;

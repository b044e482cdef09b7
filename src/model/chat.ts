import { z } from 'zod';

import { Digest, PrincipalId, TenantId } from './id.ts';
import { AtMs } from './unit.ts';

/** A chat session's readable number, `S-7`: counted up by the ledger. */
export const ChatId = z
  .string()
  .regex(/^S-[1-9][0-9]{0,11}$/, 'a session looks like `S-7`')
  .brand<'ChatId'>();
export type ChatId = z.infer<typeof ChatId>;

/** The number in the id of a session: sessions are ordered by it, not by their letters. */
export function chatNumberOf(id: ChatId): number {
  return Number(id.slice('S-'.length));
}

const word = z.string().min(1).max(200);
const seq = z.int().min(1);

/** What a session is spoken through, and who reads it there. */
export const ChatSetting = z.strictObject({
  front: z.enum(['screen', 'lines', 'prompt']).describe('the TUI, plain lines, or `-p`'),
  reader: word.describe('`built-in`, or the language model and where it is'),
  software: word.describe('the version of the core that answered'),
  prompt: Digest.optional().describe('of what a language model was told'),
});
export type ChatSetting = z.infer<typeof ChatSetting>;

/** A record of another session: where one goes on that could not go on itself. */
export const ChatPlace = z.strictObject({ chat: ChatId, seq, digest: Digest });
export type ChatPlace = z.infer<typeof ChatPlace>;

/** A tool call without what was asked and answered: digests over a salt that goes with the words of the turn. */
export const ChatCall = z.strictObject({
  tool: word,
  ok: z.boolean(),
  args: Digest,
  answer: Digest,
});
export type ChatCall = z.infer<typeof ChatCall>;

/** What happened in a session. What was said stands in none of them: it is kept aside under the digests. */
export const ChatEvent = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('session-began'),
    of: PrincipalId,
    tenants: z.array(TenantId).max(1000).optional().describe('it was limited to; absent: to none'),
    ...ChatSetting.shape,
    after: ChatPlace.optional(),
    isUnlisted: z.literal(true).optional().describe('its requests are not offered again by the prompt'),
  }),
  z.strictObject({ kind: z.literal('session-resumed'), ...ChatSetting.shape }),
  z.strictObject({ kind: z.literal('turn-begun'), said: Digest }),
  z.strictObject({
    kind: z.literal('turn-ended'),
    turn: seq.describe('the record in which it was begun'),
    reader: word,
    outcome: word,
    calls: z.array(ChatCall).max(200),
    entries: z.array(seq).max(200).describe('of the ledger, that the turn made or was answered with'),
    body: Digest,
  }),
]);
export type ChatEvent = z.infer<typeof ChatEvent>;

export const chatFormat = 1;

/**
 * One record of a session. `digest` is the SHA-256 of its canonical JSON without that field; `prev` is that of the
 * record before it, and of the ledger's head for the first one, so that a session hangs on the ledger.
 */
export const ChatRecord = z.strictObject({
  v: z.literal(chatFormat),
  chat: ChatId,
  seq,
  prev: Digest,
  atMs: AtMs,
  clock: z.enum(['system', 'set']),
  ledger: z
    .strictObject({ seq: z.int().min(0), digest: Digest })
    .describe('the last entry when this was recorded'),
  event: ChatEvent,
  digest: Digest,
});
export type ChatRecord = z.infer<typeof ChatRecord>;

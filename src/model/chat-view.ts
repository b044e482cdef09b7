import { z } from 'zod';

import type { ChatTurn } from './chat-turn.ts';
import { ChatId } from './chat.ts';
import { PrincipalId, TenantId } from './id.ts';
import { count, iso } from './view.ts';

/** A chat session in a list. */
export const ChatView = z.object({
  id: ChatId,
  of: PrincipalId,
  tenants: z.array(TenantId).optional().describe('it was limited to; absent: to none'),
  began: iso,
  last: iso.describe('when something was last recorded in it'),
  front: z.enum(['screen', 'lines', 'prompt']),
  reader: z.string().describe('`built-in`, or a language model'),
  turns: count,
  first: z.string().optional().describe('its first request; absent when it was erased'),
  after: ChatId.optional().describe('it goes on where that one was'),
});
export type ChatView = z.infer<typeof ChatView>;

export const ChatViewList = z.object({ sessions: z.array(ChatView) });
export type ChatViewList = z.infer<typeof ChatViewList>;

/** A session whole. `turns` begin with those of the session that it goes on from, if any. */
export type ChatTranscript = { readonly session: ChatView; readonly turns: readonly ChatTurn[] };

import { z } from 'zod';

import type { ChatId } from './chat.ts';

/** What a person did in a turn: said something, said yes to a plan, or looked something up. */
export const ChatSaid = z.strictObject({
  kind: z.enum(['said', 'confirmed', 'looked']),
  text: z.string().max(20_000).describe('for `confirmed` the id of the plan'),
  typed: z
    .string()
    .max(20_000)
    .optional()
    .describe('what stood on the prompt, where that was something else'),
});
export type ChatSaid = z.infer<typeof ChatSaid>;

const ErrorWords = z.object({
  code: z.enum([
    'INVALID_INPUT',
    'NOT_FOUND',
    'FORBIDDEN',
    'APPROVAL_DENIED',
    'IDEMPOTENCY_CONFLICT',
    'LEDGER_REFUSED',
    'LEDGER_BUSY',
    'INTERRUPTED',
    'MODEL_FAILED',
    'INTERNAL',
  ]),
  message: z.string(),
  fix: z.string(),
  retryable: z.boolean(),
  field: z.string().exactOptional(),
  allowed: z.array(z.string()).exactOptional(),
  didYouMean: z.string().exactOptional(),
  seeTool: z.string().exactOptional(),
});

/** A tool call whole, as it was made. How long it took is left out: the same talk makes the same record. */
export const ChatToolCall = z.strictObject({
  tool: z.string(),
  args: z.record(z.string(), z.unknown()),
  answer: z.union([
    z.strictObject({ ok: z.literal(true), content: z.unknown() }),
    z.strictObject({ ok: z.literal(false), error: ErrorWords }),
  ]),
});
export type ChatToolCall = z.infer<typeof ChatToolCall>;

const Outcome = z.enum([
  'answered',
  'planned',
  'pending_approval',
  'committed',
  'infeasible',
  'denied',
  'stale',
  'needs_input',
  'error',
]);

/** What a turn came to: enough to show it, to go on after it, and to make it again. */
export const ChatAnswer = z.strictObject({
  outcome: Outcome,
  reply: z.string(),
  unread: z.array(z.string()),
  question: z
    .strictObject({
      text: z.string(),
      missing: z.array(z.strictObject({ slot: z.string(), suggestions: z.array(z.string()) })),
    })
    .optional(),
  plan: z.string().max(40).optional().describe('the id of the plan that it offered'),
  contract: z.string().max(40).optional(),
  error: ErrorWords.optional(),
  usage: z
    .strictObject({ modelCalls: z.number(), inputTokens: z.number(), outputTokens: z.number() })
    .optional(),
  calls: z.array(ChatToolCall),
});
export type ChatAnswer = z.infer<typeof ChatAnswer>;

/** The body of a turn as it is kept aside. The salt makes digests of its parts say nothing once it is erased. */
export const ChatBody = z.strictObject({ salt: z.string().max(64), answer: ChatAnswer });
export type ChatBody = z.infer<typeof ChatBody>;

/** A turn as it is read back. Words that were erased, and an answer that never came, are absent. */
export type ChatTurn = {
  readonly chat: ChatId;
  /** The record in which it was begun. */
  readonly seq: number;
  readonly atMs: number;
  readonly said?: ChatSaid;
  readonly reader: string;
  /** The version of the core that answered. */
  readonly software: string;
  readonly outcome?: string;
  readonly answer?: ChatAnswer;
  readonly tools: readonly string[];
  readonly entries: readonly number[];
  readonly isErased: boolean;
};

import { z } from 'zod';

import type { Reply } from './contestant.ts';

/** What an agent of somebody else answers to one line, as JSON. Keys that we do not know do no harm. */
const ReplyLine = z.object({
  text: z.string().max(100_000),
  asked: z.array(z.string().max(60)).max(20).default([]),
  offers: z.literal('plan').optional(),
  usage: z
    .object({
      modelCalls: z.int().min(0).default(0),
      inputTokens: z.int().min(0).default(0),
      outputTokens: z.int().min(0).default(0),
    })
    .optional(),
});

/** Nothing where the answer has another form. */
export function replyIn(value: unknown): Reply | undefined {
  const parsed = ReplyLine.safeParse(value);
  if (!parsed.success) return undefined;
  const { text, asked, offers, usage } = parsed.data;
  return {
    text,
    asked,
    outcome: asked.length > 0 ? 'needs_input' : 'answered',
    offers: offers === 'plan',
    ...(usage === undefined ? {} : { usage }),
  };
}

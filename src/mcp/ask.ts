import { z } from 'zod';

import type { Question } from '../control/control.ts';
import { ApprovalId } from '../model/id.ts';
import { cleanText } from '../model/text.ts';
import type { JsonObject } from './json.ts';

/** Puts a question to the person at the client. `cancel`: it was closed without an answer, or none came. */
export type Ask = (question: Question) => Promise<'accept' | 'decline' | 'cancel'>;

/**
 * Thrown where a client of the stateless era has to bring the answer along with the same call again. Nothing has been
 * done by then.
 */
export class AskFirst extends Error {
  readonly question: Question;

  constructor(question: Question) {
    super('the requester is asked first');
    this.name = 'AskFirst';
    this.question = question;
  }
}

/** A page on which somebody decides what waits. Whoever opens it signs in there: its address is no secret. */
export type PageOffer = { readonly approval: ApprovalId; readonly url: string; readonly message: string };

/** Shows the address of a page to the person at the client. */
export type Offer = (offer: PageOffer) => Promise<Offered>;

/** Whether the page was opened, no more; and how the client is told that nothing waits there any longer. */
type Offered = { readonly answer: 'accept' | 'decline' | 'cancel'; readonly isOver: () => Promise<void> };

/**
 * Thrown where a client of the stateless era is shown the address in place of the answer, and asks again for that with
 * the same key. What was asked for waits by then.
 */
export class OfferFirst extends Error {
  readonly offer: PageOffer;

  constructor(offer: PageOffer) {
    super('the page is offered first');
    this.name = 'OfferFirst';
    this.offer = offer;
  }
}

/** What waits for somebody else since just now, and has a page. */
const Waiting = z.object({
  decision: z.literal('pending_approval'),
  replayed: z.literal(false),
  approval: z.object({ id: ApprovalId, tier: z.int().min(3), summary: z.string(), page: z.url() }),
});

/** The page to offer with an answer. Nothing where it was offered before: whoever asks again knows it. */
export function pageFor(content: JsonObject): PageOffer | undefined {
  const waiting = Waiting.safeParse(content);
  if (!waiting.success) return undefined;
  const { id, summary, page } = waiting.data.approval;
  const message = `${id} waits for another person: ${cleanText(summary, 600)}. Whoever may decide signs in there; to open it decides nothing.`;
  return { approval: id, url: page, message };
}

/** The form, in words that let nobody answer something else than what will be done. */
export function formOf({ summary, digest }: Question) {
  return {
    message: `${cleanText(summary, 600)}\n\nWhat your yes is bound to: ${digest}`,
    requestedSchema: {
      type: 'object' as const,
      properties: { confirm: { type: 'boolean' as const, title: 'Do it', default: false } },
      required: ['confirm'],
    },
  };
}

/** What a filled form came to: sent off without the tick it is a no. */
export function answerIn({
  action,
  content,
}: {
  action: string;
  content?: unknown;
}): Awaited<ReturnType<Ask>> {
  if (action === 'decline') return 'decline';
  if (action !== 'accept') return 'cancel';
  const ticked = typeof content === 'object' && content !== null && Reflect.get(content, 'confirm') === true;
  return ticked ? 'accept' : 'decline';
}

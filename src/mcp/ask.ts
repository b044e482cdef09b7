import type { Question } from '../control/control.ts';
import { cleanText } from '../model/text.ts';

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

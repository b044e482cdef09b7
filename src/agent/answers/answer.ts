import type { Turn } from '../agent.ts';
import type { Problem } from '../frame.ts';
import type { Gazetteer } from '../gazetteer.ts';
import type { IntentReading } from '../intent.ts';
import type { Memory } from '../memory.ts';
import { type Reading, unreadWords } from '../reading.ts';
import { questionOf } from '../reply.ts';
import { matches, type Span } from '../spans/span.ts';
import type { ToolCalls } from '../tool-calls.ts';

/** Everything an answer is made from. */
export type Talk = {
  readonly reading: Reading;
  readonly gazetteer: Gazetteer;
  readonly calls: ToolCalls;
  readonly memory: Memory;
  readonly cues: IntentReading['cues'];
  /** For times when no tenant says otherwise. */
  readonly zone: string;
};

/** A turn without what the turn loop adds itself. */
export type Answer = Omit<Turn, 'toolCalls'>;

/**
 * A plain answer; `uses` says which spans it took into account and `words` (a global pattern) which words.
 * Everything else is reported as unread.
 */
export function answered(
  talk: Talk,
  reply: string,
  shown: Turn['shown'],
  uses: (span: Span) => boolean,
  words?: RegExp,
): Answer {
  return { outcome: 'answered', reply, shown, unread: unreadOf(talk, uses, words) };
}

/** One question for all problems; nothing was done. */
export function asking(talk: Talk, problems: readonly Problem[], lead?: string): Answer {
  const question = questionOf(problems, lead);
  return {
    outcome: 'needs_input',
    reply: question.text,
    shown: [],
    question,
    unread: unreadOf(talk, () => true),
  };
}

export function unreadOf(talk: Talk, uses: (span: Span) => boolean, words?: RegExp): readonly string[] {
  const read = words === undefined ? [] : matches(talk.reading.line.text, words);
  return unreadWords(talk.reading, [...talk.cues, ...read], uses).map(({ word }) => word);
}

/** Uses spans of these kinds, and traits of these slots. */
export function using(kinds: readonly string[], slots: readonly string[] = []): (span: Span) => boolean {
  return (span) => (span.kind === 'trait' ? slots.includes(span.trait.slot) : kinds.includes(span.kind));
}

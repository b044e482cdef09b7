import type { Question, Turn, Usage } from '../../agent/agent.ts';
import type { ErrorDetail } from '../../model/error.ts';
import { countOf, formatCount, formatEur } from './amount.ts';
import { drawCard } from './card.ts';
import { blank, bullets, columnsOf, type Line, paragraph, type Room, span, wrap } from './line.ts';
import { markdown } from './markdown.ts';
import { type PlanContext, unreadLines } from './plan.ts';

/** What a front end knows besides an answer: the plan that was open before it, where its own plan sits. */
export type Before = Pick<PlanContext, 'plan' | 'racks'>;

/** A whole answer: the reply first, so that a screen reader hears it first, then the cards, then what is asked back. */
export function drawTurn(turn: Turn, room: Room, before: Before = {}): Line[] {
  const plans = turn.shown.some(({ kind }) => kind === 'plan');
  const cards = turn.shown.flatMap((shown) => [
    blank,
    ...drawCard(shown, room, { ...before, unread: turn.unread }),
  ]);
  return [
    ...replyLines(turn, room),
    ...(turn.reply === '' ? cards.slice(1) : cards),
    ...(plans ? [] : unreadLines(turn.unread, room)),
    ...(turn.error === undefined ? [] : errorLines(turn.error, turn.reply, room)),
    ...(turn.question === undefined ? [] : questionLines(turn.question, turn.reply, room)),
    ...(turn.usage === undefined ? [] : usageLines(turn.usage, room)),
  ];
}

/** The same in about a screen, with a word about how to see the rest where something was folded. */
export function drawFolded(turn: Turn, room: Room, before: Before = {}): Line[] {
  const all = drawTurn(turn, room, before);
  const folded = drawTurn(turn, { ...room, folded: true }, before);
  const more = all.length - folded.length;
  if (more <= 0) return all;
  return [...folded, ...paragraph(`  folded: \`/all\` shows ${countOf(more, 'more line')}`, room, 'dim')];
}

/** The words of a language model are Markdown; those of the built-in reader are plain, whatever stands in a label. */
function replyLines({ reply, usage }: Turn, room: Room): Line[] {
  if (reply === '') return [];
  if (usage !== undefined && usage.modelCalls > 0) return markdown(reply, room);
  return reply.split('\n').flatMap((line) => paragraph(line, room));
}

/** What a language model used for the answer. Nothing for an answer that needed none. */
function usageLines(usage: Usage, room: Room): Line[] {
  return usage.modelCalls === 0 ? [] : paragraph(`model: ${usageWords(usage)}`, room, 'dim');
}

/** `2 calls, 200 tokens in, 20 out, 0.0001 EUR`; what the endpoint did not count is said, what has no price is not. */
export function usageWords(usage: Usage): string {
  const { modelCalls, inputTokens, outputTokens, uncountedCalls = 0, costMicroEur } = usage;
  const uncounted = uncountedCalls === 0 ? '' : `, ${countOf(uncountedCalls, 'call')} not counted`;
  const cost = costMicroEur === undefined ? '' : `, ${formatEur(costMicroEur)}`;
  const tokens = `${formatCount(inputTokens)} tokens in, ${formatCount(outputTokens)} out`;
  return `${countOf(modelCalls, 'call')}, ${tokens}${uncounted}${cost}`;
}

/** What went wrong, where, and what to do about it. */
function errorLines(error: ErrorDetail, reply: string, room: Room): Line[] {
  const where = error.field === undefined ? '' : ` (in \`${error.field}\`)`;
  const what = reply.includes(error.message) ? [] : [span(`Error: ${error.message}${where}`, 'bad')];
  const meant = error.didYouMean === undefined ? '' : ` Did you mean \`${error.didYouMean}\`?`;
  const allowed = error.allowed === undefined ? '' : ` Allowed: ${error.allowed.join(', ')}.`;
  const fix = `What to do: ${error.fix}.${meant}${allowed}`;
  return [what, reply.includes(error.fix) ? [] : [span(fix)]]
    .filter((line) => line.length > 0)
    .flatMap((line) => wrap(line, columnsOf(room), 2));
}

/** Suggestions that may be answered by their number: those of the only missing slot, none of which starts with a digit. */
export function numberedSuggestions(question: Question | undefined): readonly string[] {
  const [slot, ...others] = question?.missing ?? [];
  if (slot === undefined || others.length > 0) return [];
  return slot.suggestions.some((text) => /^\s*\d/.test(text)) ? [] : slot.suggestions;
}

function questionLines(question: Question, reply: string, room: Room): Line[] {
  const asked = reply.includes(question.text) ? [] : paragraph(question.text, room, 'accent');
  const numbered = numberedSuggestions(question);
  if (numbered.length > 0) return [...asked, ...numbered.flatMap((text, i) => numberedLine(text, i, room))];
  const missing = question.missing.map(({ slot, suggestions }): Line => {
    const such = suggestions.length === 0 ? '' : `: ${suggestions.join(', ')}`;
    return [span(slot, 'accent'), span(such)];
  });
  return [...asked, ...bullets(missing, room)];
}

function numberedLine(text: string, index: number, room: Room): Line[] {
  return wrap([span(`  ${index + 1}  `, 'accent'), span(text)], columnsOf(room), 5);
}

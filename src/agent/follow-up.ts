import type { PlanView } from '../model/plan-view.ts';
import { type Answer, asking, type Talk } from './answers/answer.ts';
import { askRelease, commit, releaseNow, showContract } from './answers/contract.ts';
import { showCurrent } from './answers/current.ts';
import { recordsOf } from './answers/inventory.ts';
import { amendRequest, planOffer } from './answers/request.ts';
import type { IntentReading } from './intent.ts';
import { forgetRequest, pointedAt } from './memory.ts';
import { type Reading, spansOf } from './reading.ts';
import { withoutRemoved } from './removal.ts';
import { listed, period, planWords, priceOf } from './reply.ts';
import { isRequestSpan } from './slots.ts';
import { matches } from './spans/span.ts';
import { isAffirmation, isAmendment, isRefusal, repeatWords } from './talk-words.ts';

/** Yes, no, and lines that only make sense after the one before. */
export async function answerToPending(talk: Talk, intent: IntentReading): Promise<Answer | undefined> {
  const { memory, reading } = talk;
  const { text } = reading.line;
  const { release } = memory;
  if (isAffirmation(text, release === undefined ? 'plan' : 'release')) return affirm(talk);
  if (isRefusal(text)) return refuse(talk);
  if (release !== undefined) delete memory.release;
  const current = await showCurrent(talk);
  if (current !== undefined) return current;
  if (intent.intent === 'override') return undefined;
  const offer = await takeOffer(talk);
  if (offer !== undefined) return offer;
  const again = matches(text, repeatWords);
  if (memory.frame === undefined && memory.lastFrame !== undefined && again.length > 0)
    memory.frame = memory.lastFrame;
  if (memory.frame === undefined) return undefined;
  return again.length > 0 || continuesRequest(talk, intent) ? amendRequest(withAmendCues(talk)) : undefined;
}

async function affirm(talk: Talk): Promise<Answer> {
  const { memory } = talk;
  if (memory.release !== undefined) return releaseNow(talk, memory.release);
  if (memory.plan !== undefined) return affirmPlan(talk, memory.plan);
  if (memory.open !== undefined) return asking(talk, memory.open, 'Before I can plan I still need to know');
  const held =
    memory.contract === undefined ? '' : ` ${memory.contract.id} is the last contract we talked about.`;
  return { outcome: 'answered', reply: `There is nothing waiting for a yes.${held}`, shown: [], unread: [] };
}

/** A mere yes is not enough for a plan that left words of its request out; `commit` is. */
export async function affirmPlan(talk: Talk, plan: PlanView): Promise<Answer> {
  const { unread = [] } = talk.memory;
  if (unread.length === 0 || /\bcommit\b/u.test(talk.reading.line.text)) return commit(talk, plan);
  const words = listed(unread.map((word) => `\`${word}\``));
  return stillWaits(plan, `Not read in what was asked for: ${words}. Say "commit" to commit it all the same`);
}

/** Nothing was done and the plan is still the one that a yes commits. */
export function stillWaits(plan: PlanView, lead: string): Answer {
  const reply = `${lead}, or "no" to drop it. It is ${planWords(plan)} ${period(plan)}, ${priceOf(plan)}.`;
  return { outcome: 'answered', reply, shown: [], unread: [] };
}

function refuse({ memory }: Talk): Answer {
  const had = memory.plan ?? memory.release ?? memory.open ?? memory.frame;
  forgetRequest(memory);
  const reply = had === undefined ? 'There is nothing to drop.' : 'Dropped. Nothing was changed.';
  return { outcome: 'answered', reply, shown: [], unread: [] };
}

/** `option 2`, or a number alone, about the changes that a refusal offered. */
async function takeOffer(talk: Talk): Promise<Answer | undefined> {
  const { memory, reading } = talk;
  const { list } = memory;
  if (memory.refusal === undefined || list?.kind !== 'offers') return undefined;
  const { text } = reading.line;
  const others = reading.spans.filter(({ kind }) => kind !== 'number');
  if (others.length > 0) return undefined;
  const alone = /^\W*(\d{1,2})\W*$/u.exec(text)?.[1];
  const index = alone === undefined ? pointedAt(text, list.ids.length) : Number(alone) - 1;
  return index === undefined ? undefined : planOffer(talk, index);
}

/** A line about the request under discussion: it answers the open question or changes a slot. */
function continuesRequest(talk: Talk, { intent, score }: IntentReading): boolean {
  const { reading, memory } = talk;
  const { text } = reading.line;
  const { read: taken } = withoutRemoved(memory.frame ?? {}, text);
  const fills =
    taken.length > 0 || reading.spans.some((span) => isRequestSpan(span) || span.kind === 'number');
  const strangers = spansOf(reading, 'contract').length + spansOf(reading, 'fraction').length;
  if (isYesAndMore(talk)) return false;
  if (!fills || strangers > 0) return memory.open !== undefined && intent === undefined && isAmendment(text);
  const isWhole = isWholeRequest(reading);
  if ((intent === 'list' || intent === 'capacity') && !asksOrShows.test(text)) return !isWhole;
  if (isAmendment(text)) return intent === undefined || intent === 'plan' || score < 6;
  if (intent === undefined) return true;
  return intent === 'plan' && !isWhole;
}

/** Without such a word, `all on one node` changes the request and asks for no list. */
const asksOrShows =
  /\?|\b(?:which|what|where|who|how|list|show|find|display|print|see|describe|any|are|is|do|does|free|idle|unused|available)\b/u;

/** `yes and 16 more for acme`: an act and a request in one line. */
export function isYesAndMore({ memory, reading }: Talk): boolean {
  const isYes =
    /^\W*(?:yes|yep|yeah|ok|okay|sure|commit(?: it)?|do it|book it|go ahead)\b[ ,]*(?:and|then|plus)\b/u;
  return memory.plan !== undefined && isYes.test(reading.line.text);
}

/** A verb of wanting, a count and what of: a new request, not a change of the old one. */
function isWholeRequest(reading: Reading): boolean {
  const slices = spansOf(reading, 'slice').length;
  const wants = spansOf(reading, 'model').length + spansOf(reading, 'gpus').length + slices > 0;
  const rest = spansOf(reading, 'length').length + spansOf(reading, 'tenant').length;
  const verb = /\b(?:need|want|give|get|book|reserve|plan|request|allocate|like)\b/u.test(reading.line.text);
  return wants && spansOf(reading, 'amount').length + slices > 0 && (verb || rest > 1);
}

export function withAmendCues(talk: Talk): Talk {
  const { text } = talk.reading.line;
  const said = [
    ...text.matchAll(complaints),
    ...text.matchAll(
      /\b(?:make|change|same|but|move|switch|rather|also|actually|instead|it|drop|set|what about|how about|let's|go|with|take|use|try|now|then|start|starting|begin|push|bump|keep|add|mean|meant|increase|raise|only)\b/gu,
    ),
  ];
  return {
    ...talk,
    cues: [...talk.cues, ...said.map((match) => ({ from: match.index, to: match.index + match[0].length }))],
  };
}

/** Why somebody changes a request; what is to be different stands beside it. */
const complaints =
  /\b(?:(?:way|far|much|a bit|a little) )?too (?:expensive|dear|pricey|costly|steep|much|long|short|many|few|big|small|late|early|far)\b|\b(?:over|beyond|above|out of) (?:the |our |my )?budget\b|\b(?:is|are|will be|would be) (?:enough|plenty)\b|\b(?:enough|suffices|will do|would do)\b/gu;

/** `the second one`, about what was shown last. */
export async function pickFromList(talk: Talk, { intent }: IntentReading): Promise<Answer | undefined> {
  const { list } = talk.memory;
  const index = list === undefined ? undefined : pointedAt(talk.reading.line.text, list.ids.length);
  if (list === undefined || index === undefined || talk.reading.spans.some(({ kind }) => kind === 'time'))
    return undefined;
  if (list.kind === 'offers') return planOffer(talk, index);
  if (list.kind === 'contracts')
    return intent === 'release' || /\brelease\b/u.test(talk.reading.line.text)
      ? askRelease(talk)
      : showContract(talk);
  return intent === 'plan' ? undefined : recordsOf(talk, list.ids.slice(index, index + 1));
}

import type { ErrorDetail } from '../model/error.ts';
import { InventorySummary } from '../model/inventory-view.ts';
import { type PlanView } from '../model/plan-view.ts';
import { cleanText, compareText } from '../model/text.ts';
import type { RecallingAgent, Remade, Toolbox, Turn, TurnOptions } from './agent.ts';
import { type Answer, asking, type Talk } from './answers/answer.ts';
import { showApprovals, showDeeds } from './answers/approvals.ts';
import { changeContract } from './answers/change.ts';
import {
  greet,
  help,
  isNotHere,
  namesCommand,
  noSuchPlace,
  notUnderstood,
  refuseErase,
  sayQuoted,
} from './answers/closed.ts';
import {
  askRelease,
  commit,
  listContracts,
  meantContract,
  releaseNow,
  showContract,
  verify,
} from './answers/contract.ts';
import { showCurrent } from './answers/current.ts';
import { countFree, listNodes, recordsOf, showRecords, summarise } from './answers/inventory.ts';
import { whichAreKept } from './answers/kept.ts';
import { drain } from './answers/maintenance.ts';
import { explain, explainWish, whatIf } from './answers/placement.ts';
import { showPower } from './answers/power.ts';
import { replay } from './answers/replay.ts';
import { amendRequest, planOffer, planRequest, wishOf } from './answers/request.ts';
import { checkRules, refuseOverride } from './answers/rules.ts';
import { templates } from './answers/templates.ts';
import { strangePlaces } from './blockers.ts';
import type { Intent } from './cues.ts';
import { type IntentReading, intentOf } from './intent.ts';
import { forgetRequest, type Memory, pointedAt } from './memory.ts';
import { isZone } from './moment.ts';
import { NameCache } from './name-cache.ts';
import { type Extent, normalise } from './normalise.ts';
import { type Reading, read, spansOf } from './reading.ts';
import { adopt, isReadBy, makeAgain } from './recall.ts';
import { withoutRemoved } from './removal.ts';
import { listed, period, planWords, priceOf } from './reply.ts';
import { frameOf, isRequestSpan } from './slots.ts';
import { mask, matches, overlap } from './spans/span.ts';
import { isAffirmation, isAmendment, isRefusal, repeatWords } from './talk-words.ts';
import { ToolFailure, type ToolCalls, toolCalls } from './tool-calls.ts';

export type InterpreterOptions = {
  readonly toolbox: Toolbox;
  /** IANA zone for times that belong to no tenant; otherwise the commonest zone of the tenants. */
  readonly zone?: string;
  /** A stopwatch for how long tools took, in milliseconds. The calendar's clock is the snapshot's. */
  readonly now?: () => number;
};

/**
 * The built-in agent: a deterministic, offline reader of plain English about a fleet. It makes the tool calls
 * that a language model would make, guesses nothing that has consequences, and says what it did not read.
 */
export function createInterpreter({
  toolbox,
  zone,
  now = () => performance.now(),
}: InterpreterOptions): RecallingAgent {
  let memory: Memory = {};
  let names = new NameCache();
  const turn = (tools: Toolbox, text: string, options: TurnOptions = {}) =>
    run(toolCalls(tools, options, now), (calls) => answer(text, calls, memory, names, zone));
  const confirm = (tools: Toolbox, plan: Pick<PlanView, 'id'>, options: TurnOptions = {}) =>
    run(toolCalls(tools, options, now), (calls) => commit({ calls, memory }, plan));
  return {
    name: builtIn,
    turn: (text, options) => turn(toolbox, text, options),
    confirm: (plan, options) => confirm(toolbox, plan, options),
    async recall(past) {
      memory = {};
      names = new NameCache();
      const remade: Remade[] = [];
      for (const one of past) {
        const made = await makeAgain(one, { turn, confirm });
        // What was read by another reader, or otherwise now, leaves what it came to.
        if (made.difference !== undefined || !isReadBy(one, builtIn)) adopt(memory, one);
        remade.push(made);
      }
      return remade;
    },
  };
}

const builtIn = 'built-in';

/** A question about words in quotation marks: what stands in them is no order of whoever asks. */
function quotedIn(text: string): readonly Extent[] {
  const isQuestion = /^\W*(?:what|why|who|which|whose|is|does|did|where|how)\b/u.test(text);
  return isQuestion ? matches(text, /"[^"]*\w\W+\w[^"]*"/gu).map(({ from, to }) => ({ from, to })) : [];
}

function withoutQuotes(reading: Reading, quotes: readonly Extent[]): Reading {
  if (quotes.length === 0) return reading;
  const spans = reading.spans.filter((span) => !quotes.some((quote) => overlap(quote, span)));
  return { ...reading, spans, line: { ...reading.line, text: mask(reading.line.text, quotes) } };
}

/** Longer lines are not requests; reading them would only cost time. */
const lineMax = 2000;

async function answer(
  text: string,
  calls: ToolCalls,
  memory: Memory,
  names: NameCache,
  zone?: string,
): Promise<Answer> {
  const summary = await calls.ask('inventory_summary', { detail: 'racks' }, InventorySummary);
  const line = normalise(completed(text, memory).slice(0, lineMax));
  const found = await names.resolve(line, summary, calls);
  const quotes = quotedIn(line.text);
  const reading = withoutQuotes(read(line, found.gazetteer, summary.snapshot.atMs, found.unknown), quotes);
  const intent = intentOf(reading);
  const talk: Talk = {
    reading,
    gazetteer: found.gazetteer,
    calls,
    memory,
    cues: intent.cues,
    zone: zoneOf(zone, summary, reading),
  };
  if (text.length > lineMax)
    return asking(
      talk,
      [{ slot: 'request', text: `the request in at most ${lineMax} characters`, suggestions: [] }],
      'I need',
    );
  if (quotes.length > 0 && intent.intent === undefined) return sayQuoted(talk, quotes);
  const done =
    (await answerToPending(talk, intent)) ??
    (await pickFromList(talk, intent)) ??
    (await dispatch(talk, intent));
  // A yes after a line that was not understood must not commit what that line may have meant to change.
  if (done.outcome === 'needs_input' || done.outcome === 'denied') delete memory.plan;
  if (done.outcome === 'planned') memory.unread = done.unread;
  if (lacksOnlyContract(done)) memory.unfinished = text;
  return done;
}

/** The line before with the contract that it lacked, where this line is an id and nothing else. */
function completed(text: string, memory: Memory): string {
  const { unfinished } = memory;
  delete memory.unfinished;
  return unfinished !== undefined && /^\W*c-\d+\W*$/iu.test(text) ? `${unfinished} ${text.trim()}` : text;
}

function lacksOnlyContract({ question }: Answer): boolean {
  const [first, ...more] = question?.missing ?? [];
  return first?.slot === 'contract' && more.length === 0;
}

/** Yes, no, and lines that only make sense after the one before. */
async function answerToPending(talk: Talk, intent: IntentReading): Promise<Answer | undefined> {
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
async function affirmPlan(talk: Talk, plan: PlanView): Promise<Answer> {
  const { unread = [] } = talk.memory;
  if (unread.length === 0 || /\bcommit\b/u.test(talk.reading.line.text)) return commit(talk, plan);
  const words = listed(unread.map((word) => `\`${word}\``));
  return stillWaits(plan, `Not read in what was asked for: ${words}. Say "commit" to commit it all the same`);
}

/** Nothing was done and the plan is still the one that a yes commits. */
function stillWaits(plan: PlanView, lead: string): Answer {
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
function isYesAndMore({ memory, reading }: Talk): boolean {
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

function withAmendCues(talk: Talk): Talk {
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
async function pickFromList(talk: Talk, { intent }: IntentReading): Promise<Answer | undefined> {
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

async function dispatch(talk: Talk, { intent, rival }: IntentReading): Promise<Answer> {
  const { reading } = talk;
  if (isYesAndMore(talk) && talk.memory.plan !== undefined)
    return stillWaits(talk.memory.plan, 'One thing at a time: say "yes" alone to commit');
  if (intent === undefined) return elliptical(talk);
  if (rival !== undefined) return whichIntent(talk, intent, rival);
  if (pointsAtContract(talk, intent)) return showContract(talk);
  if (isNotHere(intent)) return namesCommand(talk, intent);
  if (lookups.has(intent)) {
    const strange = strangePlaces(talk);
    if (strange.length > 0) return noSuchPlace(talk, strange);
  }
  switch (intent) {
    case 'greeting':
      return greet(talk);
    case 'help':
      return help(talk);
    case 'summary':
      return summarise(talk);
    case 'list':
      return listNodes(talk);
    case 'capacity':
      return countFree(talk);
    case 'records':
      return showRecords(talk);
    case 'power':
      return showPower(talk);
    case 'plan':
      return plansAnew(talk) ? planRequest(talk) : amendRequest(withAmendCues(talk));
    case 'explain':
      return explain(talk);
    case 'fits':
      return explainWish(talk, wishOf(talk));
    case 'what-if':
      return whatIf(talk);
    case 'drain':
      return drain(talk);
    case 'contracts':
      return listContracts(talk);
    case 'contract':
      return showContract(talk);
    case 'release':
      return askRelease(talk);
    case 'commit':
      return commitNamed(talk);
    case 'verify':
      return spansOf(reading, 'contract').length > 0 ? replay(talk) : verify(talk);
    case 'templates':
      return templates(talk);
    case 'policy':
      return checkRules(talk);
    case 'override':
      return refuseOverride(talk);
    case 'erase':
      return refuseErase(talk);
    case 'fraction':
    case 'swap':
    case 'hold':
    case 'close':
    case 'consolidate':
    case 'mandate':
      return namesCommand(talk, intent);
    case 'resize':
      return changeContract(talk);
    case 'replay':
      return replay(talk);
    case 'audit':
      return showDeeds(talk);
    case 'approvals':
      return showApprovals(talk);
    case 'kept':
      return whichAreKept(talk);
    default:
      return intent satisfies never;
  }
}

/** Questions that list what is there: about a place that nobody knows there is nothing to list. */
const lookups: ReadonlySet<Intent> = new Set(['summary', 'list', 'capacity', 'power', 'contracts']);

/** `book it for me` names nothing new: it is about the request under discussion. */
function plansAnew({ reading, memory }: Talk): boolean {
  return (
    memory.frame === undefined || reading.spans.some((span) => isRequestSpan(span) && span.kind !== 'gpus')
  );
}

/** `show it`, right after a contract was talked about. */
function pointsAtContract({ reading, memory }: Talk, intent: Intent): boolean {
  const isShowing = intent === 'list' || intent === 'contract';
  return (
    isShowing &&
    memory.contract !== undefined &&
    reading.spans.length === 0 &&
    /\b(?:it|that|this)\W*$/u.test(reading.line.text)
  );
}

/** No verb at all: `8 H200 in Amsterdam for a week for acme` is a request, `C-101` a question about it. */
async function elliptical(talk: Talk): Promise<Answer> {
  const { reading, memory } = talk;
  if (/^\W*undo\b|\brelease (?:it|that|this)\b/u.test(reading.line.text)) return askRelease(talk);
  if (meantContract(talk) !== undefined && spansOf(reading, 'contract').length > 0) return showContract(talk);
  const { frame } = frameOf(reading, talk.gazetteer);
  if (frame.amount !== undefined && (frame.models !== undefined || memory.frame !== undefined))
    return planRequest(talk);
  if (memory.contract !== undefined && isAmendment(reading.line.text)) return changeContract(talk);
  // Who and when, and nothing else: the rest of the request is asked for.
  const isWhen = frame.start !== undefined || frame.length !== undefined;
  if (frame.tenant !== undefined && isWhen && memory.frame === undefined) return planRequest(talk);
  return notUnderstood(talk);
}

/**
 * `commit plan-…`: only the plan that was shown here, and only when the line says nothing else. Another plan was
 * not seen by this person; a condition, a question or a denial is no yes.
 */
async function commitNamed(talk: Talk): Promise<Answer> {
  const [named] = spansOf(talk.reading, 'plan');
  const { plan } = talk.memory;
  const isMeant = plan !== undefined && (named === undefined || named.plan === plan.id);
  if (isMeant && isAffirmation(mask(talk.reading.line.text, spansOf(talk.reading, 'plan')), 'plan'))
    return affirmPlan(talk, plan);
  if (isMeant)
    return stillWaits(plan, 'That is more than a yes, so nothing was done. Say "yes" alone to commit');
  const text =
    named === undefined
      ? 'which plan'
      : `whether to plan it again: \`${named.plan}\` was not made in this conversation`;
  return asking(
    talk,
    [{ slot: 'plan', text, suggestions: plan === undefined ? [] : [plan.id] }],
    'To commit I need to know',
  );
}

const intentWords: Readonly<Partial<Record<Intent, string>>> = {
  plan: 'plan a placement',
  release: 'release a contract',
  commit: 'commit the plan',
  drain: 'see what draining would do',
  'what-if': 'see what a loss would do',
  list: 'list nodes',
  capacity: 'count free GPUs',
  explain: 'explain',
  contracts: 'list contracts',
};

function whichIntent(talk: Talk, intent: Intent, rival: Intent): Answer {
  const suggestions = [intent, rival].map((one) => intentWords[one] ?? one);
  return asking(
    talk,
    [{ slot: 'intent', text: `which one first: ${suggestions.join(' or ')}`, suggestions }],
    'I read two things in this and need to know',
  );
}

/** Runs a turn and turns the failure of a tool into its answer; bugs throw. */
export async function run(calls: ToolCalls, work: (calls: ToolCalls) => Promise<Answer>): Promise<Turn> {
  try {
    const done = await work(calls);
    return {
      ...done,
      reply: cleanText(done.reply, 1500),
      unread: done.unread.map((word) => cleanText(word, 60)),
      toolCalls: calls.made,
    };
  } catch (error) {
    if (!(error instanceof ToolFailure)) throw error;
    return {
      outcome: 'error',
      reply: errorReply(error.detail),
      shown: [],
      unread: [],
      toolCalls: calls.made,
      error: error.detail,
    };
  }
}

function errorReply({ message, fix, didYouMean }: ErrorDetail): string {
  const near = didYouMean === undefined ? '' : ` Did you mean \`${didYouMean}\`?`;
  return cleanText(`That did not work: ${message}.${near} ${fix}.`.replaceAll(/\.{2,}/gu, '.'), 1500);
}

/** The said tenant's zone, the given one, that of the said site, or the commonest of the tenants. */
function zoneOf(given: string | undefined, summary: InventorySummary, reading: Reading): string {
  const [tenant] = spansOf(reading, 'tenant');
  const ofTenant = summary.tenants.find(({ id }) => id === tenant?.tenant)?.zone;
  const counts = new Map<string, number>();
  for (const { zone } of summary.tenants) counts.set(zone, (counts.get(zone) ?? 0) + 1);
  const [commonest] = [...counts].toSorted((a, b) => b[1] - a[1] || compareText(a[0], b[0]));
  return [ofTenant, given, commonest?.[0]].find((zone) => zone !== undefined && isZone(zone)) ?? 'UTC';
}

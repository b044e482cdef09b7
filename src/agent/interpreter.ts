import type { ErrorDetail } from '../model/error.ts';
import { InventorySummary } from '../model/inventory-view.ts';
import type { PlanView } from '../model/plan-view.ts';
import { cleanText, compareText } from '../model/text.ts';
import type { RecallingAgent, Remade, Toolbox, Turn, TurnOptions } from './agent.ts';
import { type Answer, asking, type Talk } from './answers/answer.ts';
import { sayQuoted } from './answers/closed.ts';
import { commit } from './answers/contract.ts';
import { dispatch } from './dispatch.ts';
import { answerToPending, pickFromList } from './follow-up.ts';
import { intentOf } from './intent.ts';
import type { Memory } from './memory.ts';
import { isZone } from './moment.ts';
import { NameCache } from './name-cache.ts';
import { type Extent, normalise } from './normalise.ts';
import { read, type Reading, spansOf } from './reading.ts';
import { adopt, isReadBy, makeAgain } from './recall.ts';
import { mask, matches, overlap } from './spans/span.ts';
import { type ToolCalls, toolCalls, ToolFailure } from './tool-calls.ts';

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

import type { DemandRequest } from '../../model/demand.ts';
import { PlanResult, type RefusalView } from '../../model/plan-view.ts';
import type { ParameterValue } from '../../model/template.ts';
import { compareText } from '../../model/text.ts';
import type { TurnOutcome } from '../agent.ts';
import { placesApart } from '../apart.ts';
import { blockers } from '../blockers.ts';
import { demandOf } from '../demand.ts';
import { amended, type Frame, isEmpty, type Problem } from '../frame.ts';
import { forgetRequest, type Memory } from '../memory.ts';
import type { Extent } from '../normalise.ts';
import type { Reading } from '../reading.ts';
import { relativeChange } from '../relative.ts';
import { withoutRemoved } from '../removal.ts';
import { listed, planReply, refusalReply } from '../reply.ts';
import { frameOf, isRequestSpan } from '../slots.ts';
import { amountOfBareNumber } from '../slots/amount.ts';
import { type Amount, matches, overlap, type Span } from '../spans/span.ts';
import { repeatWords } from '../talk-words.ts';
import { type Answer, asking, type Talk, unreadOf } from './answer.ts';

/** A request as a whole: plans it, or asks for everything that is missing, doubtful or denied in one question. */
export async function planRequest(talk: Talk): Promise<Answer> {
  const { frame, problems } = frameOf(talk.reading, talk.gazetteer);
  return planFrame(talk, frame, [...problems, ...blockers(talk)]);
}

/** The next line about the same request: it fills empty slots or changes filled ones. */
export async function amendRequest(talk: Talk): Promise<Answer> {
  const { memory } = talk;
  const repeats = matches(talk.reading.line.text, repeatWords);
  const reading = withoutSpans(talk.reading, repeats);
  const { frame: old, read: taken } = withoutRemoved(memory.frame ?? {}, reading.line.text);
  const { frame: plain, problems } = frameOf(reading, talk.gazetteer);
  const frame = added(old, plain, reading.line.text);
  const counted = withBareNumber({ ...talk, reading }, frame);
  const { frame: said, read } = relativeChange(old, counted, reading);
  const usesNumber = counted !== frame;
  const dropped = matches(reading.line.text, dropWords);
  const settled = [
    ...read,
    ...taken,
    ...dropped,
    ...repeats,
    ...matches(reading.line.text, /^\W*(?:no|nope|nah)\b(?=[ ,.!])/gu),
  ];
  const stops = blockers({ ...talk, reading }, settled).filter(
    ({ slot }) => !(usesNumber && slot === 'number'),
  );
  const left = dropped.length > 0 ? [] : stillOpen(memory, said);
  const before = memory.plan === undefined ? [] : (memory.unread ?? []);
  const next = await planFrame(talk, amended(old, said), [...problems, ...stops, ...left]);
  const uses = (span: Span) => isRequestSpan(span) || (usesNumber && span.kind === 'number');
  const unread = unreadOf({ ...talk, reading, cues: [...talk.cues, ...settled] }, uses);
  return { ...next, unread: [...new Set([...before, ...unread])] };
}

/** `one more like that` counts nothing. */
function withoutSpans(reading: Reading, extents: readonly Extent[]): Reading {
  const spans = reading.spans.filter((span) => !extents.some((extent) => overlap(span, extent)));
  return { ...reading, spans };
}

/** `or iad3`, `also H200`: beside what was asked for, not in its place. */
function added(old: Frame, said: Frame, text: string): Frame {
  if (!/^\W*(?:or|also|plus)\b|\b(?:also|as well|too)\W*$/u.test(text)) return said;
  const where = both(old.where, said.where);
  const models = both(old.models, said.models);
  return {
    ...said,
    ...(where === undefined ? {} : { where }),
    ...(models === undefined ? {} : { models }),
  };
}

/** `would 16 fit as well?`: the request under discussion with what the line changes; nothing without one. */
export function wishOf(talk: Talk): Frame | undefined {
  const old = talk.memory.frame;
  if (old === undefined) return undefined;
  const { frame, problems } = frameOf(talk.reading, talk.gazetteer);
  const said = withBareNumber(talk, frame);
  const isNew = said.amount !== undefined && said.models !== undefined;
  return isNew || isEmpty(said) || problems.length > 0 ? undefined : amended(old, said);
}

function both(
  before: readonly string[] | undefined,
  now: readonly string[] | undefined,
): readonly string[] | undefined {
  if (before === undefined || now === undefined) return now;
  return [...new Set([...before, ...now])].toSorted(compareText);
}

/** Takes back a question that cannot be answered in slots. */
const dropWords =
  /\b(?:ignore|drop|forget|leave|skip)\b(?: (?:about|out))? (?:it|that|this)\b(?: out)?|\bgo on without(?: it| that)?\b/gu;

/** An offer of the last refusal, by its number: planned exactly as it was offered. */
export async function planOffer(talk: Talk, index: number): Promise<Answer | undefined> {
  const offer = talk.memory.refusal?.refusal.relaxations[index];
  if (offer === undefined) return undefined;
  const { demand } = offer;
  const { text } = talk.reading.line;
  const read = matches(
    text,
    /#|\b(?:take|use|choose|go with|option|offer|number|alternative|no|first|second|third|fourth|last|\d{1,3})\b/gu,
  );
  const spans = talk.reading.spans.filter(({ kind }) => kind !== 'number');
  const assumptions = [`offer ${index + 1} was taken: ${offer.change}`.slice(0, 300)];
  const taken = { ...talk, reading: { ...talk.reading, spans }, cues: [...talk.cues, ...read] };
  return submit(taken, { demand, assumptions });
}

async function planFrame(talk: Talk, frame: Frame, problems: readonly Problem[]): Promise<Answer> {
  const { memory } = talk;
  const apart = placesApart(talk.reading, talk.gazetteer);
  if (apart.length > 1) return goesIntoFile(talk, apart);
  delete memory.plan;
  delete memory.release;
  memory.frame = frame;
  const answer = demandOf(frame, talk.gazetteer.summary);
  const open = onePerSlot([...problems, ...(answer.ok ? [] : answer.problems)]);
  if (open.length > 0 || !answer.ok) {
    memory.open = open;
    const [stranger, ...others] = open;
    const { tenants } = talk.gazetteer.summary;
    if (stranger?.slot === 'tenant' && others.length === 0 && tenants.length === 1)
      return notYours(talk, stranger, tenants[0]?.id ?? '');
    return { ...asking(talk, open), unread: unreadOf(talk, isRequestSpan) };
  }
  delete memory.open;
  const { demand, assumptions } = answer;
  return submit(talk, assumptions.length === 0 ? { demand } : { demand, assumptions });
}

/** Which part goes where has no words here: nothing is planned, least of all one gang of all parts. */
function goesIntoFile(talk: Talk, places: readonly string[]): Answer {
  forgetRequest(talk.memory);
  const reply = `Parts at different places (${listed(places.map((place) => `\`${place}\``))}) go into a file, where each says its own \`where\`: \`berth plan -f demand.yaml\`, whose \`--help\` shows one. Nothing was planned.`;
  return { outcome: 'answered', reply, shown: [], unread: [] };
}

/** Another team, where only one may be asked for: there is nothing to choose, so nothing is asked. */
function notYours(talk: Talk, { text }: Problem, own: string): Answer {
  forgetRequest(talk.memory);
  const reply = `Nothing was planned: ${text.replace(/^.*\((.*)\)$/u, '$1')}, or it is not yours. You can ask for ${own}.`;
  return { outcome: 'denied', reply, shown: [], unread: unreadOf(talk, isRequestSpan) };
}

type Asked =
  | { readonly demand: DemandRequest; readonly assumptions?: readonly string[] }
  | { readonly template: string; readonly parameters: Readonly<Record<string, ParameterValue>> };

/** Plans a demand, or a template filled in, and remembers what a yes would be to. */
export async function submit(talk: Talk, args: Asked): Promise<Answer> {
  const result = await talk.calls.ask('placement_plan', args, PlanResult);
  const unread = unreadOf(talk, isRequestSpan);
  if (result.plan !== undefined) {
    talk.memory.plan = result.plan;
    delete talk.memory.refusal;
    return {
      outcome: 'planned',
      reply: planReply(result.plan),
      shown: [{ kind: 'plan', plan: result.plan }],
      plan: result.plan,
      unread,
    };
  }
  const { refusal } = result;
  if (refusal === undefined) return { outcome: 'infeasible', reply: result.next, shown: [], unread };
  talk.memory.refusal = { refusal, ...('demand' in args ? { demand: args.demand } : {}) };
  talk.memory.list = { kind: 'offers', ids: refusal.relaxations.map(({ change }) => change) };
  return {
    outcome: outcomeOf(refusal),
    reply: refusalReply(refusal),
    shown: [{ kind: 'refusal', refusal }],
    unread,
  };
}

/** A no of the rules is another thing than a no of the hardware. */
export function outcomeOf({ kind }: RefusalView): TurnOutcome {
  if (denials.has(kind)) return 'denied';
  return kind === 'plan-stale' || kind === 'plan-expired' || kind === 'approval-void'
    ? 'stale'
    : 'infeasible';
}

/** A no of the rules: about what is asked for, or about who asks. */
const denials: ReadonlySet<string> = new Set([
  'policy-denied',
  'not-authorised',
  'outside-mandate',
  'rate-limited',
  'stopped',
  'may-not-decide',
]);

function withBareNumber(talk: Talk, frame: Frame): Frame {
  const amount = spreadOver(talk) ?? amountOfBareNumber(talk.reading);
  if (amount === undefined || frame.amount !== undefined) return frame;
  const open = talk.memory.open?.map(({ slot }) => slot) ?? [];
  if (open.includes('survivors') && !open.includes('count') && amount.shape === 'total')
    return { ...frame, membersLeft: amount.gpus };
  return { ...frame, amount };
}

/** `on two nodes`: the GPUs that were asked for, on so many nodes. */
function spreadOver({ reading, memory }: Talk): Amount | undefined {
  const old = memory.frame?.amount;
  const [number] = reading.spans.filter(({ kind }) => kind === 'number');
  if (old?.shape !== 'total' || number?.kind !== 'number' || !Number.isInteger(number.value))
    return undefined;
  const { text } = reading.line;
  const isOn = /\b(?:on|over|across|between) $/u.test(text.slice(0, number.from));
  const isNodes = /^ (?:different |separate )?(?:nodes|servers|machines|hosts|boxes)\b/u.test(
    text.slice(number.to),
  );
  return isOn && isNodes && number.value > 0
    ? { shape: 'spread', groups: number.value, gpus: old.gpus }
    : undefined;
}

/** Questions that the slots cannot show, such as an unread exception: they stay until answered or dropped. */
function stillOpen({ open = [], frame = {} }: Memory, said: Frame): readonly Problem[] {
  return open.filter(({ slot }) => !isFilled(slot, said, frame));
}

function isFilled(slot: string, said: Frame, old: Frame): boolean {
  switch (slot) {
    case 'place':
      return said.where !== undefined || said.avoid !== undefined || said.countries !== undefined;
    case 'exception':
      return said.avoid !== undefined || said.excludeCountries !== undefined || said.where !== undefined;
    case 'number':
      return !isEmpty(said);
    case 'budget':
      return said.budgetTotalEur !== undefined || said.budgetEurPerDay !== undefined;
    case 'count':
      return said.amount !== undefined || old.amount === undefined;
    case 'model':
      return said.models !== undefined || said.anyModel === true || old.models === undefined;
    case 'tenant':
      return said.tenant !== undefined || old.tenant === undefined;
    default:
      return true;
  }
}

function onePerSlot(problems: readonly Problem[]): readonly Problem[] {
  return problems.filter(({ slot, text }, i) => {
    const free = slot === 'exception' || slot === 'number';
    return problems.findIndex((other) => other.slot === slot && (!free || other.text === text)) === i;
  });
}

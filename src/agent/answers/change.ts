import { DateTime } from 'luxon';

import { ContractDetail, type ContractView } from '../../model/contract-view.ts';
import { type PartView, PlanResult } from '../../model/plan-view.ts';
import { blockers } from '../blockers.ts';
import type { Problem } from '../frame.ts';
import { forgetRequest } from '../memory.ts';
import { isoOf, secondsOf, stretchOf } from '../moment.ts';
import { rawOf } from '../normalise.ts';
import { type Reading, spansOf } from '../reading.ts';
import { euros, period, planWords, priceOf, refusalReply } from '../reply.ts';
import { innermost, resolvePlaces } from '../slots/place.ts';
import { matches, type Span } from '../spans/span.ts';
import { type Answer, asking, type Talk, unreadOf, using } from './answer.ts';
import { askWhichContract, meantContract } from './contract.ts';
import { outcomeOf } from './request.ts';
import { type Sizing, sizeOf } from './sizing.ts';

/** What is to be different, as `contract_change` takes it. */
type Change = {
  readonly until?: string;
  readonly extendS?: number;
  readonly openEnded?: true;
  readonly replicas?: Readonly<Record<string, number>>;
  readonly avoid?: readonly string[];
  readonly where?: readonly string[];
};

type Wish = { readonly change: Change; readonly problems: readonly Problem[]; readonly read: RegExp };

const lead = 'To change it I need to know';

/** Plans another end, size or place of a contract that stands. Nothing changes before a yes. */
export async function changeContract(talk: Talk): Promise<Answer> {
  const id = meantContract(talk);
  if (id === undefined) return askWhichContract(talk, lead);
  const named = new Set(spansOf(talk.reading, 'contract').map(({ contract }) => contract));
  if (named.size > 1) return asking(talk, [oneAtATime([...named])], lead);
  const detail = await talk.calls.ask('contract_get', { contract: id }, ContractDetail);
  talk.memory.contract = detail.contract;
  const wish = wishOf(talk, detail);
  const problems = [...wish.problems, ...stopsOf(talk, detail.contract, wish.read)];
  if (problems.length > 0) return asking(talk, problems, lead);
  forgetRequest(talk.memory);
  const result = await talk.calls.ask('contract_change', { contract: id, change: wish.change }, PlanResult);
  return answerTo(talk, result, detail.contract, wish.read);
}

function answerTo(talk: Talk, result: PlanResult, contract: ContractView, read: RegExp): Answer {
  const unread = unreadOf(talk, isChangeSpan, read);
  const { plan, refusal } = result;
  if (plan === undefined && refusal === undefined)
    return { outcome: 'infeasible', reply: result.next, shown: [], unread };
  if (plan === undefined || refusal !== undefined) return refused(refusal, result.next, unread);
  const over = overBudget(talk.reading, plan.price.microEurPerHour);
  const words = `${contract.id} as ${planWords(plan)} ${period(plan)}, ${priceOf(plan)} for that time`;
  const shown = [{ kind: 'plan' as const, plan }];
  if (over !== undefined)
    return { outcome: 'infeasible', reply: `${words}: ${over}. Nothing was changed.`, shown, unread };
  talk.memory.plan = plan;
  const reply = `Planned ${words}. Nothing is changed yet: say "yes" to commit ${plan.id}.`;
  return { outcome: 'planned', reply, shown, plan, unread };
}

function refused(refusal: PlanResult['refusal'], next: string, unread: readonly string[]): Answer {
  if (refusal === undefined) return { outcome: 'infeasible', reply: next, shown: [], unread };
  return {
    outcome: outcomeOf(refusal),
    reply: refusalReply(refusal),
    shown: [{ kind: 'refusal', refusal }],
    unread,
  };
}

/** The end, the size and the places that a line asks for, and what of them is open. */
function wishOf(talk: Talk, { contract, parts }: ContractDetail): Wish {
  const { reading } = talk;
  const wishes = [endOf(reading, contract), placesOf(reading), sizing(reading, parts)];
  const change = wishes.reduce<Change>((all, { change: one }) => ({ ...all, ...one }), {});
  const problems = wishes.flatMap((one) => one.problems);
  const nothing = Object.keys(change).length === 0 && problems.length === 0;
  const names = parts.map(({ name }) => `${name}s?`).join('|');
  const read = new RegExp(`${verbs.source}|\\b(?:${names})\\b`, 'gu');
  return { change, problems: nothing ? [openWish(reading, parts)] : problems, read };
}

/** Words of a change, which its slots say more exactly. */
const verbs =
  /\b(?:extend\w*|prolong\w*|renew\w*|lengthen\w*|longer|shorten\w*|shorter|cut|scal(?:e|ing)|resiz\w*|grow\w*|shrink\w*|increas\w*|decreas\w*|reduc\w*|expand\w*|bigger|smaller|larger|add|adding|remove|bump|doubl\w*|halv\w*|chang\w*|adjust|mov(?:e|ing)|migrat\w*|relocat\w*|keep|take|give|push|postpone|delay|bring|pull|set|cost|costs|the|run|runs|end|ends|last|lasts|up|down|further|another|more|fewer|less|off|away|out|onto|over|instead|contract|booking|reservation|replicas?|workers?|members?|to|from|by)\b/gu;

function openWish({ line: { text } }: Reading, parts: readonly PartView[]): Problem {
  const isTime = /\b(?:extend\w*|prolong\w*|renew\w*|lengthen\w*|longer|shorten\w*|shorter)\b/u.test(text);
  if (isTime) return { slot: 'length', text: 'by how long, or until when', suggestions: ['1 day', '1 week'] };
  const sizes = parts.map(({ name, replicas }) => `${name} ${replicas}`);
  return {
    slot: 'change',
    text: `what is to be different: its end, its size (now ${sizes.join(', ')}) or its place`,
    suggestions: [],
  };
}

type Part = { readonly change: Change; readonly problems: readonly Problem[] };

const less = /\b(?:shorten\w*|shorter|cut|reduc\w*|decreas\w*|less|earlier|sooner|trim)\b/u;

/** Words by which a line is about when a contract ends, and not only about where it is. */
const endWords =
  /\b(?:extend\w*|prolong\w*|renew\w*|lengthen\w*|longer|shorten\w*|shorter|cut|end|ends|ending|expir\w*|finish\w*|last|lasts|run|runs|until|till|push|postpone|delay)\b/u;

/**
 * `move C-104 off r12 before Friday`: when the move is to happen. A change takes effect when it is committed, so a
 * moment by which it is to be done is kept, and one to wait for is asked about.
 */
function moveTime(reading: Reading, zone: string): Part | undefined {
  const { text } = reading.line;
  const isMove =
    /\b(?:migrat\w*|relocat\w*)\b|\b(?:mov(?:e|ing)|get|take|bring|shift|keep)\b[^.;?]*\b(?:off|out of|away|from|onto|into|to)\b/u.test(
      text,
    );
  const [time] = spansOf(reading, 'time');
  if (!isMove || time === undefined || time.role === 'end' || endWords.test(text)) return undefined;
  const isInTime =
    time.role === 'deadline' && (stretchOf(time.moment, zone)?.start.toMillis() ?? 0) > time.moment.saidMs;
  if (isInTime || time.moment.day.kind === 'now') return { change: {}, problems: [] };
  return asks(
    'start',
    `whether now: a move takes effect when it is committed, not ${rawOf(reading.line, time)}`,
    ['now'],
  );
}

/** A length is added or taken away in days of the contract's own zone; `to 3 weeks` counts from its start. */
function endOf(reading: Reading, { startMs, endMs, zone }: ContractView): Part {
  const { text } = reading.line;
  const moved = moveTime(reading, zone);
  if (moved !== undefined) return moved;
  const times = spansOf(reading, 'time');
  const lengths = spansOf(reading, 'length');
  if (times.length + lengths.length > 1) return asks('end', 'one new end: a length or a date');
  const [time] = times;
  if (time !== undefined) {
    const stretch = stretchOf(time.moment, zone);
    const until = time.inclusive ? stretch?.end : stretch?.start;
    return until === undefined
      ? asks('end', 'which day (there is no such day)')
      : { change: { until: isoOf(until) }, problems: [] };
  }
  const [span] = lengths;
  if (/\b(?:open[- ]ended|indefinitely|for good|without (?:an )?end)\b/u.test(text))
    return { change: { openEnded: true }, problems: [] };
  if (span === undefined) return { change: {}, problems: [] };
  const isTotal = /\bto(?: a total of)? $/u.test(text.slice(0, span.from));
  if (isTotal) return { change: { until: isoOf(at(startMs, zone).plus(span.length)) }, problems: [] };
  if (endMs === undefined) return asks('end', 'until when (it has no end yet)');
  const end = at(endMs, zone);
  if (less.test(text)) return { change: { until: isoOf(end.minus(span.length)) }, problems: [] };
  return { change: { extendS: secondsOf(span.length, end) }, problems: [] };
}

function at(atMs: number, zone: string): DateTime {
  return DateTime.fromMillis(atMs, { zone });
}

/** `off r12` is a place to leave, `to Amsterdam` the one to be in. */
function placesOf(reading: Reading): Part {
  const spans = spansOf(reading, 'place');
  const leaves = spans.filter((span) => span.negative === true || isLeft(reading, span));
  const stays = spans.filter((span) => !leaves.includes(span));
  const away = resolvePlaces(reading, leaves, spans);
  const into = resolvePlaces(reading, stays, spans);
  const avoid = innermost(away.places).map(({ path }) => path);
  const where = innermost(into.places).map(({ path }) => path);
  return {
    change: {
      ...(avoid.length === 0 ? {} : { avoid: avoid.toSorted() }),
      ...(where.length === 0 ? {} : { where: where.toSorted() }),
    },
    problems: [...away.problems, ...into.problems],
  };
}

function isLeft({ line: { text } }: Reading, { from }: Span): boolean {
  return /\b(?:off|from|away from|out of|leave|leaving|vacate|clear of)(?: of)?(?: the)? $/u.test(
    text.slice(0, from),
  );
}

function sizing(reading: Reading, parts: readonly PartView[]): Part {
  const size: Sizing = sizeOf(reading, parts);
  const change = size.replicas === undefined ? {} : { replicas: size.replicas };
  return { change, problems: size.problems };
}

function asks(slot: string, text: string, suggestions: readonly string[] = []): Part {
  return { change: {}, problems: [{ slot, text, suggestions }] };
}

function oneAtATime(ids: readonly string[]): Problem {
  return { slot: 'contract', text: `which contract first: ${ids.join(' or ')}`, suggestions: ids };
}

const isChangeSpan = using([
  'contract',
  'time',
  'length',
  'amount',
  'number',
  'gpus',
  'place',
  'money',
  'tenant',
  'model',
]);

/** Denials, conditions, another team or model: what a change cannot carry stops it. */
function stopsOf(talk: Talk, contract: ContractView, read: RegExp): readonly Problem[] {
  const { reading } = talk;
  const settled = [
    ...matches(reading.line.text, read),
    ...reading.spans.filter(({ kind }) => kind === 'contract' || kind === 'number' || kind === 'money'),
  ];
  const kept = reading.spans.filter(({ kind }) => kind !== 'contract' && kind !== 'number');
  const stops = blockers({ ...talk, reading: { ...reading, spans: kept } }, settled);
  const strangers = reading.spans.filter(
    (span) =>
      (span.kind === 'tenant' && span.tenant !== contract.tenant) ||
      (span.kind === 'model' && (span.negative === true || !span.models.includes(contract.gpuModel ?? ''))) ||
      ['slice', 'fraction', 'plan', 'foreign-money', 'region', 'gpu-memory', 'trait'].includes(span.kind),
  );
  return [
    ...stops,
    ...strangers.map((span) => ({
      slot: 'exception',
      text: `what to do about \`${rawOf(reading.line, span)}\`: end, size and place of ${contract.id} can be changed, nothing else`,
      suggestions: [],
    })),
  ];
}

/** What a cap by the hour, day or week leaves no room for, in numbers. */
function overBudget(reading: Reading, microEurPerHour: number | undefined): string | undefined {
  const [cap] = spansOf(reading, 'money');
  if (cap === undefined) return undefined;
  const hours = { hour: 1, day: 24, week: 168, total: 0, unclear: 0 }[cap.basis];
  if (hours === 0) return `\`${rawOf(reading.line, cap)}\` is not by the day, so it was not kept`;
  if (microEurPerHour === undefined) return 'no price is recorded, so a budget cannot be kept';
  const cost = microEurPerHour * hours;
  if (cost <= cap.eur * 1_000_000) return undefined;
  return `that is ${euros(cost)} per ${cap.basis}, above \`${rawOf(reading.line, cap)}\``;
}

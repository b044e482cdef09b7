import type { Numeral } from '../numbers.ts';
import { type Length, overlap, type SpanOf } from './span.ts';

const units: readonly (readonly [RegExp, (value: number) => Length])[] = [
  [/^(?:minutes?|mins?)/u, (value) => ({ minutes: Math.round(value) })],
  [/^(?:hours?|hrs?|h)/u, (value) => minutesOf(value * 60)],
  [/^(?:days?|d|nights?)/u, daysOf],
  [/^(?:weeks?|wks?|w)/u, (value) => daysOf(value * 7)],
  [/^fortnights?/u, (value) => daysOf(value * 14)],
  [/^(?:months?|mos?)/u, monthsOf],
  [/^quarters?/u, (value) => monthsOf(value * 3)],
  [/^(?:years?|yrs?|y)/u, (value) => monthsOf(value * 12)],
];

const lead =
  /(?:\b(?:for|over|lasting|lasts?|during|a duration of|duration|length|of length)[:=]?\s+(?:(?:at least|at most|up to|a minimum of|a maximum of|min\.?|max\.?|a total of|about|around|roughly|another|an? additional|the|a) )?)$/u;
const forward = /\b(?:(?:for|over|during|in|within)\s+)?(?:the|these)\s+(?:next|coming|following)\s+$/u;
const tail = /^(?:\s+(?:long|straight|in a row|in total|each way))\b/u;

/** How long: `3 days`, `a week`, `48h`, `two and a half hours`, `1 day 6 hours`, `the next 2 weeks`. */
export function readLengths(text: string, numerals: readonly Numeral[]): readonly SpanOf<'length'>[] {
  const bare = [...numerals.flatMap((numeral) => lengthAt(text, numeral) ?? []), ...unnumbered(text)];
  return joined(text, bare).map((span) => withLead(text, span));
}

type Bare = { readonly from: number; readonly to: number; readonly length: Length };

function lengthAt(text: string, numeral: Numeral): Bare | undefined {
  const gap =
    /^(?: (?:more|extra|additional|further)(?= ))?[ -]?/u.exec(text.slice(numeral.to))?.[0].length ?? 0;
  const rest = text.slice(numeral.to + gap);
  for (const [pattern, lengthOf] of units) {
    const unit = pattern.exec(rest)?.[0];
    if (unit === undefined || /^[a-z0-9]/u.test(rest.slice(unit.length)) || isPerUnit(text, numeral))
      continue;
    const half = /^ and a half\b/u.exec(rest.slice(unit.length))?.[0] ?? '';
    const value = numeral.value + (half === '' ? 0 : 0.5);
    if (value <= 0) return undefined;
    return { from: numeral.from, to: numeral.to + gap + unit.length + half.length, length: lengthOf(value) };
  }
  return undefined;
}

/** `400 € a day` is a price, not a day. */
function isPerUnit(text: string, numeral: Numeral): boolean {
  if (!numeral.weak) return false;
  return /(?:€|\beur|euros?|[$£]|usd|dollars?|bucks|\dk?)\s*$/u.test(text.slice(0, numeral.from));
}

/** `for the next week`, `the whole week`, `all day`: one of the unit. */
function unnumbered(text: string): readonly Bare[] {
  const whole = [
    ...text.matchAll(
      /\b(?:the )?(?:whole|entire|full|all|complete|another) (day|hour|week|fortnight|month|year)\b/gu,
    ),
  ];
  const wholes = whole.flatMap((match) => {
    const length = lengthOfUnit(match[1] ?? '');
    return length === undefined ? [] : [{ from: match.index, to: match.index + match[0].length, length }];
  });
  return [...wholes, ...nextUnits(text)];
}

function lengthOfUnit(unit: string): Length | undefined {
  return units.find(([pattern]) => pattern.test(unit))?.[1](1);
}

function nextUnits(text: string): readonly Bare[] {
  return [
    ...text.matchAll(/\b(?:the|these) (?:next|coming) (day|week|fortnight|month|year)\b(?=.*)/gu),
  ].flatMap((match) => {
    const before = text.slice(0, match.index);
    if (!/\b(?:for|over|during) $/u.test(before)) return [];
    const unit = match[1] ?? '';
    const lengthOf = units.find(([pattern]) => pattern.test(unit))?.[1];
    const from = match.index + match[0].length - unit.length;
    return lengthOf === undefined ? [] : [{ from, to: from + unit.length, length: lengthOf(1) }];
  });
}

/** `1 day and 6 hours` is one length. */
function joined(text: string, spans: readonly Bare[]): readonly Bare[] {
  const result: Bare[] = [];
  for (const span of spans) {
    const before = result.at(-1);
    if (before !== undefined && overlap(before, span)) continue;
    const touches = before !== undefined && /^(?:,? and |, | |)$/u.test(text.slice(before.to, span.from));
    if (before !== undefined && touches && sizeOf(span.length) < sizeOf(before.length))
      result.splice(-1, 1, { from: before.from, to: span.to, length: plus(before.length, span.length) });
    else result.push(span);
  }
  return result;
}

function withLead(text: string, { from, to, length }: Bare): SpanOf<'length'> {
  const ahead = forward.exec(text.slice(0, from))?.[0];
  const before = ahead ?? lead.exec(text.slice(0, from))?.[0] ?? '';
  const after = tail.exec(text.slice(to))?.[0] ?? '';
  const isForward = ahead !== undefined;
  return {
    kind: 'length',
    from: from - before.length,
    to: to + after.length,
    length,
    stated: /\b(?:for|over|during|last|length|duration)/u.test(before),
    forward: isForward,
    isArticle: /^an? /u.test(text.slice(from)),
  };
}

function minutesOf(minutes: number): Length {
  const whole = Math.round(minutes);
  return whole % 60 === 0 ? { hours: whole / 60 } : { hours: Math.floor(whole / 60), minutes: whole % 60 };
}

function daysOf(value: number): Length {
  const days = Math.floor(value);
  return days === value ? { days } : { days, ...minutesOf((value - days) * 24 * 60) };
}

function monthsOf(value: number): Length {
  const months = Math.floor(value);
  return months === value ? { months } : { months, days: Math.round((value - months) * 30) };
}

function sizeOf({ months = 0, days = 0, hours = 0, minutes = 0 }: Length): number {
  return months * 43_200 + days * 1440 + hours * 60 + minutes;
}

function plus(a: Length, b: Length): Length {
  return {
    months: (a.months ?? 0) + (b.months ?? 0),
    days: (a.days ?? 0) + (b.days ?? 0),
    hours: (a.hours ?? 0) + (b.hours ?? 0),
    minutes: (a.minutes ?? 0) + (b.minutes ?? 0),
  };
}

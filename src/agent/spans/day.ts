import { GB } from 'chrono-node/en';
import { DateTime } from 'luxon';

import type { Day, Moment, PeriodUnit } from '../moment.ts';
import type { Extent } from '../normalise.ts';
import { ordinalWords } from '../numbers.ts';
import { clockTimes } from './clock.ts';
import { longestFirst, mask, matches } from './span.ts';

/** A day or period in the text, perhaps with a clock time; `clockFirst` when the time stands before it. */
export type Dated = Extent & Omit<Moment, 'saidMs'> & { readonly clockFirst?: boolean };

/** Every day, date and period of the text, the longer reading winning. */
export function readDays(text: string): readonly Dated[] {
  return longestFirst([...namedDays(text), ...writtenDates(text)]);
}

const weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];
const shortWeekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun', 'tues', 'thur', 'thurs'];
const weekdayPattern = `(${[...weekdays, ...shortWeekdays].join('|')})`;
const months = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
];
const monthPattern = `(${months.join('|')}|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)`;
const year = String.raw`(?:,? (?:of )?(20\d{2}))?`;
const edge = String.raw`(?:(?:the )?(start|beginning|begin|middle|mid|end|close)(?: of| -|-)? (?:the )?|(early|late) (?:in )?)?`;

type DayReader = readonly [RegExp, (match: RegExpExecArray) => Omit<Dated, 'from' | 'to'> | undefined];

const dayReaders: readonly DayReader[] = [
  [
    /(?<![\d-])(\d{4}-\d\d-\d\d)(?:[t ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(z|[+-]\d\d:?\d\d)?)?(?![\d-])/gu,
    isoDay,
  ],
  [
    /\b(?:right |just )?now\b|\bimmediately\b|\b(?:straight|right) away\b|\bat once\b|\bthis (?:moment|minute|instant)\b|\bcurrently\b|\bat the moment\b/gu,
    () => ({ day: { kind: 'now' } }),
  ],
  [/\btoday\b/gu, () => ({ day: { kind: 'offset', days: 0 } })],
  [/\b(?:the )?day after tomorrow\b/gu, () => ({ day: { kind: 'offset', days: 2 } })],
  [/\b(?:tomorrow|tmrw|tmr)\b/gu, () => ({ day: { kind: 'offset', days: 1 } })],
  [/\byesterday\b/gu, () => ({ day: { kind: 'offset', days: -1 } })],
  [
    /\b(?:tonight|this evening)\b/gu,
    () => ({ day: { kind: 'offset', days: 0 }, time: { hour: 18, minute: 0 }, isVague: true }),
  ],
  [
    new RegExp(
      `\\b(?:(next next|(?:this )?coming|this|next|following|upcoming|last|past|previous) )?${weekdayPattern}\\b\\.?(?: (after next|next week|week after next|next|week(?! (?:after|of|\\d))\\b))?`,
      'gu',
    ),
    weekdayDay,
  ],
  [
    new RegExp(`\\bnext week(?:'s)?(?: on)?,? ${weekdayPattern}\\b`, 'gu'),
    (match) => weekday(match[1], 'next'),
  ],
  [
    new RegExp(
      `${edge}\\b(?:(next next|this|next|coming|following|current|last|past) (weekend|week|month|quarter|year)|(weekend|week|month|quarter|year) (after next|next))\\b`,
      'gu',
    ),
    periodDay,
  ],
  [
    /\b(?:(?:the|at the|on the) )?weekend\b/gu,
    () => ({ day: { kind: 'period', unit: 'weekend', ahead: 0 } }),
  ],
  [
    new RegExp(`(?<![\\d.,/-])(\\d{1,2})(?:st|nd|rd|th|\\.|er)?(?: of)? ${monthPattern}\\b\\.?${year}`, 'gu'),
    ([, day, name, inYear]) => dateDay(day, name, inYear),
  ],
  [
    new RegExp(
      `\\b${monthPattern}\\.? (?:the )?(\\d{1,2})(?:st|nd|rd|th)?(?![\\d:%-]| ?[ap]\\.?m\\b)${year}`,
      'gu',
    ),
    ([, name, day, inYear]) => dateDay(day, name, inYear),
  ],
  [
    /\b(?:the )?(?:rest|remainder) of (?:the |this )?(week|month|quarter|year)\b/gu,
    (match) => ({ day: { kind: 'period', unit: unitOf(match[1]), ahead: 0 } }),
  ],
  [
    /(?:\bthe )?\b(end|start|beginning|middle) of (?:the )?(weekend|week|month|quarter|year)\b|\be(o)(w|m|q|y)\b/gu,
    edgeDay,
  ],
  [
    new RegExp(
      `${edge}\\b(?:q([1-4])|(first|second|third|fourth|1st|2nd|3rd|4th|last) quarter)${year}\\b|\\b(20\\d{2})[ -]?q([1-4])\\b`,
      'gu',
    ),
    quarterDay,
  ],
  [
    new RegExp(`${edge}\\b(?:(next|this) )?${monthPattern}\\b${year}(?! ?\\d{1,2}(?:st|nd|rd|th)?\\b)`, 'gu'),
    monthDay,
  ],
  [
    /(?<=\b(?:in|during|throughout|for|all of|whole of|until|till|by|before|from|of|through) )(20\d{2})\b(?![-/.:])/gu,
    (match) => ({ day: { kind: 'year', year: Number(match[1]) } }),
  ],
  [/\bthe (\d{1,2})(?:st|nd|rd|th)\b(?! (?:one|node|plan|option|of|quarter|contract|rack|gpu))/gu, nthDay],
  [
    /(?<=\b(?:on|from|until|till|by|before|to|starting|since) )(\d{1,2})(?:st|nd|rd|th)\b(?! (?:one|node|plan|option|of|quarter|contract|rack|gpu))/gu,
    nthDay,
  ],
  [/(?<![\d.])(\d{1,2})\.(\d{1,2})\.(?!\d)/gu, dottedDay],
  [new RegExp(`\\b(?:the )?(${ordinalWords.join('|')}) (?:of )?${monthPattern}\\b`, 'gu'), ordinalDay],
  [/\bchristmas(?: day)?\b|\bxmas\b/gu, () => ({ day: { kind: 'date', month: 12, day: 25 } })],
  [/\bchristmas eve\b/gu, () => ({ day: { kind: 'date', month: 12, day: 24 } })],
  [/\bnew year'?s eve\b/gu, () => ({ day: { kind: 'date', month: 12, day: 31 } })],
  [/\b(?:the )?new year(?:'?s(?: day)?)?\b(?! eve)/gu, () => ({ day: { kind: 'date', month: 1, day: 1 } })],
  [
    /\be(?:nd )?o(?:f )?(?:the )?(?:d|b|day|business(?: day)?)\b|\bcob\b|\bclose of business\b/gu,
    () => ({ day: { kind: 'offset', days: 0 }, edge: 'end' }),
  ],
];

function namedDays(text: string): readonly Dated[] {
  return dayReaders.flatMap(([pattern, dayOf]) =>
    matches(text, pattern).flatMap(({ from, to, match }) => {
      const day = dayOf(match);
      const cued = day !== undefined && !(isWordToo(match[0]) && !hasCue(text, from, to));
      return cued ? [{ ...day, from, to }] : [];
    }),
  );
}

/** Month and weekday words that mean something else too count only behind a word of time or beside a number. */
function isWordToo(written: string): boolean {
  return /^(?:sat|sun|mon|wed|fri|may|march|mar|jan|dec|sep|weekend|week|month|year)$/u.test(written.trim());
}

function hasCue(text: string, from: number, to: number): boolean {
  const before =
    /\b(?:from|on|in|until|till|til|to|by|before|after|since|through|thru|starting|start|starts|begin|beginning|between|and|next|this|during|for|throughout|end|ending|mid|of|ab)\s+$/u;
  if (new RegExp(`^ ?- ?${weekdayPattern}\\b`, 'u').test(text.slice(to))) return true;
  if (new RegExp(`\\b${weekdayPattern} ?- ?$`, 'u').test(text.slice(0, from))) return true;
  return before.test(text.slice(0, from)) && !/^\s+of (?!20\d\d|next|this)/u.test(text.slice(to));
}

function isoDay(match: RegExpExecArray) {
  const [, date = '', time, offset] = match;
  const zone = offset === undefined ? 'utc' : `utc${offset === 'z' ? '' : offset}`;
  const at = DateTime.fromISO(time === undefined ? date : `${date}T${time}`, { zone });
  if (!at.isValid) return noSuchDay(date);
  if (offset !== undefined) return { day: { kind: 'instant', atMs: at.toMillis() } } as const;
  const day = { kind: 'date', year: at.year, month: at.month, day: at.day } as const;
  return time === undefined ? { day } : { day, time: { hour: at.hour, minute: at.minute } };
}

/** 2026-13-01 is no day, and no other day either. */
function noSuchDay(date: string) {
  const [inYear = 0, month = 0, day = 0] = date.split('-').map(Number);
  return { day: { kind: 'date', year: inYear, month, day } } as const;
}

function weekday(name: string | undefined, weeks: 'last' | 'coming' | 'next' | 'after-next') {
  const number = weekdays.findIndex((day) => day.startsWith((name ?? '').slice(0, 3))) + 1;
  return { day: { kind: 'weekday', weekday: number, weeks } } as const;
}

function weekdayDay(match: RegExpExecArray) {
  const [, before = '', name, after = ''] = match;
  if (before === 'next next' || after.endsWith('after next')) return weekday(name, 'after-next');
  if (/^(?:last|past|previous)$/u.test(before)) return weekday(name, 'last');
  if (after === 'week') return { ...weekday(name, 'coming'), after: { days: 7 } };
  return weekday(name, before === 'next' || after.startsWith('next') ? 'next' : 'coming');
}

function periodDay(match: RegExpExecArray) {
  const [, edgeWord, earlyLate, before, unit, unitBefore, after] = match;
  const words = before ?? after ?? '';
  const twice = words === 'next next' || words === 'after next';
  const back = words === 'last' || words === 'past';
  const none = words === 'this' || words === 'current' || (words === 'coming' && unit === 'weekend');
  const ahead = twice ? 2 : back ? -1 : none ? 0 : 1;
  return {
    day: { kind: 'period', unit: unitOf(unit ?? unitBefore), ahead },
    ...edgeOf(edgeWord ?? earlyLate),
  } as const;
}

function edgeDay(match: RegExpExecArray) {
  const [, edgeWord = 'end', unit, , letter = ''] = match;
  const short = { w: 'week', m: 'month', q: 'quarter', y: 'year' } as const;
  const named = unit ?? short[letter === 'w' || letter === 'm' || letter === 'q' ? letter : 'y'];
  return { day: { kind: 'period', unit: unitOf(named), ahead: 0 }, ...edgeOf(edgeWord) } as const;
}

function quarterDay(match: RegExpExecArray) {
  const [, edgeWord, earlyLate, digit, word = '', after, front, frontDigit] = match;
  const words = ['first', 'second', 'third', 'fourth'];
  const ordinals = ['1st', '2nd', '3rd', '4th'];
  const spelled = word === 'last' ? 4 : Math.max(words.indexOf(word), ordinals.indexOf(word)) + 1;
  const said = digit ?? frontDigit;
  const quarter = said === undefined ? spelled : Number(said);
  const inYear = after ?? front;
  return {
    day: { kind: 'quarter', quarter, ...(inYear === undefined ? {} : { year: Number(inYear) }) },
    ...edgeOf(edgeWord ?? earlyLate),
  } as const;
}

function monthDay(match: RegExpExecArray) {
  const [, edgeWord, earlyLate, , name, inYear] = match;
  return { day: { kind: 'month', ...monthAnd(name, inYear) }, ...edgeOf(edgeWord ?? earlyLate) } as const;
}

function dottedDay(match: RegExpExecArray) {
  const [day, month] = [Number(match[1]), Number(match[2])];
  const isDate = day >= 1 && day <= 31 && month >= 1 && month <= 12;
  return isDate ? ({ day: { kind: 'date', month, day } } as const) : undefined;
}

function dateDay(dayText: string | undefined, name: string | undefined, inYear: string | undefined) {
  const day = Number(dayText);
  if (day < 1 || day > 31) return undefined;
  return { day: { kind: 'date', ...monthAnd(name, inYear), day } } as const;
}

function monthAnd(name = '', inYear?: string): { month: number; year?: number } {
  const month = months.findIndex((full) => full.startsWith(name.slice(0, 3))) + 1;
  return inYear === undefined ? { month } : { month, year: Number(inYear) };
}

function ordinalDay(match: RegExpExecArray) {
  const { month } = monthAnd(match[2]);
  return { day: { kind: 'date', month, day: ordinalWords.indexOf(match[1] ?? '') + 1 } } as const;
}

function nthDay(match: RegExpExecArray) {
  const day = Number(match[1]);
  return day >= 1 && day <= 31 ? ({ day: { kind: 'nth', day } } as const) : undefined;
}

function edgeOf(word: string | undefined): { edge?: 'start' | 'middle' | 'end' } {
  if (word === undefined) return {};
  if (word.startsWith('mid')) return { edge: 'middle' };
  return { edge: /^(?:end|close|late)/u.test(word) ? 'end' : 'start' };
}

function unitOf(word: string | undefined): PeriodUnit {
  if (word === 'weekend' || word === 'week' || word === 'month' || word === 'quarter') return word;
  return 'year';
}

/** A date by itself: chrono also reads `tomorrow from 2` and `for 0 days`, from a day that is not ours. */
const absolute = new RegExp(`\\d ?[./-] ?\\d|\\d.*\\b${monthPattern}\\b|\\b${monthPattern}\\b.*\\d`, 'u');

const relativeDay = /\b(?:today|tomorrow|yesterday|tonight|now|next|last|this|in|for)\b/u;

/** What chrono is sure of: a written day of a month, and the day a written range ends on. */
function writtenDates(text: string): readonly Dated[] {
  const clockless = walled(mask(text, clockTimes(text)));
  const found: Dated[] = [];
  for (const result of GB.parse(clockless, { instant: new Date(0), timezone: 0 })) {
    const start = dateOf(result.start);
    const extent = { from: result.index, to: result.index + result.text.trimEnd().length };
    if (start === undefined || !absolute.test(result.text) || relativeDay.test(result.text)) continue;
    const end = dateOf(result.end);
    if (end === undefined) found.push({ ...extent, day: start });
    else found.push(...splitRange(clockless, extent, start, end));
  }
  return found;
}

/**
 * chrono lets a month swallow blanks behind it and then prefers that to the day before it, and it takes the
 * `12` of `dec 7 to dec 12` for a year, and `12/2026-05` of `1/12/2026-5/12/2026` for a date.
 */
function walled(text: string): string {
  const beforeMonth = new RegExp(`\\b(?:to|until|till|and|through)(?= ${monthPattern}\\b)`, 'gu');
  return text
    .replaceAll(beforeMonth, (word) => ';'.repeat(word.length))
    .replaceAll(/(?<=\d\/\d{1,2}(?:\/\d{2,4})?) ?- ?(?=\d{1,2}\/\d)/gu, (dash) => ';'.repeat(dash.length))
    .replaceAll(/ {2,}/gu, (blanks) => ` ${';'.repeat(blanks.length - 1)}`);
}

type Components = {
  isCertain(part: 'year' | 'month' | 'day'): boolean;
  get(part: 'year' | 'month' | 'day'): number | null;
};

function dateOf(parts: Components | null | undefined): Extract<Day, { kind: 'date' }> | undefined {
  if (parts === undefined || parts === null) return undefined;
  const month = parts.get('month');
  const day = parts.get('day');
  if (!parts.isCertain('day') || !parts.isCertain('month') || month === null || day === null)
    return undefined;
  const inYear = parts.isCertain('year') ? parts.get('year') : null;
  return { kind: 'date', month, day, ...(inYear === null ? {} : { year: inYear }) };
}

function splitRange(text: string, extent: Extent, start: Day, end: Day): readonly Dated[] {
  const joint = /\s*(?:-|\bto\b|\buntil\b|\btill\b|\bthrough\b|\band\b)\s*/u.exec(
    text.slice(extent.from, extent.to),
  );
  if (joint === null) return [{ ...extent, day: start }];
  const cut = extent.from + joint.index;
  return [
    { from: extent.from, to: cut, day: start },
    { from: cut + joint[0].length, to: extent.to, day: end },
  ];
}

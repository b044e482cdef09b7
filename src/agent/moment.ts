import { DateTime } from 'luxon';

import type { Length } from './spans/span.ts';

/**
 * A point or stretch of the calendar as said. It becomes instants only when the tenant's zone is known,
 * which may be one line later.
 */
export type Moment = {
  readonly day: Day;
  readonly time?: { readonly hour: number; readonly minute: number };
  /** Said offset from UTC, such as `CET`; otherwise the tenant's zone counts. */
  readonly offsetMin?: number;
  /** Said IANA zone, such as that of `New York time`. */
  readonly zone?: string;
  /** Only a time of day was said: the day is the one under discussion, or today. */
  readonly isClockOnly?: true;
  /** A part of the day (`afternoon`) stands for the hour. */
  readonly isVague?: true;
  /** The end, middle or start of what `day` names. */
  readonly edge?: 'start' | 'middle' | 'end';
  /** The whole week that `day` lies in: `the week of 7 December`. */
  readonly isWeekOf?: true;
  /** A length after (or, negative, before) all that: `a week from tomorrow`. */
  readonly after?: Length;
  readonly saidMs: number;
};

export type PeriodUnit = 'week' | 'weekend' | 'month' | 'quarter' | 'year';

export type Day =
  | { readonly kind: 'now' }
  | { readonly kind: 'instant'; readonly atMs: number }
  | { readonly kind: 'offset'; readonly days: number }
  | {
      readonly kind: 'weekday';
      readonly weekday: number;
      readonly weeks: 'last' | 'coming' | 'next' | 'after-next';
    }
  | { readonly kind: 'date'; readonly year?: number; readonly month: number; readonly day: number }
  | { readonly kind: 'nth'; readonly day: number }
  | { readonly kind: 'month'; readonly year?: number; readonly month: number }
  | { readonly kind: 'quarter'; readonly year?: number; readonly quarter: number }
  | { readonly kind: 'year'; readonly year: number }
  | { readonly kind: 'period'; readonly unit: PeriodUnit; readonly ahead: number };

/** The stretch a moment names: `end` is where it is over. An hour is a point, a day lasts until the next. */
export type Stretch = {
  readonly start: DateTime;
  readonly end: DateTime;
  readonly grain: 'point' | 'day' | 'period';
};

/** What a moment names in a zone, or nothing where there is no such day (30 February). */
export function stretchOf(moment: Moment, zone: string): Stretch | undefined {
  const said = DateTime.fromMillis(moment.saidMs, { zone });
  const named = dayStretch(moment.day, said);
  if (named === undefined) return undefined;
  const whole = moment.isWeekOf === true ? period(named.start.startOf('week'), { days: 7 }) : named;
  const edged = atEdge(whole ?? named, moment.edge);
  const timed = moment.time === undefined ? edged : atTime(edged, moment.time, moment);
  return moment.after === undefined ? timed : shifted(timed, moment.after);
}

/** Whether two readings of a said weekday exist, and the one that was not taken. */
export function otherWeekday(moment: Moment, zone: string): DateTime | undefined {
  if (moment.day.kind !== 'weekday' || moment.day.weeks !== 'next') return undefined;
  const said = DateTime.fromMillis(moment.saidMs, { zone });
  const coming = comingWeekday(said, moment.day.weekday);
  return coming.hasSame(nextWeekday(said, moment.day.weekday, 1), 'day') ? undefined : coming;
}

/** `Mon 30 Nov 2026 00:00`: absolute, the same on every machine. */
export function say(at: DateTime): string {
  return at.setLocale('en-GB').toFormat('ccc d LLL yyyy HH:mm');
}

/** The same from milliseconds. */
export function sayMs(atMs: number, zone: string): string {
  return say(DateTime.fromMillis(atMs, { zone }));
}

/** ISO 8601 with offset. */
export function isoOf(at: DateTime): string {
  return at.toISO({ suppressMilliseconds: true }) ?? at.toUTC().toMillis().toString();
}

/** The next full minute: `now` must not lie in the past when the plan is made. */
export function nowIn(saidMs: number, zone: string): DateTime {
  return DateTime.fromMillis(Math.ceil(saidMs / 60_000) * 60_000, { zone });
}

/** Seconds from `start`, in calendar units of its zone. */
export function secondsOf(length: Length, start: DateTime): number {
  return Math.round((start.plus(length).toMillis() - start.toMillis()) / 1000);
}

export function isZone(zone: string): boolean {
  return DateTime.fromMillis(0, { zone }).isValid;
}

function dayStretch(day: Day, said: DateTime): Stretch | undefined {
  switch (day.kind) {
    case 'now':
      return point(nowIn(said.toMillis(), said.zoneName ?? 'UTC'));
    case 'instant':
      return point(DateTime.fromMillis(day.atMs, { zone: said.zone }));
    case 'offset':
      return wholeDay(said.startOf('day').plus({ days: day.days }));
    case 'weekday':
      return wholeDay(weekdayOf(said, day));
    case 'date':
      return dateOf(said, day);
    case 'nth':
      return nthOf(said, day.day);
    case 'month':
      return period(monthOf(said, day), { months: 1 });
    case 'quarter':
      return period(quarterOf(said, day), { months: 3 });
    case 'year':
      return period(DateTime.fromObject({ year: day.year }, { zone: said.zone }), { months: 12 });
    case 'period':
      return periodOf(said, day.unit, day.ahead);
    default:
      return day satisfies never;
  }
}

function weekdayOf(said: DateTime, day: Extract<Day, { kind: 'weekday' }>): DateTime {
  if (day.weeks === 'coming') return comingWeekday(said, day.weekday);
  if (day.weeks === 'last')
    return comingWeekday(said, day.weekday).minus({ weeks: day.weekday === said.weekday ? 2 : 1 });
  return nextWeekday(said, day.weekday, day.weeks === 'next' ? 1 : 2);
}

function comingWeekday(said: DateTime, weekday: number): DateTime {
  const ahead = (weekday - said.weekday + 7) % 7;
  return said.startOf('day').plus({ days: ahead === 0 ? 7 : ahead });
}

function nextWeekday(said: DateTime, weekday: number, weeks: number): DateTime {
  return said.startOf('week').plus({ weeks, days: weekday - 1 });
}

/** Without a year, the next such day that has not passed. */
function dateOf(said: DateTime, day: Extract<Day, { kind: 'date' }>): Stretch | undefined {
  const at = (year: number) =>
    DateTime.fromObject({ year, month: day.month, day: day.day }, { zone: said.zone });
  if (day.year !== undefined) return wholeDay(at(day.year));
  const thisYear = at(said.year);
  return wholeDay(thisYear.isValid && thisYear >= said.startOf('day') ? thisYear : at(said.year + 1));
}

function nthOf(said: DateTime, day: number): Stretch | undefined {
  for (let ahead = 0; ahead < 3; ahead++) {
    const month = said.startOf('month').plus({ months: ahead });
    const at = month.set({ day });
    if (day <= (month.daysInMonth ?? 0) && at >= said.startOf('day')) return wholeDay(at);
  }
  return undefined;
}

function monthOf(said: DateTime, day: { year?: number; month: number }): DateTime {
  const year = day.year ?? (day.month < said.month ? said.year + 1 : said.year);
  return DateTime.fromObject({ year, month: day.month }, { zone: said.zone });
}

function quarterOf(said: DateTime, day: { year?: number; quarter: number }): DateTime {
  const year = day.year ?? (day.quarter < said.quarter ? said.year + 1 : said.year);
  return DateTime.fromObject({ year, month: day.quarter * 3 - 2 }, { zone: said.zone });
}

function periodOf(said: DateTime, unit: PeriodUnit, ahead: number): Stretch | undefined {
  if (unit === 'weekend') return period(said.startOf('week').plus({ weeks: ahead, days: 5 }), { days: 2 });
  if (unit === 'week') return period(said.startOf('week').plus({ weeks: ahead }), { days: 7 });
  const months = { month: 1, quarter: 3, year: 12 }[unit];
  return period(said.startOf(unit).plus({ months: months * ahead }), { months });
}

function atEdge(named: Stretch, edge: Moment['edge']): Stretch {
  if (edge === 'end') return point(named.end);
  if (edge === 'start') return point(named.start);
  if (edge !== 'middle') return named;
  const days = Math.floor(named.end.diff(named.start, 'days').days / 2);
  return point(named.start.plus({ days }));
}

function atTime(
  named: Stretch,
  time: { hour: number; minute: number },
  { offsetMin, zone }: Pick<Moment, 'offsetMin' | 'zone'>,
): Stretch {
  const local = named.start.startOf('day').set(time);
  const saidZone = zone ?? (offsetMin === undefined ? undefined : fixed(offsetMin));
  if (saidZone === undefined) return point(local);
  const { year, month, day } = local;
  const said = DateTime.fromObject({ year, month, day, ...time }, { zone: saidZone });
  return point(said.setZone(local.zone));
}

function fixed(offsetMin: number): string {
  const sign = offsetMin < 0 ? '-' : '+';
  const whole = Math.abs(offsetMin);
  return `UTC${sign}${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

function shifted(stretch: Stretch, by: Length): Stretch {
  return { ...stretch, start: stretch.start.plus(by), end: stretch.end.plus(by) };
}

function point(at: DateTime): Stretch {
  return { start: at, end: at, grain: 'point' };
}

function wholeDay(start: DateTime): Stretch | undefined {
  return start.isValid ? { start, end: start.plus({ days: 1 }), grain: 'day' } : undefined;
}

function period(start: DateTime, length: Length): Stretch | undefined {
  return start.isValid ? { start, end: start.plus(length), grain: 'period' } : undefined;
}

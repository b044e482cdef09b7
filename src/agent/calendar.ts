import type { Moment } from './moment.ts';
import type { Extent } from './normalise.ts';
import { type Clock, clockTimes } from './spans/clock.ts';
import { type Dated, readDays } from './spans/day.ts';
import { type Length, longestFirst, mask, overlap, type SpanOf, type TimeRole } from './spans/span.ts';

/**
 * Dates and times on text whose other spans are masked. chrono-node reads written dates (month names and
 * numbers) and only its certain components are taken; weekdays, relative days, periods and clock times are
 * read here, because chrono guesses hours, host time zones and what `monday after next` means. `lengths` are
 * the spans of durations: `in 3 days` and `a week from tomorrow` become one moment.
 */
export function readTimes(
  text: string,
  lengths: readonly SpanOf<'length'>[],
  saidMs: number,
): readonly SpanOf<'time'>[] {
  const days = readDays(text);
  const hidden = mask(text, days);
  const clocks = longestFirst([...clockTimes(hidden), ...hoursBeside(text, days)]);
  const dated = withClocks(text, days, clocks);
  const relative = afterLengths(text, dated, lengths);
  const all = [...relative, ...dated.filter((day) => !relative.some((other) => overlap(other, day)))];
  return rangesAndRoles(text, all, saidMs);
}

/**
 * Joins days and clock times. Side by side they are one moment; a time elsewhere belongs to the only day
 * that has none (`tomorrow between 9am and 6pm`), and to today when there is no day at all.
 */
function withClocks(text: string, days: readonly Dated[], clocks: readonly Clock[]): readonly Dated[] {
  const free = [...clocks];
  const dated = weeksOf(text, mergedDays(text, days)).map((day) => {
    const at = free.findIndex(
      (time) =>
        (day.time === undefined || (day.isVague === true && time.isVague !== true)) &&
        isBeside(text, day, time),
    );
    const time = at < 0 ? bareHour(text, day) : free.splice(at, 1)[0];
    if (time === undefined) return day;
    const { edge: _, isVague: __, ...plain } = day;
    const extent = { from: Math.min(day.from, time.from), to: Math.max(day.to, time.to) };
    return { ...plain, ...extent, ...timeOf(time), clockFirst: time.from < day.from };
  });
  const alone = free.filter(({ from, to }) => /\d|noon|midday|midnight/u.test(text.slice(from, to)));
  const [first] = alone;
  const [only, ...more] = dated.filter(({ time, edge: said }) => time === undefined && said === undefined);
  const shared = more.length === 0 ? only : undefined;
  const begins = first !== undefined && !/\b(?:until|till|to|by|before) $/u.test(text.slice(0, first.from));
  return [
    ...dated.map((one) => (one === shared && begins ? { ...one, ...timeOf(first) } : one)),
    ...alone.map((time): Dated => {
      const named = (shared ?? rangeDay(text, time, dated))?.day;
      const known = named?.kind === 'now' ? undefined : named;
      const day = known ?? { kind: 'offset', days: 0 };
      const clockOnly = known === undefined ? { isClockOnly: true as const } : {};
      return { from: time.from, to: time.to, day, ...timeOf(time), ...clockOnly };
    }),
  ];
}

/** `between 14:00 and 18:00 tomorrow`: the day behind the second time is that of the first. */
function rangeDay(text: string, time: Extent, dated: readonly Dated[]): Dated | undefined {
  return dated.find(
    (day) =>
      day.clockFirst === true && /^ ?(?:and|to|until|till|->?|=>) ?$/u.test(text.slice(time.to, day.from)),
  );
}

function timeOf({ time, said, isVague }: Clock): Pick<Dated, 'time' | 'offsetMin' | 'zone' | 'isVague'> {
  return { time, ...said, ...(isVague === undefined ? {} : { isVague }) };
}

function isBeside(text: string, day: Extent, time: Extent): boolean {
  const gap = time.from >= day.to ? text.slice(day.to, time.from) : text.slice(time.to, day.from);
  return /^[ ,]*(?:at|on|of|the|@|of the)?[ ,]*$/u.test(gap) && gap.length < 10;
}

/** `tomorrow 9-17`: two hours of a day, because the second can be nothing else. */
function hoursBeside(text: string, days: readonly Dated[]): readonly Clock[] {
  return days.flatMap(({ to }): readonly Clock[] => {
    const said =
      /^,? (?:from |between )?(\d{1,2}) ?(?:-|to|until|till|and) ?(1[3-9]|2[0-3])(?![\d:.,/%]|\s*(?!(?:for|in|on|at|pls|please|thanks|thx|with|and|sharp|if|by|under|asap)\b)[a-z€])/u.exec(
        text.slice(to),
      );
    const [written = '', first = '', second = ''] = said ?? [];
    if (said === null || Number(first) >= Number(second)) return [];
    const from = to + written.indexOf(first);
    const end = to + written.length;
    return [
      { from, to: from + first.length, time: { hour: Number(first), minute: 0 } },
      { from: end - second.length, to: end, time: { hour: Number(second), minute: 0 } },
    ];
  });
}

/** `friday at 6`: an hour only because `at` stands between it and a day. */
function bareHour(text: string, day: Extent): Clock | undefined {
  const match =
    /^ (?:at|@) (\d{1,2})(?!\d|[:.,]\d|\s*(?!(?:for|in|until|till|to|with|and|please|sharp|if|by)\b)[a-z€])/u.exec(
      text.slice(day.to),
    );
  const hour = Number(match?.[1]);
  if (match === null || hour > 23) return undefined;
  return { from: day.to, to: day.to + match[0].length, time: { hour, minute: 0 } };
}

/** `the week of 7 december` is the week that the day lies in. */
function weeksOf(text: string, days: readonly Dated[]): readonly Dated[] {
  return days.map((one) => {
    const lead = /\b(?:the )?week (?:of|starting|beginning|commencing|from)(?: on)?(?: the)? $/u.exec(
      text.slice(0, one.from),
    );
    const isDate = one.day.kind === 'date' || one.day.kind === 'nth' || one.day.kind === 'weekday';
    return lead === null || !isDate ? one : { ...one, from: lead.index, isWeekOf: true as const };
  });
}

/** `tuesday 1 december` is one day, `EOD friday` the end of one. */
function mergedDays(text: string, days: readonly Dated[]): readonly Dated[] {
  const merged: Dated[] = [];
  for (const day of days.toSorted((a, b) => a.from - b.from)) {
    const before = merged.at(-1);
    const join =
      before !== undefined && /^[ ,]*(?:the |on |of )?$/u.test(text.slice(before.to, day.from))
        ? union(before, day)
        : undefined;
    if (join === undefined) merged.push(day);
    else merged.splice(-1, 1, join);
  }
  return merged;
}

function union(a: Dated, b: Dated): Dated | undefined {
  const extent = { from: a.from, to: b.to };
  if (a.day.kind === 'weekday' && (b.day.kind === 'date' || b.day.kind === 'nth')) return { ...b, ...extent };
  if (b.day.kind === 'weekday' && (a.day.kind === 'date' || a.day.kind === 'nth')) return { ...a, ...extent };
  if (isEndOfToday(a) && b.edge === undefined) return { ...b, ...extent, edge: 'end' };
  if (isEndOfToday(b) && a.edge === undefined) return { ...a, ...extent, edge: 'end' };
  return undefined;
}

function isEndOfToday(day: Dated): boolean {
  return day.edge === 'end' && day.day.kind === 'offset' && day.day.days === 0;
}

/** `in 3 days`, `3 days from now`, `a week from tomorrow`, unless `for` says that it is a length. */
function afterLengths(
  text: string,
  days: readonly Dated[],
  lengths: readonly SpanOf<'length'>[],
): readonly Dated[] {
  return lengths.flatMap((length): readonly Dated[] => {
    if (length.stated || length.forward) return [];
    const behind = /^ (?:from|after|past) $/u;
    const base = days.find((day) => behind.test(text.slice(length.to, day.from)));
    const joint = base === undefined ? '' : text.slice(length.to, base.from);
    const isIdiom = joint.trim() === 'after' || length.isArticle;
    const isNow = base?.day.kind === 'now';
    const isStart =
      /\b(?:start(?:ing|s)?|begin(?:ning)?|from|on|until|till|by|in|before)(?: (?:in|on|from))? $/u.test(
        text.slice(0, length.from),
      );
    if (base !== undefined && (isNow || isStart || isIdiom))
      return [{ ...base, from: length.from, to: base.to, after: length.length }];
    const hence = /^ (?:hence|from now|out)\b/u.exec(text.slice(length.to))?.[0];
    const lead = /\b(?:in|starting in) (?:about |around )?$/u.exec(text.slice(0, length.from))?.[0];
    if (
      base !== undefined ||
      (hence === undefined && lead === undefined) ||
      /\bdone in $|\bfinish(?:ed)? in $/u.test(text.slice(0, length.from))
    )
      return [];
    return [
      {
        ...fromNow(length.length),
        from: length.from - (lead ?? '').length,
        to: length.to + (hence ?? '').length,
      },
    ];
  });
}

/** In hours: from now. In days: at the start of that day. */
function fromNow(length: Length): Omit<Dated, 'from' | 'to'> {
  const fine = (length.hours ?? 0) > 0 || (length.minutes ?? 0) > 0;
  return { day: fine ? { kind: 'now' } : { kind: 'offset', days: 0 }, after: length };
}

const startWords = String.raw`(?:(?:to )?(?:start|starts|starting|begin|begins|beginning|available|ready|needed|due to start)(?: (?:from|on|at|in|as of))?|from|as of|effective|since)(?: (?:on|the|about|around))?`;

/** The words before a moment that say what it is; the first that fits counts. */
const roles: readonly (readonly [RegExp, TimeRole, boolean])[] = [
  [
    /\b(?:start(?:ing|s|ed)?|begin(?:ning|s)?|available|ready|needed|running)(?: (?:no later than|not later than|at the latest(?: by| on)?|by|before|latest))(?: on| the)? $/u,
    'latest-start',
    false,
  ],
  [/\b(?:not before|no earlier than|not earlier than|earliest(?: on)?)(?: the| on)? $/u, 'earliest', false],
  [/\b(?:any ?time after|after)(?: the)? $/u, 'earliest', true],
  [
    /\b(?:move|push|shift|postpone|delay|reschedule|bring|change|switch|set|put)(?:d|ed)?\b[^,.;]{0,30} to(?: the)? $/u,
    'start',
    false,
  ],
  [
    /\b(?:(?:done|finished|complete[d]?|over|end(?:ing|s)?|ready)(?: it)? )?(?:no later than|not later than|at the latest(?: by| on)?|latest|by|before|deadline(?: is| of|:)?|due(?: on| by)?)(?: the| on)? $/u,
    'deadline',
    false,
  ],
  [/\b(?:through|thru|up to and including|until and including)(?: the)? $/u, 'end', true],
  [
    /\b(?:(?:ends?|ending|lasts?|lasting|running|runs|run|keep(?: it)?|valid|for until) )?(?:until|till|til|'til|up to|up until|to|ending(?: on| at)?|ends?(?: on| at)?)(?: the| on)? $/u,
    'end',
    false,
  ],
  [
    /\b(?:at )?(?:any ?time|some ?time|some point|any day|some day)(?: (?:in|during|within|over|on))?(?: the)? $/u,
    'within',
    true,
  ],
  [new RegExp(`\\b${startWords} $`, 'u'), 'start', false],
  [
    /\b(?:(?:for|over|during|throughout)(?: (?:the|all(?: of)?|whole|entire|full|of|whole of))*|all(?: of)?|(?:the )?(?:whole|entire|full)(?: of)?) $/u,
    'during',
    false,
  ],
  [/\b(?:on|in|at)(?: the)? $/u, 'start', false],
];

function rangesAndRoles(text: string, days: readonly Dated[], saidMs: number): readonly SpanOf<'time'>[] {
  const sorted = borrowed(days.toSorted((a, b) => a.from - b.from));
  const covered = mask(text, sorted);
  return sorted.flatMap((day, i): readonly SpanOf<'time'>[] => {
    const previous = sorted[i - 1];
    const gap = previous === undefined ? undefined : text.slice(previous.to, day.from);
    const isRange =
      gap !== undefined &&
      /^ ?(?:->?|=>|to|until|till|and|through|thru) ?(?:the |on )?$/u.test(gap) &&
      (!/and/u.test(gap) || /\b(?:between|btw)(?: the)? $/u.test(text.slice(0, previous?.from)));
    const [pattern, role, inclusive] = roles.find(([candidate]) =>
      candidate.test(covered.slice(0, day.from)),
    ) ?? [/$/u, 'bare' as const, false];
    const lead = isRange ? gap : (pattern.exec(covered.slice(0, day.from))?.[0] ?? '');
    const between = /\b(?:between|btw)(?: the)? $/u.exec(covered.slice(0, day.from))?.[0] ?? '';
    const tail = /^,? ?(?:inclusive(?:ly)?|included|at the latest)\b/u.exec(text.slice(day.to))?.[0] ?? '';
    const { from, to, clockFirst: _, ...said } = day;
    const plain: Moment = { ...said, saidMs };
    const isEnd = isRange || role === 'end' || role === 'deadline';
    const moment = isEnd && plain.isVague === true && plain.time?.hour === 22 ? endOfDay(plain) : plain;
    const isIncluded = inclusive || tail.includes('inclu') || (isRange && /thr/u.test(gap));
    const time: SpanOf<'time'> = {
      kind: 'time',
      from: from - Math.max(lead.length, between.length),
      to: to + tail.length,
      moment,
      role: isRange ? 'end' : between === '' ? (tail.includes('latest') ? 'deadline' : role) : 'start',
      inclusive: isIncluded,
    };
    const [half] = isRange ? [] : halfRange(text, time, day);
    return half === undefined ? [time] : [half, { ...time, from, role: 'end' }];
  });
}

/** `until Sunday night` is until Sunday is over. */
function endOfDay({ day, saidMs }: Moment): Moment {
  return { day, saidMs, edge: 'end' };
}

/** `the 1st and 5th of december`: the first is in December too. */
function borrowed(days: readonly Dated[]): readonly Dated[] {
  return days.map((one, i) => {
    const next = days[i + 1]?.day;
    if (one.day.kind !== 'nth' || next?.kind !== 'date') return one;
    return { ...one, day: { ...next, day: one.day.day } };
  });
}

/** `between 1 and 5 december`: the first day borrows its month from the second. */
function halfRange(text: string, time: SpanOf<'time'>, day: Dated): readonly SpanOf<'time'>[] {
  const before =
    /\b(?:between|btw|from) (?:the )?(\d{1,2})(?:st|nd|rd|th|\.|er)? (?:and|to|until|till|-) (?:the )?$/u.exec(
      text.slice(0, day.from),
    );
  if (before === null || day.day.kind !== 'date') return [];
  const moment: Moment = { saidMs: time.moment.saidMs, day: { ...day.day, day: Number(before[1]) } };
  return [{ kind: 'time', from: before.index, to: day.from, moment, role: 'start', inclusive: false }];
}

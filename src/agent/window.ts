import type { DateTime } from 'luxon';

import type { Frame, Problem } from './frame.ts';
import {
  isoOf,
  type Moment,
  nowIn,
  otherWeekday,
  say,
  secondsOf,
  type Stretch,
  stretchOf,
} from './moment.ts';

/** The window of a demand as tools take it, with the readings that could have been others. */
export type WindowReading = {
  readonly window: {
    readonly earliestStart: string;
    readonly latestStart?: string;
    readonly deadline?: string;
    readonly durationS?: number;
  };
  readonly start: DateTime;
  readonly end?: DateTime;
  readonly assumptions: readonly string[];
};

export type WindowAnswer =
  | ({ readonly ok: true } & WindowReading)
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** How far `soonest` looks ahead. */
const soonestDays = 30;

/** From when, how long, until when: in the zone of the tenant, or everything that is missing for it. */
export function windowOf(frame: Frame, nowMs: number, zone: string): WindowAnswer {
  const reader = new WindowReader(nowMs, zone);
  const begin = reader.start(frame);
  const said = {
    start: begin,
    end:
      frame.end === undefined
        ? reader.duringEnd(frame)
        : reader.point(frame.end.moment, 'until', frame.end.inclusive, begin),
    deadline: frame.deadline && reader.point(frame.deadline.moment, 'by', frame.deadline.inclusive, begin),
    latest: frame.latestStart && reader.point(frame.latestStart, 'starting by', false),
  };
  const isSoonest = frame.objective === 'soonest';
  const isFlexible =
    isSoonest || said.latest !== undefined || (said.deadline !== undefined && frame.length !== undefined);
  const isFromNow = said.end !== undefined && frame.length === undefined;
  const start = said.start ?? (isFlexible || isFromNow ? reader.now : undefined);
  const hasEnd = frame.length !== undefined || said.end !== undefined || frame.isOpenEnded === true;
  if (!hasEnd) reader.problem('length', 'how long', lengthSuggestions(frame));
  if (start === undefined)
    reader.problem('start', 'from when', ['now', 'tomorrow 09:00', 'next Monday', 'soonest']);
  if (start === undefined || reader.problems.length > 0) return { ok: false, problems: reader.problems };
  const durationS =
    frame.length === undefined ? secondsBetween(start, said.end) : secondsOf(frame.length, start);
  const last = earliestOf([
    said.latest,
    said.deadline && durationS !== undefined ? said.deadline.minus({ seconds: durationS }) : undefined,
    frame.length !== undefined && said.end !== undefined && durationS !== undefined
      ? said.end.minus({ seconds: durationS })
      : undefined,
    isSoonest && said.end === undefined ? start.plus({ days: soonestDays }) : undefined,
  ]);
  if (durationS !== undefined && durationS <= 0)
    return failed('length', `an end after the start (${say(start)} to ${say(said.end ?? start)})`);
  if (last !== undefined && last < start)
    return failed(
      'length',
      `how long: it does not fit between ${say(start)} and ${say(said.deadline ?? said.end ?? last)}`,
    );
  const deadline = said.deadline ?? (frame.length === undefined ? undefined : said.end);
  if (last !== undefined && last > start && frame.start === undefined && !isSoonest)
    reader.assume(`no start was said: any start from ${say(start)} to ${say(last)} is taken`);
  if (isFromNow && said.start === undefined && !isFlexible)
    reader.assume(`no start was said: it starts now, ${say(start)}`);
  if (isSoonest) reader.assume(`soonest looks for a start from ${say(start)} to ${say(last ?? start)}`);
  return {
    ok: true,
    start,
    ...(durationS === undefined ? {} : { end: start.plus({ seconds: durationS }) }),
    window: {
      earliestStart: isoOf(start),
      ...(last !== undefined && last > start ? { latestStart: isoOf(last) } : {}),
      ...(deadline === undefined ? {} : { deadline: isoOf(deadline) }),
      ...(durationS === undefined ? {} : { durationS }),
    },
    assumptions: reader.assumptions,
  };
}

class WindowReader {
  readonly problems: Problem[] = [];
  readonly assumptions: string[] = [];
  readonly now: DateTime;
  readonly #zone: string;

  constructor(nowMs: number, zone: string) {
    this.now = nowIn(nowMs, zone);
    this.#zone = zone;
  }

  problem(slot: string, text: string, suggestions: readonly string[]): void {
    this.problems.push({ slot, text, suggestions });
  }

  assume(text: string): void {
    this.assumptions.push(`${text} (${this.#zone})`);
  }

  start(frame: Frame): DateTime | undefined {
    const moment = frame.start ?? frame.during;
    const stretch = moment === undefined ? undefined : this.stretch(moment);
    if (moment === undefined || stretch === undefined) return undefined;
    const start = frame.isAfter === true ? stretch.end : stretch.start;
    if (start < this.now && stretch.end > this.now) return this.now;
    if (start < this.now && isFloating(moment) && moment.time !== undefined) {
      this.assume(`that hour has passed: the start is read as ${say(start.plus({ days: 1 }))}`);
      return start.plus({ days: 1 });
    }
    if (stretch.grain === 'period' && frame.during === undefined)
      this.assume(`the start is read as ${say(start)}, the beginning of what was said`);
    else if (moment.isVague === true)
      this.assume(`a part of the day was said: the start is read as ${say(start)}`);
    else if (moment.edge !== undefined || moment.zone !== undefined || moment.offsetMin !== undefined)
      this.assume(`the start is read as ${say(start)}`);
    else if (stretch.grain === 'day') this.assume(`no hour was said: the start is read as ${say(start)}`);
    const { time } = moment;
    const isSkipped =
      time !== undefined &&
      moment.zone === undefined &&
      moment.offsetMin === undefined &&
      stretch.start.minute === time.minute &&
      stretch.start.hour === (time.hour + 1) % 24;
    if (isSkipped) this.assume(`the clock skips that hour: the start is read as ${say(start)}`);
    const other = otherWeekday(moment, this.#zone);
    if (other !== undefined) this.assume(`next is read as next week: ${say(start)}, not ${say(other)}`);
    return start;
  }

  /** `for December` without a length is the whole of it. */
  duringEnd(frame: Frame): DateTime | undefined {
    if (frame.during === undefined || frame.length !== undefined) return undefined;
    return this.stretch(frame.during)?.end;
  }

  /** `from next Monday to Friday`: a day without a date is the first such day behind `start`. */
  point(moment: Moment, word: string, inclusive: boolean, start?: DateTime): DateTime | undefined {
    const first = this.stretch(moment);
    const isBehind = first === undefined || start === undefined || first.end > start || first.start > start;
    const stretch =
      isBehind || !isFloating(moment) ? first : this.stretch({ ...moment, saidMs: start.toMillis() });
    if (stretch === undefined) return undefined;
    const said = inclusive ? stretch.end : stretch.start;
    const isToday = moment.day.kind === 'offset' && moment.day.days === 0 && moment.time !== undefined;
    const isNextDay = (moment.isClockOnly === true || isToday) && start !== undefined && said <= start;
    const at = isNextDay ? said.plus({ days: 1 }) : said;
    const isLoose = moment.isVague === true || moment.edge !== undefined || isNextDay;
    if (stretch.grain !== 'point' || isLoose) this.assume(`${word} is read as ${say(at)}`);
    return at;
  }

  stretch(moment: Moment): Stretch | undefined {
    const stretch = stretchOf(moment, this.#zone);
    if (stretch === undefined) this.problem('start', 'which day (there is no such day)', []);
    return stretch;
  }
}

function isFloating({ day, time }: Moment): boolean {
  if (day.kind === 'weekday') return day.weeks === 'coming';
  if (day.kind === 'offset') return day.days === 0 && time !== undefined;
  return day.kind === 'nth' || ((day.kind === 'date' || day.kind === 'month') && day.year === undefined);
}

function failed(slot: string, text: string): WindowAnswer {
  return { ok: false, problems: [{ slot, text, suggestions: [] }] };
}

function secondsBetween(start: DateTime, end: DateTime | undefined): number | undefined {
  return end === undefined ? undefined : Math.round((end.toMillis() - start.toMillis()) / 1000);
}

function earliestOf(times: readonly (DateTime | undefined)[]): DateTime | undefined {
  const known = times.flatMap((at) => at ?? []);
  return known.toSorted((a, b) => a.toMillis() - b.toMillis())[0];
}

/** `next week` may mean all of it. */
function wholeOf(start: Moment | undefined): readonly string[] {
  if (start?.isWeekOf === true) return ['the whole week'];
  if (start?.day.kind === 'period') return [`the whole ${start.day.unit}`];
  return start?.day.kind === 'month' || start?.day.kind === 'quarter' ? [`the whole ${start.day.kind}`] : [];
}

function lengthSuggestions(frame: Frame): readonly string[] {
  return [...wholeOf(frame.start), '1 day', '3 days', '1 week'];
}

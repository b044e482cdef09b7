import { readTimes } from '../agent/calendar.ts';
import { type Moment, type Stretch, stretchOf } from '../agent/moment.ts';
import { normalise } from '../agent/normalise.ts';
import { BerthError } from '../model/error.ts';
import { cleanText } from '../model/text.ts';
import { dayMs } from '../model/unit.ts';

/** Which end of what was said counts: `--from` begins where a day begins, `--to` ends where it ends. */
export type Edge = 'start' | 'end';

/** A time that is over, as people write it: ISO 8601 with an offset, or words such as `last week` in a zone. Throws INVALID_INPUT. */
export function instantOf(
  text: string,
  { edge, nowMs, zone }: { readonly edge: Edge; readonly nowMs: number; readonly zone: string },
): string {
  if (/^\d{4}-.+T.+(?:[zZ]|[+-]\d\d:?\d\d)$/.test(text)) return text;
  const line = normalise(text);
  const [time, ...more] = readTimes(line.text, [], nowMs);
  const isWhole = time !== undefined && more.length === 0 && time.from === 0 && time.to === line.text.length;
  const stretch = isWhole ? stretchBehind(time.moment, nowMs, zone) : undefined;
  const iso = stretch?.[edge].toISO();
  if (typeof iso === 'string') return iso;
  throw new BerthError({
    code: 'INVALID_INPUT',
    message: `\`${cleanText(text, 60)}\` is no time that can be read`,
    fix: 'write `last week`, `yesterday 9:00`, `20 Nov 2026`, or ISO 8601 with an offset',
    field: edge === 'start' ? '--from' : '--to',
  });
}

/** `friday` and `20 November` are the last ones, not the next: said of what is recorded. */
function stretchBehind(moment: Moment, nowMs: number, zone: string): Stretch | undefined {
  const named = stretchOf(moment, zone);
  const days = daysBetween.get(moment.day.kind);
  const isAhead = named !== undefined && named.start.toMillis() > nowMs;
  return isAhead && days !== undefined ? stretchOf({ ...moment, saidMs: nowMs - days * dayMs }, zone) : named;
}

/** How long it is from one of these to the next, at most. */
const daysBetween: ReadonlyMap<string, number> = new Map([
  ['weekday', 7],
  ['nth', 31],
  ['date', 366],
  ['month', 366],
]);

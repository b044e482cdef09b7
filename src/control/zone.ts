import { DateTime, IANAZone } from 'luxon';

import { BerthError } from '../model/error.ts';

/** ISO text has none. Without one luxon asks the machine for its own: 13 ms of every start. */
const locale = 'en';

/** ISO 8601 with the offset that the zone has at that instant: `2026-11-30T00:00:00+01:00`. */
export function isoIn(atMs: number, zone: string): string {
  const text = DateTime.fromMillis(atMs, { zone, locale }).toISO({ suppressMilliseconds: true });
  return text ?? new Date(atMs).toISOString();
}

/** A calendar month later by the clocks of a zone; the last day of the month where it has no such day. */
export function monthLaterMs(atMs: number, zone: string): number {
  return DateTime.fromMillis(atMs, { zone, locale }).plus({ months: 1 }).toMillis();
}

/** Without a date the text would mean today, and without an offset this machine's zone. */
const dated = /^\d{4}-.+T.+(?:[zZ]|[+-]\d\d:?\d\d)$/;

/** Milliseconds of ISO text with an offset; whole milliseconds only. Throws INVALID_INPUT naming the field. */
export function instantMs(text: string, field: string): number {
  const parsed = DateTime.fromISO(text, { setZone: true, locale });
  const inRange = parsed.isValid && parsed.toMillis() >= 0 && parsed.year < 2200;
  if (inRange && dated.test(text)) return parsed.toMillis();
  throw new BerthError({
    code: 'INVALID_INPUT',
    message: `\`${text.slice(0, 60)}\` in \`${field}\` is not an instant between 1970 and 2199`,
    fix: 'write ISO 8601 with an offset, such as `2026-11-30T00:00:00+01:00`',
    field,
  });
}

export function isZone(zone: string): boolean {
  return IANAZone.isValidZone(zone);
}

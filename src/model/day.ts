import { dayMs } from './unit.ts';

/** Days since 1970-01-01 in UTC. */
export function dayOf(atMs: number): number {
  return Math.floor(atMs / dayMs);
}

/**
 * The day that `2026-11-22` names, in days since 1970-01-01; nothing for other text.
 * Days from a civil date after Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
 */
export function dayNamed(text: string): number | undefined {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (parts === null) return undefined;
  const [year = 0, month = 0, day = 0] = parts.slice(1).map(Number);
  if (month < 1 || month > 12 || day < 1 || day > 31) return undefined;
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** Milliseconds since 1970 of an instant such as `2026-11-22T08:30:00.5+01:00`; nothing for other text. */
export function instantNamed(text: string): number | undefined {
  const parts = /^(.{10})T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3}))?)?(?:Z|([+-])(\d\d):(\d\d))$/.exec(text);
  const day = parts === null ? undefined : dayNamed(parts[1] ?? '');
  if (parts === null || day === undefined || dayText(day) !== parts[1]) return undefined;
  const [hour = 0, minute = 0, second = 0] = parts.slice(2, 5).map((part) => Number(part || 0));
  const [aheadHours = 0, aheadMinutes = 0] = parts.slice(7, 9).map((part) => Number(part || 0));
  if (hour > 23 || minute > 59 || second > 59 || aheadHours > 23 || aheadMinutes > 59) return undefined;
  const aheadMs = (aheadHours * 60 + aheadMinutes) * (parts[6] === '-' ? -60_000 : 60_000);
  const timeMs = ((hour * 60 + minute) * 60 + second) * 1000 + Number((parts[5] ?? '0').padEnd(3, '0'));
  return day * dayMs + timeMs - aheadMs;
}

/** The day as `2026-11-22`. */
export function dayText(day: number): string {
  const shifted = day + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const dayOfMonth = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(dayOfMonth).padStart(2, '0')}`;
}

const iso = /^(\d{4})-(\d\d)-(\d\d)T(\d\d:\d\d)(?::(\d\d)(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;
const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** An ISO 8601 instant as people read it, in the offset it is written in: `Mon 30 Nov 2026 00:00 +01:00`. */
export function formatInstant(text: string): string {
  const parts = readIso(text);
  return parts === undefined ? text : `${parts.local} ${parts.offset}`;
}

export type TimeSpan = {
  readonly start: string;
  readonly end?: string | undefined;
  readonly startMs: number;
  readonly endMs?: number | undefined;
  readonly zone: string;
};

/** Both ends absolute, with zone and length. The offsets are said where they differ: the clocks change between. */
export function formatWindow({ start, end, startMs, endMs, zone }: TimeSpan): string {
  if (end === undefined) return `from ${localTime(start)}, open-ended (${zone})`;
  const apart = readIso(start)?.offset !== readIso(end)?.offset;
  const ends = apart ? [formatInstant(start), formatInstant(end)] : [localTime(start), localTime(end)];
  const length = endMs === undefined ? '' : `, ${formatLength(endMs - startMs)}`;
  return `${ends.join(' to ')} (${zone}${length})`;
}

/** An instant without its offset, for tables whose title names the zone. */
export function localTime(text: string): string {
  return readIso(text)?.local ?? text;
}

/** The offset an instant is written in, as a time zone; UTC when it has none. */
export function offsetOf(text: string): string {
  return readIso(text)?.offset ?? 'UTC';
}

/** Milliseconds as people read them, in an IANA zone or offset. A zone nobody knows is read as UTC and said so. */
export function formatAt(atMs: number, zone: string): string {
  const parts = partsIn(atMs, zone);
  return parts === undefined ? `${partsIn(atMs, 'UTC') ?? String(atMs)} UTC` : parts;
}

/** Exact: days, hours, minutes, seconds, without the zeros. */
export function formatLength(lengthMs: number): string {
  const seconds = Math.max(0, Math.floor(lengthMs / 1000));
  const units: readonly (readonly [number, string])[] = [
    [Math.floor(seconds / 86_400), 'day'],
    [Math.floor(seconds / 3600) % 24, 'hour'],
    [Math.floor(seconds / 60) % 60, 'minute'],
    [seconds % 60, 'second'],
  ];
  const said = units.filter(([n]) => n > 0).map(([n, unit]) => `${n} ${unit}${n === 1 ? '' : 's'}`);
  return said.length === 0 ? '0 seconds' : said.join(' ');
}

/** How long something took: `42 ms`, `1.3 s`. */
export function formatTook(tookMs: number): string {
  return tookMs < 1000 ? `${Math.round(tookMs)} ms` : `${(tookMs / 1000).toFixed(1)} s`;
}

function readIso(text: string): { local: string; offset: string } | undefined {
  const [, year, month, day, clock, seconds, zone] = iso.exec(text) ?? [];
  if (year === undefined || clock === undefined || zone === undefined) return undefined;
  const at = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  const tail = seconds === undefined || seconds === '00' ? '' : `:${seconds}`;
  return { local: `${dateText(at)} ${clock}${tail}`, offset: zone === 'Z' ? 'UTC' : zone };
}

function dateText(at: Date): string {
  return `${days[at.getUTCDay()]} ${at.getUTCDate()} ${months[at.getUTCMonth()]} ${at.getUTCFullYear()}`;
}

function partsIn(atMs: number, timeZone: string): string | undefined {
  try {
    const format = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
    const parts = new Map(format.formatToParts(atMs).map(({ type, value }) => [type, value]));
    const date = Date.UTC(
      Number(parts.get('year')),
      Number(parts.get('month')) - 1,
      Number(parts.get('day')),
    );
    return `${dateText(new Date(date))} ${parts.get('hour')}:${parts.get('minute')}`;
  } catch {
    return undefined;
  }
}

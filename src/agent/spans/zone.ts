/** A time zone as said behind an hour: an offset from UTC in minutes, or an IANA zone whose clock changes count. */
export type SaidZone = { readonly offsetMin: number } | { readonly zone: string };

/** Abbreviations that mean one offset (checked 2026-11-22; IST, CST and others mean several and are asked about). */
const offsets: Readonly<Record<string, number>> = {
  utc: 0,
  gmt: 0,
  z: 0,
  cet: 60,
  cest: 120,
  bst: 60,
  eet: 120,
  eest: 180,
  est: -300,
  edt: -240,
  pst: -480,
  pdt: -420,
  jst: 540,
};

/** Names that are not the last part of an IANA zone. */
const others: Readonly<Record<string, string>> = {
  et: 'America/New_York',
  pt: 'America/Los_Angeles',
  eastern: 'America/New_York',
  central: 'America/Chicago',
  mountain: 'America/Denver',
  pacific: 'America/Los_Angeles',
  'san francisco': 'America/Los_Angeles',
  boston: 'America/New_York',
  frankfurt: 'Europe/Berlin',
  munich: 'Europe/Berlin',
  german: 'Europe/Berlin',
  uk: 'Europe/London',
  british: 'Europe/London',
  indian: 'Asia/Kolkata',
  india: 'Asia/Kolkata',
  mumbai: 'Asia/Kolkata',
  kolkata: 'Asia/Kolkata',
  beijing: 'Asia/Shanghai',
  japan: 'Asia/Tokyo',
  japanese: 'Asia/Tokyo',
};

/** Zones that are named by themselves; all others need the word `time`. */
const alone = 'et|pt|eastern|pacific';

/** What may stand behind an hour: `CET`, `UTC+2`, `+05:30`, `New York time`, `Europe/Berlin`. The first group is the zone. */
export const zonePattern = `(?: ?\\(?((?:utc|gmt) ?[+-]\\d{1,2}(?::?\\d\\d)?(?!\\d)|[+-]\\d\\d:?\\d\\d(?!\\d)|(?:${Object.keys(offsets).join('|')}|${alone})(?![a-z0-9])(?: time\\b)?|(?:africa|america|asia|australia|europe|pacific)/[a-z_]+|(?:in )?[a-z]+(?: [a-z]+){0,2} time\\b)\\)?)?`;

/** The zone of words that `zonePattern` found; nothing where they name none. */
export function zoneOf(said: string): SaidZone | undefined {
  const words = said.replace(/^in /u, '').replace(/(?: (?:standard|daylight))? time$/u, '');
  const shift = /^(?:utc|gmt)? ?([+-])(\d{1,2}):?(\d\d)?$/u.exec(words);
  if (shift !== null) {
    const minutes = Number(shift[2]) * 60 + Number(shift[3] ?? '0');
    return minutes > 14 * 60 ? undefined : { offsetMin: shift[1] === '-' ? -minutes : minutes };
  }
  const offsetMin = offsets[words];
  if (offsetMin !== undefined) return { offsetMin };
  const zone = others[words] ?? cities().get(words);
  return zone === undefined ? undefined : { zone };
}

let known: ReadonlyMap<string, string> | undefined;

/** IANA zones by their whole name and by their city, both in lower case. */
function cities(): ReadonlyMap<string, string> {
  known ??= new Map(
    Intl.supportedValuesOf('timeZone').flatMap((zone) => {
      const name = zone.toLowerCase();
      return [
        [name, zone],
        [(name.split('/').at(-1) ?? name).replaceAll('_', ' '), zone],
      ] as const;
    }),
  );
  return known;
}

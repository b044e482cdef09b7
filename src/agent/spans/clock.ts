import type { Extent } from '../normalise.ts';
import { matches } from './span.ts';

/** A time of day, with the offset from UTC where one was said. */
export type Clock = Extent & {
  readonly time: { hour: number; minute: number };
  readonly offsetMin?: number;
};

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
const zoneWord = `(?: ?(${Object.keys(offsets).join('|')})(?![a-z0-9]))?`;

type ClockReader = readonly [
  RegExp,
  (match: RegExpExecArray) => { hour: number; minute: number } | undefined,
];

const clockReaders: readonly ClockReader[] = [
  [
    new RegExp(
      `(?:\\b(?:at|@) ?)?(?<![\\d.,:])(\\d{1,2}):(\\d{2})(?::\\d{2})?(?: ?(a|p)\\.?m\\b\\.?)?(?: o'?clock| h\\b)?${zoneWord}(?!\\d|[:/.]\\d)(?! ?(?:€|eur))`,
      'gu',
    ),
    clock,
  ],
  [
    new RegExp(
      `(?:\\b(?:at|@) ?)?(?<![\\d.,:-])(\\d{1,2})(?:[:.](\\d{2}))?(?: ?(a|p)\\.?m\\b\\.?| ?o'?clock\\b)${zoneWord}`,
      'gu',
    ),
    clock,
  ],
  [
    new RegExp(`\\b(?:at|@) (?:noon|midday)\\b|\\b(?:noon|midday)\\b${zoneWord}`, 'gu'),
    () => ({ hour: 12, minute: 0 }),
  ],
  [/\b(?:at )?midnight\b/gu, () => ({ hour: 0, minute: 0 })],
  [/\b(?:in the )?morning\b/gu, () => ({ hour: 9, minute: 0 })],
  [/\b(?:in the )?afternoon\b/gu, () => ({ hour: 14, minute: 0 })],
  [/\b(?:in the )?evening\b/gu, () => ({ hour: 18, minute: 0 })],
];

/** Times such as `9am`, `14:00 CET`, `noon`. A bare number is none. */
export function clockTimes(text: string): readonly Clock[] {
  return clockReaders.flatMap(([pattern, hourOf]) =>
    matches(text, pattern).flatMap(({ from, to, match }) => {
      const time = hourOf(match);
      const named = match.at(-1);
      const offsetMin = named === undefined ? undefined : offsets[named];
      return time === undefined
        ? []
        : [{ from, to, time, ...(offsetMin === undefined ? {} : { offsetMin }) }];
    }),
  );
}

function clock(match: RegExpExecArray) {
  const [, hourText, minuteText, half] = match;
  const hour = (Number(hourText) % (half === undefined ? 100 : 12)) + (half === 'p' ? 12 : 0);
  const minute = Number(minuteText ?? '0');
  const isHalfDay = half === undefined || (Number(hourText) >= 1 && Number(hourText) <= 12);
  return hour < 24 && minute < 60 && isHalfDay ? { hour, minute } : undefined;
}

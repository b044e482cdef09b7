import type { Extent } from '../normalise.ts';
import { matches } from './span.ts';
import { type SaidZone, zoneOf, zonePattern } from './zone.ts';

type TimeOfDay = { readonly hour: number; readonly minute: number };

/** A time of day, with its zone where one was said. `isVague`: a part of the day stands for an hour. */
export type Clock = Extent & {
  readonly time: TimeOfDay;
  readonly said?: SaidZone;
  readonly isVague?: true;
};

type ClockReader = readonly [pattern: RegExp, timeOf: (match: RegExpExecArray) => TimeOfDay | undefined];

const clockReaders: readonly ClockReader[] = [
  [
    new RegExp(
      `(?:\\b(?:at|@) ?)?(?<![\\d.,:])(\\d{1,2}):(\\d{2})(?::\\d{2})?(?: ?(a|p)\\.?m\\b\\.?)?(?: o'?clock| h\\b)?${zonePattern}(?!\\d|[:/.]\\d)(?! ?(?:€|eur))`,
      'gu',
    ),
    clock,
  ],
  [
    new RegExp(
      `(?:\\b(?:at|@) ?)?(?<![\\d.,:]|[^\\s\\dm]-)(\\d{1,2})(?:[:.](\\d{2}))?(?: ?(a|p)\\.?m\\b\\.?| ?o'?clock\\b)${zonePattern}`,
      'gu',
    ),
    clock,
  ],
  [new RegExp(`(?:\\b(?:at|@) )?\\b(?:noon|midday)\\b${zonePattern}`, 'gu'), () => ({ hour: 12, minute: 0 })],
  [/\b(?:at )?midnight\b/gu, () => ({ hour: 0, minute: 0 })],
];

const partsOfDay: readonly ClockReader[] = [
  [/\b(?:in the )?morning\b/gu, () => ({ hour: 9, minute: 0 })],
  [/\b(?:in the )?afternoon\b/gu, () => ({ hour: 14, minute: 0 })],
  [/\b(?:in the )?evening\b/gu, () => ({ hour: 18, minute: 0 })],
  [/\b(?:at )?night\b/gu, () => ({ hour: 22, minute: 0 })],
];

/** Times such as `9am`, `14:00 CET`, `noon`, `2-6pm`. A bare number is none. */
export function clockTimes(text: string): readonly Clock[] {
  const exact = clockReaders.flatMap((reader) => clocksOf(text, reader));
  const vague = partsOfDay.flatMap((reader) => clocksOf(text, reader));
  return [
    ...exact,
    ...vague.map((time) => ({ ...time, isVague: true as const })),
    ...exact.flatMap((time) => sharedHalf(text, time) ?? []),
  ];
}

/** Where an hour is followed by a zone: names in it are no places of the fleet. */
export function zonedClocks(text: string): readonly Extent[] {
  return clockTimes(text).filter(({ said }) => said !== undefined);
}

function clocksOf(text: string, [pattern, timeOf]: ClockReader): readonly Clock[] {
  return matches(text, pattern).flatMap(({ from, to, match }) => {
    const time = timeOf(match);
    if (time === undefined) return [];
    const words = match.length > 1 ? match.at(-1) : undefined;
    const said = words === undefined ? undefined : zoneOf(words);
    if (said !== undefined) return [{ from, to, time, said }];
    const hours = words === undefined ? match[0] : match[0].slice(0, match[0].lastIndexOf(words));
    return [{ from, to: from + hours.replace(/ ?\(?$/u, '').length, time }];
  });
}

/** `2-6pm`, `9 to 17 o'clock`: the first hour has no half of its own and takes that of the second. */
function sharedHalf(text: string, { from, to, time, said }: Clock): Clock | undefined {
  const first = /(?<![\d.,:/-])(\d{1,2})(?::(\d\d))? ?(?:-|to|until|till|and) ?$/u.exec(text.slice(0, from));
  if (first === null) return undefined;
  const hour = Number(first[1]);
  const minute = Number(first[2] ?? '0');
  const isHalf = /[ap]\.?m\b/u.test(text.slice(from, to));
  if (minute > 59 || hour > (isHalf ? 12 : 23) || (isHalf && hour === 0)) return undefined;
  const half = isHalf && time.hour >= 12 && hour % 12 < time.hour % 12 ? 12 : 0;
  const at = isHalf ? (hour % 12) + half : hour;
  const length = `${first[1]}${first[2] === undefined ? '' : `:${first[2]}`}`.length;
  return {
    from: first.index,
    to: first.index + length,
    time: { hour: at, minute },
    ...(said === undefined ? {} : { said }),
  };
}

function clock(match: RegExpExecArray): TimeOfDay | undefined {
  const [, hourText, minuteText, half] = match;
  const hour = (Number(hourText) % (half === undefined ? 100 : 12)) + (half === 'p' ? 12 : 0);
  const minute = Number(minuteText ?? '0');
  const isHalfDay = half === undefined || (Number(hourText) >= 1 && Number(hourText) <= 12);
  return hour < 24 && minute < 60 && isHalfDay ? { hour, minute } : undefined;
}

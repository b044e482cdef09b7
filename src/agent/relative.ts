import type { Frame } from './frame.ts';
import type { Extent } from './normalise.ts';
import { type Reading, spansOf } from './reading.ts';
import { type Amount, type Length, matches } from './spans/span.ts';

export type RelativeChange = { readonly frame: Frame; readonly read: readonly Extent[] };

/**
 * Changes relative to what was said before: `8 more`, `two days longer`, `a day later`, `extend it by a week`.
 * The slots they change are computed from the old ones; without an old one nothing changes, and the unread
 * word stops the request.
 */
export function relativeChange(old: Frame, said: Frame, reading: Reading): RelativeChange {
  const { text } = reading.line;
  const [length] = spansOf(reading, 'length');
  if (length !== undefined) {
    const way = wayOf(text, length);
    const changed = way === undefined ? undefined : withLength(old, said, length.length, way.word);
    if (way !== undefined && changed !== undefined) return { frame: changed, read: way.read };
  }
  const [count] = [...spansOf(reading, 'amount'), ...spansOf(reading, 'number')];
  const behind =
    count === undefined
      ? null
      : /^ (?:\w+ )?(more|additional|extra|fewer|less)\b/u.exec(text.slice(count.to));
  const changed =
    behind === null
      ? undefined
      : withAmount(old.amount, said.amount, behind[1] === 'fewer' || behind[1] === 'less' ? -1 : 1);
  if (count === undefined || behind === null || changed === undefined) return { frame: said, read: [] };
  return { frame: { ...said, amount: changed }, read: [{ from: count.to, to: count.to + behind[0].length }] };
}

type Way = { readonly word: string; readonly read: readonly Extent[] };

const verbs =
  /\b(extend|prolong|lengthen|shorten|cut|reduce|increase|push|delay|postpone|shift|move|bring)(?:ed)?\b/gu;

function wayOf(text: string, { from, to }: Extent): Way | undefined {
  const behind = /^ (?:back )?(longer|more|extra|additional|shorter|less|later|earlier|sooner)\b/u.exec(
    text.slice(to),
  );
  if (behind !== null) return { word: behind[1] ?? '', read: [{ from: to, to: to + behind[0].length }] };
  if (/\b(?:more|extra|additional|further|another)\b/u.test(text.slice(from, to)))
    return { word: 'longer', read: [] };
  const by = /\bby (?:another )?$/u.exec(text.slice(0, from));
  const verb = matches(text.slice(0, from), verbs).at(-1);
  if (by === null || verb === undefined) return undefined;
  const back = /^ (?:forward|earlier|up)\b/u.test(text.slice(to));
  const starts = /^(?:push|delay|postpone|shift|move|bring)/u.test(verb.match[0]);
  if (starts) return { word: back ? 'earlier' : 'later', read: [verb] };
  return { word: /^(?:shorten|cut|reduce)/u.test(verb.match[0]) ? 'shorter' : 'longer', read: [verb] };
}

function withLength(old: Frame, said: Frame, change: Length, word: string): Frame | undefined {
  const { length: _, ...rest } = said;
  const sign = /^(?:shorter|less|earlier|sooner)$/u.test(word) ? -1 : 1;
  if (/^(?:later|earlier|sooner)$/u.test(word))
    return old.start === undefined
      ? undefined
      : { ...rest, start: { ...old.start, after: plus(old.start.after, change, sign) } };
  return old.length === undefined ? undefined : { ...rest, length: plus(old.length, change, sign) };
}

function withAmount(old: Amount | undefined, said: Amount | undefined, sign: 1 | -1): Amount | undefined {
  if (old?.shape !== 'total' || said?.shape !== 'total') return undefined;
  const gpus = old.gpus + sign * said.gpus;
  return gpus > 0 ? { shape: 'total', gpus } : undefined;
}

function plus(a: Length = {}, b: Length, sign: 1 | -1): Length {
  return {
    months: (a.months ?? 0) + sign * (b.months ?? 0),
    days: (a.days ?? 0) + sign * (b.days ?? 0),
    hours: (a.hours ?? 0) + sign * (b.hours ?? 0),
    minutes: (a.minutes ?? 0) + sign * (b.minutes ?? 0),
  };
}

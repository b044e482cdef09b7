import { type Frame, type Problem } from '../frame.ts';
import { type Reading, spansOf as allSpansOf } from '../reading.ts';
import { type Meaning, type Span, type SpanOf } from '../spans/span.ts';

export type FrameReading = { readonly frame: Frame; readonly problems: readonly Problem[] };

/** Without what was named only to be replaced: `instead of acme`. */
export function spansOf<K extends Meaning['kind']>(reading: Reading, kind: K): readonly SpanOf<K>[] {
  return allSpansOf(reading, kind).filter((span) => !isInstead(reading, span));
}

function isInstead(reading: Reading, span: Span): boolean {
  if (span.kind === 'tenant' && span.negative === true) return true;
  return (
    span.negative === true &&
    /\b(?:instead of|rather than|in place of)\b/u.test(reading.line.text.slice(span.from, span.to))
  );
}

export function either(slot: string, text: string, suggestions: readonly string[]): Problem {
  return {
    slot,
    text: `${text}: ${[...new Set(suggestions)].join(' or ')}`,
    suggestions: [...new Set(suggestions)],
  };
}

export function notesOf(...notes: readonly (readonly string[] | undefined)[]): readonly string[] | undefined {
  const all = notes.flatMap((some) => some ?? []);
  return all.length === 0 ? undefined : all;
}

export function narrowest(sets: readonly (readonly string[])[]): readonly string[] {
  const [first = [], ...rest] = sets;
  return first.filter((model) => rest.every((set) => set.includes(model)));
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

export function defined<T extends object>(value: T): Defined<T> {
  const kept: Defined<T> = {};
  for (const key in value) {
    const one = value[key];
    if (isDefined(one)) kept[key] = one;
  }
  return kept;
}

function isDefined<T>(value: T): value is Exclude<T, undefined> {
  return value !== undefined;
}

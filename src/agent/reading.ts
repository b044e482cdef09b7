import { readTimes } from './calendar.ts';
import type { Gazetteer } from './gazetteer.ts';
import { type Extent, type Line, rawOf } from './normalise.ts';
import { type Numeral, numeralsOf } from './numbers.ts';
import { readAmounts, readFractions, readSlices } from './spans/amount.ts';
import { zonedClocks } from './spans/clock.ts';
import { readLengths } from './spans/length.ts';
import { readModels } from './spans/model.ts';
import { readMoney } from './spans/money.ts';
import { readNames } from './spans/name.ts';
import { denied } from './spans/negation.ts';
import { readResources } from './spans/resource.ts';
import {
  inOrder,
  longestFirst,
  type Meaning,
  matches,
  overlap,
  mask,
  type Span,
  type SpanOf,
} from './spans/span.ts';
import { readTraits } from './spans/trait.ts';
import { fillers, negations } from './words.ts';

/** A line with everything that was understood of it. */
export type Reading = { readonly line: Line; readonly spans: readonly Span[]; readonly saidMs: number };

/** A word that nothing consumed, as written. */
export type UnreadWord = Extent & { readonly word: string; readonly isNegation: boolean };

/** Reads a line: names and quantities first, the longest winning, then the calendar on what is left. */
export function read(
  line: Line,
  gazetteer: Gazetteer,
  saidMs: number,
  unknownPlaces: readonly Span[] = [],
): Reading {
  const numerals = numeralsOf(line.text);
  const zones = zonedClocks(line.text);
  const found = candidates(line, gazetteer, numerals).filter((span) => !touches(zones, span));
  const named = longestFirst([...unknownPlaces, ...found]);
  const amounts = readAmounts(line.text, numerals, named).filter((span) => !touches(named, span));
  const known = inOrder([...named, ...amounts]);
  const lengths = named.filter((span): span is SpanOf<'length'> => span.kind === 'length');
  const times = readTimes(mask(line.text, known), lengths, saidMs);
  const kept = known.filter((span) => !touches(times, span));
  const spans = inOrder([...kept, ...times]);
  const loose = looseNumbers(line.text, numerals, spans);
  return { line, spans: denied(line.text, inOrder([...spans, ...loose])), saidMs };
}

/** Everything of one kind. */
export function spansOf<K extends Meaning['kind']>(reading: Reading, kind: K): readonly SpanOf<K>[] {
  return reading.spans.filter((span): span is SpanOf<K> => span.kind === kind);
}

/**
 * What was written and not used: content words outside all spans and cues, and whole spans of kinds that the
 * answer had no use for.
 */
export function unreadWords(
  reading: Reading,
  cues: readonly Extent[],
  isUsed: (span: Span) => boolean,
): readonly UnreadWord[] {
  const used = reading.spans.filter(isUsed);
  const unused = reading.spans.filter((span) => !isUsed(span) && span.kind !== 'gpus');
  const covered = mask(reading.line.text, [...used, ...unused, ...cues]);
  const words = matches(covered, /[a-z0-9](?:[a-z0-9'._/+-]*[a-z0-9])?|[\p{L}\p{N}]+|[$£€%<>]/gu)
    .filter(({ match }) => !fillers.has(match[0]))
    .map(({ from, to, match }) => unreadAt(reading.line, from, to, negations.has(match[0])));
  return inOrder([...words, ...unused.map(({ from, to }) => unreadAt(reading.line, from, to, false))]);
}

function unreadAt(line: Line, from: number, to: number, isNegation: boolean): UnreadWord {
  return { from, to, word: rawOf(line, { from, to }), isNegation };
}

function candidates(line: Line, gazetteer: Gazetteer, numerals: readonly Numeral[]): readonly Span[] {
  return [
    ...readNames(line, gazetteer),
    ...readModels(line.text, gazetteer),
    ...readLengths(line.text, numerals),
    ...readMoney(line.text, numerals),
    ...readResources(line.text, numerals),
    ...readSlices(line.text),
    ...readFractions(line.text),
    ...readTraits(line.text),
  ];
}

/** Numbers that no span took. `one` behind a pointing word is no number. */
function looseNumbers(text: string, numerals: readonly Numeral[], spans: readonly Span[]): readonly Span[] {
  const pointing =
    /\b(?:the|this|that|which|each|every|any|another|other|no|first|second|third|last|cheaper|this) $/u;
  return numerals
    .filter((numeral) => !numeral.weak && !touches(spans, numeral))
    .filter(({ from, to }) => {
      const isOne = text.slice(from, to) === 'one';
      return !(
        isOne &&
        (pointing.test(text.slice(0, from)) || /^ of (?:our|my|your|the|these|those)\b/u.test(text.slice(to)))
      );
    })
    .map(({ from, to, value }) => ({ from, to, kind: 'number', value }));
}

function touches(spans: readonly Extent[], extent: Extent): boolean {
  return spans.some((span) => overlap(span, extent));
}

import type { Extent } from '../normalise.ts';
import type { Numeral } from '../numbers.ts';
import { type Amount, type Bound, mask, matches, type Meaning, overlap, type Span } from './span.ts';

/**
 * Counts glued to GPUs and nodes: `16x H100`, `H100 x 16`, `16 free H100s`, `2 nodes with 8 H100 each`,
 * `16 H100 across 2 nodes`. The text becomes one letter a token, so that a count is a short pattern:
 * N number, M model, G the word GPU, P a MIG profile, R nodes or replicas, x times, o of/with, e each, c across, a adjective,
 * s another span.
 */
export function readAmounts(
  text: string,
  numerals: readonly Numeral[],
  spans: readonly Span[],
): readonly Span[] {
  const tokens = tokensOf(text, numerals, spans);
  const letters = tokens.map(({ letter }) => letter).join('');
  const taken: Extent[] = [];
  const found: Span[] = [];
  for (const { pattern, amountOf } of shapes)
    for (const { from, to } of matches(letters, pattern)) {
      const part = tokens.slice(from, to);
      const numbers = part.flatMap(({ numeral }) => (numeral === undefined ? [] : [numeral]));
      if (taken.some((other) => overlap(other, { from, to })) || part.length === 0) continue;
      const amount = amountOf(numbers.map(({ value }) => value));
      if (amount === undefined) continue;
      taken.push({ from, to });
      found.push(...spansOf(text, part, numbers, amount));
    }
  return found;
}

type Shape = {
  readonly pattern: RegExp;
  readonly amountOf: (numbers: readonly number[]) => Amount | undefined;
};

const each = ([groups = 0, gpus = 0]: readonly number[]): Amount => ({ shape: 'each', groups, gpus });
const eachBack = ([gpus = 0, groups = 0]: readonly number[]): Amount => ({ shape: 'each', groups, gpus });
const spread = ([gpus = 0, groups = 0]: readonly number[]): Amount => ({ shape: 'spread', groups, gpus });
const total = ([gpus = 0]: readonly number[]): Amount => ({ shape: 'total', gpus });
const nodes = ([groups = 0]: readonly number[]): Amount => ({ shape: 'nodes', groups });

/** The most specific first. */
const shapes: readonly Shape[] = [
  { pattern: /Nx?[as]*M?[as]*P(?:[oc]?[as]*N?[as]*M+G?)?/gu, amountOf: total },
  { pattern: /NxNx?[as]*o?[MG]+e?/gu, amountOf: each },
  { pattern: /N[as]*M?R+[as]*[ox]?[as]*Nx?[as]*o?[MG]+e?/gu, amountOf: each },
  { pattern: /N[as]*x?[as]*Nx?[as]*[MG]+[as]*R+/gu, amountOf: each },
  { pattern: /Nx?[as]*[MG]+[as]*eR?[as]*[co]?[as]*N[as]*R/gu, amountOf: eachBack },
  { pattern: /Nx?[as]*[MG]+[as]*[co][as]*N[as]*R/gu, amountOf: spread },
  { pattern: /Nx?[as]*o?[as]*M+[as]*R+/gu, amountOf: nodes },
  { pattern: /N[as]*R+(?=[as]*o?[as]*[MG])/gu, amountOf: nodes },
  { pattern: /Nx?[as]*o?[as]*[MG]+/gu, amountOf: total },
  { pattern: /MG?(?:x|=)N/gu, amountOf: total },
  { pattern: /G(?:=|o)N/gu, amountOf: total },
];

type Token = Extent & { readonly letter: string; readonly numeral?: Numeral };

const adjectives =
  /^(?:of|the|those|these|your|our|my|free|idle|available|unused|spare|nvidia|amd|full|more|additional|extra|new|big|beefy|dedicated|fresh|8-way|complete|entire|whole|some|other|different|single|physical|finest|best|nice|modern|healthy|empty|connected|linked|attached|equipped|capable|enabled|based)$/u;

function tokensOf(text: string, numerals: readonly Numeral[], spans: readonly Span[]): readonly Token[] {
  const known: Token[] = spans.map((span) => ({ from: span.from, to: span.to, letter: letterOf(span) }));
  for (const numeral of numerals)
    if (!known.some((span) => overlap(span, numeral))) known.push({ ...numeral, letter: 'N', numeral });
  const rest = matches(mask(text, known), /[a-z0-9'/]+|[^\sa-z0-9]/gu);
  const words = rest.map(({ from, to, match }) => ({ from, to, letter: wordLetter(match[0]) }));
  return [...known, ...words].toSorted((a, b) => a.from - b.from);
}

function letterOf(span: Span): string {
  if (span.kind === 'model') return 'M';
  if (span.kind === 'gpus') return 'G';
  if (span.kind === 'slice' && span.slice.kind === 'mig') return 'P';
  const joins = span.kind === 'trait' || span.kind === 'gpu-memory';
  return joins ? 's' : '.';
}

function wordLetter(word: string): string {
  if (
    /^(?:nodes?|hgxs?|dgxs?|servers?|machines?|box|boxes|hosts?|systems?|replicas?|workers?|pods?|instances?|members?)$/u.test(
      word,
    )
  )
    return 'R';
  if (/^(?:x|\*)$/u.test(word)) return 'x';
  if (/^(?:[:=(]|qty|count)$/u.test(word)) return '=';
  if (/^(?:each|apiece|\/node|per)$/u.test(word)) return 'e';
  if (/^(?:with|having|at|of)$/u.test(word)) return 'o';
  if (/^(?:across|on|over|in|spread|between)$/u.test(word)) return 'c';
  return adjectives.test(word) || word === '-' || word === '+' ? 'a' : '.';
}

const bounds: readonly (readonly [RegExp, Bound])[] = [
  [
    /(?:\b(?:at least|a minimum of|minimum(?: of)?|no (?:fewer|less) than|not (?:fewer|less) than)|>=) ?$/u,
    'at-least',
  ],
  [/(?:\b(?:more|greater) than|\bover|>) ?$/u, 'more-than'],
  [
    /(?:\b(?:at most|up to|no more than|not more than|a maximum of|max(?:imum)?|fewer than|less than)|<=?) ?$/u,
    'at-most',
  ],
  [/(?:\b(?:about|around|roughly|approximately|some|circa|ca\.?|approx\.?)|~) ?$/u, 'about'],
];

/** The numbers and node words become the count; the models between them stay spans of their own. */
function spansOf(
  text: string,
  part: readonly Token[],
  numbers: readonly Numeral[],
  amount: Amount,
): readonly Span[] {
  const first = numbers[0];
  if (first === undefined) return [];
  // None of something is no share of one: the number stays unread.
  if (numbers.some(({ value }) => value <= 0)) return [];
  if (!isWhole(amount)) {
    const extent = { from: first.from, to: (numbers.at(-1) ?? first).to };
    const slice = shareOf(amount);
    return [
      slice === undefined
        ? { ...extent, kind: 'fraction', words: text.slice(extent.from, extent.to) }
        : { ...extent, ...slice },
    ];
  }
  const before = text.slice(0, first.from);
  const [pattern, said] = bounds.find(([candidate]) => candidate.test(before)) ?? [];
  const lead = pattern?.exec(before)?.[0] ?? '';
  const isVague = /\b(?:couple|few|several|handful)\b/u.test(text.slice(first.from, first.to));
  const more = /^ (?:more|additional|extra|further)\b/u.test(text.slice(first.to)) ? 'more' : undefined;
  const bound =
    (isVague ? 'at-most' : said) ?? more ?? (text.charAt(first.to) === '+' ? 'at-least' : undefined);
  const heads = part.filter(({ letter }) => letter !== 'M' && letter !== 'G' && letter !== 's');
  return heads.map((token): Span => {
    const isFirst = token === heads[0];
    const from = isFirst ? token.from - lead.length : token.from;
    const extent = { from, to: token.to };
    return token.numeral === first
      ? { ...extent, kind: 'amount', amount, ...(bound === undefined ? {} : { bound }) }
      : { ...extent, kind: 'gpus' };
  });
}

/** `half an H100`, `2 x 0.25 H100`: less than one GPU each, of which there may be several. */
function shareOf(amount: Amount): Meaning | undefined {
  if (amount.shape !== 'total' && amount.shape !== 'each') return undefined;
  const count = amount.shape === 'each' ? amount.groups : 1;
  const milli = Math.round(amount.gpus * 1000);
  if (!Number.isInteger(count) || milli < 1 || milli > 999) return undefined;
  return { kind: 'slice', slice: { kind: 'share', milli }, count };
}

function isWhole(amount: Amount): boolean {
  const numbers =
    amount.shape === 'nodes'
      ? [amount.groups]
      : amount.shape === 'total'
        ? [amount.gpus]
        : [amount.groups, amount.gpus];
  return numbers.every((value) => Number.isInteger(value) && value > 0);
}

/** Slices of a GPU in words: a MIG profile, `50% of an`, `half of an`. */
export function readSlices(text: string): readonly Span[] {
  const profiles =
    /\b(?:mig )?(?<profile>[1-7]g\.\d{1,3}gb(?:\+me)?)(?![\w.])(?: mig)?(?: (?:gpu )?(?:slices?|instances?|partitions?|profiles?))?/gu;
  const shares = /\b(?<percent>\d{1,2}) ?(?:%|percent|per cent) of (?:an?|one)\b|\bhalf of (?:an?|one)\b/gu;
  return [
    ...matches(text, profiles).flatMap(({ from, to, match }): Span[] => {
      const profile = match.groups?.['profile'];
      return profile === undefined ? [] : [{ from, to, kind: 'slice', slice: { kind: 'mig', profile } }];
    }),
    ...matches(text, shares).flatMap(({ from, to, match }): Span[] => {
      const milli = Number(match.groups?.['percent'] ?? 50) * 10;
      return milli === 0 ? [] : [{ from, to, kind: 'slice', slice: { kind: 'share', milli } }];
    }),
  ];
}

/** Parts of GPUs that do not say which: `a MIG slice`, `time-sliced`, `a share of an`. */
export function readFractions(text: string): readonly Span[] {
  const slices =
    /\bmig\b(?: (?:slices?|instances?|partitions?|profiles?))?|\b(?:gpu )?time[- ]slic(?:e|es|ed|ing)\b|\b(?:a |one )?(?:slice|share|fraction|part|piece|portion) of (?:an?|one)\b|\bfractional\b|\bmps\b|\b0{1,2} ?(?:%|percent|per cent) of (?:an?|one)\b/gu;
  return matches(text, slices).map(({ from, to, match }) => ({
    from,
    to,
    kind: 'fraction',
    words: match[0],
  }));
}

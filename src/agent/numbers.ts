import type { Extent } from './normalise.ts';

/** A number as written: `16`, `1.5`, `two dozen`, `half a`. `weak` ones are the articles `a` and `an`. */
export type Numeral = Extent & { readonly value: number; readonly weak: boolean };

const units: Readonly<Record<string, number>> = {
  zero: 0,
  one: 1,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
  eleven: 11,
  twelve: 12,
  thirteen: 13,
  fourteen: 14,
  fifteen: 15,
  sixteen: 16,
  seventeen: 17,
  eighteen: 18,
  nineteen: 19,
  twenty: 20,
  thirty: 30,
  forty: 40,
  fifty: 50,
  sixty: 60,
  seventy: 70,
  eighty: 80,
  ninety: 90,
};

const scales: Readonly<Record<string, number>> = { dozen: 12, dozens: 12, hundred: 100, thousand: 1000 };

const unitWord = Object.keys(units).join('|');
const scaleWord = Object.keys(scales).join('|');
const spelled = `(?:(?:${unitWord}|${scaleWord})\\b(?:[ -](?:and )?(?=(?:${unitWord}|${scaleWord})\\b))?)+`;
const digits = String.raw`\d{1,3}(?:\.\d{3})+,\d{1,2}(?!\d)|\d{1,3}(?:,\d{3})+\.\d{1,2}(?!\d)|\d{1,3}(?:[.,]\d{3})+(?![\d.,]*\d)|\d+[.,]\d+|\d+`;
const pattern = new RegExp(
  [
    String.raw`(?<fraction>\d+ ?\/ ?\d+(?=\s|$|-))`,
    `(?<digits>${digits})(?<half>(?: and a half)?)(?<scale>(?: (?:${scaleWord})\\b)?)`,
    String.raw`(?<halfScale>half (?:an? )?(?:${scaleWord})\b)`,
    String.raw`(?<part>(?!(?<=\bfor )(?:a |one )?quarter\b(?! of))(?:a |one )?(?:half|quarter|third)\b(?: of)?(?: an?| one)?\b|(?:an? |one )?(?:fifth|sixth|eighth|tenth) of(?: an?| one)?\b)`,
    String.raw`(?<pair>\b(?:a )?(?:couple|pair)(?: of)?\b)`,
    String.raw`(?<spelled>\b(?:an? )?(?=(?:${unitWord}|${scaleWord})\b)${spelled}(?: and a half\b)?)`,
    String.raw`(?<article>\ban?\b)`,
  ].join('|'),
  'gu',
);

/** Every number of the text, in order. Digits that belong to a name (`H100`, `r12`) are none. */
export function numeralsOf(text: string): readonly Numeral[] {
  const found: Numeral[] = [];
  for (const match of text.matchAll(pattern)) {
    if (!standsAlone(text, match.index)) continue;
    const value = valueOf(match.groups ?? {});
    if (value === undefined) continue;
    const weak = match.groups?.['article'] !== undefined;
    const isMinus =
      /(?:^|[\s(])-$/u.test(text.slice(0, match.index)) && match.groups?.['digits'] !== undefined;
    const to = match.index + match[0].trimEnd().length;
    found.push({ from: match.index, to, value: isMinus ? -value : value, weak });
  }
  return found;
}

/** Greatest common divisor of two positive integers. */
export function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

/** A digit right behind a letter belongs to a name, unless the letter is the `x` of `2x8` or `H100 x16`. */
function standsAlone(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - 3), at);
  if (/(?:^|[\s\d)x*])x$/u.test(before)) return true;
  return !/[a-z0-9]$|[a-z0-9][-_/.,:]$|\.$/u.test(before) || /[a-z],$/u.test(before);
}

function valueOf(groups: Readonly<Record<string, string | undefined>>): number | undefined {
  if (groups['fraction'] !== undefined) {
    const [over = 0, under = 1] = groups['fraction'].split('/').map(Number);
    return under === 0 ? undefined : over / under;
  }
  if (groups['digits'] !== undefined) {
    const value = digitsOf(groups['digits']) + (groups['half'] === '' ? 0 : 0.5);
    return value * (scales[groups['scale']?.trim() ?? ''] ?? 1);
  }
  if (groups['halfScale'] !== undefined)
    return (scales[groups['halfScale'].split(' ').at(-1) ?? ''] ?? 0) / 2;
  if (groups['part'] !== undefined) return partOf(groups['part']);
  if (groups['pair'] !== undefined) return 2;
  if (groups['spelled'] !== undefined) return spelledValue(groups['spelled']);
  return 1;
}

const parts: readonly (readonly [string, number])[] = [
  ['quarter', 4],
  ['fifth', 5],
  ['sixth', 6],
  ['eighth', 8],
  ['tenth', 10],
];

function partOf(words: string): number {
  if (words.includes('half')) return 0.5;
  const [, under = 3] = parts.find(([word]) => words.includes(word)) ?? [];
  return 1 / under;
}

function digitsOf(written: string): number {
  const decimal = /^(.+)[.,](\d{1,2})$/u.exec(written);
  if (decimal !== null && /[.,]/u.test(decimal[1] ?? ''))
    return Number(`${(decimal[1] ?? '').replaceAll(/[.,]/gu, '')}.${decimal[2]}`);
  const grouped = /^\d{1,3}(?:[.,]\d{3})+$/u.test(written);
  return Number(grouped ? written.replaceAll(/[.,]/gu, '') : written.replace(',', '.'));
}

function spelledValue(words: string): number {
  let total = 0;
  let current = 0;
  for (const word of words.replace(/ and a half$/u, '').split(/[ -]/u)) {
    const scale = scales[word];
    if (scale === undefined) current += units[word] ?? 0;
    else if (scale === 1000) {
      total += Math.max(current, 1) * scale;
      current = 0;
    } else current = Math.max(current, 1) * scale;
  }
  return total + current + (words.endsWith(' and a half') ? 0.5 : 0);
}

/** Words for places in a list and for days of a month, from the first on. */
export const ordinalWords = [
  'first',
  'second',
  'third',
  'fourth',
  'fifth',
  'sixth',
  'seventh',
  'eighth',
  'ninth',
  'tenth',
];

import { translate } from './translate.ts';

/**
 * One line of a person, made comparable. `text`, `cased`, `starts` and `ends` have the same length; the last
 * two say where each character came from in `raw`, so that words can be given back as they were written.
 */
export type Line = {
  readonly raw: string;
  /** Lower case, without accents and invisible characters, technical words in English. */
  readonly text: string;
  /** The same with its case: `US` is a country, `us` is not. */
  readonly cased: string;
  readonly starts: readonly number[];
  readonly ends: readonly number[];
};

export type Extent = { readonly from: number; readonly to: number };

/** NFKC, invisible characters out, dashes and quotes made plain, known German and French words in English. */
export function normalise(raw: string): Line {
  let cased = '';
  const starts: number[] = [];
  const ends: number[] = [];
  for (const match of raw.matchAll(/\P{M}\p{M}*|\p{M}+/gu)) {
    const plain = plainOf(match[0]);
    cased += plain;
    for (let i = 0; i < plain.length; i++) {
      starts.push(match.index);
      ends.push(match.index + match[0].length);
    }
  }
  return translate({ raw, text: fold(cased), cased, starts, ends });
}

/** The words between two places of `text`, as the person wrote them. */
export function rawOf(line: Line, { from, to }: Extent): string {
  if (to <= from) return '';
  return line.raw.slice(line.starts[from] ?? 0, line.ends[to - 1] ?? line.raw.length).trim();
}

/** Lower case without accents, character by character, so that places stay where they are. */
export function fold(text: string): string {
  let folded = '';
  for (let i = 0; i < text.length; i++) {
    const lower = text.charAt(i).toLowerCase();
    const base = lower.normalize('NFD').charAt(0);
    folded += base === '' ? text.charAt(i) : base;
  }
  return folded;
}

function plainOf(written: string): string {
  return written
    .normalize('NFKC')
    .replaceAll(/\p{Cc}/gu, ' ')
    .replaceAll(/[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, '')
    .replaceAll(/\p{Zs}/gu, ' ')
    .replaceAll(/\p{Pd}|\u2212/gu, '-')
    .replaceAll(/[\u2018\u2019\u02bc`´]/gu, "'")
    .replaceAll(/[\u201c\u201d\u201e]/gu, '"')
    .replaceAll('×', 'x')
    .replaceAll(/[→⇒➔➜]/gu, '->')
    .replaceAll('\u2044', '/');
}

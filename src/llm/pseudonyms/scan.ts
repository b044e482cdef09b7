/** What a run of words in a text stands for, or undefined where it stands for nothing. */
type Lookup = (candidate: string) => string | undefined;

/** A part of a text: as it is, or what stands for it. */
type Segment = { readonly from: number; readonly to: number; readonly text: string };

const word = /[\p{L}\p{N}]+/gu;

/** How many words a name may have to be found in a text. */
export const mostWords = 8;

/** From the first letter or digit of a name to its last: what a text is searched for. */
export function coreOf(name: string): string {
  return /[\p{L}\p{N}](?:.*[\p{L}\p{N}])?/u.exec(name)?.[0] ?? '';
}

export function wordCount(text: string): number {
  return text.match(word)?.length ?? 0;
}

/**
 * The text in segments that are names or not, the longest name first at every word: a name is only ever found between
 * two ends of words, so `acme` stands in `acme-x` and not in `acmes`.
 */
function segmentsOf(text: string, lookup: Lookup): readonly Segment[] {
  const words = [...text.matchAll(word)].map(({ 0: found, index }) => ({
    from: index,
    to: index + found.length,
  }));
  const segments: Segment[] = [];
  let at = 0;
  for (let i = 0; i < words.length;) {
    const hit = longestAt(text, words, i, lookup);
    if (hit === undefined) {
      i += 1;
      continue;
    }
    const from = words[i]?.from ?? at;
    if (from > at) segments.push({ from: at, to: from, text: text.slice(at, from) });
    segments.push({ from, to: hit.to, text: hit.text });
    at = hit.to;
    i += hit.words;
  }
  if (at < text.length) segments.push({ from: at, to: text.length, text: text.slice(at) });
  return segments;
}

export function replaced(text: string, lookup: Lookup): string {
  return segmentsOf(text, lookup)
    .map((segment) => segment.text)
    .join('');
}

/** Replaces in a text that comes in pieces, and gives out what no further piece can change. */
export class StreamedText {
  readonly #lookup: Lookup;
  #rest = '';

  constructor(lookup: Lookup) {
    this.#lookup = lookup;
  }

  push(piece: string): string {
    this.#rest += piece;
    const words = [...this.#rest.matchAll(word)];
    const open = words.at(-mostWords - 1)?.index;
    return open === undefined ? '' : this.#take(open);
  }

  end(): string {
    return this.#take(this.#rest.length);
  }

  /** The text up to there, or up to the begin of a name that goes on behind. */
  #take(upTo: number): string {
    const ready = segmentsOf(this.#rest, this.#lookup).flatMap((segment) => {
      if (segment.to <= upTo) return [segment];
      const isName = segment.text !== this.#rest.slice(segment.from, segment.to);
      return isName || segment.from >= upTo
        ? []
        : [{ ...segment, to: upTo, text: this.#rest.slice(segment.from, upTo) }];
    });
    this.#rest = this.#rest.slice(ready.at(-1)?.to ?? 0);
    return ready.map(({ text }) => text).join('');
  }
}

function longestAt(
  text: string,
  words: readonly { readonly from: number; readonly to: number }[],
  first: number,
  lookup: Lookup,
): { readonly to: number; readonly text: string; readonly words: number } | undefined {
  const from = words[first]?.from ?? 0;
  for (let count = Math.min(mostWords, words.length - first); count > 0; count--) {
    const to = words[first + count - 1]?.to ?? from;
    const found = lookup(text.slice(from, to));
    if (found !== undefined) return { to, text: found, words: count };
  }
  return undefined;
}

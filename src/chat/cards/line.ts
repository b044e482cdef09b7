import stringWidth from 'string-width';

import { cleanText } from '../../model/text.ts';

/** What a span means. Colour never carries the meaning alone: the words say it too. */
export type Tone = 'dim' | 'strong' | 'good' | 'warn' | 'bad' | 'accent';

/** A run of text in one tone. Made by `span`, which cleans it. */
export type Span = { readonly text: string; readonly tone?: Tone };

/** One row of the screen, at most as wide as the room it was drawn for. */
export type Line = readonly Span[];

/**
 * Where a card is drawn: terminal cells across, and the zone for instants that come without one. `spoken` asks for
 * sentences instead of pictures, for whoever has them read out. `folded` asks for what a person needs to decide, in
 * about a screen, where the rest can be asked for.
 */
export type Room = {
  readonly columns: number;
  readonly zone?: string;
  readonly spoken?: boolean;
  readonly folded?: boolean;
};

export const blank: Line = [];

/** The only way text gets into a card: one line, nothing a terminal could act on, at most 4,000 characters. */
export function span(text: string, tone?: Tone): Span {
  const cleaned = cleanText(text, 4000);
  return tone === undefined ? { text: cleaned } : { text: cleaned, tone };
}

/** Cells across. Cards fit from 20 on; the parts of one are inset by at most 10 of them. */
export function columnsOf(room: Room): number {
  return Number.isFinite(room.columns) ? Math.max(10, Math.floor(room.columns)) : 80;
}

/** The same room, `cells` narrower. */
export function inset(room: Room, cells: number): Room {
  return { ...room, columns: room.columns - cells };
}

/** Terminal cells the text takes up. */
export function widthOf(text: string): number {
  return stringWidth(text);
}

export function lineWidth(line: Line): number {
  return line.reduce((sum, { text }) => sum + widthOf(text), 0);
}

/** At most so many cells of a text, cleaned, with an ellipsis where something is missing. */
export function cut(text: string, cells: number): string {
  const { text: cleaned } = span(text);
  if (widthOf(cleaned) <= cells) return cleaned;
  let shown = '';
  for (const { segment } of graphemes.segment(cleaned)) {
    if (widthOf(`${shown}${segment}…`) > cells) break;
    shown += segment;
  }
  return cells < 1 ? '' : `${shown}…`;
}

/** One row of a line, cut where it ends. */
export function cutLine(line: Line, columns: number): Line {
  let left = columns;
  return line.flatMap((piece) => {
    const text = cut(piece.text, left);
    left -= widthOf(text);
    return text === '' ? [] : [{ ...piece, text }];
  });
}

export function indent(lines: readonly Line[], cells: number): Line[] {
  return lines.map((line) => (line.length === 0 ? line : [{ text: ' '.repeat(cells) }, ...line]));
}

/**
 * Breaks at spaces, and inside a word only when it is wider than a whole row. Rows after the first start `hang`
 * cells further in. `columns` is at least 2, so that a wide character always fits.
 */
export function wrap(line: Line, columns: number, hang = 0): Line[] {
  const width = Math.max(2, columns);
  const rows = new Rows(width, Math.min(hang, Math.floor(width / 2)));
  for (const { text, tone } of line) for (const word of text.match(/ +|[^ ]+/g) ?? []) rows.add(word, tone);
  return rows.all();
}

/** Wraps plain text: `wrap` for one span. */
export function paragraph(text: string, room: Room, tone?: Tone): Line[] {
  return wrap([span(text, tone)], columnsOf(room));
}

/** `- text`, with the rows after the first under the text. */
export function bullets(items: readonly Line[], room: Room): Line[] {
  return items.flatMap((item) => wrap([{ text: '  - ' }, ...item], columnsOf(room), 4));
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

class Rows {
  readonly #width: number;
  readonly #hang: number;
  readonly #rows: Span[][] = [[]];
  #used = 0;

  constructor(width: number, hang: number) {
    this.#width = width;
    this.#hang = hang;
  }

  add(word: string, tone: Tone | undefined): void {
    const width = widthOf(word);
    if (this.#used + width <= this.#width) return this.#push(word, width, tone);
    if (word.startsWith(' ')) return this.#next();
    if (this.#used > this.#hang) this.#next();
    if (this.#used + width <= this.#width) return this.#push(word, width, tone);
    for (const { segment } of graphemes.segment(word)) this.#addCharacter(segment, tone);
  }

  all(): Line[] {
    return this.#rows.map(trimEnd);
  }

  #addCharacter(character: string, tone: Tone | undefined): void {
    const width = widthOf(character);
    if (this.#used + width > this.#width) this.#next();
    this.#push(character, width, tone);
  }

  #next(): void {
    this.#rows.push(this.#hang === 0 ? [] : [{ text: ' '.repeat(this.#hang) }]);
    this.#used = this.#hang;
  }

  #push(text: string, width: number, tone: Tone | undefined): void {
    const row = this.#rows.at(-1) ?? [];
    const last = row.at(-1);
    if (last !== undefined && last.tone === tone) row[row.length - 1] = { ...last, text: last.text + text };
    else row.push(tone === undefined ? { text } : { text, tone });
    this.#used += width;
  }
}

function trimEnd(row: readonly Span[]): Line {
  const last = row.at(-1);
  if (last === undefined) return row;
  const text = last.text.trimEnd();
  if (text === '') return trimEnd(row.slice(0, -1));
  return text === last.text ? row : [...row.slice(0, -1), { ...last, text }];
}

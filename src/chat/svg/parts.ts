import type { Holder, Seat } from '../../model/picture-view.ts';
import { widthOf } from '../cards/line.ts';
import { marksOf, useWords } from '../pictures/marks.ts';
import { type Element, element } from './element.ts';
import { hues } from './style.ts';

/** Elements that take up so much room from the left upper corner on. */
export type Block = {
  readonly width: number;
  readonly height: number;
  readonly elements: readonly Element[];
};

const seatSize = 16;
/** One letter of 13 px, on the safe side: fonts differ from screen to screen. */
const letterWidth = 7.4;

export function rect(x: number, y: number, width: number, height: number, look: string): Element {
  return element('rect', { x, y, width, height, class: look });
}

/** Text from its left lower corner, cut where it would pass `room` pixels. */
export function text(x: number, y: number, words: string, look: string, room = Infinity): Element {
  return element('text', { x, y, class: look }, fitted(words, room));
}

/** The text with a mark of what was cut off it. */
export function fitted(words: string, room: number): string {
  if (!Number.isFinite(room) || textWidth(words) <= room) return words;
  let kept = '';
  for (const { segment } of graphemes.segment(words)) {
    if (textWidth(`${kept}${segment}…`) > room) break;
    kept += segment;
  }
  return `${kept.trimEnd()}…`;
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

export function textWidth(words: string): number {
  return widthOf(words) * letterWidth;
}

/** Moves elements, with what they are called for whoever points at them or hears them. */
export function group(x: number, y: number, elements: readonly Element[], title?: string): Element {
  const named = title === undefined ? [] : [element('title', {}, title)];
  return element('g', { transform: `translate(${Math.round(x)} ${Math.round(y)})` }, ...named, ...elements);
}

export function line(x1: number, y1: number, x2: number, y2: number): Element {
  return element('line', { x1, y1, x2, y2, class: 'wire' });
}

/** A square for each GPU, with its mark in it. */
export function seatRow(x: number, y: number, seats: readonly Seat[], holders: readonly Holder[]): Element[] {
  return seats.map((seat, at) => seatSquare(x + at * (seatSize + 2), y, seat, holders));
}

export function seatsWidth(count: number): number {
  return count * (seatSize + 2);
}

export function seatSquare(x: number, y: number, seat: Seat, holders: readonly Holder[]): Element {
  const mark = marksOf(holders).of(seat).text;
  return group(
    x,
    y,
    [
      rect(0, 0, seatSize, seatSize, lookOf(seat, holders)),
      element('text', { x: seatSize / 2, y: seatSize - 4, class: 'mark' }, mark),
    ],
    `GPU ${seat.index}: ${useWords(seat)}`,
  );
}

function lookOf({ use, heldBy }: Seat, holders: readonly Holder[]): string {
  if (use !== 'held') return use;
  const at = holders.findIndex(({ id }) => id === heldBy[0]);
  return at < 0 || heldBy.length > 1 ? 'held other' : `held h${at % hues}`;
}

/** A bar of what is held of a limit. */
export function loadBar(
  x: number,
  y: number,
  width: number,
  [amount, limit]: readonly [number, number],
): Element[] {
  const part = limit === 0 ? 0 : Math.min(1, amount / limit);
  const over = amount > limit;
  return [
    rect(x, y, width, 10, 'track'),
    ...(amount === 0 ? [] : [rect(x, y, over ? width : part * width, 10, over ? 'over' : 'load')]),
  ];
}

/** Lines of text one below the other. */
export function paragraph(x: number, y: number, lines: readonly string[], look: string): Element[] {
  return lines.map((words, at) => text(x, y + at * 18, words, look));
}

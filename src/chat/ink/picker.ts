import { cleanText } from '../../model/text.ts';
import { cutLine, type Line, lineWidth, span } from '../cards/line.ts';
import { plainText } from './editor.ts';
import type { ChatKey } from './keys.ts';

/** Something to choose: what is chosen, how it is shown, and a word about it. */
export type Item = { readonly id: string; readonly label: string; readonly about?: string };

/** A list narrowed by typing, such as of earlier requests. `at` counts among those that match. */
export type Picker = {
  readonly title: string;
  readonly items: readonly Item[];
  readonly query: string;
  readonly at: number;
};

/** Still open, closed without a choice, or closed with one. */
export type Picked =
  | { readonly kind: 'open'; readonly picker: Picker }
  | { readonly kind: 'closed' }
  | { readonly kind: 'chosen'; readonly item: Item };

/** What a picker looks like: its first row is typed into, and the cursor stands `x` cells into it. */
export type DrawnPicker = { readonly lines: readonly Line[]; readonly x: number };

export function openPicker(title: string, items: readonly Item[]): Picker {
  return { title, items, query: '', at: 0 };
}

/**
 * A pure reducer: the same keystrokes choose the same thing however they were delivered. Enter, and any key that
 * moves in a text, takes what is marked.
 */
export function pressPicker(picker: Picker, key: ChatKey): Picked {
  if (key.kind === 'insert' || key.kind === 'paste')
    return asking(picker, picker.query + plainText(key.text).replaceAll('\n', ' '));
  if (key.kind === 'backspace') return asking(picker, withoutLast(picker.query));
  if (wiping.has(key.kind)) return asking(picker, '');
  if (forward.has(key.kind)) return moved(picker, 1);
  if (back.has(key.kind)) return moved(picker, -1);
  if (closing.has(key.kind)) return { kind: 'closed' };
  return idle.has(key.kind) ? { kind: 'open', picker } : chosen(picker);
}

type Kinds = ReadonlySet<ChatKey['kind']>;

const wiping: Kinds = new Set(['kill-word', 'kill-to-start', 'clear']);
const forward: Kinds = new Set(['down', 'search', 'complete']);
const back: Kinds = new Set(['up', 'complete-back']);
const closing: Kinds = new Set(['escape', 'interrupt', 'edit-outside', 'end-of-input']);
const idle: Kinds = new Set([
  'prefix',
  'expand',
  'undo',
  'yank',
  'newline',
  'delete',
  'kill-to-end',
  'kill-word-right',
]);

/** The items that contain every word of the query, in their order. */
export function matching({ items, query }: Picker): readonly Item[] {
  const words = query.toLowerCase().split(/\s+/);
  return items.filter(({ label, about = '' }) => {
    const text = `${label} ${about}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** The query and below it as many items as fit into `rows`, the marked one among them. */
export function drawPicker(picker: Picker, width: number, rows: number): DrawnPicker {
  const found = matching(picker);
  const head = [span(`${picker.title}: `, 'accent'), span(tail(picker.query, width - 20))];
  const count = span(
    `  ${found.length === 0 ? 'nothing matches' : `${picker.at + 1} of ${found.length}`}`,
    'dim',
  );
  return {
    lines: [cutLine([...head, count], width), ...listRows(found, picker.at, width, rows - 1)],
    x: Math.min(width - 1, lineWidth(head)),
  };
}

/** A window of a list, a row an item, the one at `at` marked; with `at` undefined none is. */
export function listRows(
  items: readonly Item[],
  at: number | undefined,
  width: number,
  rows: number,
): readonly Line[] {
  const most = Math.max(0, Math.min(rows, items.length));
  const first = Math.min(Math.max(0, (at ?? 0) - most + 1), items.length - most);
  const labelWidth = Math.max(0, ...items.map(({ label }) => Math.min(30, lineWidth([span(label)]))));
  return items
    .slice(first, first + most)
    .map((item, i) => itemRow(item, first + i === at, { width, labelWidth }));
}

function itemRow(
  { label, about }: Item,
  isMarked: boolean,
  { width, labelWidth }: { readonly width: number; readonly labelWidth: number },
): Line {
  const name = span(oneRow(label, width), isMarked ? 'strong' : undefined);
  const pad = ' '.repeat(Math.max(0, labelWidth - lineWidth([name])));
  const row = [
    isMarked ? span('> ', 'accent') : { text: '  ' },
    name,
    ...(about === undefined ? [] : [{ text: `${pad}  ` }, span(about, 'dim')]),
  ];
  return cutLine(row, width);
}

/** Line breaks of a request of several lines are shown as spaces. */
function oneRow(text: string, width: number): string {
  return cleanText(text, Math.max(10, width - 4));
}

function asking(picker: Picker, query: string): Picked {
  return { kind: 'open', picker: { ...picker, query: query.slice(0, 200), at: 0 } };
}

function moved(picker: Picker, step: 1 | -1): Picked {
  const last = Math.max(0, matching(picker).length - 1);
  return { kind: 'open', picker: { ...picker, at: Math.min(last, Math.max(0, picker.at + step)) } };
}

function chosen(picker: Picker): Picked {
  const item = matching(picker)[picker.at];
  return item === undefined ? { kind: 'closed' } : { kind: 'chosen', item };
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

function withoutLast(text: string): string {
  const last = graphemes.segment(text).containing(text.length - 1);
  return last === undefined ? '' : text.slice(0, last.index);
}

function tail(text: string, cells: number): string {
  let shown = text;
  while (lineWidth([span(shown)]) > Math.max(5, cells)) shown = shown.slice(1).toWellFormed();
  return shown;
}

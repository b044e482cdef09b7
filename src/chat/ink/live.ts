import type { ToolProgress } from '../../agent/agent.ts';
import { cleanText } from '../../model/text.ts';
import { formatCount } from '../cards/amount.ts';
import { cutLine, type Line, span, widthOf, wrap } from '../cards/line.ts';
import { formatTook } from '../cards/time.ts';
import { candidatesAt } from '../complete.ts';
import { choiceLine } from '../conversation.ts';
import { statusLine } from '../status.ts';
import type { Editor } from './editor.ts';
import { drawPicker, type Item, listRows } from './picker.ts';
import type { Prompt } from './prompt.ts';
import type { View } from './session.ts';

export type Size = { readonly columns: number; readonly rows: number };

/** What is repainted below the transcript, and where the terminal's cursor stands in it. */
export type Live = {
  readonly lines: readonly Line[];
  readonly cursor?: { readonly x: number; readonly y: number };
};

type Layout = { readonly rows: readonly string[]; readonly x: number; readonly y: number };

const mostRows = 12;
const mostEditorRows = 6;
const mostListRows = 6;
const prompt = '> ';

/**
 * The live region: at most `min(rows - 2, 12)` rows, because what is taller than the terminal leaves copies of
 * itself in the scrollback. What matters most keeps its rows: the prompt, the choices, what is running. The prompt
 * comes first, because Ink erases from the cursor's row down: what a shrinking terminal wraps above it would stay.
 */
export function liveRegion(view: View, { columns, rows }: Size, elapsedMs: number): Live {
  if (view.phase.kind === 'left') return { lines: [] };
  const width = Math.max(20, columns);
  const free = new Free(Math.max(1, Math.min(rows - 2, mostRows)) - 1);
  const status = free.take(filled(cutLine(statusLine(view.status, width), width), width), 1);
  const below = [
    ...free.take(view.phase.kind === 'idle' ? filled(choiceLine(view.open), width) : [], 4),
    ...free.take(runningLine(view, width, elapsedMs), 1),
    ...free.take(filled([span(view.hint, 'warn')], width), 2),
  ];
  const { search } = view.prompt;
  if (search !== undefined) {
    const { lines, x } = drawPicker(search, width, 1 + free.takeCount(mostListRows, mostListRows));
    return { lines: [...lines, ...below, ...status], cursor: { x, y: 0 } };
  }
  const typed = layoutEditor(view.prompt.editor, width - prompt.length);
  const height = 1 + free.takeCount(typed.rows.length - 1, mostEditorRows - 1);
  const names = namesLines(view.prompt, width, free);
  const draft = free.take(draftLines(view, width), 4);
  const first = Math.max(0, Math.min(typed.y, typed.rows.length - 1) - height + 1);
  const editor = typed.rows.slice(first, first + height).map((row, i) => promptLine(row, first + i));
  const cursor = { x: prompt.length + typed.x, y: typed.y - first };
  return { lines: [...editor, ...names, ...below, ...draft, ...status], cursor };
}

/** What Tab has offered, or the commands while one is being typed. */
function namesLines({ editor, offered }: Prompt, width: number, free: Free): readonly Line[] {
  const typing = /^\/\S*$/.test(editor.text) && editor.cursor === editor.text.length;
  const items = offered?.items ?? (typing ? commandItems(editor) : []);
  return listRows(
    items,
    offered?.at,
    width,
    free.takeCount(Math.min(items.length, mostListRows), mostListRows),
  );
}

function commandItems(editor: Editor): readonly Item[] {
  return candidatesAt(editor, []).names.map(({ text, about }) => ({ id: text, label: text, about }));
}

/** The rows that are still free, handed out in order of importance. */
class Free {
  #rows: number;

  constructor(rows: number) {
    this.#rows = rows;
  }

  take(lines: readonly Line[], most: number): readonly Line[] {
    return lines.slice(0, this.takeCount(lines.length, most));
  }

  takeCount(wanted: number, most: number): number {
    const taken = Math.max(0, Math.min(wanted, most, this.#rows));
    this.#rows -= taken;
    return taken;
  }
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/**
 * The text as screen rows of at most `columns` cells, cleaned for drawing, and the cursor among them. One cell is
 * kept free at the end of each row: the cursor may stand behind its last character.
 */
export function layoutEditor({ text, cursor }: Pick<Editor, 'text' | 'cursor'>, columns: number): Layout {
  const rows = [''];
  let x = 0;
  let at = { x: 0, y: 0 };
  const nextRow = () => {
    rows.push('');
    x = 0;
  };
  const put = (character: string) => {
    const width = widthOf(character);
    if (x + width >= columns) nextRow();
    rows[rows.length - 1] += character;
    x += width;
  };
  for (const { segment, index } of graphemes.segment(text)) {
    const [first = '', ...rest] = segment === '\n' ? [] : charactersOf(cleanText(segment, Infinity));
    if (x + widthOf(first) >= columns) nextRow();
    if (index <= cursor) at = { x, y: rows.length - 1 };
    for (const character of [first, ...rest]) put(character);
    if (segment === '\n') nextRow();
  }
  return { rows, ...(cursor < text.length ? at : { x, y: rows.length - 1 }) };
}

function charactersOf(text: string): string[] {
  return Array.from(graphemes.segment(text), ({ segment }) => segment);
}

function promptLine(row: string, index: number): Line {
  return [index === 0 ? span(prompt, 'accent') : { text: ' '.repeat(prompt.length) }, { text: row }];
}

/** What is running, how far it has come, and how to stop it: one row, its end kept. */
function runningLine({ phase, queuedCount }: View, width: number, elapsedMs: number): Line[] {
  if (phase.kind !== 'running') return [];
  const took = elapsedMs < 1000 ? '' : `, ${formatTook(elapsedMs)}`;
  const queued = queuedCount === 0 ? '' : `, ${queuedCount} waiting`;
  const how = phase.stopping ? 'stopping' : 'Esc stops';
  const words = `... ${phase.what}${progressWords(phase.progress)}${took}${queued} (${how})`;
  return [cutLine([span(words, 'dim')], width)];
}

function progressWords(progress: ToolProgress | undefined): string {
  if (progress === undefined) return '';
  const { done, total, message } = progress;
  const count = total === undefined ? formatCount(done) : `${formatCount(done)} of ${formatCount(total)}`;
  return ` ${count}${message === undefined ? '' : ` ${message}`}`;
}

/** The last rows of a reply that is being written. */
function draftLines({ phase }: View, width: number): Line[] {
  if (phase.kind !== 'running' || phase.draft === undefined) return [];
  return filled([span(cleanText(phase.draft, Infinity), 'dim')], width).slice(-4);
}

function filled(line: Line, width: number): Line[] {
  return line.every(({ text }) => text === '') ? [] : wrap(line, width);
}

import { cleanText } from '../../model/text.ts';
import { type Line, span, widthOf, wrap } from '../cards/line.ts';
import { formatTook } from '../cards/time.ts';
import { choiceLine } from '../conversation.ts';
import { slashCandidates } from '../slash.ts';
import type { Editor } from './editor.ts';
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
  const choices = free.take(view.phase.kind === 'idle' ? filled(choiceLine(view.open), width) : [], 4);
  const below = [
    ...choices,
    ...free.take(runningLine(view, width, elapsedMs), 1),
    ...free.take(draftLines(view, width), 4),
    ...free.take(filled([span(view.hint, 'warn')], width), 2),
  ];
  const completions = free.take(
    filled([span(slashCandidates(view.editor.text).join('  '), 'dim')], width),
    2,
  );
  const typed = layoutEditor(view.editor, width - prompt.length);
  const height = 1 + free.takeCount(typed.rows.length - 1, mostEditorRows - 1);
  const status = free.take(filled([span(view.status.join(' | '), 'dim')], width), 2);
  const first = Math.max(0, Math.min(typed.y, typed.rows.length - 1) - height + 1);
  const editor = typed.rows.slice(first, first + height).map((row, i) => promptLine(row, first + i));
  const cursor = { x: prompt.length + typed.x, y: typed.y - first };
  return { lines: [...editor, ...below, ...completions, ...status], cursor };
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

function runningLine({ phase, queuedCount }: View, width: number, elapsedMs: number): Line[] {
  if (phase.kind !== 'running') return [];
  const took = elapsedMs < 1000 ? '' : `, ${formatTook(elapsedMs)}`;
  const queued = queuedCount === 0 ? '' : `, ${queuedCount} waiting`;
  const how = phase.stopping ? 'stopping' : 'Esc stops';
  return wrap([span(`... ${phase.what}${took}${queued} (${how})`, 'dim')], width);
}

/** The last rows of a reply that is being written. */
function draftLines({ phase }: View, width: number): Line[] {
  if (phase.kind !== 'running' || phase.draft === undefined) return [];
  return filled([span(cleanText(phase.draft, Infinity), 'dim')], width).slice(-4);
}

function filled(line: Line, width: number): Line[] {
  return line.every(({ text }) => text === '') ? [] : wrap(line, width);
}

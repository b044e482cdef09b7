import {
  columnsOf,
  indent,
  inset,
  type Line,
  lineWidth,
  type Room,
  type Span,
  span,
  widthOf,
  wrap,
} from './line.ts';

/** `priority` 1 always stays; of the others the highest number goes first when the room is too narrow. */
export type Column = {
  readonly title: string;
  readonly priority: number;
  readonly align?: 'right';
  /** Cells the column may be narrowed to; its text is then wrapped. Without it the column keeps its width. */
  readonly narrowTo?: number;
};

export type Row = readonly Span[];

const gap = 2;
const narrow = 60;
const mostRows = 200;

/** A table, or below 60 columns one `title: value` block a row. Rows after the 200th, or `most`, are counted, not drawn. */
export function table(columns: readonly Column[], rows: readonly Row[], room: Room, most = mostRows): Line[] {
  if (rows.length === 0) return [];
  const drawn = rows.slice(0, most);
  const body = columnsOf(room) < narrow ? undefined : grid(columns, drawn, columnsOf(room) - 2);
  const rest = rows.length - drawn.length;
  return [
    ...(body === undefined ? blocks(columns, drawn, inset(room, 2)) : indent(body, 2)),
    ...(rest > 0 ? [[span(`  and ${rest} more`, 'dim')]] : []),
  ];
}

/** Undefined when not even the columns of priority 1 fit. */
function grid(columns: readonly Column[], rows: readonly Row[], width: number): Line[] | undefined {
  const filled = columns.map((_, i) => rows.some((row) => (row[i]?.text ?? '') !== ''));
  let kept = columns.map((_, i) => i).filter((i) => filled[i] === true);
  for (;;) {
    const next = withoutLeast(kept, columns);
    const widths = fit(kept, columns, rows, width, next === undefined);
    if (widths !== undefined) return drawGrid(kept, widths, columns, rows);
    if (next === undefined) return undefined;
    kept = next;
  }
}

function withoutLeast(kept: readonly number[], columns: readonly Column[]): number[] | undefined {
  const worst = Math.max(...kept.map((i) => columns[i]?.priority ?? 1));
  if (worst <= 1) return undefined;
  const dropped = kept.findLast((i) => columns[i]?.priority === worst);
  return kept.filter((i) => i !== dropped);
}

/**
 * Natural widths, narrowed where allowed, widest first; undefined when that is not enough. A column is dropped
 * rather than a word broken in another; words are broken when nothing is left to drop.
 */
function fit(
  kept: readonly number[],
  columns: readonly Column[],
  rows: readonly Row[],
  width: number,
  breakWords: boolean,
): number[] | undefined {
  const texts = kept.map((i) => [columns[i]?.title ?? '', ...rows.map((row) => row[i]?.text ?? '')]);
  const widths = texts.map((column) => Math.max(...column.map(widthOf)));
  const floors = kept.map((i, at) => {
    const word = breakWords ? 0 : Math.max(...(texts[at] ?? []).map(longestWord));
    return Math.min(Math.max(columns[i]?.narrowTo ?? Infinity, word), widths[at] ?? 0);
  });
  let over = sum(widths) + gap * (kept.length - 1) - width;
  if (over > sum(widths) - sum(floors)) return undefined;
  for (; over > 0; over--) {
    const at = widestAboveFloor(widths, floors);
    widths[at] = (widths[at] ?? 0) - 1;
  }
  return widths;
}

function longestWord(text: string): number {
  return Math.max(...text.split(' ').map(widthOf));
}

function sum(widths: readonly number[]): number {
  return widths.reduce((total, cells) => total + cells, 0);
}

function widestAboveFloor(widths: readonly number[], floors: readonly number[]): number {
  let best = 0;
  for (let at = 0; at < widths.length; at++) {
    const slack = (i: number) => ((widths[i] ?? 0) > (floors[i] ?? 0) ? (widths[i] ?? 0) : -1);
    if (slack(at) > slack(best)) best = at;
  }
  return best;
}

function drawGrid(
  kept: readonly number[],
  widths: readonly number[],
  columns: readonly Column[],
  rows: readonly Row[],
): Line[] {
  const shown = kept.map((i) => columns[i] ?? { title: '', priority: 1 });
  const head = shown.map(({ title }) => span(title, 'dim'));
  return [head, ...rows.map((row) => kept.map((i) => row[i] ?? span('')))].flatMap((row) =>
    drawRow(row, shown, widths),
  );
}

function drawRow(row: Row, columns: readonly Column[], widths: readonly number[]): Line[] {
  const cells = row.map((cell, at) => wrap([cell], widths[at] ?? 2));
  const height = Math.max(1, ...cells.map((cell) => cell.length));
  return Array.from({ length: height }, (_, y) => joinCells(cells, y, columns, widths));
}

function joinCells(
  cells: readonly (readonly Line[])[],
  y: number,
  columns: readonly Column[],
  widths: readonly number[],
): Line {
  const line: Span[] = [];
  let owed = 0;
  for (const [at, cell] of cells.entries()) {
    const part = cell[y] ?? [];
    const room = Math.max(0, (widths[at] ?? 0) - lineWidth(part));
    const before = columns[at]?.align === 'right' ? room : 0;
    if (part.length > 0) line.push({ text: ' '.repeat(owed + before) }, ...part);
    owed = part.length > 0 ? room - before + gap : owed + room + gap;
  }
  return line.filter(({ text }) => text !== '');
}

function blocks(columns: readonly Column[], rows: readonly Row[], room: Room): Line[] {
  return rows.flatMap((row) => indent(block(columns, row, room), 2));
}

function block(columns: readonly Column[], row: Row, room: Room): Line[] {
  const lines: Line[] = [];
  for (const [at, { title }] of columns.entries()) {
    const cell = row[at];
    if (cell === undefined || cell.text === '') continue;
    const mark = lines.length === 0 ? '* ' : '  ';
    const label = title === '' ? [{ text: mark }] : [{ text: mark }, span(`${title}: `, 'dim')];
    lines.push(...wrap([...label, cell], columnsOf(room), 4));
  }
  return lines;
}

import { cleanText } from '../../model/text.ts';
import { invalidFile } from '../evidence.ts';
import type { Evidence } from '../source.ts';

/** How two devices of a matrix are joined, nearest first. `NV` hides what PCIe lies below it. */
export type Relation = 'NV' | 'PIX' | 'PXB' | 'PHB' | 'NODE' | 'SYS';

/** A GPU or NIC of a matrix, with what its row says besides the relations. */
export type MatrixDevice = {
  readonly kind: 'gpu' | 'nic';
  /** The number in `GPU3`; for NICs the position among the NICs. */
  readonly number: number;
  readonly name: string;
  /** The name is the system's (`mlx5_0`, from the legend or the column), not a number of the matrix (`NIC0`). */
  readonly isNamed: boolean;
  /** A row was read for it to its last cell. */
  readonly hasRow: boolean;
  /** The line of its row; the header's when the row is missing. */
  readonly line: number;
  /** Columns of affinity, where the row has them: `0-55,112-167`, `0`, `N/A`. */
  readonly cpus?: string;
  readonly numa?: string;
  readonly gpuNuma?: string;
};

export type TopologyMatrix = {
  readonly line: number;
  readonly devices: readonly MatrixDevice[];
  /** Formats before 2019 have no such column. */
  readonly hasNuma: boolean;
  /** Nothing where the cell is missing, illegible, or the two cells of a pair differ. */
  relationOf(a: MatrixDevice, b: MatrixDevice): Relation | undefined;
  /** Pairs whose two cells say different things. */
  readonly disputed: readonly (readonly [string, string])[];
};

/**
 * Reads the matrix of `nvidia-smi topo -m`: columns by tabs or by spaces, with colour codes, with rows that a
 * narrow terminal wrapped, with two cells glued together, with and without the NUMA columns. Nothing for text
 * without a matrix. `firstLine` is the line of the file on which the text begins.
 * Throws INVALID_INPUT for a second, different matrix: nobody could tell which machine it is.
 */
export function readMatrix(evidence: Evidence, text: string, firstLine = 1): TopologyMatrix | undefined {
  const lines = plainLines(text);
  const start = lines.findIndex(isHeader);
  if (start < 0) return undefined;
  const { header, end } = headerAt(lines, start);
  const rows = rowsAfter(lines, end, header);
  const again = lines.findIndex((line, index) => index > rows.end && isHeader(line) && line !== lines[start]);
  if (again >= 0)
    throw invalidFile(
      evidence,
      'holds a second matrix',
      'import the matrices of two machines one by one, each with its `--node`',
      { line: firstLine + again },
    );
  return matrixOf(header, rows.rows, legendOf(lines), { line: firstLine, header: firstLine + start });
}

/** Whether a text holds a matrix, as far as its header shows. */
export function hasMatrix(text: string): boolean {
  return plainLines(text).some(isHeader);
}

type Header = {
  readonly names: readonly string[];
  /** Titles of the columns behind the devices, and where they begin in an unwrapped header. */
  readonly titles: readonly { readonly title: string; readonly at: number }[];
};

type Row = {
  readonly name: string;
  readonly index: number;
  readonly cells: readonly string[];
  readonly rest: readonly (string | undefined)[];
};

const titles = /CPU Affinity|NUMA Affinity|GPU NUMA ID/gu;
const cell = /X(?![A-Za-z0-9_])|X(?=X|NV|PIX|PXB|PHB|NODE|SYS|SOC)|NV\d+|PIX|PXB|PHB|NODE|SYS|SOC/uy;

function plainLines(text: string): string[] {
  const escape = String.fromCodePoint(27);
  const codes = new RegExp(`${escape}\\[[0-9;]*[A-Za-z]`, 'gu');
  return text.replaceAll(codes, '').split(/\r?\n/u);
}

function isHeader(line: string): boolean {
  return /^\s*GPU\d+(?:\s|$)/u.test(line) && !isRow(line);
}

function isRow(line: string): boolean {
  return /^\s*\S+\s+(?:X(?=\s|$|[NPS])|NV\d|PIX|PXB|PHB|NODE|SYS|SOC)/u.test(line);
}

/** A header that a narrow terminal wrapped goes on until the first row. */
function headerAt(lines: readonly string[], start: number): { header: Header; end: number } {
  let end = start + 1;
  while (end < lines.length && end < start + 16 && lines[end]?.trim() !== '' && !isRow(lines[end] ?? ''))
    end++;
  const text = lines.slice(start, end).join(' ');
  const found = [...text.matchAll(titles)].map((match) => ({ title: match[0], at: match.index }));
  const names = text
    .replaceAll(titles, ' ')
    .split(/\s+/u)
    .filter((name) => name !== '');
  return { header: { names, titles: found }, end };
}

function rowsAfter(lines: readonly string[], from: number, header: Header): { rows: Row[]; end: number } {
  const rows: Row[] = [];
  const known = new Set(header.names);
  let index = from;
  while (index < lines.length) {
    const line = lines[index] ?? '';
    const [, name = ''] = /^\s*(\S+)/u.exec(line) ?? [];
    if (!known.has(name) || !isRow(line)) break;
    const wrapped = continued(lines, index, header);
    rows.push(readRow(name, index, wrapped.text, header));
    index = wrapped.end;
  }
  return { rows, end: index };
}

/** The row with the lines that belong to it: those that begin with a cell, while cells are still missing. */
function continued(lines: readonly string[], index: number, header: Header): { text: string; end: number } {
  let text = lines[index] ?? '';
  let end = index + 1;
  while (
    end < lines.length &&
    cellsOf(afterName(text), header.names.length).cells.length < header.names.length
  ) {
    const next = lines[end] ?? '';
    if (!/^\s*(?:X|NV\d|PIX|PXB|PHB|NODE|SYS|SOC)/u.test(next) || isHeader(next)) break;
    text = `${text} ${next.trim()}`;
    end++;
  }
  return { text, end };
}

function afterName(line: string): string {
  return line.replace(/^\s*\S+/u, '');
}

/** So many cells from the left, glued or not; a word that is none stands for a cell that cannot be read. */
function cellsOf(text: string, count: number): { cells: string[]; rest: string } {
  const cells: string[] = [];
  let at = 0;
  while (cells.length < count) {
    while (/\s/u.test(text.charAt(at))) at++;
    cell.lastIndex = at;
    const word = cell.exec(text)?.[0] ?? /^[A-Za-z[?][^\s]*/u.exec(text.slice(at, at + 40))?.[0];
    if (word === undefined) break;
    cells.push(word);
    at += word.length;
  }
  return { cells, rest: text.slice(at) };
}

function readRow(name: string, index: number, text: string, { names, titles: columns }: Header): Row {
  const { cells, rest } = cellsOf(afterName(text), names.length);
  const offset = text.length - rest.length;
  const isWhole = cells.length === names.length;
  return { name, index, cells, rest: isWhole ? affinities(rest, offset, columns) : [] };
}

/** What stands under the titles. Tabs count columns; spaces only where each title has a word, or by position. */
function affinities(rest: string, offset: number, columns: Header['titles']): (string | undefined)[] {
  if (rest.includes('\t')) {
    const fields = rest.split('\t').slice(1).map(filled);
    const [cpus, numa, ...others] = fields;
    return [cpus, numa, others.find((field) => field !== undefined)];
  }
  const words = [...rest.matchAll(/\S+/gu)];
  if (words.length === columns.length) return words.map(([word]) => word);
  return columns.map(({ at }, column) => {
    const next = columns[column + 1]?.at ?? Infinity;
    return words.find(({ index }) => index + offset >= at && index + offset < next)?.[0];
  });
}

function filled(field: string): string | undefined {
  return field.trim() === '' ? undefined : field.trim();
}

function legendOf(lines: readonly string[]): ReadonlyMap<string, string> {
  const entries = lines.flatMap((line): [string, string][] => {
    const [, nic, name] = /^\s*(NIC\d+):\s*(\S+)\s*$/u.exec(line) ?? [];
    return nic === undefined || name === undefined ? [] : [[nic, name]];
  });
  return new Map(entries);
}

function matrixOf(
  { names, titles: columns }: Header,
  rows: readonly Row[],
  legend: ReadonlyMap<string, string>,
  lines: { readonly line: number; readonly header: number },
): TopologyMatrix {
  const byName = new Map(rows.map((row) => [row.name, row]));
  const hasNuma = columns.some(({ title }) => title === 'NUMA Affinity');
  let nics = 0;
  const devices = names.map((column): MatrixDevice => {
    const gpu = /^GPU(\d{1,4})$/u.exec(column)?.[1];
    const row = byName.get(column);
    const [cpus, numa, gpuNuma] = hasNuma ? (row?.rest ?? []) : [row?.rest[0]];
    return {
      kind: gpu === undefined ? 'nic' : 'gpu',
      number: gpu === undefined ? nics++ : Number(gpu),
      name: cleanText(gpu === undefined ? (legend.get(column) ?? column) : column, 100),
      isNamed: gpu === undefined && (legend.has(column) || !/^NIC\d+$/u.test(column)),
      hasRow: row?.cells.length === names.length,
      line: row === undefined ? lines.header : lines.line + row.index,
      ...(cpus === undefined ? {} : { cpus }),
      ...(numa === undefined ? {} : { numa }),
      ...(gpuNuma === undefined ? {} : { gpuNuma }),
    };
  });
  const cells = names.map((column) => byName.get(column)?.cells ?? []);
  const indexOf = new Map(devices.map((device, index) => [device, index]));
  const read = (a: number, b: number) => agreed(relation(cells[a]?.[b]), relation(cells[b]?.[a]));
  return {
    line: lines.header,
    devices,
    hasNuma,
    relationOf: (a, b) => {
      const found = read(indexOf.get(a) ?? -1, indexOf.get(b) ?? -1);
      return found === 'disputed' ? undefined : found;
    },
    disputed: names.flatMap((a, row) =>
      names.flatMap((b, column): [string, string][] =>
        row < column && read(row, column) === 'disputed' ? [[cleanText(a, 40), cleanText(b, 40)]] : [],
      ),
    ),
  };
}

function relation(text: string | undefined): Relation | undefined {
  if (text === undefined) return undefined;
  if (/^NV\d+$/u.test(text)) return 'NV';
  const known: readonly Relation[] = ['PIX', 'PXB', 'PHB', 'NODE', 'SYS'];
  return text === 'SOC' ? 'SYS' : known.find((name) => name === text);
}

/** The two cells of a pair are the same reading; one of them is enough. */
function agreed(one: Relation | undefined, other: Relation | undefined): Relation | 'disputed' | undefined {
  return one === undefined || other === undefined || one === other ? (one ?? other) : 'disputed';
}

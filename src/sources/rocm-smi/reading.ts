import { z } from 'zod';

import { cleanText } from '../../model/text.ts';
import { invalidFile, readText, wholeLines } from '../evidence.ts';
import { wrongFormat } from '../format.ts';
import type { Evidence } from '../source.ts';
import { readDocuments } from '../structured.ts';

/** What joins two GPUs, as far as the output says. */
export type RocmPair = { readonly type?: string; readonly weight?: string; readonly hops?: string };

/** Output of rocm-smi: human keys with their values by card, and what it says of pairs of cards. */
export type RocmReading = {
  readonly cards: ReadonlyMap<
    number,
    { readonly line: number; readonly fields: ReadonlyMap<string, string> }
  >;
  readonly pairs: ReadonlyMap<string, RocmPair>;
  readonly system: ReadonlyMap<string, string>;
};

export function pairKey(a: number, b: number): string {
  return `${Math.min(a, b)} ${Math.max(a, b)}`;
}

/** Reads JSON (`-a --json`, `--showtopo --json`) or text (`--showtopo` and all that prints `GPU[0] : key: value`). */
export function readRocm(evidence: Evidence): RocmReading {
  const text = readText(evidence);
  const reading = /^\s*\{/u.test(text) ? readJson(evidence, text) : readLines(wholeLines(text));
  if (reading.cards.size > 0) return reading;
  throw wrongFormat(
    evidence,
    text,
    'rocm-smi',
    'JSON of `rocm-smi -a --json`, or the text of `rocm-smi --showtopo`',
  );
}

type Growing = {
  cards: Map<number, { line: number; fields: Map<string, string> }>;
  pairs: Map<string, RocmPair>;
  system: Map<string, string>;
};

const Json = z.record(z.string(), z.unknown());

function readJson(evidence: Evidence, text: string): RocmReading {
  const [document] = readDocuments(evidence, text);
  const root = Json.safeParse(document?.value);
  if (!root.success) throw invalidFile(evidence, 'is no JSON object', 'use `rocm-smi -a --json`');
  const found: Growing = { cards: new Map(), pairs: new Map(), system: new Map() };
  for (const [name, value] of Object.entries(root.data)) {
    const fields = fieldsOf(value);
    const number = /^card(\d{1,4})$/u.exec(name)?.[1];
    if (number !== undefined) found.cards.set(Number(number), { line: lineOf(text, name), fields });
    if (name === 'system') addSystem(found, fields);
  }
  return found;
}

function fieldsOf(value: unknown): Map<string, string> {
  const entries = Json.safeParse(value).data ?? {};
  return new Map(
    Object.entries(entries).flatMap(([key, said]): [string, string][] =>
      typeof said === 'string' || typeof said === 'number' ? [[fieldName(key), String(said)]] : [],
    ),
  );
}

/** Spelling of keys changes between versions: `Card series`, `Card Series`. */
function fieldName(key: string): string {
  return key.trim().toLowerCase().replace(/:$/u, '');
}

function lineOf(text: string, name: string): number {
  const at = text.indexOf(`"${name}"`);
  return text.slice(0, Math.max(0, at)).split('\n').length;
}

function addSystem({ pairs, system }: Growing, fields: ReadonlyMap<string, string>): void {
  for (const [key, value] of fields) {
    const [, what, a, b] =
      /^\(topology\) (weight|hops|link type) between drm devices (\d{1,4}) and (\d{1,4})$/u.exec(key) ?? [];
    if (what === undefined) system.set(key, value);
    else addPair(pairs, [Number(a), Number(b)], what, value);
  }
}

function addPair(
  pairs: Map<string, RocmPair>,
  [a, b]: readonly [number, number],
  what: string,
  value: string,
): void {
  const key = pairKey(a, b);
  const name = what === 'weight' ? 'weight' : what === 'hops' ? 'hops' : 'type';
  const before = pairs.get(key);
  const said = value.trim().toUpperCase();
  // Two cells about one pair that differ say nothing.
  const isDisputed = before?.[name] !== undefined && before[name] !== said;
  pairs.set(key, { ...before, [name]: isDisputed ? '?' : said });
}

function readLines(text: string): RocmReading {
  const found: Growing = { cards: new Map(), pairs: new Map(), system: new Map() };
  let matrix: { what: string; columns: readonly number[] } | undefined;
  for (const [index, line] of text.split(/\r?\n/u).entries()) {
    const title = /^=+ *(.*?) *=+$/u.exec(line)?.[1];
    if (title !== undefined) matrix = matrixTitled(title);
    const [, gpu, key, value] = /^GPU\[(\d{1,4})\]\s*:\s*(.+?)\s*:\s*(.*)$/u.exec(line) ?? [];
    if (gpu !== undefined && key !== undefined) {
      cardAt(found, Number(gpu), index + 1).set(fieldName(key), (value ?? '').trim());
      continue;
    }
    if (matrix === undefined || line.trim() === '') continue;
    const words = line.trim().split(/\s+/u);
    const numbers = words.map((word) => Number(/^GPU(\d{1,4})$/u.exec(word)?.[1] ?? Number.NaN));
    if (numbers.every((number) => !Number.isNaN(number))) {
      matrix = { ...matrix, columns: numbers };
      for (const number of numbers) cardAt(found, number, index + 1);
    } else addRow(found, matrix, numbers[0], words.slice(1));
  }
  return found;
}

function matrixTitled(title: string): { what: string; columns: readonly number[] } | undefined {
  const what = /^(weight|hops|link type) between two gpus$/iu.exec(title)?.[1];
  return what === undefined ? undefined : { what: what.toLowerCase(), columns: [] };
}

function cardAt({ cards }: Growing, number: number, line: number): Map<string, string> {
  const card = cards.get(number) ?? { line, fields: new Map<string, string>() };
  cards.set(number, card);
  return card.fields;
}

function addRow(
  { pairs }: Growing,
  { what, columns }: { readonly what: string; readonly columns: readonly number[] },
  row: number | undefined,
  cells: readonly string[],
): void {
  if (row === undefined || Number.isNaN(row) || cells.length > columns.length) return;
  for (const [index, cell] of cells.entries()) {
    const column = columns[index];
    if (column !== undefined && column !== row) addPair(pairs, [row, column], what, cleanText(cell, 20));
  }
}

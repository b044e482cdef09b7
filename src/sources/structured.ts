import { isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments } from 'yaml';

import { cleanText } from '../model/text.ts';
import { invalidFile } from './evidence.ts';
import type { Evidence } from './source.ts';

/** One document of a file: plain values, and where they stand in the text. */
export type StructuredDocument = {
  readonly value: unknown;
  /** The line on which the value at `path` begins, or the nearest thing around it that is there. */
  lineOf(path: readonly (string | number)[]): number | undefined;
};

const plainly = 'write the values out plainly';

/** Reads JSON or YAML, one or several documents. Empty documents are left out. Anchors are expanded, few times. */
export function readDocuments(evidence: Evidence, text: string): readonly StructuredDocument[] {
  return /^\s*[[{]/u.test(text) ? readJson(evidence, text) : readYaml(evidence, text);
}

/** Reads YAML documents as nodes with their positions. Refuses what is not well-formed with line and column. */
export function parseYaml(evidence: Evidence, text: string) {
  if (/(?:[[{]\s*){200}/u.test(text)) throw invalidFile(evidence, 'is nested too deeply', plainly);
  const lines = new LineCounter();
  const documents = guarded(evidence, () => {
    const parsed = parseAllDocuments(text, {
      lineCounter: lines,
      prettyErrors: false,
      // The library compares every key with every other; a map of 100,000 keys would take minutes.
      uniqueKeys: false,
      resolveKnownTags: false,
    });
    return Array.isArray(parsed) ? parsed : [];
  });
  const broken = documents.flatMap((document) => document.errors)[0];
  if (broken !== undefined) {
    const { line, col } = lines.linePos(broken.pos[0]);
    // The library reports its own stack overflow as a fault of the text.
    const reason = /call stack/iu.test(broken.message) ? 'nested too deeply' : reasonOf(broken.message);
    throw invalidFile(
      evidence,
      `column ${col}: not well-formed YAML: ${reason}`,
      'correct the file there; a truncated copy is the usual cause',
      { line },
    );
  }
  return { documents: documents.filter((document) => document.contents !== null), lines };
}

/** The node at a path, and the key it stands under. Stops at the deepest that is there. */
export function nodeAt(
  root: Node | null,
  path: readonly (string | number)[],
): { readonly node: Node | undefined; readonly start: number | undefined } {
  let node: unknown = root;
  let start = startOf(root);
  for (const step of path) {
    const found = childOf(node, step);
    if (found === undefined) break;
    node = found.value;
    start = startOf(found.key) ?? startOf(found.value) ?? start;
  }
  return { node: isMap(node) || isSeq(node) || isScalar(node) ? node : undefined, start };
}

function childOf(node: unknown, step: string | number): { key: unknown; value: unknown } | undefined {
  if (isSeq(node)) {
    const value = node.items[Number(step)];
    return value === undefined ? undefined : { key: undefined, value };
  }
  if (!isMap(node)) return undefined;
  return node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
}

function startOf(node: unknown): number | undefined {
  return isScalar(node) || isMap(node) || isSeq(node) ? node.range?.[0] : undefined;
}

function readYaml(evidence: Evidence, text: string): readonly StructuredDocument[] {
  const { documents, lines } = parseYaml(evidence, text);
  return documents.map((document) => {
    const value: unknown = guarded(evidence, (): unknown => document.toJS({ maxAliasCount: 100 }));
    return {
      value,
      lineOf: (path) => {
        const { start } = nodeAt(document.contents, path);
        return start === undefined ? undefined : lines.linePos(start).line;
      },
    };
  });
}

/** JSON has its own reader: exports of large clusters are JSON, and this one is a hundred times as fast. */
function readJson(evidence: Evidence, text: string): readonly StructuredDocument[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw brokenJson(evidence, text, error instanceof Error ? error.message : '');
  }
  let lines: readonly number[] | undefined;
  const lineOf = (path: readonly (string | number)[]) => {
    lines ??= linesOfListed(text);
    const index = path.find((step) => typeof step === 'number');
    return index === undefined ? 1 : lines[index];
  };
  return [{ value, lineOf }];
}

/** V8 gives either a position or a piece of the text around it, and neither when the text ends too early. */
function brokenJson(evidence: Evidence, text: string, message: string) {
  const isCut = /end of JSON input|Unterminated/u.test(message);
  const piece = /"(.+)"(?:\.\.\.)? is not valid JSON$/su.exec(message)?.[1] ?? '';
  const at = isCut
    ? text.length
    : Number(/at position (\d+)/u.exec(message)?.[1] ?? onlyPlaceOf(piece, text));
  const line = Number.isNaN(at) ? {} : { line: text.slice(0, at).split('\n').length };
  return invalidFile(
    evidence,
    isCut ? 'not well-formed JSON: it ends too early' : 'not well-formed JSON: unexpected text',
    'correct the file there; a truncated copy is the usual cause',
    line,
  );
}

function onlyPlaceOf(piece: string, text: string): number {
  const at = text.indexOf(piece);
  return piece === '' || at < 0 || at !== text.lastIndexOf(piece) ? Number.NaN : at + piece.length / 2;
}

/** The lines on which the objects of the root's lists begin: `items` of a Kubernetes list. */
function linesOfListed(text: string): readonly number[] {
  const found: number[] = [];
  const open: string[] = [];
  let line = 1;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '\n') line++;
    else if (character === '"') at = endOfString(text, at);
    else if (character === '{' || character === '[') {
      if (character === '{' && open.at(-1) === '[' && open.length <= 2) found.push(line);
      open.push(character);
    } else if (character === '}' || character === ']') open.pop();
  }
  return found;
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charAt(at) !== '"') at += text.charAt(at) === '\\' ? 2 : 1;
  return at;
}

/** The YAML library recurses over nested values and guards against alias bombs by throwing. */
function guarded<T>(evidence: Evidence, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const why = error instanceof Error ? error.message : '';
    const what =
      error instanceof RangeError ? 'is nested too deeply' : `cannot be read as YAML: ${reasonOf(why)}`;
    throw invalidFile(evidence, what, plainly);
  }
}

/** The library's reason, as a part of our sentence. */
function reasonOf(message: string): string {
  const first = cleanText(message.split('\n', 1)[0] ?? '', 160).replace(/[.:]\s*$/u, '');
  return `${first.charAt(0).toLowerCase()}${first.slice(1)}`;
}

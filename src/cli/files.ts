import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { buffer } from 'node:stream/consumers';

import { isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';

import { BerthError } from '../model/error.ts';
import type { Evidence } from '../sources/source.ts';
import type { Io } from './io.ts';

/** The largest demand file that is read. */
const demandCapBytes = 1024 * 1024;

/** A file as evidence: its name without the path, which is nobody else's business, and its bytes. */
export function readEvidence(file: string): Evidence {
  return { file: basename(file), bytes: readBytes(file) };
}

/** Plain data, and where it stands in its file. */
export type Written = {
  readonly value: unknown;
  /** The line of the value at a path such as `edits[1].lose`, or of the nearest thing around it. */
  readonly lineOf: (field: string) => number | undefined;
};

/** A YAML or JSON file as plain data; `-` reads stdin. */
export async function readYaml(io: Io, file: string): Promise<unknown> {
  return (await readWritten(io, file)).value;
}

/** The same with the lines on which its parts stand. */
export async function readWritten(io: Pick<Io, 'stdin'>, file: string): Promise<Written> {
  const bytes = file === '-' ? await buffer(io.stdin) : readBytes(file);
  if (bytes.length > demandCapBytes) {
    throw invalid(
      `\`${file}\` has ${bytes.length} bytes, more than a demand has`,
      'pass a file of at most 1 MiB',
    );
  }
  const lines = new LineCounter();
  const document = parseDocument(decode(bytes, file), { lineCounter: lines, logLevel: 'error' });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    throw invalid(
      `\`${file}\` line ${line}, column ${col}: ${error.message.split('\n', 1)[0] ?? ''}`,
      'correct the YAML there',
    );
  }
  return {
    value: plainOf(document, file),
    lineOf: (field) => {
      const at = offsetOf(document, field.match(/[^.[\]]+/g) ?? []);
      return at === undefined ? undefined : lines.linePos(at).line;
    },
  };
}

function offsetOf(document: ReturnType<typeof parseDocument>, steps: readonly string[]): number | undefined {
  for (let depth = steps.length; depth > 0; depth--) {
    const parent: unknown = depth === 1 ? document.contents : document.getIn(steps.slice(0, depth - 1), true);
    const last = steps[depth - 1];
    const key = isMap(parent)
      ? parent.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === last)?.key
      : undefined;
    const node: unknown = isScalar(key) ? key : document.getIn(steps.slice(0, depth), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return undefined;
}

/** Aliases are refused: a few lines of them can stand for gigabytes. */
function plainOf(document: ReturnType<typeof parseDocument>, file: string): unknown {
  try {
    const value: unknown = document.toJS({ maxAliasCount: 0 });
    return value;
  } catch (cause) {
    throw new BerthError(
      {
        code: 'INVALID_INPUT',
        message: `\`${file}\` cannot be read: ${cause instanceof Error ? cause.message : 'unknown fault'}`,
        fix: 'write plain YAML or JSON, without aliases (`*name`)',
      },
      { cause },
    );
  }
}

function readBytes(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error';
    throw new BerthError(
      {
        code: 'INVALID_INPUT',
        message: `cannot read \`${file}\` (${why})`,
        fix: 'pass a file that exists and may be read',
      },
      { cause },
    );
  }
}

function decode(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new BerthError(
      { code: 'INVALID_INPUT', message: `\`${file}\` is not UTF-8 text`, fix: 'save it as UTF-8' },
      { cause },
    );
  }
}

function invalid(message: string, fix: string): BerthError {
  return new BerthError({ code: 'INVALID_INPUT', message, fix });
}

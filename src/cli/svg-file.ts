import { closeSync, openSync, readSync, writeFileSync } from 'node:fs';

import { BerthError } from '../model/error.ts';
import { cleanText } from '../model/text.ts';

/** Writes a picture. A file that is there is only replaced when it is an SVG itself: a typing error costs nothing. */
export function writeSvg(file: string, text: string): void {
  const head = beginningOf(file);
  if (head !== undefined && head !== '' && !/^\s*<(?:\?xml|svg)/.test(head)) throw notOurs(file);
  try {
    writeFileSync(file, text);
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error';
    throw new BerthError(
      {
        code: 'INVALID_INPUT',
        message: `cannot write \`${cleanText(file)}\` (${why})`,
        fix: 'name a file in a folder that exists and may be written to',
        field: '--svg',
      },
      { cause },
    );
  }
}

/** Undefined where there is no such file, or none that can be read. */
function beginningOf(file: string): string | undefined {
  const bytes = Buffer.alloc(64);
  try {
    const open = openSync(file, 'r');
    try {
      return bytes.toString('utf8', 0, readSync(open, bytes));
    } finally {
      closeSync(open);
    }
  } catch {
    return undefined;
  }
}

function notOurs(file: string): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: `\`${cleanText(file)}\` is there already and is no SVG`,
    fix: 'name another file, or remove it first',
    field: '--svg',
  });
}

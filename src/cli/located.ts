import { BerthError } from '../model/error.ts';
import { cleanText } from '../model/text.ts';
import type { Written } from './files.ts';

/**
 * Says on which line of the file the thing stands that was wrong. `root` is the name under which the whole of the
 * file was handed on; whoever wrote the file does not know it.
 */
export function located(error: unknown, { lineOf }: Written, file: string, root?: string): unknown {
  if (!(error instanceof BerthError) || error.detail.field === undefined) return error;
  const inFile = root === undefined ? (text: string) => text : withoutRoot(root);
  const field = root === undefined ? error.detail.field : error.detail.field.replace(`${root}.`, '');
  const line = lineOf(field);
  const name = file === '-' ? 'stdin' : `\`${cleanText(file)}\``;
  const where = `${name}${line === undefined ? '' : ` line ${line}`}`;
  const { message, fix } = error.detail;
  return new BerthError(
    { ...error.detail, field, message: `${where}: ${inFile(message)}`, fix: inFile(fix) },
    { cause: error },
  );
}

function withoutRoot(root: string): (text: string) => string {
  const rooted = new RegExp(`\`${root}(?:\\.([^\`]+))?\``, 'g');
  return (text) =>
    text.replaceAll(rooted, (_, key?: string) => (key === undefined ? 'the file' : `\`${key}\``));
}

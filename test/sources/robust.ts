import { BerthError } from '../../src/model/error.ts';
import type { Evidence, ImportContext, Source } from '../../src/sources/source.ts';
import { parsed } from './given.ts';

/**
 * How many facts a file holds; nothing where it is refused as input, by its name. Everything else escapes: a bug, an
 * error of another kind, one that does not name the file.
 */
export function factCount(
  source: Source,
  evidence: Evidence,
  context: Partial<ImportContext> = {},
): number | undefined {
  try {
    return parsed(source, [evidence], context).facts.length;
  } catch (error) {
    if (!(error instanceof BerthError)) throw error;
    const { code, message } = error.detail;
    if (code === 'INVALID_INPUT' && message.includes(evidence.file)) return undefined;
    throw new Error(`refused as ${code}: ${message}`, { cause: error });
  }
}

import type { Ledger } from './port.ts';
import { rowOf } from './row.ts';

/** What an export holds: the entries as they are stored, and the signed head over all of them. */
export type Export = { readonly entries: readonly string[]; readonly checkpoint: string };

const firstLine = '{"schema":"berth/export/1"}';

/** How many entries are read at a time. */
const batch = 500;

/**
 * The whole ledger as lines of JSON: a first line that says what it is, every entry to the byte as it is stored,
 * and the checkpoint over exactly these entries. What is appended meanwhile is left out.
 */
export async function* exportLines(ledger: Ledger): AsyncGenerator<string> {
  const { note, size } = await ledger.checkpoint();
  yield `${firstLine}\n`;
  for (let after = 0; after < size; after += batch) {
    const entries = await ledger.read(after, Math.min(batch, size - after));
    for (const entry of entries) yield `${rowOf(entry).json}\n`;
  }
  yield `${JSON.stringify({ checkpoint: note })}\n`;
}

/** Takes an export apart; nothing when it does not end as it should. */
export function readExport(text: string): Export | undefined {
  const lines = text.split('\n');
  if (lines[0] !== firstLine || lines.pop() !== '') return undefined;
  const last = lines.pop() ?? '';
  const checkpoint = last.startsWith('{"checkpoint":"') ? checkpointIn(last) : undefined;
  if (checkpoint === undefined || last !== JSON.stringify({ checkpoint })) return undefined;
  return { entries: lines.slice(1), checkpoint };
}

function checkpointIn(line: string): string | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const isFound = typeof value === 'object' && value !== null && 'checkpoint' in value;
    return isFound && typeof value.checkpoint === 'string' ? value.checkpoint : undefined;
  } catch {
    return undefined;
  }
}

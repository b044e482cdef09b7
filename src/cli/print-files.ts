import type { EngineFile } from '../model/binding-view.ts';
import { cleanText } from '../model/text.ts';
import type { Io } from './io.ts';

/** Files one after the other, word for word: lines are cleaned and not wrapped, because programs read them. */
export function printFiles(io: Io, files: readonly EngineFile[]): void {
  for (const { file, text } of files) {
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => cleanText(line, 100_000));
    io.stdout.write(`# --- ${file}\n${lines.join('\n')}\n`);
  }
}

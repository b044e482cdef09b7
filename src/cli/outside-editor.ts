import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { BerthError } from '../model/error.ts';
import { cleanText } from '../model/text.ts';
import type { Io } from './io.ts';

type Edit = (text: string) => Promise<string | undefined>;

/** The person's own editor, VISUAL before EDITOR; nothing where neither is set. */
export function outsideEditor({ env }: Pick<Io, 'env'>): { readonly editOutside?: Edit } {
  const command = [env['VISUAL'], env['EDITOR']].find((each) => each !== undefined && each.trim() !== '');
  return command === undefined ? {} : { editOutside: (text) => edit(command, text) };
}

/** A request in a file of its own, which only this person may read and which goes away afterwards. */
async function edit(command: string, text: string): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'berth-'));
  const file = join(folder, 'request.md');
  try {
    await writeFile(file, text, { mode: 0o600 });
    const code = await run(command, file);
    return code === 0 ? await readFile(file, 'utf8') : undefined;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The shell reads the command, because EDITOR may hold options; the file is its argument, never part of its text. */
async function run(command: string, file: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const child = spawn('/bin/sh', ['-c', `${command} "$1"`, 'sh', file], { stdio: 'inherit' });
  child.on('error', (cause) => reject(noEditor(command, cause)));
  child.on('close', (code) => resolve(code ?? 1));
  return promise;
}

function noEditor(command: string, cause: Error): BerthError {
  return new BerthError(
    {
      code: 'INVALID_INPUT',
      message: `the editor \`${cleanText(command)}\` did not start: ${cleanText(cause.message)}`,
      fix: 'set EDITOR to an editor of this terminal, such as `vi`',
    },
    { cause },
  );
}

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import { afterAll } from 'vitest';

import { main } from '../../src/cli/main.ts';

/** What a command line came to. */
export type Ran = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

export type RunOptions = {
  readonly home?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array;
  readonly interrupt?: AbortSignal;
};

/** Runs one command line in this process, as the person ada. */
export async function berth(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const printed = { stdout: '', stderr: '' };
  const code = await main(args, {
    stdin: Readable.from([Buffer.from(options.stdin ?? '')]),
    stdout: { write: (said: string) => (printed.stdout += said) },
    stderr: { write: (said: string) => (printed.stderr += said) },
    env: surroundings(options),
    interrupt: options.interrupt ?? new AbortController().signal,
  });
  return { code, ...printed };
}

/** A command line in a process of its own. */
export type Running = { readonly process: ChildProcessWithoutNullStreams; readonly ended: Promise<Ran> };

const cliFile = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

/** Starts one command line in a process of its own; `uid` starts it as another user. */
export function start(
  args: readonly string[],
  options: RunOptions & { readonly uid?: number } = {},
): Running {
  const child = spawn(process.execPath, [cliFile, ...args], {
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', ...surroundings(options) },
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  });
  child.stdin.on('error', () => {});
  child.stdin.end(options.stdin ?? '');
  return { process: child, ended: end(child) };
}

/** Runs one command line in a process of its own. */
export function spawned(args: readonly string[], options: Parameters<typeof start>[1] = {}): Promise<Ran> {
  return start(args, options).ended;
}

async function end(child: ChildProcessWithoutNullStreams): Promise<Ran> {
  const closed = new Promise<number | null>((resolve) => {
    child.once('close', (code) => resolve(code));
  });
  // A test may close stdout, as a reader that goes away does.
  const said = text(child.stdout).catch(() => '');
  const [stdout, stderr, code] = await Promise.all([said, text(child.stderr), closed]);
  return { code, stdout, stderr };
}

/** Without a home there is none: no test may find, or make, the one of the person who runs it. */
function surroundings({ home = '/dev/null/berth', env }: RunOptions): Record<string, string> {
  return { USER: 'ada', TZ: 'UTC', BERTH_HOME: home, ...env };
}

const folders: string[] = [];

/** A new folder that is removed when the test file is over. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'berth-test-'));
  folders.push(folder);
  return folder;
}

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

let original: string | undefined;

/** A home with the demo world: a copy of one that `berth init` made, for this test alone. */
export async function demoHome(): Promise<string> {
  if (original === undefined) {
    original = newFolder();
    const made = await berth(['init', '--demo', 'four-sites'], { home: original });
    if (made.code !== 0) throw new Error(made.stderr);
  }
  const home = newFolder();
  cpSync(original, home, { recursive: true });
  return home;
}

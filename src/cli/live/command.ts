import { spawn } from 'node:child_process';

import { BerthError } from '../../model/error.ts';
import { cleanText } from '../../model/text.ts';
import type { Io } from '../io.ts';

/** A program of the user's own, by the name it has on their PATH, and what it is asked. No shell reads any of it. */
export type Asked = {
  readonly program: string;
  readonly args: readonly string[];
  /** Most bytes of an answer; 100 MiB without it, the most that an importer reads. */
  readonly capBytes?: number;
  /** 120 s without it. */
  readonly timeoutMs?: number;
};

const defaultCapBytes = 100 * 1024 * 1024;
const defaultTimeoutMs = 120_000;
const stderrCapBytes = 16 * 1024;

/**
 * What a program writes to stdout. It gets the user's environment and no stdin. Throws a `BerthError` when it is not
 * there, fails, writes too much, does not end in time or is interrupted; what it says on stderr is quoted, cleaned.
 */
export async function outputOf(io: Io, asked: Asked): Promise<Uint8Array> {
  const timeout = AbortSignal.timeout(asked.timeoutMs ?? defaultTimeoutMs);
  const ended = await run(io, asked, AbortSignal.any([io.interrupt, timeout]));
  const { program } = asked;
  if (io.interrupt.aborted)
    throw failure(`\`${program}\` was interrupted`, 'run it again; nothing was recorded', {
      code: 'INTERRUPTED',
    });
  if (timeout.aborted)
    throw failure(`\`${program}\` did not end in time`, `run \`${lineOf(asked)}\` to see why`, {
      retryable: true,
    });
  if (ended.kind === 'not-started') throw notStarted(asked, ended.code);
  if (ended.isOver)
    throw failure(
      `\`${program}\` wrote more than ${Math.floor((asked.capBytes ?? defaultCapBytes) / 2 ** 20)} MiB`,
      'save it to files in parts and import those together',
    );
  if (ended.exit !== 0) throw failed(asked, ended);
  if (ended.stdout.length === 0)
    throw failure(`\`${program}\` wrote nothing`, `run \`${lineOf(asked)}\` to see why`);
  return ended.stdout;
}

export type Ended =
  | { readonly kind: 'not-started'; readonly code: string }
  | {
      readonly kind: 'ended';
      /** Absent when a signal ended it. */
      readonly exit: number | null;
      readonly isOver: boolean;
      readonly stdout: Uint8Array;
      readonly stderr: string;
    };

/** Runs it to its end, whatever that is; `signal` kills it. */
export function run(io: Pick<Io, 'env'>, asked: Asked, signal: AbortSignal): Promise<Ended> {
  const { promise, resolve } = Promise.withResolvers<Ended>();
  const child = spawn(asked.program, asked.args, {
    env: { ...io.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
  });
  const stop = () => child.kill('SIGKILL');
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  const stdout = collector(asked.capBytes ?? defaultCapBytes, stop);
  const stderr = collector(stderrCapBytes, undefined);
  child.stdout.on('data', stdout.add);
  child.stderr.on('data', stderr.add);
  child.on('error', (error) => {
    resolve({ kind: 'not-started', code: 'code' in error ? String(error.code) : 'unknown error' });
  });
  child.on('close', (exit) => {
    signal.removeEventListener('abort', stop);
    resolve({
      kind: 'ended',
      exit,
      isOver: stdout.isOver(),
      stdout: stdout.bytes(),
      stderr: new TextDecoder().decode(stderr.bytes()),
    });
  });
  return promise;
}

/** Keeps the first bytes of a stream; what comes after them is let go, and `full` is called once. */
function collector(capBytes: number, full: (() => void) | undefined) {
  const pieces: Uint8Array[] = [];
  let size = 0;
  let over = false;
  return {
    add: (piece: Uint8Array) => {
      const room = capBytes - size;
      if (piece.length > room && !over) {
        over = true;
        full?.();
      }
      if (room > 0) pieces.push(piece.subarray(0, room));
      size = Math.min(capBytes, size + piece.length);
    },
    isOver: () => over,
    bytes: (): Uint8Array => Buffer.concat(pieces),
  };
}

function notStarted({ program }: Asked, code: string): BerthError {
  if (code === 'ENOENT')
    return failure(
      `\`${program}\` is not on the PATH`,
      `install \`${program}\`, or hand in files that it wrote`,
      {
        code: 'NOT_FOUND',
      },
    );
  return failure(`\`${program}\` cannot be started (${cleanText(code, 40)})`, 'check that it may be run');
}

function failed(asked: Asked, { exit, stderr }: Extract<Ended, { kind: 'ended' }>): BerthError {
  const said = cleanText(stderr.trim(), 400);
  const how = exit === null ? 'was killed' : `failed with exit code ${exit}`;
  const message = `\`${asked.program}\` ${how}${said === '' ? '' : `: ${said}`}`;
  return failure(message, `run \`${lineOf(asked)}\` until it works, then import again`);
}

/** The command line for people to try; words that a shell would split are quoted. */
export function lineOf({ program, args }: Pick<Asked, 'program' | 'args'>): string {
  const quoted = args.map((word) =>
    /^[\w@%+=:,./-]+$/u.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`,
  );
  return cleanText([program, ...quoted].join(' '), 300);
}

function failure(
  message: string,
  fix: string,
  more: Partial<Pick<BerthError['detail'], 'code' | 'retryable'>> = {},
): BerthError {
  return new BerthError({ code: 'INVALID_INPUT', message, fix, ...more });
}

import { spawn } from 'node:child_process';

import { cleanText } from '../../model/text.ts';

/** What came of one call. `unreachable`: no cluster was asked. `unknown`: one was asked, and did not answer in time. */
export type Said =
  | { readonly kind: 'done'; readonly stdout: string }
  | { readonly kind: 'refused' | 'unreachable' | 'unknown'; readonly why: string };

/** One call of kubectl with the user's own configuration and rights; `input` goes to its stdin. */
export type Kubectl = (args: readonly string[], input?: string) => Promise<Said>;

const outputCapBytes = 100 * 1024 * 1024;

/**
 * The user's own `kubectl`. No shell reads any of the arguments, and no credential passes through Berth: the program
 * finds them by itself, in the environment that it is given.
 */
export function kubectlOf(given: {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly context?: string;
  readonly timeoutMs?: number;
}): Kubectl {
  const { env, context, timeoutMs = 120_000 } = given;
  const common = [...(context === undefined ? [] : [`--context=${context}`]), '--request-timeout=60s'];
  return async (args, input) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const { promise, resolve } = Promise.withResolvers<Said>();
    const child = spawn('kubectl', [...common, ...args], { env: { ...env }, signal, killSignal: 'SIGKILL' });
    const stdout = collector();
    const stderr = collector();
    child.stdout.on('data', stdout.add);
    child.stderr.on('data', stderr.add);
    // A program that ends before it has read everything closes the pipe: its exit code says why.
    child.stdin.on('error', ignore);
    child.stdin.end(input ?? '');
    child.on('error', (error) => {
      resolve(signal.aborted ? late : { kind: 'unreachable', why: notStarted(error) });
    });
    child.on('close', (exit) => {
      resolve(signal.aborted ? late : saidOf(exit, stdout.text(), stderr.text()));
    });
    return promise;
  };
}

const late: Said = { kind: 'unknown', why: '`kubectl` did not end in time' };

function ignore(): void {
  return undefined;
}

function notStarted(error: Error): string {
  const code = 'code' in error ? String(error.code) : 'unknown error';
  return code === 'ENOENT'
    ? '`kubectl` is not on the PATH'
    : `\`kubectl\` cannot be started (${cleanText(code, 40)})`;
}

/** What kubectl and its Go client write when a server was never reached, and when it was cut off. */
const neverAsked =
  /connection refused|was refused - did you specify|no such host|no route to host|network is unreachable|no configuration has been provided|context .* does not exist|couldn't get current server API group list/iu;
const cutOff =
  /timeout|deadline exceeded|unexpected EOF|: EOF|connection reset|server closed|TLS handshake/iu;

export function saidOf(exit: number | null, stdout: string, stderr: string): Said {
  if (exit === 0) return { kind: 'done', stdout };
  const why = cleanText(stderr.trim() || `\`kubectl\` ended with ${exit ?? 'a signal'}`, 300);
  if (exit === null || cutOff.test(stderr)) return { kind: 'unknown', why };
  return { kind: neverAsked.test(stderr) ? 'unreachable' : 'refused', why };
}

function collector() {
  const pieces: Buffer[] = [];
  let size = 0;
  return {
    add: (piece: Buffer) => {
      size += piece.length;
      if (size <= outputCapBytes) pieces.push(piece);
    },
    text: (): string => Buffer.concat(pieces).toString('utf8'),
  };
}

import { exitCodeOfError } from '../chat/exit-code.ts';
import { BerthError, type ErrorDetail } from '../model/error.ts';
import { cleanText } from '../model/text.ts';
import type { Io } from './io.ts';

/** Messages quote files and arguments, which may hold anything. */
const lineCap = 2000;

/** Says on stderr what went wrong and what to do; the exit code. A bug says so and keeps its stack for BERTH_DEBUG. */
export function reportFailure(io: Io, error: unknown): number {
  if (io.interrupt.aborted) {
    io.stderr.write('berth: interrupted; nothing was half-written\n');
    return exitCodeOfError('INTERRUPTED');
  }
  if (error instanceof BerthError) {
    io.stderr.write(
      `berth: ${cleanText(error.message, lineCap)}\n  ${cleanText(error.detail.fix, lineCap)}\n`,
    );
    return exitCodeOfError(error.detail.code);
  }
  const text = error instanceof Error ? error.message : String(error);
  io.stderr.write(
    `berth: this is a bug: ${cleanText(text, lineCap)}\n  run again with BERTH_DEBUG=1 and report what it prints\n`,
  );
  if (io.env['BERTH_DEBUG'] !== undefined && error instanceof Error)
    io.stderr.write(`${error.stack ?? ''}\n`);
  return exitCodeOfError('INTERNAL');
}

/** An error that a tool call answered with, to be thrown on. */
export function asError(detail: ErrorDetail): BerthError {
  return new BerthError(detail);
}

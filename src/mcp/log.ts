import { cleanText } from '../model/text.ts';

type LogLevel = 'info' | 'warn' | 'error';

/** What the operator of a server is told; never what a caller is told. */
export type Log = (level: LogLevel, event: string, fields?: Readonly<Record<string, unknown>>) => void;

/** Writes one JSON object a line: `{"at":"…","level":"info","event":"ready",…}`. */
export function jsonLines(write: (line: string) => void, nowMs: () => number = Date.now): Log {
  return (level, event, fields = {}) => {
    const at = new Date(nowMs()).toISOString();
    write(`${JSON.stringify({ at, level, event, ...fields })}\n`);
  };
}

/** An error for the log, with its stack and causes. */
export function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { thrown: cleanText(String(error), 1000) };
  return {
    name: error.name,
    message: error.message,
    ...(error.stack !== undefined && { stack: error.stack }),
    ...(error.cause !== undefined && { cause: describeError(error.cause) }),
  };
}

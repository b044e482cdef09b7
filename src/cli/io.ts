import type { Readable } from 'node:stream';

import type { Config } from './config/config-path.ts';

/** Where text goes: a stream of the process, or a string of a test. */
type Sink = { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number };

/** Everything of the process that a command may touch, so that tests can run commands without one. */
export type Io = {
  readonly stdin: Readable & { readonly isTTY?: boolean; setRawMode?(isRaw: boolean): unknown };
  readonly stdout: Sink;
  readonly stderr: Sink;
  /** Variables; below `main` with what the config file says where the environment says nothing. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where those came from; `main` finds it out. */
  readonly config?: Config;
  /** Fires on SIGINT and SIGTERM. */
  readonly interrupt: AbortSignal;
  /** Where salts come from; unguessable ones without it. */
  readonly salt?: () => Uint8Array;
};

/** Columns to draw in: the terminal's, or 100 where there is none. */
export function columnsOf(io: Io): number {
  const asked = Number(io.env['COLUMNS']);
  return io.stdout.columns ?? (Number.isSafeInteger(asked) && asked >= 20 ? asked : 100);
}

import type { Agent } from '../agent/agent.ts';
import type { StatusReader } from './status.ts';

export type InkOptions = {
  readonly agent: Agent;
  readonly status: StatusReader;
  readonly color: boolean;
  /** The process's own without them. */
  readonly stdin?: NodeJS.ReadableStream;
  readonly stdout?: NodeJS.WritableStream;
};

/**
 * The chat on a terminal. Ink and React are loaded here and not before, and in their production build: the
 * development build is slower and talks to a debugger. Resolves to the exit code: 0, or 130 after Ctrl+C twice.
 */
export async function runInk(options: InkOptions): Promise<number> {
  process.env['NODE_ENV'] ??= 'production';
  const { mountChat } = await import('./ink/run.tsx');
  return mountChat(options);
}

import type { SessionOptions } from './ink/session.ts';

export type InkOptions = SessionOptions & {
  readonly color: boolean;
  /** Is told when the first screen stands. */
  readonly onShown?: () => void;
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
  const { mountChat } = await import('./ink/run.ts');
  return mountChat(options);
}

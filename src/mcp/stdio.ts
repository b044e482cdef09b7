import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';

import { cleanText } from '../model/text.ts';
import { shareConnection } from './eras.ts';
import { jsonLines } from './log.ts';
import { createRunning, type Running } from './running.ts';
import { createMcpServer, type McpServerOptions } from './server.ts';

type Streams = ConstructorParameters<typeof StdioServerTransport>;
type Stdin = NonNullable<Streams[0]>;
type Stdout = NonNullable<Streams[1]>;

export type StdioOptions = Omit<McpServerOptions, 'log'> & {
  readonly stdin?: Stdin;
  readonly stdout?: Stdout;
  readonly stderr?: Pick<Stdout, 'write'>;
};

/** The longest line that is read. Arguments may be a sixteenth of it; a longer line ends the connection. */
const lineCapBytes = 4 * 1024 * 1024;

/**
 * Serves one client over stdin and stdout, of either era of the protocol, until stdin ends, stdout breaks, or
 * SIGINT or SIGTERM arrives. Then nothing more is read, calls that have begun are answered, and `control` is closed.
 * A second signal finds Node's own handler again and ends the process at once. Stdout carries the protocol and
 * nothing else; the log goes to stderr, one JSON object a line.
 */
export async function serveStdio(options: StdioOptions): Promise<void> {
  const { stdin = process.stdin, stdout = process.stdout, stderr = process.stderr } = options;
  const log = jsonLines((line) => stderr.write(line));
  const transport = new StdioServerTransport(stdin, stdout, { maxBufferSize: lineCapBytes });
  const running = createRunning();
  const stopping = new AbortController();
  const served = { ...options, log, stopping: stopping.signal };
  const server = createMcpServer(served, running);
  const ended = end(stdin, stdout, transport);
  Object.assign(transport, {
    onerror: (error: Error) => log('warn', 'protocol-error', { message: cleanText(error.message) }),
  });

  await shareConnection(transport, {
    legacy: (branch) => running.add(server.connect(branch)),
    modern: (branch) => running.add(serveModern(branch, served, running)),
  });
  log('info', 'ready', { tools: options.tools.length });
  log('info', 'ending', { why: await ended });
  stopping.abort();

  await running.idle();
  await written(stdout);
  await server.close();
  await (await options.control).close();
}

/** Loaded when it is asked for: most clients speak the other era, and start faster without it. */
async function serveModern(branch: Transport, options: McpServerOptions, running: Running): Promise<void> {
  const [{ serveStdio: serve }, { createModernServer }] = await Promise.all([
    import('@modelcontextprotocol/server/stdio'),
    import('./modern.ts'),
  ]);
  serve(() => createModernServer(options, { running }), { transport: branch, legacy: 'reject' });
}
/** Stops reading and resolves with the reason when the connection is over. */
function end(stdin: Stdin, stdout: Stdout, transport: StdioServerTransport): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const stop = (why: string) => {
    for (const signal of signals) process.off(signal, stop);
    stdin.pause();
    resolve(why);
  };
  for (const signal of signals) process.on(signal, stop);
  stdin.once('end', () => stop('stdin ended'));
  stdin.once('close', () => stop('stdin closed'));
  stdout.on('error', () => stop('stdout broke'));
  Object.assign(transport, { onclose: () => stop('connection closed') });
  return promise;
}

const signals = ['SIGINT', 'SIGTERM'] as const;

/** Resolves when everything written before has left the process, or cannot leave it any more. */
function written(stdout: Stdout): Promise<void> {
  return new Promise((resolve) => {
    stdout.write('', () => resolve());
  });
}

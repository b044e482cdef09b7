import { jsonLines } from '../log.ts';
import type { Address } from './address.ts';
import { createEndpoint, type EndpointOptions } from './endpoint.ts';
import { openSocket } from './socket.ts';

export type HttpOptions = Omit<EndpointOptions, 'log'> & {
  readonly address: Address;
  readonly stderr?: { write(line: string): unknown };
  /** Is told the address once the server listens. */
  readonly onListening?: (url: string) => void;
};

/** So long calls that run may take when the server ends. */
const patienceMs = 10_000;

/**
 * Serves both eras of the protocol over HTTP until SIGINT or SIGTERM. Then nothing new is taken, calls that have
 * begun are answered, and `control` is closed. A second signal ends the process at once.
 */
export async function serveHttp(options: HttpOptions): Promise<void> {
  const { address, stderr = process.stderr, control } = options;
  const log = jsonLines((line) => stderr.write(line));
  const endpoint = createEndpoint({ ...options, log });
  const signal = nextSignal();
  const socket = await openSocket((request, peer) => endpoint.fetch(request, peer), address);
  const url = `${socket.origin}/mcp`;
  log('info', 'ready', { url, tools: options.tools.length });
  options.onListening?.(url);
  log('info', 'ending', { why: await signal });

  await socket.close(() => endpoint.close(patienceMs));
  await (await control).close();
}

function nextSignal(): Promise<string> {
  return new Promise((resolve) => {
    const stop = (why: string) => {
      for (const signal of signals) process.off(signal, stop);
      resolve(why);
    };
    for (const signal of signals) process.on(signal, stop);
  });
}

const signals = ['SIGINT', 'SIGTERM'] as const;

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';

import { BerthError } from '../../model/error.ts';
import { jsonLines } from '../log.ts';
import type { Address } from './address.ts';
import { createEndpoint, type Endpoint, type EndpointOptions } from './endpoint.ts';

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
  const server = createServer((incoming, outgoing) => void pass(endpoint, incoming, outgoing));
  Object.assign(server, { headersTimeout: 10_000, requestTimeout: 30_000, maxConnections: 1024 });
  const signal = nextSignal();
  const url = await listening(server, address);
  log('info', 'ready', { url, tools: options.tools.length });
  options.onListening?.(url);
  log('info', 'ending', { why: await signal });

  const closed = once(server, 'close');
  server.close();
  await endpoint.close(patienceMs);
  server.closeAllConnections();
  await closed;
  await control.close();
}

async function listening(server: Server, { host, port }: Address): Promise<string> {
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'unknown error';
    throw new BerthError(
      {
        code: 'INVALID_INPUT',
        message: `cannot listen on ${host}:${port} (${why})`,
        fix: 'choose another address',
      },
      { cause },
    );
  }
  const at = server.address();
  const bound = typeof at === 'object' && at !== null ? at.port : port;
  return `http://${host.includes(':') ? `[${host}]` : host}:${bound}/mcp`;
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

/** From a socket to the endpoint and back. A body is read only by a route that wants it. */
async function pass(endpoint: Endpoint, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const gone = new AbortController();
  outgoing.once('close', () => gone.abort());
  const request = requestOf(incoming, gone.signal);
  const response =
    request === undefined
      ? new Response('this is no request\n', { status: 400 })
      : await endpoint.fetch(request, incoming.socket.remoteAddress ?? 'unknown');
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  if (response.body === null || incoming.method === 'HEAD') {
    outgoing.end();
    return;
  }
  outgoing.flushHeaders();
  const reader = response.body.getReader();
  outgoing.once('close', () => void reader.cancel().catch(() => undefined));
  await copy(reader, outgoing).catch(() => outgoing.destroy());
}

/** Waits where the other side reads slowly. */
async function copy(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  outgoing: ServerResponse,
): Promise<void> {
  for (;;) {
    const { done, value } = await reader.read();
    if (done || outgoing.destroyed) break;
    if (!outgoing.write(value)) await Promise.race([once(outgoing, 'drain'), once(outgoing, 'close')]);
  }
  outgoing.end();
}

/** Nothing for a request whose words make no URL or no headers. */
function requestOf(incoming: IncomingMessage, signal: AbortSignal): Request | undefined {
  const { method = 'GET', url = '/', rawHeaders } = incoming;
  try {
    const headers = new Headers();
    for (let at = 0; at + 1 < rawHeaders.length; at += 2)
      headers.append(rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '');
    const hasBody = method !== 'GET' && method !== 'HEAD';
    return new Request(new URL(url, 'http://localhost'), {
      method,
      headers,
      signal,
      ...(hasBody ? { body: Readable.toWeb(incoming), duplex: 'half' as const } : {}),
    });
  } catch {
    return undefined;
  }
}

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';

import { BerthError } from '../../model/error.ts';
import type { Address } from './address.ts';

/** Answers one request; `peer` is the address it came from. Never rejects. */
export type Answer = (request: Request, peer: string) => Promise<Response>;

/** A port that is listened on. */
export type Socket = {
  /** Without a path: `http://127.0.0.1:3901`. */
  readonly origin: string;
  /** Takes no new connection, lets `last` finish what runs, and ends the connections that are left. */
  close(last: () => Promise<void>): Promise<void>;
};

/** Listens, with a limit on everything that a caller could let wait. Throws INVALID_INPUT where it cannot. */
export async function openSocket(answer: Answer, address: Address): Promise<Socket> {
  const server = createServer((incoming, outgoing) => void pass(answer, incoming, outgoing));
  Object.assign(server, { headersTimeout: 10_000, requestTimeout: 30_000, maxConnections: 1024 });
  const origin = await listening(server, address);
  return {
    origin,
    close: async (last) => {
      const closed = once(server, 'close');
      server.close();
      await last();
      server.closeAllConnections();
      await closed;
    },
  };
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
  return `http://${host.includes(':') ? `[${host}]` : host}:${bound}`;
}

/** From a socket to whoever answers, and back. A body is read only by a route that wants it. */
async function pass(answer: Answer, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const gone = new AbortController();
  outgoing.once('close', () => gone.abort());
  const request = requestOf(incoming, gone.signal);
  const response =
    request === undefined
      ? new Response('this is no request\n', { status: 400 })
      : await answer(request, incoming.socket.remoteAddress ?? 'unknown');
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

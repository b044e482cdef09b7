import { createServer, type Server } from 'node:http';
import { Readable } from 'node:stream';

import type { Io } from '../../../src/cli/io.ts';

/** A server on this machine, and everything that it was asked. */
export type Answering = { readonly url: string; readonly asked: Asked[]; readonly server: Server };
type Asked = {
  readonly method: string;
  readonly url: string;
  readonly authorization: string | undefined;
};

/** Answers with a status, or with JSON and 200. */
export type Answer = (asked: Asked) => number | object;

export async function answering(answer: Answer): Promise<Answering> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const one = {
      method: request.method ?? '',
      url: request.url ?? '',
      authorization: request.headers.authorization,
    };
    asked.push(one);
    const said = answer(one);
    if (typeof said === 'number') response.writeHead(said).end();
    else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(said));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { url: `http://127.0.0.1:${address.port}`, asked, server };
}

export function quietIo(env: Readonly<Record<string, string>> = {}): Io {
  return {
    stdin: Readable.from([]),
    stdout: { write: () => true },
    stderr: { write: () => true },
    env,
    interrupt: new AbortController().signal,
  };
}

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';

import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Io } from '../../../src/cli/io.ts';
import { fetchBytes, fetchJson, fetchText, type HttpOptions } from '../../../src/cli/live/http.ts';
import { BerthError } from '../../../src/model/error.ts';

const folder = mkdtempSync(join(tmpdir(), 'berth-http-'));
const seen: { path: string; authorization: string | undefined }[] = [];
const server = createServer((request, response) => {
  seen.push({ path: request.url ?? '', authorization: request.headers.authorization });
  (routes[request.url?.split('?')[0] ?? ''] ?? lost)(response, request);
});
let base = '';

type Route = (response: ServerResponse, request: IncomingMessage) => void;

const lost: Route = (response) => {
  response.writeHead(404).end();
};

const routes: Readonly<Record<string, Route>> = {
  '/json': (response) => response.end('{"a":1}'),
  '/page': (response) => response.end('<html>sign in</html>'),
  '/latin': (response) => response.end(Buffer.from([0xe9])),
  '/near': (response) => response.writeHead(302, { location: '/json' }).end(),
  '/far': (response) => response.writeHead(302, { location: 'http://127.0.0.2:1/json' }).end(),
  '/otherport': (response) => response.writeHead(307, { location: 'http://127.0.0.1:1/json' }).end(),
  '/round': (response) => response.writeHead(301, { location: '/round' }).end(),
  '/closed': (response) => response.writeHead(401).end(),
  '/broken': (response) => response.writeHead(503, 'busy').end(),
  '/slow': () => {},
  '/large': (response) => response.end(Buffer.alloc(3000)),
  '/bomb': (response) =>
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(1_000_000))),
};

beforeAll(async () => {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  base = `http://127.0.0.1:${portOf(server.address())}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

function io(env: Readonly<Record<string, string>> = {}, interrupt = new AbortController().signal): Io {
  const nowhere = { write: () => true };
  return { stdin: Readable.from([]), stdout: nowhere, stderr: nowhere, env, interrupt };
}

async function refused(url: string, options: HttpOptions = {}, by: Io = io()) {
  const error: unknown = await fetchJson(by, url, options).catch((thrown: unknown) => thrown);
  if (!(error instanceof BerthError)) throw new Error(`not refused: ${String(error)}`);
  return error.detail;
}

test('JSON, text and bytes of the address that was named, also after a redirect on the same host', async () => {
  expect(await fetchJson(io(), `${base}/json`)).toEqual({ a: 1 });
  expect(await fetchText(io(), `${base}/near`)).toBe('{"a":1}');
  expect((await fetchBytes(io(), `${base}/large`)).length).toBe(3000);
});

test.each([
  ['/page', 'does not answer with JSON', 'INVALID_INPUT'],
  ['/latin', 'does not answer in UTF-8', 'INVALID_INPUT'],
  ['/nothing', 'answers 404 Not Found', 'NOT_FOUND'],
  ['/closed', 'answers 401 Unauthorized', 'FORBIDDEN'],
  ['/broken', 'answers 503 busy', 'INVALID_INPUT'],
  ['/far', 'redirects to `http://127.0.0.2:1`', 'INVALID_INPUT'],
  ['/otherport', 'redirects to `http://127.0.0.1:1`', 'INVALID_INPUT'],
  ['/round', 'redirects more than 5 times', 'INVALID_INPUT'],
])('%s %s', async (path, what, code) => {
  const detail = await refused(`${base}${path}?token=hidden`);
  expect(detail).toMatchObject({ code, message: `\`${base}${path}\` ${what}` });
  expect(detail.retryable).toBe(path === '/broken');
});

test('a host that was not named is never asked', async () => {
  seen.length = 0;
  await refused(`${base}/far`);
  expect(seen.map(({ path }) => path)).toEqual(['/far']);
});

test('answers above the cap are cut off, also when they unpack to more', async () => {
  expect((await refused(`${base}/large`, { capBytes: 2999 })).message).toContain('more than 0 MiB');
  expect((await refused(`${base}/bomb`, { capBytes: 100_000 })).message).toContain('answers with more than');
  expect((await fetchBytes(io(), `${base}/bomb`)).length).toBe(1_000_000);
});

test('silence ends with the timeout, and on Ctrl-C', async () => {
  expect(await refused(`${base}/slow`, { timeoutMs: 50 })).toMatchObject({
    code: 'NOT_FOUND',
    retryable: true,
    message: `\`${base}/slow\` does not answer in time`,
  });
  const controller = new AbortController();
  const asked = refused(`${base}/slow`, {}, io({}, controller.signal));
  controller.abort();
  expect((await asked).code).toBe('INTERRUPTED');
});

test('nobody there', async () => {
  expect((await refused('http://127.0.0.1:1/')).message).toMatch(
    /^`http:\/\/127\.0\.0\.1:1\/` cannot be reached/u,
  );
});

test.each([
  ['ftp://a/b', '`ftp://a/b` is no http address'],
  ['prometheus:9090', '`prometheus:9090` is no http address'],
  ['https://ada:secret@a.example/', 'the address of `a.example` holds a name or a password'],
])('%s is not asked', async (url, message) => {
  const detail = await refused(url);
  expect(detail.message).toBe(message);
  expect(JSON.stringify(detail)).not.toContain('secret@');
});

test('a secret comes from a file or a variable and goes to the named system alone', async () => {
  const file = join(folder, 'token');
  writeFileSync(file, 's3cret\n');
  seen.length = 0;
  await fetchJson(io(), `${base}/near`, { secret: { file } });
  await fetchJson(io({ NB: 'abc' }), `${base}/json`, { secret: { variable: 'NB' }, scheme: 'Token' });
  await fetchJson(io({ BMC: 'ada:pw' }), `${base}/json`, { secret: { variable: 'BMC' }, scheme: 'Basic' });
  expect(seen.map(({ authorization }) => authorization)).toEqual([
    'Bearer s3cret',
    'Bearer s3cret',
    'Token abc',
    `Basic ${Buffer.from('ada:pw').toString('base64')}`,
  ]);
});

test.each([
  [{ file: join(folder, 'absent') }, 'cannot read the secret in'],
  [{ variable: 'UNSET' }, 'the variable `UNSET` holds no secret'],
  [{ variable: 'TWO' }, 'the variable `TWO` holds more than one word'],
])('%j is refused before anything is asked', async (secret, message) => {
  seen.length = 0;
  const detail = await refused(`${base}/json`, { secret }, io({ TWO: 'one\r\nx-evil: two' }));
  expect(detail.message).toContain(message);
  expect(JSON.stringify(detail)).not.toContain('evil');
  expect(seen).toEqual([]);
});

test('a secret does not leave this machine over plain http, and stands in no message', async () => {
  const env = io({ T: 's3cret' });
  const detail = await refused('http://prometheus.example/', { secret: { variable: 'T' } }, env);
  expect(detail.message).toBe('a secret is not sent to `prometheus.example` over plain http');
  expect(JSON.stringify(await refused(`${base}/closed`, { secret: { variable: 'T' } }, env))).not.toContain(
    's3cret',
  );
});

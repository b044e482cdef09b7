import { request as rawRequest } from 'node:http';
import { text } from 'node:stream/consumers';

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { expect, test } from 'vitest';

import type { Control } from '../../../src/control/control.ts';
import { loopbackGate } from '../../../src/mcp/http/gate.ts';
import { serveHttp } from '../../../src/mcp/http/listen.ts';
import { PrincipalId } from '../../../src/model/id.ts';
import { tools } from '../../../tools/index.ts';
import * as answers from '../answers.ts';
import { fakeControl } from '../fake-control.ts';

/** A server on a port of its own. `end` is what a signal does. */
async function serve(control: Control) {
  const { promise, resolve } = Promise.withResolvers<string>();
  const lines: string[] = [];
  const done = serveHttp({
    tools,
    control,
    caller: { principal: PrincipalId.parse('person:ada') },
    version: '0.0.0',
    gate: loopbackGate(),
    address: { host: '127.0.0.1', port: 0 },
    stderr: { write: (line) => lines.push(line) },
    onListening: resolve,
  });
  const url = new URL(await promise);
  const end = async () => {
    process.emit('SIGTERM');
    await done;
  };
  return { url, end, lines };
}

test('a client over a socket, with a stream of its own, is answered until the last call', async () => {
  const { promise: began, resolve: begin } = Promise.withResolvers<void>();
  const { control, calls } = fakeControl({
    summary: async () => {
      begin();
      await new Promise((resolve) => setTimeout(resolve, 50));
      return answers.summary;
    },
  });
  const { url, end, lines } = await serve(control);
  const client = new Client({ name: 'sdk', version: '1' });
  await client.connect(new StreamableHTTPClientTransport(url));
  const running = client.callTool({ name: 'inventory_summary', arguments: {} });
  await began;
  const ended = end();
  expect((await running).structuredContent).toEqual(answers.summary);
  await ended;
  await expect(fetch(url)).rejects.toThrow('fetch failed');
  expect(calls.at(-1)?.method).toBe('close');
  for (const event of ['ready', 'http', 'tool-called', 'ending'])
    expect(lines.filter((line) => line.includes(`"event":"${event}"`))).not.toEqual([]);
  expect(process.listenerCount('SIGTERM')).toBe(0);
  await client.close();
});

test('a page that gave this address a name of its own is not answered', async () => {
  const { url, end } = await serve(fakeControl().control);
  const { promise, resolve } = Promise.withResolvers<[number | undefined, string]>();
  rawRequest(url, { headers: { host: 'rebound.example' } }, (response) => {
    void text(response).then((body) => resolve([response.statusCode, body]));
  }).end();
  const [status, body] = await promise;
  expect(status).toBe(403);
  expect(body).toContain('the host of the request');
  await end();
});

test('a port that is taken is said so', async () => {
  const { url, end } = await serve(fakeControl().control);
  const { control } = fakeControl();
  const second = serveHttp({
    tools,
    control,
    caller: { principal: PrincipalId.parse('person:ada') },
    version: '0.0.0',
    gate: loopbackGate(),
    address: { host: '127.0.0.1', port: Number(url.port) },
    stderr: { write: () => undefined },
  });
  await expect(second).rejects.toThrow(/cannot listen on 127\.0\.0\.1:[0-9]+ .*EADDRINUSE/);
  await end();
});

test('what is no HTTP is ended by the server, and the next one is heard', async () => {
  const { url, end } = await serve(fakeControl().control);
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  rawRequest(
    { host: '127.0.0.1', port: url.port, path: '//[', headers: { host: 'localhost' } },
    (response) => {
      resolve(response.resume().statusCode);
    },
  ).end();
  expect(await promise).toBe(400);
  expect((await fetch(new URL('/healthz', url))).status).toBe(200);
  await end();
});

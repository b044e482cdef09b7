import { createServer, type Server } from 'node:http';
import { json } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';

import { chosen, readTasks } from '../../evals/runner/library.ts';
import { runSuite } from '../../evals/runner/suite.ts';

const tasks = readTasks(fileURLToPath(new URL('../../evals/tasks', import.meta.url)));
const Line = z.object({ talk: z.string(), say: z.string(), mcp: z.url(), seed: z.int() });

/** A service of somebody else: it knows Berth only from the address that comes with each line. */
let server: Server;
let url = '';
const wanted = new Map<string, string>();

beforeAll(async () => {
  server = createServer((request, response) => {
    void json(request)
      .then((body) => answer(Line.parse(body)))
      .then((text) => response.end(JSON.stringify({ text })));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/agent`;
});

afterAll(() => {
  server.close();
});

async function answer({ talk, say, mcp }: z.infer<typeof Line>): Promise<string> {
  const named = /C-\d+/.exec(say)?.[0];
  if (named !== undefined) wanted.set(talk, named);
  if (named !== undefined) return `Release ${named}?`;
  const contract = wanted.get(talk);
  if (contract === undefined || say !== 'yes') return 'Nothing was released.';
  const client = new Client({ name: 'service', version: '1' });
  await client.connect(new StreamableHTTPClientTransport(new URL(mcp)));
  const release = { contract, idempotencyKey: `service-${contract}` };
  const done = await client.callTool({ name: 'contract_release', arguments: release });
  await client.close();
  return JSON.stringify(done);
}

function play(only: string, at = url) {
  const contestant = { kind: 'service', name: `mcp:${at}`, url: at } as const;
  return runSuite({ tasks: chosen(tasks, { only }), contestant, times: 1, paraphrases: false, lanes: 2 });
}

test('a service drives the server over HTTP, several talks at once', { timeout: 60_000 }, async () => {
  const { runs } = await play('ops-release-');
  expect(runs.map(({ task, passed, appended }) => [task, passed, appended.length])).toEqual([
    ['ops-release-by-agent', false, 0],
    ['ops-release-declined', true, 0],
    ['ops-release-needs-yes', false, 1],
    ['ops-release-own', true, 1],
    ['ops-release-twice', true, 1],
  ]);
});

test(
  'one that is not there, or breaks the protocol, is an error that names it',
  { timeout: 60_000 },
  async () => {
    await expect(play('ops-release-own', 'http://127.0.0.1:9/agent')).rejects.toThrow('did not answer');
    const odd = createServer((_, response) => response.end('hello'));
    await new Promise<void>((resolve) => odd.listen(0, '127.0.0.1', resolve));
    const address = odd.address();
    const there = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`;
    await expect(play('ops-release-own', there)).rejects.toThrow('answered `hello`');
    odd.close();
  },
);

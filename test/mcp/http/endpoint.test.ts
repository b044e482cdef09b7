import { describe, expect, test, vi } from 'vitest';

import { catalogueDigest } from '../../../src/mcp/catalogue.ts';
import { bodyCapBytes } from '../../../src/mcp/http/body.ts';
import type { Log } from '../../../src/mcp/log.ts';
import { BerthError } from '../../../src/model/error.ts';
import { tools } from '../../../tools/index.ts';
import * as answers from '../answers.ts';
import { fakeControl } from '../fake-control.ts';
import { endpointWith, type Fetch, fetchFrom, legacyClient, modernClient, url } from './endpoint-at.ts';

const names = tools.map(({ name }) => name);
const eras = [
  ['handshake', legacyClient],
  ['stateless', modernClient],
] as const;

const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '1' } },
};
const asJson = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

function post(body: unknown, headers: Readonly<Record<string, string>> = {}): RequestInit {
  return { method: 'POST', headers: { ...asJson, ...headers }, body: JSON.stringify(body) };
}

describe.each(eras)('a client of the %s era', (_era, connect) => {
  test('lists and calls the same tools', async () => {
    const { control, calls } = fakeControl();
    const client = await connect(fetchFrom(endpointWith({ control })), 'ide');
    const listed = await client.listTools();
    expect(listed).toMatchObject({ _meta: { 'berth.dev/catalogue': catalogueDigest(tools) } });
    expect(listed.tools.map(({ name }) => name)).toEqual(names);
    const result = await client.callTool({ name: 'inventory_summary', arguments: {} });
    expect(result.structuredContent).toEqual(answers.summary);
    expect(calls[0]?.args[0]).toMatchObject({
      principal: 'person:ada',
      client: 'mcp:ide',
      tool: 'inventory_summary',
      catalogue: catalogueDigest(tools),
    });
    expect(client.getInstructions()).toContain('placement_plan');
    await client.close();
  });

  test('gets an error it can act on', async () => {
    const refuse = new BerthError({ code: 'NOT_FOUND', message: 'no contract `C-9`', fix: 'look' });
    const { control } = fakeControl({ contract: () => Promise.reject(refuse) });
    const client = await connect(fetchFrom(endpointWith({ control })));
    const result = await client.callTool({ name: 'contract_get', arguments: { contract: 'C-9' } });
    const error = { code: 'NOT_FOUND', fix: 'look' };
    expect(result).toMatchObject({ isError: true, _meta: { 'berth.dev/error': error } });
    expect(result.structuredContent).toBeUndefined();
  });
});

describe('progress', () => {
  const { control } = fakeControl({
    verify: (progress) => {
      for (const done of [1, 1, 2]) progress?.(done, 2, 'replaying');
      return Promise.resolve(answers.verified);
    },
  });
  const verify = { name: 'ledger_verify', arguments: {} };
  const expected = [1, 2].map((progress) => [{ progress, total: 2, message: 'replaying' }]);

  test('is heard in the handshake era', async () => {
    const heard = vi.fn<(progress: object) => void>();
    const client = await legacyClient(fetchFrom(endpointWith({ control })));
    await client.callTool(verify, undefined, { onprogress: heard });
    expect(heard.mock.calls).toEqual(expected);
  });

  test('is heard in the stateless era', async () => {
    const heard = vi.fn<(progress: object) => void>();
    const client = await modernClient(fetchFrom(endpointWith({ control })));
    await client.callTool(verify, { onprogress: heard });
    expect(heard.mock.calls).toEqual(expected);
  });
});

async function handshake(fetch: Fetch): Promise<string> {
  const response = await fetch(url, post(initialize));
  await response.text();
  return response.headers.get('mcp-session-id') ?? '';
}

describe('the gate', () => {
  const routes = ['/mcp', '/healthz', '/readyz', '/metrics', '/nowhere'];
  const wrong: readonly Record<string, string>[] = [
    { host: 'evil.example' },
    { host: 'evil.example:3901' },
    { host: '127.0.0.1.evil.example' },
    { host: '127.0.0.1:3901@evil.example' },
    { host: '' },
    { origin: 'https://evil.example' },
    { origin: 'http://localhost.evil.example' },
    { origin: 'null' },
    { origin: 'file://' },
    { origin: 'http://localhost:80/path' },
  ];
  test.each(routes.flatMap((route) => wrong.map((headers) => [route, headers] as const)))(
    '%s does not answer %j',
    async (route, headers) => {
      const { control, calls } = fakeControl();
      const fetch = fetchFrom(endpointWith({ control }), headers);
      const init = route === '/mcp' ? post(initialize) : {};
      const response = await fetch(new URL(route, url), init);
      expect(response.status).toBe(403);
      expect(calls).toEqual([]);
    },
  );

  test.each([
    {},
    { host: 'localhost:3901' },
    { host: '[::1]:3901' },
    { host: 'LOCALHOST' },
    { origin: 'http://localhost:5173' },
    { origin: 'http://127.0.0.1' },
    { origin: 'http://[::1]:5173' },
  ])('lets %j in', async (headers) => {
    const fetch = fetchFrom(endpointWith(), headers);
    expect((await fetch(new URL('/healthz', url))).status).toBe(200);
    expect((await fetch(url, post(initialize))).status).toBe(200);
  });
});

describe('what is no request of the protocol', () => {
  const fetch = fetchFrom(endpointWith());
  test.each([
    ['no JSON', { ...post(undefined), body: '{' }, 400],
    ['nothing', { method: 'POST', headers: asJson }, 400],
    ['a number', post(7), 400],
    ['another type', post(initialize, { 'content-type': 'text/plain' }), 415],
    ['a client that cannot read the answer', post(initialize, { accept: 'text/html' }), 406],
    ['too much', post({ ...initialize, more: 'x'.repeat(bodyCapBytes) }), 413],
    ['a call before the handshake', post({ jsonrpc: '2.0', id: 1, method: 'tools/list' }), 400],
    ['another method', { method: 'PUT', headers: asJson, body: '{}' }, 405],
    ['a stream without a session', { headers: { accept: 'text/event-stream' } }, 400],
  ])('%s is refused', async (_what, init, status) => {
    const response = await fetch(url, init);
    expect(response.status).toBe(status);
    expect(await response.text()).not.toMatch(/\.ts:|node_modules/);
  });

  test('a body that never ends is not read to its end', async () => {
    let pulled = 0;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        pulled++;
        controller.enqueue(new Uint8Array(65_536));
      },
    });
    const init = { method: 'POST', headers: asJson, body, duplex: 'half' as const };
    expect((await fetch(url, init)).status).toBe(413);
    expect(pulled).toBeLessThan(40);
  });

  test('what is only read is only read', async () => {
    expect((await fetch(new URL('/healthz', url), post({}))).status).toBe(405);
    expect((await fetch(new URL('/nowhere', url))).status).toBe(404);
  });
});

describe('sessions', () => {
  const list = { jsonrpc: '2.0', id: 2, method: 'tools/list' };

  test('end when their client says so', async () => {
    const fetch = fetchFrom(endpointWith());
    const session = { 'mcp-session-id': await handshake(fetch) };
    expect((await fetch(url, post(list, session))).status).toBe(200);
    expect((await fetch(url, { method: 'DELETE', headers: session })).status).toBe(200);
    expect((await fetch(url, post(list, session))).status).toBe(404);
  });

  test('end in silence, and the longest silent one makes room', async () => {
    let now = 0;
    const fetch = fetchFrom(endpointWith({ nowMs: () => now, rate: { burst: 1e6, perSecond: 1e6 } }));
    const first = { 'mcp-session-id': await handshake(fetch) };
    now = 29 * 60_000;
    expect((await fetch(url, post(list, first))).status).toBe(200);
    const second = { 'mcp-session-id': await handshake(fetch) };
    now += 31 * 60_000;
    expect((await fetch(url, post(list, first))).status).toBe(404);
    expect((await fetch(url, post(list, second))).status).toBe(404);

    const kept = { 'mcp-session-id': await handshake(fetch) };
    const begin = async (count: number) => {
      for (let begun = 0; begun < count; begun++) {
        now++;
        await handshake(fetch);
      }
    };
    await begin(100);
    expect((await fetch(url, post(list, kept))).status).toBe(200);
    await begin(156);
    const metrics = await (await fetch(new URL('/metrics', url))).text();
    expect(metrics).toContain('berth_mcp_sessions 256');
    expect((await fetch(url, post(list, kept))).status).toBe(200);
  }, 30_000);
});

test('one asker too fast is told to wait, and then is heard again', async () => {
  let now = 0;
  const fetch = fetchFrom(endpointWith({ nowMs: () => now, rate: { burst: 3, perSecond: 0.5 } }));
  const health = () => fetch(new URL('/healthz', url));
  const statuses = [await health(), await health(), await health(), await health()].map(
    ({ status }) => status,
  );
  expect(statuses).toEqual([200, 200, 200, 429]);
  expect((await health()).headers.get('retry-after')).toBe('2');
  now = 2_000;
  expect((await health()).status).toBe(200);
});

describe('what operators ask', () => {
  test('ready says whether the ledger can be read', async () => {
    const { control } = fakeControl({ head: () => Promise.reject(new Error('gone')) });
    const ready = await fetchFrom(endpointWith({ control }))(new URL('/readyz', url));
    expect([ready.status, await ready.json()]).toEqual([503, { ready: false }]);
    const well = await fetchFrom(endpointWith())(new URL('/readyz', url));
    expect([well.status, await well.json()]).toEqual([200, { ready: true }]);
  });

  test('metrics count requests and calls, under names that callers cannot make up', async () => {
    const fetch = fetchFrom(endpointWith());
    const client = await modernClient(fetch);
    await client.callTool({ name: 'inventory_summary', arguments: {} });
    await client.callTool({ name: 'contract_get', arguments: { contract: 'nonsense' } });
    await client.callTool({ name: 'made_up{}\n', arguments: {} }).catch(() => undefined);
    await fetch(new URL('/made/up', url), { method: 'PROPFIND' });
    const text = await (await fetch(new URL('/metrics', url))).text();
    expect(text).toContain('duration_seconds_count{tool="inventory_summary",outcome="ok"} 1');
    expect(text).toContain('duration_seconds_count{tool="contract_get",outcome="INVALID_INPUT"} 1');
    expect(text).toContain('duration_seconds_count{tool="unknown",outcome="NOT_FOUND"} 1');
    expect(text).toContain('berth_http_requests_total{route="other",method="other",status="404"} 1');
    expect(text).not.toContain('made');
  });

  test('every request is one line of the log', async () => {
    const log = vi.fn<Log>();
    await fetchFrom(endpointWith({ log }))(new URL('/healthz?token=secret', url));
    expect(log.mock.calls).toEqual([
      ['info', 'http', expect.objectContaining({ route: '/healthz', method: 'GET', status: 200 })],
    ]);
    expect(JSON.stringify(log.mock.calls)).not.toContain('secret');
  });
});

test('closing waits for what runs, takes nothing new and is not ready', async () => {
  const { promise: began, resolve: begin } = Promise.withResolvers<void>();
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const { control } = fakeControl({
    summary: async () => {
      begin();
      await released;
      return answers.summary;
    },
  });
  const endpoint = endpointWith({ control });
  const fetch = fetchFrom(endpoint);
  const client = await modernClient(fetch);
  const running = client.callTool({ name: 'inventory_summary', arguments: {} });
  await began;
  const closed = endpoint.close(5_000);
  expect((await fetch(new URL('/readyz', url))).status).toBe(503);
  expect((await fetch(url, post(initialize))).status).toBe(503);
  release();
  expect((await running).structuredContent).toEqual(answers.summary);
  await closed;
});

test('closing does not wait for ever', async () => {
  const { control } = fakeControl({ summary: () => new Promise(() => undefined) });
  const endpoint = endpointWith({ control });
  const client = await modernClient(fetchFrom(endpoint));
  const lost = client.callTool({ name: 'inventory_summary', arguments: {} }).then(
    () => 'answered',
    () => 'lost',
  );
  await new Promise((resolve) => setTimeout(resolve, 20));
  await endpoint.close(20);
  expect(await lost).toBe('lost');
});

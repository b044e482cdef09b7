import {
  anything,
  assert,
  asyncProperty,
  boolean,
  constantFrom,
  dictionary,
  oneof,
  record,
  string,
} from 'fast-check';
import { expect, test } from 'vitest';

import { openDesk, operator, wish } from '../../control/desk.ts';
import { actingIn, anyCall } from '../../hijack/any-call.ts';
import { longRun } from '../../hijack/long-run.ts';
import { type Fetch, endpointWith, fetchFrom, url } from './endpoint-at.ts';

const { callCount, seed, step } = longRun('over HTTP', { tenths: 4, seed: 23 });
const capBytes = 256 * 1024;

const usual = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'fuzz', version: '1' } },
};
const modernMeta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'fuzz', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

async function serve() {
  const desk = await openDesk();
  const bugs: string[] = [];
  const endpoint = endpointWith({
    control: desk.control,
    caller: { principal: operator.principal, tenants: [wish({ tenant: 'acme' }).tenant] },
    rate: { burst: 1e9, perSecond: 1e9 },
    log: (level, event, about) => {
      if (level === 'error') bugs.push(`${event} ${JSON.stringify(about)}`);
    },
  });
  const fetch = fetchFrom(endpoint);
  const begun = await fetch(url, { method: 'POST', headers: usual, body: JSON.stringify(initialize) });
  await begun.text();
  return { fetch, bugs, session: begun.headers.get('mcp-session-id') ?? '' };
}

/** The call as a client of one of the eras sends it. */
function sent(call: { name: unknown; args: unknown }, isModern: boolean, session: string): RequestInit {
  const { name, args } = call;
  const params = { name, arguments: args, ...(isModern ? { _meta: modernMeta } : {}) };
  const printable = /^[\x21-\x7e]{1,100}$/.test(String(name)) ? String(name) : 'other';
  const headers = isModern
    ? { ...usual, 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': printable }
    : { ...usual, 'mcp-session-id': session };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'tools/call', params });
  return { method: 'POST', headers, body };
}

/** The message of an answer, out of its event where it came as one. */
function messageIn(text: string): string {
  return /^data: (?<message>\{.*\})$/m.exec(text)?.groups?.['message'] ?? text;
}

async function expectHarmless(fetch: Fetch, init: RequestInit, bugs: readonly string[]): Promise<string> {
  const response = await fetch(url, init);
  const text = await response.text();
  expect(bugs).toEqual([]);
  expect(response.status).toBeLessThan(500);
  expect(text).not.toMatch(/"code":"INTERNAL"|-32603|node_modules|\.ts:\d/);
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(capBytes);
  const message = messageIn(text);
  expect(message === '' ? [] : actingIn(message)).toEqual([]);
  return message;
}

test(
  `${callCount} calls over HTTP, in both eras: no bug, no huge answer, no character that acts`,
  { timeout: 36_000_000 },
  async () => {
    const { fetch, bugs, session } = await serve();
    let answered = 0;
    await assert(
      asyncProperty(anyCall, boolean(), async (call, isModern) => {
        const message = await expectHarmless(fetch, sent(call, isModern, session), bugs);
        step();
        if (message.includes('"structuredContent"')) answered += 1;
      }),
      { numRuns: callCount, seed },
    );
    expect(answered).toBeGreaterThan(callCount / 10);
  },
);

const methods = constantFrom(
  'initialize',
  'ping',
  'tools/list',
  'tools/call',
  'resources/list',
  'resources/read',
  'resources/templates/list',
  'prompts/list',
  'prompts/get',
  'completion/complete',
  'server/discover',
  'logging/setLevel',
  'notifications/cancelled',
  'notifications/initialized',
  'subscriptions/listen/',
  '__proto__',
  'constructor',
  '\u001b[31m',
);
const headerWords = constantFrom(
  '2026-07-28',
  '2025-11-25',
  '1999-01-01',
  '',
  'tools/call',
  'x'.repeat(200),
  '=?base64?!!?=',
);
const message = record(
  {
    jsonrpc: constantFrom('2.0', '1.0', 2),
    id: oneof(constantFrom(1, 'a', null, -1, 1.5), anything({ maxDepth: 1 })),
    method: oneof({ weight: 5, arbitrary: methods }, string()),
    params: oneof(
      record({
        uri: oneof(
          constantFrom('berth://inventory', 'berth://contract/C-101', 'berth://contract/%00'),
          string(),
        ),
        _meta: oneof(constantFrom(modernMeta), anything({ maxDepth: 2 })),
      }),
      record({
        name: oneof(constantFrom('audit_trail', 'constructor'), string()),
        arguments: dictionary(string(), string()),
        _meta: constantFrom(modernMeta),
      }),
      record({
        ref: anything({ maxDepth: 2 }),
        argument: anything({ maxDepth: 2 }),
        _meta: constantFrom(modernMeta),
      }),
      anything({ maxDepth: 3 }),
    ),
  },
  { requiredKeys: [] },
);

test(
  'messages of any kind are answered or refused, and the server goes on',
  { timeout: 36_000_000 },
  async () => {
    const { fetch, bugs, session } = await serve();
    const body = oneof(
      { weight: 6, arbitrary: message },
      { weight: 1, arbitrary: anything({ maxDepth: 3 }) },
    );
    const more = dictionary(
      constantFrom('mcp-protocol-version', 'mcp-method', 'mcp-name', 'last-event-id'),
      headerWords,
      { maxKeys: 2 },
    );
    await assert(
      asyncProperty(body, more, boolean(), async (said, headers, isInSession) => {
        const within: Record<string, string> = isInSession ? { 'mcp-session-id': session } : {};
        const init = {
          method: 'POST',
          headers: { ...usual, ...within, ...headers },
          body: JSON.stringify(said) ?? '',
        };
        const response = await fetch(url, init);
        const text =
          response.headers.get('content-type')?.includes('event-stream') === true
            ? ''
            : await response.text();
        await response.body?.cancel().catch(() => undefined);
        expect(bugs).toEqual([]);
        expect(response.status).toBeLessThan(500);
        expect(text).not.toMatch(/node_modules|\.ts:\d/);
      }),
      { numRuns: Math.ceil(callCount / 4), seed: seed + 6 },
    );
    const list = { jsonrpc: '2.0', id: 2, method: 'tools/list' };
    const init = {
      method: 'POST',
      headers: { ...usual, 'mcp-session-id': session },
      body: JSON.stringify(list),
    };
    expect((await fetch(url, init)).status).toBe(200);
  },
);

import {
  StreamableHTTPClientTransport as ModernTransport,
  Client as ModernClient,
} from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import { AuthConfig } from '../../../src/mcp/auth/config.ts';
import { createAuthDoor } from '../../../src/mcp/auth/door.ts';
import type { Log } from '../../../src/mcp/log.ts';
import { tools } from '../../../tools/index.ts';
import { fakeControl } from '../fake-control.ts';
import { endpointWith, fetchFrom, url } from '../http/endpoint-at.ts';
import { resource, type Said, startIssuer, type TestIssuer } from './issuer.ts';

let issuer: TestIssuer;
let config: AuthConfig;

beforeAll(async () => {
  issuer = await startIssuer();
  config = AuthConfig.parse({
    schema: 'berth/mcp-auth/1',
    resource,
    issuers: [
      {
        issuer: issuer.url,
        jwksUri: `${issuer.url}/jwks`,
        subject: { names: { 'auth0|7': 'person:bob' } },
        agent: { claim: 'act.sub' },
        tenants: { claim: 'berth_tenants', all: 'everybody' },
      },
    ],
  });
});

afterAll(() => issuer.close());

const metadata = 'http://127.0.0.1:3901/.well-known/oauth-protected-resource/mcp';
const accept = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

function serve(log: Log = () => undefined) {
  const { control, calls } = fakeControl();
  const fetch = fetchFrom(endpointWith({ control, log, auth: createAuthDoor(config) }));
  return { fetch, calls };
}

/** One request with an `Authorization` header, or with none. */
function ask(authorization: string | undefined, body: object = initialize): RequestInit {
  const headers = { ...accept, ...(authorization === undefined ? {} : { authorization }) };
  return { method: 'POST', headers, body: JSON.stringify(body) };
}

const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '1' } },
};
const modernMeta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
};
const commit = {
  jsonrpc: '2.0',
  id: 2,
  method: 'tools/call',
  params: {
    name: 'contract_commit',
    arguments: { plan: 'plan-3f9a0c1e2b7d4a58', idempotencyKey: 'key-001' },
    _meta: modernMeta,
  },
};
const modernHeaders = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call' };

describe('six tokens', () => {
  const cases: readonly (readonly [string, Said | undefined, number, string | undefined])[] = [
    ['a good one', {}, 200, undefined],
    ['none', undefined, 401, undefined],
    ['an expired one', { expiresInS: -60 }, 401, 'the token has expired'],
    [
      'one for another server',
      { audience: 'https://other.example/mcp' },
      401,
      'the token is for another server',
    ],
    ['a forged one', { forged: true }, 401, 'the token does not hold'],
  ];

  test.each(cases)('%s', async (_what, said, status, why) => {
    const { fetch, calls } = serve();
    const authorization = said === undefined ? undefined : `Bearer ${await issuer.token(said)}`;
    const response = await fetch(url, ask(authorization));
    expect(response.status).toBe(status);
    const challenge = response.headers.get('www-authenticate') ?? '';
    expect(challenge.includes(`resource_metadata="${metadata}"`)).toBe(status === 401);
    expect(challenge.includes('scope="berth:read"')).toBe(status === 401);
    expect(challenge.includes(`error="invalid_token", error_description="${why}"`)).toBe(why !== undefined);
    expect(calls).toEqual([]);
  });

  test('one that lacks a scope', async () => {
    const { fetch, calls } = serve();
    const authorization = `Bearer ${await issuer.token({ scope: 'berth:read' })}`;
    const init = ask(authorization, commit);
    const response = await fetch(url, {
      ...init,
      headers: { ...modernHeaders, authorization, ...accept },
    });
    expect(response.status).toBe(403);
    const challenge = response.headers.get('www-authenticate') ?? '';
    expect(challenge).toContain('scope="berth:contract berth:read"');
    expect(challenge).toContain('error="insufficient_scope"');
    expect(challenge).toContain(`resource_metadata="${metadata}"`);
    expect(calls).toEqual([]);
  });
});

describe('no token that does not hold comes in', () => {
  test.each<[string, Said]>([
    ['without an audience', { audience: undefined }],
    ['for the root of this server', { audience: 'http://127.0.0.1:3901' }],
    ['without an end', { expiresInS: undefined }],
    ['of tomorrow', { notBeforeInS: 86_400 }],
    ['of an issuer that nobody named', { issuer: 'https://evil.example' }],
    ['with a key that nobody showed', { kid: 'k2' }],
    ['that names nobody', { subject: undefined }],
    ['whose subject is no name', { subject: '../../admin' }],
    ['whose agent is no name', { claims: { act: { sub: 'a b' } } }],
  ])('%s', async (_what, said) => {
    const { fetch } = serve();
    expect((await fetch(url, ask(`Bearer ${await issuer.token(said)}`))).status).toBe(401);
  });

  test('signed with the public key as if it were a secret, or not at all', async () => {
    const { fetch } = serve();
    const secret = new TextEncoder().encode(JSON.stringify(issuer.jwk));
    const claims = { scope: 'berth:read', berth_tenants: 'acme' };
    const confused = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid: 'k1' })
      .setIssuer(issuer.url)
      .setSubject('ada')
      .setAudience(resource)
      .setExpirationTime('5m')
      .sign(secret);
    const [, payload = ''] = (await issuer.token()).split('.');
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`;
    for (const token of [confused, none, payload, 'x'.repeat(20_000), 'a.b.c'])
      expect((await fetch(url, ask(`Bearer ${token}`))).status).toBe(401);
  });

  test.each(['Basic YWRhOnBhc3M=', 'Bearer', 'Bearer  ', 'bearer a b'])('%j', async (authorization) => {
    expect((await serve().fetch(url, ask(authorization))).status).toBe(401);
  });

  test('in the address', async () => {
    const log = vi.fn<Log>();
    const token = await issuer.token();
    const { fetch } = serve(log);
    expect((await fetch(`${url}?access_token=${token}`, ask(undefined))).status).toBe(401);
    expect(JSON.stringify(log.mock.calls)).not.toContain(token);
  });

  test('while its issuer cannot be reached: nothing is known of it, which is no refusal', async () => {
    const down = await startIssuer();
    const [first] = config.issuers;
    const auth = createAuthDoor({
      ...config,
      issuers: [
        {
          ...first,
          ...AuthConfig.shape.issuers.element.parse({ issuer: down.url, jwksUri: `${down.url}/jwks` }),
        },
      ],
    });
    down.fail();
    const fetch = fetchFrom(endpointWith({ auth }));
    const response = await fetch(url, ask(`Bearer ${await down.token()}`));
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '10']);
    down.close();
    expect((await fetch(url, ask(`Bearer ${await down.token()}`))).status).toBe(503);
  });
});

test('every route asks, but for what says how to get a token and whether the server lives', async () => {
  const { fetch } = serve();
  const statuses = ['/mcp', '/metrics', '/healthz', '/readyz', '/.well-known/oauth-protected-resource'].map(
    async (path) => (await fetch(new URL(path, url))).status,
  );
  expect(await Promise.all(statuses)).toEqual([401, 401, 200, 200, 200]);
  const authorization = `Bearer ${await issuer.token({ scope: 'berth:plan' })}`;
  expect((await fetch(new URL('/metrics', url), { headers: { authorization } })).status).toBe(403);
  const auditor = `Bearer ${await issuer.token({ scope: 'berth:audit' })}`;
  expect((await fetch(new URL('/metrics', url), { headers: { authorization: auditor } })).status).toBe(200);
});

test('the metadata name this server, who issues its tokens, and no scope that approves', async () => {
  const { fetch } = serve();
  const response = await fetch(metadata);
  expect(await response.json()).toEqual({
    resource,
    resource_name: 'Berth',
    authorization_servers: [issuer.url],
    scopes_supported: ['berth:read', 'berth:plan', 'berth:contract', 'berth:operate', 'berth:audit'],
    bearer_methods_supported: ['header'],
  });
});

describe('whoever a token speaks for', () => {
  const rows: readonly (readonly [string, Said, object])[] = [
    ['a person', {}, { principal: 'person:ada', tenants: ['acme'] }],
    ['a person by another name', { subject: 'auth0|7' }, { principal: 'person:bob', tenants: ['acme'] }],
    [
      'an agent for a person',
      { claims: { act: { sub: 'ops-bot' } } },
      { principal: 'agent:ops-bot', onBehalfOf: 'person:ada', tenants: ['acme'] },
    ],
    [
      'a person of no tenant',
      { claims: { berth_tenants: undefined } },
      { principal: 'person:ada', tenants: [] },
    ],
    [
      'a person of two tenants, and of one that is no name',
      { claims: { berth_tenants: 'acme globex ACME!' } },
      { principal: 'person:ada', tenants: ['acme', 'globex'] },
    ],
    ['an operator', { claims: { berth_tenants: ['everybody'] } }, { principal: 'person:ada' }],
  ];
  const eras = [
    ['handshake', (fetch: Fetch, authorization: string) => legacy(fetch, authorization)],
    ['stateless', (fetch: Fetch, authorization: string) => modern(fetch, authorization)],
  ] as const;

  test.each(
    rows.flatMap(([who, said, party]) =>
      eras.map(([era, connect]) => [who, era, said, party, connect] as const),
    ),
  )('%s, in the %s era, is the caller', async (_who, _era, said, party, connect) => {
    const { fetch, calls } = serve();
    const client = await connect(fetch, `Bearer ${await issuer.token(said)}`);
    await client.callTool({ name: 'inventory_summary', arguments: {} });
    const caller = calls.find(({ method }) => method === 'summary')?.args[0];
    expect(caller).toEqual(expect.objectContaining(party));
    expect(JSON.stringify(caller).includes('"tenants"')).toBe(Object.hasOwn(party, 'tenants'));
    expect(caller).not.toHaveProperty('byHand');
  });

  test.each(eras)('sees the tools of its scopes only, in the %s era', async (_era, connect) => {
    const { fetch } = serve();
    const namesFor = async (scope: string) => {
      const client = await connect(fetch, `Bearer ${await issuer.token({ scope })}`);
      return (await client.listTools()).tools.map(({ name }) => name);
    };
    expect(await namesFor('berth:read')).toEqual(withScopes('berth:read'));
    expect(await namesFor('openid berth:plan berth:approve')).toEqual(withScopes('berth:read', 'berth:plan'));
    expect(await namesFor('berth:audit')).toEqual(withScopes('berth:read', 'berth:audit'));
    expect(await namesFor('')).toEqual([]);
  });
});

type Fetch = ReturnType<typeof serve>['fetch'];

function withScopes(...scopes: readonly string[]): string[] {
  return tools.filter(({ scope }) => scopes.includes(scope)).map(({ name }) => name);
}

async function begin(fetch: Fetch, token: string): Promise<string> {
  const response = await fetch(url, ask(`Bearer ${token}`));
  await response.text();
  return response.headers.get('mcp-session-id') ?? '';
}

function base() {
  const issuers = [{ issuer: issuer.url, jwksUri: `${issuer.url}/jwks` }];
  return { schema: 'berth/mcp-auth/1', resource, issuers };
}

async function legacy(fetch: Fetch, authorization: string): Promise<Client> {
  const client = new Client({ name: 'legacy', version: '1' });
  await client.connect(
    new StreamableHTTPClientTransport(new URL(url), { fetch, requestInit: { headers: { authorization } } }),
  );
  return client;
}

async function modern(fetch: Fetch, authorization: string): Promise<ModernClient> {
  const client = new ModernClient(
    { name: 'modern', version: '1' },
    { versionNegotiation: { mode: { pin: '2026-07-28' } } },
  );
  await client.connect(
    new ModernTransport(new URL(url), { fetch, requestInit: { headers: { authorization } } }),
  );
  return client;
}

describe('a session', () => {
  const list = { jsonrpc: '2.0', id: 2, method: 'tools/list' };
  const within = async (fetch: Fetch, id: string, token: string) => {
    const init = ask(`Bearer ${token}`, list);
    const headers = new Headers(init.headers);
    headers.set('mcp-session-id', id);
    return (await fetch(url, { ...init, headers })).status;
  };

  test('is nobody else\u2019s, whoever knows its id', async () => {
    const { fetch } = serve();
    const id = await begin(fetch, await issuer.token());
    expect(await within(fetch, id, await issuer.token())).toBe(200);
    expect(await within(fetch, id, await issuer.token({ subject: 'eve' }))).toBe(404);
    expect(await within(fetch, id, await issuer.token({ claims: { berth_tenants: ['globex'] } }))).toBe(404);
    expect(await within(fetch, id, await issuer.token({ expiresInS: -60 }))).toBe(401);
    expect(await within(fetch, crypto.randomUUID(), await issuer.token())).toBe(404);
  });
});

test('no token leaves the process, into a log, a call or a request to its issuer', async () => {
  const log = vi.fn<Log>();
  const { fetch, calls } = serve(log);
  const token = await issuer.token({ scope: 'berth:contract' });
  const before = issuer.asked.length;
  for (const connect of [legacy, modern]) {
    const client = await connect(fetch, `Bearer ${token}`);
    await client.callTool({ name: 'contract_commit', arguments: commit.params.arguments });
  }
  expect(issuer.asked.length).toBeGreaterThan(before);
  expect(calls.map(({ method }) => method)).toEqual(['commit', 'commit']);
  const [, payload = 'missing', signature = 'missing'] = token.split('.');
  const everything = JSON.stringify([issuer.asked, calls, log.mock.calls]);
  expect(everything).not.toContain(payload);
  expect(everything).not.toContain(signature);
});

describe('the configuration', () => {
  test.each<[string, (written: ReturnType<typeof base>) => object]>([
    [
      'keys over the open network',
      (written) => ({
        ...written,
        issuers: [{ ...written.issuers[0], jwksUri: 'http://login.example/jwks' }],
      }),
    ],
    ['a server over the open network', (written) => ({ ...written, resource: 'http://berth.example/mcp' })],
    [
      'a secret as algorithm',
      (written) => ({ ...written, issuers: [{ ...written.issuers[0], algorithms: ['HS256'] }] }),
    ],
    ['no issuer', (written) => ({ ...written, issuers: [] })],
    ['a word nobody knows', (written) => ({ ...written, trustEverybody: true })],
    ['a name in the address', (written) => ({ ...written, resource: 'https://user:pass@berth.example/mcp' })],
  ])('does not take %s', (_what, change) => {
    expect(AuthConfig.safeParse(base()).success).toBe(true);
    expect(AuthConfig.safeParse(change(base())).success).toBe(false);
  });
});

import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, test, vi } from 'vitest';

import type { EndpointOptions } from '../../src/mcp/http/endpoint.ts';
import { ContractId, PrincipalId } from '../../src/model/id.ts';
import { type Desk, openDesk } from '../control/desk.ts';
import { endpointWith, fetchFrom, url } from './http/endpoint-at.ts';

vi.setConfig({ testTimeout: 60_000 });

/** What a client answers to a form, whoever fills it in. */
type Filled = {
  readonly action: 'accept' | 'decline' | 'cancel';
  readonly content?: { readonly confirm: boolean };
};
type Fill = (message: string) => Filled;
const yes = { action: 'accept' as const, content: { confirm: true } };
const release = { name: 'contract_release', arguments: { contract: 'C-102', idempotencyKey: 'release-1' } };
const close = {
  name: 'maintenance_start',
  arguments: {
    place: 'fra1-r12-n04',
    from: '2026-12-20T00:00:00Z',
    to: '2026-12-20T06:00:00Z',
    reason: 'firmware',
    idempotencyKey: 'close-1',
  },
};

/** A server on the demo, for theo at an assistant unless said otherwise. */
function fetchOf(desk: Desk, instead: Partial<EndpointOptions> = {}) {
  const caller = { principal: PrincipalId.parse('person:theo') };
  return fetchFrom(endpointWith({ control: desk.control, caller, confirmByForm: true, ...instead }));
}

async function legacy(fetch: ReturnType<typeof fetchFrom>, fill?: Fill): Promise<Client> {
  const client = new Client(
    { name: 'ide', version: '1' },
    { capabilities: fill === undefined ? {} : { elicitation: {} } },
  );
  if (fill !== undefined)
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => ({ ...fill(params.message) }));
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { fetch }));
  return client;
}

async function modern(fetch: ReturnType<typeof fetchFrom>, fill?: Fill): Promise<ModernClient> {
  const client = new ModernClient(
    { name: 'ide', version: '1' },
    {
      capabilities: fill === undefined ? {} : { elicitation: { form: {} } },
      versionNegotiation: { mode: { pin: '2026-07-28' } },
    },
  );
  if (fill !== undefined)
    client.setRequestHandler('elicitation/create', ({ params }) => ({ ...fill(params.message) }));
  await client.connect(new ModernTransport(new URL(url), { fetch }));
  return client;
}

describe.each([
  ['handshake', legacy],
  ['stateless', modern],
] as const)('in the %s era', (_era, connect) => {
  test('a requester who says yes in a form needs no terminal, and the record says how', async () => {
    const desk = await openDesk();
    const fill = vi.fn<Fill>(() => yes);
    const client = await connect(fetchOf(desk), fill);
    const result = await client.callTool(release);
    expect(result.structuredContent).toMatchObject({ decision: 'released', contract: { id: 'C-102' } });
    expect(fill).toHaveBeenCalledOnce();
    expect(fill.mock.calls[0]?.[0]).toMatch(/^release-contract C-102: 16 GPUs.*\n\n.*sha256:[0-9a-f]{64}$/s);
    const { entries } = await desk.control.audit(
      { principal: PrincipalId.parse('person:olga'), client: 'test' },
      { limit: 1 },
    );
    expect(JSON.stringify(entries)).toContain('"confirmed":"form"');
    expect(await desk.control.verify()).toMatchObject({ ok: true });
    expect((await client.callTool(release)).structuredContent).toMatchObject({
      decision: 'released',
      replayed: true,
    });
    expect(fill).toHaveBeenCalledOnce();
  });

  test.each<[string, Filled]>([
    ['declines', { action: 'decline' }],
    ['closes the form', { action: 'cancel' }],
    ['sends it off without the tick', { action: 'accept', content: { confirm: false } }],
  ])('nothing is done for one who %s', async (_what, filled) => {
    const desk = await openDesk();
    const { seq } = await desk.control.head();
    const client = await connect(fetchOf(desk), () => filled);
    const result = await client.callTool(release);
    expect(result).toMatchObject({
      isError: true,
      _meta: { 'berth.dev/error': { code: 'APPROVAL_DENIED', retryable: false } },
    });
    expect((await desk.control.head()).seq).toBe(seq);
  });

  test.each<[string, Fill | undefined, Partial<EndpointOptions>]>([
    ['the client shows no forms', undefined, {}],
    ['the operator does not let forms count', () => yes, { confirmByForm: false }],
    ['an agent asks', () => yes, { caller: { principal: PrincipalId.parse('agent:ops-bot') } }],
    [
      'an agent asks for a person',
      () => yes,
      {
        caller: {
          principal: PrincipalId.parse('agent:ops-bot'),
          onBehalfOf: PrincipalId.parse('person:theo'),
        },
      },
    ],
  ])('it waits for a person where %s', async (_where, fill, instead) => {
    const desk = await openDesk();
    const asked = vi.fn<Fill>(fill ?? (() => yes));
    const client = await connect(fetchOf(desk, instead), fill === undefined ? undefined : asked);
    const named = {
      ...release,
      arguments: { ...release.arguments, contract: instead.caller === undefined ? 'C-102' : 'C-104' },
    };
    const { structuredContent } = await client.callTool(named);
    expect(structuredContent).toMatchObject({
      decision: 'pending_approval',
      approval: { command: 'berth approve A-3' },
    });
    expect(asked).not.toHaveBeenCalled();
  });

  test('what needs another person waits for one, whatever a client says', async () => {
    const desk = await openDesk();
    const fill = vi.fn<Fill>(() => yes);
    const client = await connect(
      fetchOf(desk, { caller: { principal: PrincipalId.parse('person:sven') } }),
      fill,
    );
    const { structuredContent } = await client.callTool(close);
    expect(structuredContent).toMatchObject({ decision: 'pending_approval', approval: { tier: 3 } });
    expect(fill).not.toHaveBeenCalled();
  });
});

const liar = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'liar', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } },
};

async function ask(fetch: ReturnType<typeof fetchFrom>, more: object, call = release): Promise<string> {
  const body = {
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { ...call, ...more, _meta: liar },
  };
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': call.name,
  };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  return response.text();
}

describe('a client that brings an answer along', () => {
  test('to a question that was never asked, or to another one, is asked again or refused', async () => {
    const desk = await openDesk();
    const { seq } = await desk.control.head();
    const fetch = fetchOf(desk);
    const inputResponses = { confirm: yes };
    expect(await ask(fetch, { inputResponses })).toContain('"input_required"');
    expect(await ask(fetch, { inputResponses, requestState: 'made-up' })).toContain('-32602');
    const first = await ask(fetch, {});
    const [, requestState = ''] = /"requestState":"([^"]+)"/.exec(first) ?? [];
    expect(requestState).not.toBe('');
    const other = { ...release, arguments: { contract: 'C-105', idempotencyKey: 'release-2' } };
    expect(await ask(fetch, { inputResponses, requestState }, other)).not.toContain('"released"');
    expect((await desk.control.head()).seq).toBe(seq);
    expect(await ask(fetch, { inputResponses, requestState })).toContain('"released"');
    const found = await desk.control.contract(
      { principal: PrincipalId.parse('person:olga'), client: 'test' },
      ContractId.parse('C-102'),
    );
    expect(found.contract.state).toBe('released');
  });
});

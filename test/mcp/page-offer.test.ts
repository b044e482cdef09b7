import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  ElicitationCompleteNotificationSchema,
  ElicitRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, test, vi } from 'vitest';

import type { Log } from '../../src/mcp/log.ts';
import { type Desk, openDesk } from '../control/desk.ts';
import { approve, person } from '../control/people.ts';
import { endpointWith, fetchFrom, url } from './http/endpoint-at.ts';

vi.setConfig({ testTimeout: 60_000 });

const approvalPage = 'http://127.0.0.1:3902';
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
/** What only its requester confirms. */
const release = { name: 'contract_release', arguments: { contract: 'C-102', idempotencyKey: 'release-1' } };

type Action = 'accept' | 'decline' | 'cancel';
type Shown = {
  readonly mode?: string | undefined;
  readonly url?: string | undefined;
  readonly message: string;
};
type Answer = (shown: Shown) => Action;
type Modes = { readonly form?: Record<string, never>; readonly url?: Record<string, never> };

function fetchOf(desk: Desk, log: Log = () => undefined) {
  const { principal } = person('sven');
  return fetchFrom(endpointWith({ control: desk.control, caller: { principal }, confirmByForm: true, log }));
}

/** A client that says of itself what it can show, and answers with forms filled in where it is asked for one. */
async function legacy(fetch: ReturnType<typeof fetchFrom>, modes: Modes, answer: Answer): Promise<Client> {
  const client = new Client({ name: 'ide', version: '1' }, { capabilities: { elicitation: { ...modes } } });
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => ({
    action: answer({ ...params }),
    content: { confirm: true },
  }));
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { fetch }));
  return client;
}

async function modern(
  fetch: ReturnType<typeof fetchFrom>,
  modes: Modes,
  answer: Answer,
): Promise<ModernClient> {
  const client = new ModernClient(
    { name: 'ide', version: '1' },
    { capabilities: { elicitation: { ...modes } }, versionNegotiation: { mode: { pin: '2026-07-28' } } },
  );
  client.setRequestHandler('elicitation/create', ({ params }) => ({
    action: answer({ ...params }),
    content: { confirm: true },
  }));
  await client.connect(new ModernTransport(new URL(url), { fetch }));
  return client;
}

describe.each([
  ['handshake', legacy],
  ['stateless', modern],
] as const)('in the %s era', (_era, connect) => {
  test.each<Action>(['accept', 'decline', 'cancel'])(
    'a client that opens addresses is offered the page once, and its %s decides nothing',
    async (action) => {
      const desk = await openDesk(undefined, { approvalPage });
      const log = vi.fn<Log>();
      const answer = vi.fn<Answer>(() => action);
      const client = await connect(fetchOf(desk, log), { url: {} }, answer);
      const { structuredContent } = await client.callTool(close);
      expect(structuredContent).toMatchObject({
        decision: 'pending_approval',
        approval: { id: 'A-3', state: 'open', tier: 3, page: `${approvalPage}/approvals/A-3`, yes: [] },
        operation: 'A-3',
        next: `it waits for another person: \`berth approve A-3\` at a terminal or ${approvalPage}/approvals/A-3`,
      });
      expect(answer).toHaveBeenCalledOnce();
      const [shown] = answer.mock.calls[0] ?? [];
      expect(shown).toMatchObject({ mode: 'url', url: `${approvalPage}/approvals/A-3` });
      expect(shown?.message).toMatch(
        /^A-3 waits for another person: person:sven wants to close .*decides nothing\.$/,
      );

      expect((await client.callTool(close)).structuredContent).toMatchObject({
        decision: 'pending_approval',
        replayed: true,
      });
      expect(answer).toHaveBeenCalledOnce();
      expect((await desk.control.maintenance({ all: true })).windows.map(({ place }) => place)).not.toContain(
        'fra1/h1/r12/n04',
      );
      expect(await approve(desk, 'A-3')).toMatchObject({ decision: 'done' });
    },
  );

  test.each<[string, Modes, string | undefined]>([
    ['the client shows forms alone', { form: {} }, approvalPage],
    ['the client does not say what it shows', {}, approvalPage],
    ['no page is known', { form: {}, url: {} }, undefined],
  ])('nothing is asked where %s', async (_where, modes, page) => {
    const desk = await openDesk(undefined, page === undefined ? {} : { approvalPage: page });
    const answer = vi.fn<Answer>(() => 'accept');
    const client = await connect(fetchOf(desk), modes, answer);
    const { structuredContent } = await client.callTool(close);
    expect(structuredContent).toMatchObject({ decision: 'pending_approval', approval: { state: 'open' } });
    expect(JSON.stringify(structuredContent).includes('/approvals/A-3')).toBe(page !== undefined);
    expect(answer).not.toHaveBeenCalled();
  });

  test('what only the requester confirms is asked in a form, and never behind an address', async () => {
    const desk = await openDesk(undefined, { approvalPage });
    const answer = vi.fn<Answer>(() => 'accept');
    const client = await connect(fetchOf(desk), { form: {}, url: {} }, answer);
    const { structuredContent } = await client.callTool(release);
    expect(structuredContent).toMatchObject({ decision: 'released' });
    expect(answer.mock.calls.map(([{ mode }]) => mode ?? 'form')).toEqual(['form']);
  });

  test('approval_list tells the page of what is open, and of nothing that is over', async () => {
    const desk = await openDesk(undefined, { approvalPage });
    const client = await connect(fetchOf(desk), {}, () => 'accept');
    await client.callTool(close);
    const { structuredContent } = await client.callTool({ name: 'approval_list', arguments: { all: true } });
    const told = JSON.stringify(structuredContent).match(/"page":"[^"]*"/g);
    expect(told).toEqual([`"page":"${approvalPage}/approvals/A-3"`]);
  });
});

test('a client of the stateless era that brings an answer to the offer along unasked gets no further', async () => {
  const desk = await openDesk(undefined, { approvalPage });
  const body = {
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: {
      ...close,
      inputResponses: { page: { action: 'accept', content: { approved: true } } },
      _meta: {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientInfo': { name: 'liar', version: '1' },
        'io.modelcontextprotocol/clientCapabilities': { elicitation: { url: {} } },
      },
    },
  };
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': close.name,
  };
  const send = async () => {
    const response = await fetchOf(desk)(url, { method: 'POST', headers, body: JSON.stringify(body) });
    return response.text();
  };
  expect(await send()).toContain('"input_required"');
  expect(await send()).toContain('"pending_approval"');
  const { approvals } = await desk.control.approvals(person('olga'), { all: false });
  expect(approvals.map(({ id, state }) => `${id} ${state}`)).toEqual(['A-3 open']);
});

test('a client that shook hands and opened the page is told once somebody has decided, and not before', async () => {
  const desk = await openDesk(undefined, { approvalPage });
  const offered: string[] = [];
  const over: string[] = [];
  const client = new Client({ name: 'ide', version: '1' }, { capabilities: { elicitation: { url: {} } } });
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
    if (params.mode === 'url') offered.push(params.elicitationId);
    return { action: 'accept' };
  });
  client.setNotificationHandler(ElicitationCompleteNotificationSchema, ({ params }) => {
    over.push(params.elicitationId);
  });
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { fetch: fetchOf(desk) }));
  await client.callTool({ ...close, arguments: { ...close.arguments, place: 'iad3' } });
  expect(offered).toHaveLength(1);
  expect(await approve(desk, 'A-3', 'olga')).toMatchObject({ decision: 'counted' });
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(over).toEqual([]);
  expect(await approve(desk, 'A-3', 'rita')).toMatchObject({ decision: 'done' });
  await vi.waitFor(() => expect(over).toEqual(offered), { timeout: 10_000 });
  await client.close();
});

import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { CallToolResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';

import type { Control } from '../../src/control/control.ts';
import { catalogueDigest, toolDigests } from '../../src/mcp/catalogue.ts';
import { catalogueMetaKey, errorMetaKey } from '../../src/mcp/exchange.ts';
import { connectInProcess } from '../../src/mcp/in-process.ts';
import { createMcpServer } from '../../src/mcp/server.ts';
import { BerthError } from '../../src/model/error.ts';
import { PrincipalId } from '../../src/model/id.ts';
import { tools } from '../../tools/index.ts';
import * as answers from './answers.ts';
import { fakeControl } from './fake-control.ts';

const demand = {
  tenant: 'acme',
  parts: [{ name: 'train', count: 1, each: { gpus: { count: 8 } } }],
  window: { earliestStart: '2026-11-30T00:00:00+01:00' },
};

const closing = {
  place: 'n01',
  from: '2026-11-30T00:00:00+01:00',
  to: '2026-11-30T04:00:00+01:00',
  reason: 'firmware',
};

const goodCalls: readonly [string, Record<string, unknown>][] = [
  ['inventory_summary', {}],
  ['inventory_search', { limit: 5 }],
  ['inventory_get', { ids: ['fra1'] }],
  ['event_search', {}],
  ['template_search', {}],
  ['policy_check', { tenant: 'acme' }],
  ['placement_plan', { demand }],
  ['placement_explain', { demand }],
  ['placement_simulate', { lose: ['fra1/h1/r11'] }],
  ['contract_search', {}],
  ['contract_get', { contract: 'C-106' }],
  ['contract_change', { contract: 'C-106', change: { extendS: 3600 } }],
  ['contract_commit', { plan: 'plan-3f9a0c1e2b7d4a58', idempotencyKey: 'key-001' }],
  ['contract_release', { contract: 'C-106', idempotencyKey: 'key-002' }],
  ['operation_get', {}],
  ['approval_list', {}],
  ['ledger_search', { principal: 'agent:ops-bot' }],
  ['ledger_verify', {}],
  ['maintenance_plan', { places: ['n01'] }],
  ['maintenance_start', { ...closing, idempotencyKey: 'key-003' }],
];

function connect(control: Control = fakeControl().control, client = 'ide assistant'): Promise<Client> {
  return connectInProcess({
    tools,
    control,
    caller: { principal: PrincipalId.parse('person:ada') },
    version: '0.0.0',
    log: () => undefined,
    client,
  });
}

async function call(client: Client, name: string, args: Record<string, unknown>) {
  return CallToolResultSchema.parse(await client.callTool({ name, arguments: args }));
}

function textOf(result: z.infer<typeof CallToolResultSchema>): unknown {
  const { text } = z.object({ text: z.string() }).parse(result.content[0]);
  return JSON.parse(text);
}

describe('over a real connection', () => {
  test('the server introduces itself', async () => {
    const client = await connect();
    expect(client.getServerVersion()).toEqual({ name: 'berth', title: 'Berth', version: '0.0.0' });
    expect(client.getServerCapabilities()).toEqual({
      tools: {},
      resources: {},
      prompts: {},
      completions: {},
    });
    const instructions = client.getInstructions() ?? '';
    expect(instructions.length).toBeLessThan(1_200);
    for (const word of [
      'placement_plan',
      'rejected',
      'pending_approval',
      'idempotencyKey',
      'durationS',
      'ISO 8601',
    ])
      expect(instructions).toContain(word);
  });

  test('the list carries the digest of itself', async () => {
    const { _meta: meta } = await (await connect()).listTools();
    expect(meta).toEqual({ [catalogueMetaKey]: catalogueDigest(tools) });
    expect(catalogueDigest(tools.slice(1))).not.toBe(catalogueDigest(tools));
  });

  test.each(goodCalls)('%s satisfies the strict client, and text equals structure', async (name, args) => {
    const client = await connect();
    await client.listTools();
    const result = await call(client, name, args);
    expect(result.isError).toBeUndefined();
    expect(result.content).toHaveLength(1);
    expect(textOf(result)).toEqual(result.structuredContent);
  });

  test('every tool was called', () => {
    expect(goodCalls.map(([name]) => name)).toEqual(tools.map(({ name }) => name));
  });

  test('a cut answer still satisfies the strict client', async () => {
    const client = await connect(fakeControl({ plan: () => Promise.resolve(answers.planned(300)) }).control);
    await client.listTools();
    expect((await call(client, 'placement_plan', { demand })).structuredContent).toMatchObject({
      truncated: true,
    });
  });

  test('an error is text and `_meta`, never structure', async () => {
    const refuse = new BerthError({
      code: 'NOT_FOUND',
      message: 'no contract `C-9`',
      fix: 'look',
      seeTool: 'contract_search',
    });
    const client = await connect(fakeControl({ contract: () => Promise.reject(refuse) }).control);
    await client.listTools();
    const result = await call(client, 'contract_get', { contract: 'C-9' });
    const error = {
      code: 'NOT_FOUND',
      message: 'no contract `C-9`',
      fix: 'look',
      retryable: false,
      seeTool: 'contract_search',
    };
    expect(result).toEqual({
      isError: true,
      content: [{ type: 'text', text: JSON.stringify({ error }) }],
      _meta: { [errorMetaKey]: error },
    });
  });

  test('a foreign error leaks nothing', async () => {
    const client = await connect(
      fakeControl({ verify: () => Promise.reject(new Error('password hunter2')) }).control,
    );
    const result = await call(client, 'ledger_verify', {});
    expect(result.isError).toBe(true);
    expect(JSON.stringify(result)).not.toMatch(/hunter2|\.ts:/);
  });

  test('an unknown tool is an error result with a suggestion', async () => {
    const result = await call(await connect(), 'contract_gets', {});
    expect(textOf(result)).toMatchObject({ error: { code: 'NOT_FOUND', didYouMean: 'contract_get' } });
  });

  test('concurrent calls keep their own answers', async () => {
    const client = await connect(
      fakeControl({
        contract: async (_caller, id) => {
          await new Promise((resolve) => setTimeout(resolve, id === 'C-1' ? 20 : 1));
          return { ...answers.contractDetail, contract: { ...answers.contract, id } };
        },
      }).control,
    );
    const results = await Promise.all(
      ['C-1', 'C-2', 'C-3'].map((contract) => call(client, 'contract_get', { contract })),
    );
    expect(results.map(textOf)).toMatchObject(['C-1', 'C-2', 'C-3'].map((id) => ({ contract: { id } })));
  });
});

test('a server that waits until it is idle closes without losing an answer', async () => {
  const { control } = fakeControl({
    summary: () => new Promise((resolve) => setTimeout(() => resolve(answers.summary), 10)),
  });
  const server = createMcpServer({
    tools,
    control,
    caller: { principal: PrincipalId.parse('person:ada') },
    version: '0.0.0',
    log: () => undefined,
  });
  const [near, far] = InMemoryTransport.createLinkedPair();
  await server.connect(far);
  const answered: unknown[] = [];
  Object.assign(near, { onmessage: (message: unknown) => answered.push(message) });
  const params = { name: 'inventory_summary', arguments: {} };
  await near.send({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });
  await server.idle();
  await server.close();
  expect(answered).toMatchObject([{ id: 1, result: { structuredContent: answers.summary } }]);
});

describe('who called', () => {
  test.each([
    ['ide assistant', 'mcp:ide assistant'],
    ['evil\u001B[31m\u202E', 'mcp:evil�[31m�'],
    ['', 'mcp:unnamed'],
    ['x'.repeat(500), `mcp:${'x'.repeat(59)}…`],
  ])('client %j is recorded as %j', async (name, expected) => {
    const { control, calls } = fakeControl();
    await call(await connect(control, name), 'inventory_summary', {});
    expect(calls[0]?.args[0]).toEqual({
      principal: 'person:ada',
      client: expected,
      tool: 'inventory_summary',
      toolDigest: toolDigests(tools).find((tool) => tool.name === 'inventory_summary')?.digest,
      catalogue: catalogueDigest(tools),
    });
  });
});

describe('progress', () => {
  const noisy = fakeControl({
    verify: (progress) => {
      for (const done of [0, 10, 10, 5, 20]) progress?.(done, 20, 'replaying\u0007');
      return Promise.resolve(answers.verified);
    },
  });

  test('reaches who asked for it and only goes forward', async () => {
    const client = await connect(noisy.control);
    const heard: unknown[] = [];
    await client.callTool({ name: 'ledger_verify', arguments: {} }, CallToolResultSchema, {
      onprogress: (progress) => heard.push(progress),
    });
    expect(heard).toEqual([0, 10, 20].map((progress) => ({ progress, total: 20, message: 'replaying�' })));
  });

  test('is not sent to who did not ask', async () => {
    const client = await connect(noisy.control);
    const errors: Error[] = [];
    Object.assign(client, { onerror: (error: Error) => errors.push(error) });
    expect((await call(client, 'ledger_verify', {})).structuredContent).toMatchObject({ ok: true });
    expect(errors).toEqual([]);
  });
});

test('a client that gives up stops the work', async () => {
  const { promise: stopped, resolve } = Promise.withResolvers<number>();
  const { control } = fakeControl({
    verify: async (progress) => {
      for (let done = 1; ; done++) {
        await new Promise((turn) => setImmediate(turn));
        try {
          progress?.(done, undefined, 'replaying');
        } catch (error) {
          resolve(done);
          throw error;
        }
      }
    },
  });
  const client = await connect(control);
  const abort = new AbortController();
  const running = client.callTool({ name: 'ledger_verify', arguments: {} }, CallToolResultSchema, {
    signal: abort.signal,
    onprogress: ({ progress }) => {
      if (progress === 3) abort.abort('enough');
    },
  });
  await expect(running).rejects.toThrow('enough');
  expect(await stopped).toBeGreaterThanOrEqual(3);
  expect((await call(client, 'inventory_summary', {})).isError).toBeUndefined();
});

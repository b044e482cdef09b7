import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';

import { mcpToolbox } from '../../src/agent/toolbox.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

const refusal = {
  code: 'NOT_FOUND',
  message: 'there is no contract `C-9`',
  fix: 'list contracts',
  retryable: false,
  didYouMean: 'C-99',
  allowed: ['C-99'],
};

async function connected() {
  const server = new McpServer({ name: 'test', version: '1' });
  const signals: AbortSignal[] = [];
  server.registerTool(
    'good',
    { inputSchema: { n: z.number() }, outputSchema: { twice: z.number() } },
    ({ n }) => ({
      structuredContent: { twice: 2 * n },
      content: [{ type: 'text', text: 'ignored' }],
    }),
  );
  server.registerTool('text-only', {}, () => ({ content: [{ type: 'text', text: '{"plain":true}' }] }));
  server.registerTool('refused', {}, () => ({
    isError: true,
    content: [{ type: 'text', text: JSON.stringify({ error: refusal }) }],
  }));
  server.registerTool('broken', {}, () => ({
    isError: true,
    content: [{ type: 'text', text: 'oh\u001b[2J no' }],
  }));
  server.registerTool('slow', {}, (extra) => {
    signals.push(extra.signal);
    return new Promise((resolve) => {
      extra.signal.addEventListener('abort', () => resolve({ content: [] }));
    });
  });
  const [near, far] = InMemoryTransport.createLinkedPair();
  const client = new Client({ name: 'test', version: '1' });
  await Promise.all([server.connect(far), client.connect(near)]);
  open.push(client);
  return { toolbox: mcpToolbox(client), client, signals };
}

test('an answer is its structured content', async () => {
  const { toolbox } = await connected();
  expect(await toolbox.call('good', { n: 4 })).toEqual({ ok: true, content: { twice: 8 } });
  expect(await toolbox.call('text-only', {})).toEqual({ ok: true, content: { plain: true } });
});

test('an error keeps every field', async () => {
  const { toolbox } = await connected();
  expect(await toolbox.call('refused', {})).toEqual({ ok: false, error: refusal });
});

test('an error in another form is said and cleaned', async () => {
  const { toolbox } = await connected();
  const answer = await toolbox.call('broken', {});
  expect(answer).toMatchObject({ ok: false, error: { code: 'INTERNAL', retryable: false } });
  expect(JSON.stringify(answer)).not.toContain('\\u001b');
});

test('an abort reaches the server and is an interruption', async () => {
  const { toolbox, signals } = await connected();
  const controller = new AbortController();
  const answer = toolbox.call('slow', {}, { signal: controller.signal });
  await expect.poll(() => signals.length).toBe(1);
  controller.abort();
  expect(await answer).toMatchObject({ ok: false, error: { code: 'INTERRUPTED' } });
  await expect.poll(() => signals[0]?.aborted).toBe(true);
});

test('a lost connection is an error that may be tried again', async () => {
  const { toolbox, client } = await connected();
  await client.close();
  expect(await toolbox.call('good', { n: 1 })).toMatchObject({
    ok: false,
    error: { code: 'INTERNAL', retryable: true },
  });
});

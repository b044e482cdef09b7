import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';

import { Client as ModernClient } from '@modelcontextprotocol/client';
import { StdioClientTransport as ModernStdio } from '@modelcontextprotocol/client/stdio';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';

import type { Control } from '../../src/control/control.ts';
import { serveStdio } from '../../src/mcp/stdio.ts';
import { PrincipalId } from '../../src/model/id.ts';
import { tools } from '../../tools/index.ts';
import * as answers from './answers.ts';
import { fakeControl } from './fake-control.ts';

const initialize = {
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'pipe', version: '1' } },
};
const verify = { method: 'tools/call', params: { name: 'ledger_verify', arguments: {} } };

/** A server on three pipes. `finish` waits for its end and gives what it wrote. */
function serve(control: Control | Promise<Control>) {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const caller = { principal: PrincipalId.parse('person:ada') };
  const done = serveStdio({ tools, control, caller, version: '0.0.0', stdin, stdout, stderr });
  const send = (id: number, request: object) =>
    stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, ...request })}\n`);
  const finish = async () => {
    await done;
    stdout.end();
    stderr.end();
    return { stdout: linesOf(await text(stdout)), stderr: linesOf(await text(stderr)) };
  };
  return { stdin, stdout, send, done, finish };
}

function linesOf(output: string): Record<string, unknown>[] {
  const lines = output.split('\n');
  expect(lines.pop()).toBe('');
  return lines.map((line) => z.record(z.string(), z.unknown()).parse(JSON.parse(line)));
}

/** A door whose `verify` takes a while, and what happened to it in which order. */
function slowControl(tookMs = 30) {
  const events: string[] = [];
  const { control } = fakeControl({
    verify: async () => {
      events.push('began');
      await new Promise((resolve) => setTimeout(resolve, tookMs));
      events.push('ended');
      return answers.verified;
    },
    close: () => {
      events.push('closed');
      return Promise.resolve();
    },
  });
  return { control, events };
}

describe('serving over pipes', () => {
  test('stdin ends: what was asked is answered, then the door is closed', async () => {
    const { control, events } = slowControl();
    const { stdin, send, finish } = serve(control);
    send(1, initialize);
    send(2, verify);
    stdin.end();
    const { stdout, stderr } = await finish();
    expect(stdout.map(({ id }) => id)).toEqual([1, 2]);
    expect(stdout[1]).toMatchObject({ jsonrpc: '2.0', result: { structuredContent: { ok: true } } });
    expect(events).toEqual(['began', 'ended', 'closed']);
    expect(stderr).toMatchObject([
      { level: 'info', event: 'ready', tools: tools.length },
      { level: 'info', event: 'ending', why: 'stdin ended' },
      { level: 'info', event: 'tool-called', tool: 'ledger_verify' },
    ]);
  });

  test('handshake and list of tools do not wait for a door that still loads; a call and the end do', async () => {
    const { control, events } = slowControl();
    const loading = Promise.withResolvers<Control>();
    const { stdin, stdout, send, finish } = serve(loading.promise);
    send(1, initialize);
    send(2, { method: 'tools/list' });
    send(3, verify);
    stdin.end();
    await vi.waitFor(() => expect(stdout.readableLength).toBeGreaterThan(0));
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(linesOf(String(stdout.read())).map(({ id }) => id)).toEqual([1, 2]);
    expect(events).toEqual([]);
    loading.resolve(control);
    const { stdout: rest } = await finish();
    expect(rest).toMatchObject([{ id: 3, result: { structuredContent: { ok: true } } }]);
    expect(events).toEqual(['began', 'ended', 'closed']);
  });

  test('SIGTERM: the same, and later requests are not read', async () => {
    const { control, events } = slowControl();
    const { send, finish } = serve(control);
    send(1, initialize);
    send(2, verify);
    await new Promise((resolve) => setImmediate(resolve));
    process.emit('SIGTERM');
    send(3, verify);
    const { stdout } = await finish();
    expect(stdout.map(({ id }) => id)).toEqual([1, 2]);
    expect(events).toEqual(['began', 'ended', 'closed']);
    expect(process.listenerCount('SIGTERM')).toBe(0);
    expect(process.listenerCount('SIGINT')).toBe(0);
  });

  test('lines that are no protocol are logged and passed over', async () => {
    const { stdin, send, finish } = serve(fakeControl().control);
    stdin.write('hello\n{"jsonrpc":"1.0"}\n\n[]\n\u0000\n');
    send(1, initialize);
    stdin.end();
    const { stdout, stderr } = await finish();
    expect(stdout.map(({ id }) => id)).toEqual([1]);
    expect(stderr.filter(({ event }) => event === 'protocol-error').length).toBeGreaterThanOrEqual(4);
  });

  test('a line without an end closes the connection', async () => {
    const { control, events } = slowControl();
    const { stdin, finish } = serve(control);
    stdin.write('x'.repeat(5 * 1024 * 1024));
    const { stdout, stderr } = await finish();
    expect(stdout).toEqual([]);
    expect(stderr.at(-1)).toMatchObject({ event: 'ending', why: 'connection closed' });
    expect(events).toEqual(['closed']);
  });

  test('a client that went away does not take the server down with an error', async () => {
    const { control, events } = slowControl();
    const { stdout, send, done } = serve(control);
    send(1, initialize);
    stdout.destroy(new Error('EPIPE'));
    await done;
    expect(events).toEqual(['closed']);
  });
});

describe('serving as a process', () => {
  const server = new URL('serve-fake.ts', import.meta.url).pathname;

  test('the SDK client lists, calls and leaves', async () => {
    const transport = new StdioClientTransport({ command: process.execPath, args: [server], stderr: 'pipe' });
    const client = new Client({ name: 'sdk', version: '1' });
    await client.connect(transport);
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(tools.map(({ name }) => name));
    const result = await client.callTool({ name: 'inventory_summary', arguments: {} });
    expect(result.structuredContent).toEqual(answers.summary);
    await client.close();
  });

  test('a client of the stateless era does the same, and one that tries both finds it', async () => {
    for (const mode of [{ pin: '2026-07-28' }, 'auto'] as const) {
      const client = new ModernClient({ name: 'sdk', version: '2' }, { versionNegotiation: { mode } });
      await client.connect(new ModernStdio({ command: process.execPath, args: [server], stderr: 'pipe' }));
      expect(client.getNegotiatedProtocolVersion()).toBe('2026-07-28');
      const result = await client.callTool({ name: 'inventory_summary', arguments: {} });
      expect(result.structuredContent).toEqual(answers.summary);
      await client.close();
    }
  }, 30_000);

  test.each(['SIGTERM', 'SIGINT'] as const)('%s ends it with exit code 0', async (signal) => {
    const child = spawn(process.execPath, [server], { stdio: ['pipe', 'pipe', 'pipe'] });
    await once(child.stderr, 'data');
    child.kill(signal);
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});

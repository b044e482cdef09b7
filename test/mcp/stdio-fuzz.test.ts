import { once } from 'node:events';
import { PassThrough } from 'node:stream';

import { assert, asyncProperty, boolean, constantFrom, oneof, string } from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';

import { serveStdio } from '../../src/mcp/stdio.ts';
import { tools } from '../../tools/index.ts';
import { openDesk, operator, wish } from '../control/desk.ts';
import { actingIn, anyCall } from '../hijack/any-call.ts';
import { longRun } from '../hijack/long-run.ts';

const { callCount, seed, step } = longRun('over stdio', { tenths: 2, seed: 31 });
const capBytes = 256 * 1024;

const modernMeta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'fuzz', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

/** What is no message, or none that makes sense. A line ends it. */
const garbage = oneof(
  constantFrom(
    '{',
    '[]',
    'null',
    '{"jsonrpc":"2.0"}',
    '{"jsonrpc":"2.0","id":7}',
    '{"jsonrpc":"2.0","id":7,"result":{}}',
    '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"\\u001b[31m"}}',
    '\u0000\u001b[2J',
    '[['.repeat(5000),
  ),
  string().map((text) => text.replaceAll('\n', ' ')),
);

/** A server of the demo behind three pipes, asked one thing at a time. */
async function serve() {
  const desk = await openDesk();
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const bugs: string[] = [];
  const waiting = new Map<number, (line: string) => void>();
  const caller = { principal: operator.principal, tenants: [wish({ tenant: 'acme' }).tenant] };
  const control = { ...desk.control, close: () => Promise.resolve() };
  const done = serveStdio({ tools, control, caller, version: '0', stdin, stdout, stderr });
  eachLine(stderr, (line) => {
    if (line.includes('"level":"error"')) bugs.push(line);
  });
  eachLine(stdout, (line) => {
    const { id } = z.looseObject({ id: z.unknown() }).parse(JSON.parse(line));
    if (typeof id === 'number') waiting.get(id)?.(line);
  });
  let last = 100;
  const ask = async (method: string, params: object) => {
    last += 1;
    const { promise, resolve } = Promise.withResolvers<string>();
    waiting.set(last, resolve);
    say(JSON.stringify({ jsonrpc: '2.0', id: last, method, params }));
    const line = await promise;
    waiting.delete(last);
    return line;
  };
  const say = (line: string) => stdin.write(`${line}\n`);
  const end = async () => {
    stdin.end();
    await done;
  };
  await once(stderr, 'readable');
  return { ask, say, end, bugs };
}

function eachLine(stream: PassThrough, take: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
  });
}

test(
  `${callCount} calls over stdio, garbage between them: no bug, no huge answer, no character that acts`,
  { timeout: 36_000_000 },
  async () => {
    const { ask, say, end, bugs } = await serve();
    await ask('initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'fuzz', version: '1' },
    });
    let answered = 0;
    await assert(
      asyncProperty(anyCall, boolean(), oneof(constantFrom(''), garbage), async (call, isModern, before) => {
        if (before !== '') say(before);
        const { name, args } = call;
        const meta = isModern ? { _meta: modernMeta } : {};
        const line = await ask('tools/call', { name, arguments: args, ...meta });
        step();
        expect(bugs).toEqual([]);
        expect(line).not.toMatch(/"code":"INTERNAL"|-32603|node_modules|\.ts:\d/);
        expect(Buffer.byteLength(line)).toBeLessThanOrEqual(capBytes);
        expect(actingIn(line)).toEqual([]);
        if (line.includes('"structuredContent"')) answered += 1;
      }),
      { numRuns: callCount, seed },
    );
    expect(answered).toBeGreaterThan(callCount / 10);
    await end();
  },
);

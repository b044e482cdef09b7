import { PassThrough } from 'node:stream';

import { expect, test } from 'vitest';

import { runPlain } from '../../src/chat/plain.ts';
import { readLines, type ReadLine } from '../../src/chat/read-lines.ts';
import { committed, plan, planned, scriptedAgent, scriptedLookups, status, turnOf } from './samples.ts';

type Run = {
  input?: string;
  answers?: Parameters<typeof scriptedAgent>[0];
  tty?: boolean;
  interrupt?: AbortSignal;
};

async function run({ input, answers = [], tty = false, interrupt }: Run) {
  const agent = scriptedAgent(answers);
  const stream: PassThrough & { isTTY?: boolean } = new PassThrough();
  if (tty) stream.isTTY = true;
  let text = '';
  let errors = '';
  const output = { write: (part: string) => void (text += part), isTTY: tty };
  if (input !== undefined) stream.end(input);
  const code = await runPlain({
    agent,
    input: stream,
    output,
    errors: { write: (part: string) => void (errors += part) },
    status,
    lookups: scriptedLookups(),
    columns: 80,
    ...(interrupt !== undefined && { interrupt }),
  });
  return { agent, code, text, errors };
}

test('request, plan, yes: a whole transcript', async () => {
  const { agent, code, text, errors } = await run({
    input: '16 H100 for 3 days\n1\n',
    answers: [planned, committed],
  });
  expect(code).toBe(0);
  expect(agent.confirmed).toEqual([plan.id]);
  await expect(text).toMatchFileSnapshot('../golden/chat/transcript-commit.txt');
  expect(errors).toContain('built-in interpreter, nothing leaves this machine');
  expect(errors).toContain('clock set to Wed 25 Nov 2026 10:00 +01:00');
});

test.each(['1', 'yes', 'Y', 'commit', ' YES '])('`%s` commits the open plan', async (word) => {
  const { agent } = await run({ input: `16 H100\n${word}\n`, answers: [planned, committed] });
  expect(agent.confirmed).toEqual([plan.id]);
});

test.each(['3', 'no', 'reject'])('`%s` rejects it', async (word) => {
  const { agent, text } = await run({ input: `16 H100\n${word}\nyes\n`, answers: [planned] });
  expect(agent.confirmed).toEqual([]);
  expect(text).toContain(`${plan.id} is rejected. Nothing was committed.`);
  expect(text).toContain('No plan is open.');
  expect(agent.said).toEqual(['16 H100', 'no']);
});

test('4 asks for the change, which is a request of its own', async () => {
  const { agent, text } = await run({
    input: '16 H100\n4\nfor 2 days\n1\n',
    answers: [planned, planned, committed],
  });
  expect(text).toContain('Say what to change');
  expect(agent.said).toEqual(['16 H100', 'for 2 days']);
  expect(agent.confirmed).toEqual([plan.id]);
});

test.each(['', '\n', ' \n\t\n'])(
  'nothing typed (%j) chooses nothing, and the open plan is said',
  async (nothing) => {
    const { agent, code, text } = await run({ input: `16 H100\n${nothing}`, answers: [planned] });
    expect(agent.confirmed).toEqual([]);
    expect(code).toBe(0);
    expect(text).toMatch(/plan-3f9a0c1e2b7d4a58 was not committed\.\n$/);
  },
);

test.each(['infeasible', 'denied', 'needs_input', 'pending_approval', 'committed'] as const)(
  'after %s the earlier plan is no longer open',
  async (outcome) => {
    const { agent } = await run({
      input: '16 H100\n32 H100\nyes\n',
      answers: [planned, turnOf({ outcome })],
    });
    expect(agent.confirmed).toEqual([]);
  },
);

test('a stale plan is replaced by the fresh one', async () => {
  const fresh = { ...plan, id: { ...plan }.id };
  const stale = turnOf({ outcome: 'stale', reply: 'The plan went stale; a fresh one fits.', plan: fresh });
  const { agent } = await run({ input: '16 H100\nyes\nyes\n', answers: [planned, stale, committed] });
  expect(agent.confirmed).toEqual([plan.id, fresh.id]);
});

test('the prompt is shown to people only', async () => {
  expect((await run({ input: 'hello\n' })).text).not.toContain('> ');
  const asked = await run({ input: 'hello\n', tty: true });
  expect(asked.text.startsWith('> ')).toBe(true);
});

test('no escape byte is written without being asked for', async () => {
  const { text, errors } = await run({
    input: '16 H100\nyes\n/help\n',
    answers: [planned, committed],
    tty: true,
  });
  expect(text + errors).not.toContain('\u{1b}');
});

test('/quit ends, also with input left', async () => {
  const { agent, code } = await run({ input: '/quit\nhello\n' });
  expect(code).toBe(0);
  expect(agent.said).toEqual([]);
});

test('a very long line is refused with a message, and the next one is read', async () => {
  const { agent, text } = await run({ input: `${'x'.repeat(20_001)}\nhello\n` });
  expect(text).toContain('the request has 20001 characters, at most 20000 are read');
  expect(agent.said).toEqual(['hello']);
});

test('Ctrl-C while waiting for a line ends with 130', async () => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 20);
  expect((await run({ interrupt: controller.signal })).code).toBe(130);
});

test('Ctrl-C during a turn aborts it and ends with 130', async () => {
  const controller = new AbortController();
  const { code, text, agent } = await run({
    input: 'slow\nhello\n',
    interrupt: controller.signal,
    answers: [
      ({ signal }) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () => reject(new Error('aborted')));
          controller.abort();
        }),
    ],
  });
  expect(code).toBe(130);
  expect(agent.said).toEqual(['slow']);
  expect(text).toContain('interrupted before there was an answer');
});

async function linesOf(chunks: readonly (string | Uint8Array)[], longest = 10): Promise<ReadLine[]> {
  const stream = new PassThrough();
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  const lines: ReadLine[] = [];
  for await (const line of readLines(stream, longest)) lines.push(line);
  return lines;
}

const line = (text: string) => ({ kind: 'line', text });

test.each([
  [['a\nb\n'], [line('a'), line('b')]],
  [
    ['a\r\n', '\r\nb'],
    [line('a'), line(''), line('b')],
  ],
  [
    ['a', 'b', '\nc'],
    [line('ab'), line('c')],
  ],
  [[''], []],
  [['0123456789\n'], [line('0123456789')]],
  [['0123456789\r\n'], [line('0123456789')]],
  [['01234567890\nx\n'], [{ kind: 'too-long', length: 11 }, line('x')]],
  [
    ['0123456789', '0123456789', '\nx'],
    [{ kind: 'too-long', length: 20 }, line('x')],
  ],
  [[Uint8Array.of(0xc3), Uint8Array.of(0xa9, 0x0a)], [line('é')]],
])('lines of %j', async (chunks, expected) => {
  expect(await linesOf(chunks)).toEqual(expected);
});

test('a million lines are read without filling the memory with them', async () => {
  const stream = new PassThrough();
  stream.end('x\n'.repeat(1_000_000));
  let count = 0;
  for await (const read of readLines(stream, 10)) count += read.kind === 'line' ? 1 : 0;
  expect(count).toBe(1_000_000);
});

test('a stream that fails passes its error on', async () => {
  const stream = new PassThrough();
  setTimeout(() => stream.destroy(new Error('disk on fire')), 10);
  await expect(Array.fromAsync(readLines(stream, 10))).rejects.toThrow('disk on fire');
});

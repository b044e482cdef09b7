import { expect, test } from 'vitest';

import type { Turn, TurnOutcome } from '../../src/agent/agent.ts';
import { exitCodeOf, exitCodeOfError } from '../../src/chat/exit-code.ts';
import { jsonLine, runHeadless } from '../../src/chat/headless.ts';
import { BerthError, type ErrorCode } from '../../src/model/error.ts';
import { committed, plan, planned, scriptedAgent, turnOf } from './samples.ts';

const head = { seq: 42, digest: `sha256:${'a'.repeat(64)}` };

type Output = 'text' | 'json' | 'stream-json';
type Answer = Parameters<typeof scriptedAgent>[0][number];

async function run(
  answer: Answer,
  output: Output,
  prompt = '16 H100',
  readHead = () => Promise.resolve(head),
) {
  let stdout = '';
  let stderr = '';
  const code = await runHeadless({
    agent: scriptedAgent([answer]),
    prompt,
    output,
    head: readHead,
    stdout: { write: (text: string) => void (stdout += text) },
    stderr: { write: (text: string) => void (stderr += text) },
  });
  return { code, stdout, stderr };
}

const nowhere = { write: () => undefined };

function parsed(text: string): unknown {
  return JSON.parse(text);
}

test('json: one object on one line, exactly the documented fields', async () => {
  const { code, stdout, stderr } = await run(planned, 'json');
  expect(code).toBe(3);
  expect(stderr).toBe('');
  expect(stdout.split('\n')).toHaveLength(2);
  expect(parsed(stdout)).toEqual({
    schema: 'berth/turn/1',
    outcome: 'planned',
    reply: '16 H100 fit at fra1 from Monday.',
    plan,
    toolCalls: planned.toolCalls,
    ledgerHead: head,
    agent: 'built-in',
  });
});

test('json: contract, question, unread and error where there are any', async () => {
  expect(parsed((await run(committed, 'json')).stdout)).toMatchObject({ contract: { id: 'C-106' } });
  const question = { text: 'For whom?', missing: [{ slot: 'tenant', suggestions: ['acme'] }] };
  const asked = await run(turnOf({ outcome: 'needs_input', question, unread: ['urgently'] }), 'json');
  expect(parsed(asked.stdout)).toMatchObject({ question, unread: ['urgently'] });
  expect(asked.code).toBe(6);
});

test('json: what an agent throws is an error object', async () => {
  const detail = { code: 'LEDGER_REFUSED', message: 'the ledger is read-only', fix: 'restore it' } as const;
  const { code, stdout } = await run(() => Promise.reject(new BerthError(detail)), 'json');
  expect(code).toBe(9);
  expect(parsed(stdout)).toMatchObject({ outcome: 'error', error: { ...detail, retryable: false } });
  const crashed = await run(() => Promise.reject(new TypeError('x is undefined')), 'json');
  expect(crashed.code).toBe(1);
  expect(parsed(crashed.stdout)).toMatchObject({ error: { code: 'INTERNAL' } });
});

test('json: an answer is not lost when the head cannot be read', async () => {
  const { code, stdout } = await run(committed, 'json', 'x', () => Promise.reject(new Error('gone')));
  expect(code).toBe(0);
  expect(parsed(stdout)).toMatchObject({ outcome: 'committed', ledgerHead: null });
});

test('stream-json: an event a line, the answer last', async () => {
  const { stdout } = await run(planned, 'stream-json');
  const lines = stdout.trimEnd().split('\n').map(parsed);
  expect(lines).toMatchObject([
    { schema: 'berth/turn-event/1', kind: 'tool-started', tool: 'placement_plan', args: { tenant: 'acme' } },
    {
      schema: 'berth/turn-event/1',
      kind: 'tool-ended',
      call: { tool: 'placement_plan', ok: true, tookMs: 42 },
    },
    { schema: 'berth/turn/1', outcome: 'planned' },
  ]);
});

test('text: the answer on stdout, what to do next on stderr', async () => {
  const { stdout, stderr } = await run(planned, 'text');
  expect(stdout.startsWith('16 H100 fit at fra1 from Monday.\n\nReserve 16 H100-SXM-80GB')).toBe(true);
  expect(stdout).not.toContain('\u{1b}');
  expect(stderr).toBe('nothing is committed yet: berth commit plan-3f9a0c1e2b7d4a58 --key KEY\n');
});

test('text: errors on stderr only', async () => {
  const { code, stdout, stderr } = await run(() => Promise.reject(new Error('no')), 'text');
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toContain('Error: the agent failed: no');
});

test.each(['', ' \n ', 'x'.repeat(20_001)])(
  'prompt %# is refused before the agent sees it',
  async (prompt) => {
    const { code, stdout } = await run(planned, 'json', prompt);
    expect(code).toBe(2);
    expect(parsed(stdout)).toMatchObject({ outcome: 'error', error: { code: 'INVALID_INPUT' } });
  },
);

test('an aborted prompt is 130', async () => {
  const controller = new AbortController();
  controller.abort();
  const agent = scriptedAgent([() => Promise.reject(new DOMException('aborted', 'AbortError'))]);
  const code = await runHeadless({
    agent,
    prompt: 'x',
    output: 'json',
    stdout: nowhere,
    stderr: nowhere,
    head: () => Promise.resolve(head),
    signal: controller.signal,
  });
  expect(code).toBe(130);
});

const outcomes: [TurnOutcome, number][] = [
  ['answered', 0],
  ['committed', 0],
  ['planned', 3],
  ['pending_approval', 3],
  ['infeasible', 4],
  ['denied', 5],
  ['needs_input', 6],
  ['stale', 8],
  ['error', 1],
];

test.each(outcomes)('%s exits with %i', (outcome, code) => {
  expect(exitCodeOf({ outcome })).toBe(code);
});

const errors: [ErrorCode, number][] = [
  ['INVALID_INPUT', 2],
  ['NOT_FOUND', 2],
  ['FORBIDDEN', 5],
  ['IDEMPOTENCY_CONFLICT', 9],
  ['LEDGER_REFUSED', 9],
  ['LEDGER_BUSY', 9],
  ['INTERRUPTED', 130],
  ['INTERNAL', 1],
];

test.each(errors)('error %s exits with %i', (code, exit) => {
  const turn: Pick<Turn, 'outcome' | 'error'> = {
    outcome: 'error',
    error: { code, message: 'm', fix: 'f', retryable: false },
  };
  expect(exitCodeOf(turn)).toBe(exit);
  expect(exitCodeOfError(code)).toBe(exit);
});

test('json keeps hostile text exactly, escaped for the terminal', () => {
  const value = { text: 'a\u{1b}[31m\u{9b}\u{202e}\u{200b}\u{e0041}\u{2028}z é 日本' };
  const line = jsonLine(value);
  expect(parsed(line)).toEqual(value);
  expect(line).toContain('\\u202e');
  expect(line).toContain('\\udb40\\udc41');
  expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  expect(line).toContain('é 日本');
});

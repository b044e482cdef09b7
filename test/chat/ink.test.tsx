import { stripVTControlCharacters } from 'node:util';

import * as fc from 'fast-check';
import { cleanup, render } from 'ink-testing-library';
import { afterEach, expect, test, vi } from 'vitest';

import type { Turn } from '../../src/agent/agent.ts';
import { lineWidth } from '../../src/chat/cards/line.ts';
import { App } from '../../src/chat/ink/app.tsx';
import { liveRegion } from '../../src/chat/ink/live.ts';
import { emptyView, Session, type View } from '../../src/chat/ink/session.ts';
import { committed, plan, planned, samples, scriptedAgent, status, turnOf } from './samples.ts';

afterEach(cleanup);

type Answers = Parameters<typeof scriptedAgent>[0];

function open(answers: Answers, color = false) {
  const agent = scriptedAgent(answers);
  const session = new Session(agent, status);
  const { stdin, lastFrame, frames } = render(<App session={session} color={color} />);
  const shows = (text: string) =>
    vi.waitFor(() => expect(stripVTControlCharacters(lastFrame() ?? '')).toContain(text), { timeout: 3000 });
  const showed = (text: string) =>
    vi.waitFor(() => expect(stripVTControlCharacters(frames.join('\n'))).toContain(text), { timeout: 3000 });
  return {
    showed,
    agent,
    session,
    frames,
    type: stdin.write,
    shows,
    frame: () => stripVTControlCharacters(lastFrame() ?? ''),
  };
}

/** An answer that only an abort ends. */
const never: Answers[number] = ({ signal }) =>
  new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(new Error('aborted')));
  });

test('text and Enter in one chunk: the answer, its card, its tool call and the choices', async () => {
  const { agent, type, shows, frame } = open([planned]);
  await shows('person:ada');
  type('16 H100 for 3 days\r');
  await shows('1 commit  2 show reasons  3 reject');
  expect(agent.said).toEqual(['16 H100 for 3 days']);
  for (const part of [
    '> 16 H100 for 3 days',
    '16 H100 fit at fra1',
    'Reserve 16 H100-SXM-80GB for acme at fra1',
  ])
    expect(frame()).toContain(part);
  expect(frame()).toContain('placement_plan 42 ms');
  expect(frame().replaceAll('\n', ' ')).toContain('built-in interpreter, nothing leaves this machine');
  expect(frame()).toContain('clock set to Wed 25 Nov 2026 10:00 +01:00');
});

test('Enter alone never commits; 1 and Enter does, once', async () => {
  const { agent, type, shows } = open([planned, committed]);
  type('16 H100\r');
  await shows('1 commit');
  type('\r\r\r');
  expect(agent.confirmed).toEqual([]);
  type('1\r');
  await shows('Contract C-106 is granted.');
  type('1\r');
  await vi.waitFor(() => expect(agent.said).toEqual(['16 H100', '1']));
  expect(agent.confirmed).toEqual([plan.id]);
});

test('2 asks why and keeps the plan open, 3 rejects it, and then a yes commits nothing', async () => {
  const why = turnOf({ reply: 'Because it is cheapest.' });
  const { agent, type, shows } = open([planned, why, turnOf({ reply: 'Dropped.' })]);
  type('16 H100\r');
  await shows('1 commit');
  type('2\r');
  await shows('Because it is cheapest.');
  expect(agent.said).toEqual(['16 H100', 'why this plan']);
  await shows('1 commit');
  type('3\r');
  await shows(`${plan.id} is rejected. Nothing was committed.`);
  await shows('Dropped.');
  expect(agent.said).toEqual(['16 H100', 'why this plan', 'no']);
  type('yes\r');
  await shows('No plan is open.');
  expect(agent.confirmed).toEqual([]);
});

test('with unread words only the whole word commits', async () => {
  const { agent, type, shows } = open([{ ...planned, unread: ['urgently'] }, committed]);
  type('16 H100 urgently\r');
  await shows('`commit` typed in full');
  type('1\r');
  await shows('Type `commit` to commit all the same');
  type('yes\r');
  expect(agent.confirmed).toEqual([]);
  type('commit\r');
  await shows('Contract C-106 is granted.');
  expect(agent.confirmed).toEqual([plan.id]);
});

test.each(['1', 'yes', 'do it'])('`%s` typed before the plan was on the screen is not sent', async (word) => {
  const { agent, type, shows } = open([planned, committed]);
  type(`16 H100\r${word}\r`);
  await shows(`Not sent, because it was typed before the above: ${word}`);
  expect(agent.confirmed).toEqual([]);
  expect(agent.said).toEqual(['16 H100']);
  type('1\r');
  await shows('Contract C-106 is granted.');
});

test('nor does it answer a question that nobody had seen', async () => {
  const question = { text: 'Release C-101?', missing: [{ slot: 'confirm', suggestions: ['yes', 'no'] }] };
  const { agent, type, shows } = open([
    turnOf({ outcome: 'needs_input', reply: 'Release C-101?', question }),
  ]);
  type('release C-101\ryes\r');
  await shows('Not sent');
  expect(agent.said).toEqual(['release C-101']);
  type('1\r');
  await vi.waitFor(() => expect(agent.said).toEqual(['release C-101', 'yes']));
});

test('a change that a refusal offered is taken by its number', async () => {
  const refused = turnOf({ outcome: 'infeasible', reply: 'It does not fit.', shown: [samples.refusal] });
  const { agent, type, shows } = open([refused]);
  type('16 H100\r');
  await shows('2. H200 at ams2 instead of H100');
  type('2\r');
  await vi.waitFor(() => expect(agent.said).toEqual(['16 H100', 'option 2']));
});

test('Esc aborts a running turn and drops what was waiting', async () => {
  const { agent, type, shows } = open([never, turnOf({ reply: 'still here' })]);
  type('something slow\r');
  await shows('Esc stops');
  type('and another\r');
  await shows('1 waiting');
  type('\u{1b}');
  await shows('interrupted before there was an answer');
  expect(agent.signals[0]?.aborted).toBe(true);
  type('hello\r');
  await shows('still here');
  expect(agent.said).toEqual(['something slow', 'hello']);
});

test('requests typed while one runs are answered in order', async () => {
  const gate = Promise.withResolvers<Turn>();
  const { agent, type, shows } = open([() => gate.promise, turnOf({ reply: 'second answer' })]);
  type('one\r');
  await shows('Esc stops');
  type('two\r');
  gate.resolve(turnOf({ reply: 'first answer' }));
  await shows('second answer');
  expect(agent.said).toEqual(['one', 'two']);
});

test('Ctrl+C warns first, clears what was typed, and leaves the second time', async () => {
  const { session, type, shows, showed, frame } = open([planned]);
  type('16 H100\r');
  await shows('1 commit');
  type('half a thought');
  type('\u{3}');
  await shows('Press Ctrl+C again to leave.');
  expect(frame()).not.toContain('half a thought');
  type('x');
  type('\u{3}');
  expect(session.view().phase.kind).toBe('idle');
  type('\u{3}');
  await showed(`${plan.id} was not committed.`);
  expect(session.view().phase).toEqual({ kind: 'left', exitCode: 130 });
});

test('Ctrl+D leaves on an empty prompt and deletes otherwise', () => {
  const { session, type } = open([]);
  type('ab\u{1b}[D\u{4}');
  expect(session.view().editor.text).toBe('a');
  type('\u{7f}\u{4}');
  expect(session.view().phase).toEqual({ kind: 'left', exitCode: 0 });
});

test('leaving while a turn runs aborts it and says so', async () => {
  const { agent, type, shows, showed } = open([never]);
  type('slow\r');
  await shows('Esc stops');
  type('\u{4}');
  await showed('Left during `reading the request`');
  expect(agent.signals[0]?.aborted).toBe(true);
});

test('slash commands become plain requests; unknown ones are answered here', async () => {
  const { agent, type, shows } = open([]);
  type('/contracts\r');
  await shows('the script is over');
  type('/inventory fra1\r');
  type('/contrats\r');
  await shows('Did you mean `/contracts`?');
  type('/help\r');
  await shows('/inventory [PLACE]: what is there and what is free');
  expect(agent.said).toEqual(['list contracts', 'show inventory fra1']);
  type('/quit\r');
  await vi.waitFor(() => expect(agent.said).toHaveLength(2));
});

test('Tab completes slash commands and lists them', async () => {
  const { session, type, shows } = open([]);
  type('/');
  await shows('/contracts  /help  /inventory  /quit  /why');
  type('in\t');
  expect(session.view().editor.text).toBe('/inventory ');
});

test('a suggestion is chosen by its number', async () => {
  const question = {
    text: 'For which tenant?',
    missing: [{ slot: 'tenant', suggestions: ['acme', 'globex'] }],
  };
  const { agent, type, shows } = open([
    turnOf({ outcome: 'needs_input', reply: 'For which tenant?', question }),
  ]);
  type('16 H100\r');
  await shows('2  globex');
  type('2\r');
  await vi.waitFor(() => expect(agent.said).toEqual(['16 H100', 'globex']));
});

test('an agent that throws is answered with an error, and the chat goes on', async () => {
  const { agent, type, shows } = open([
    () => Promise.reject(new Error('socket hang up')),
    turnOf({ reply: 'fine again' }),
  ]);
  type('hello\r');
  await shows('the agent failed: socket hang up');
  type('again\r');
  await shows('fine again');
  expect(agent.said).toEqual(['hello', 'again']);
});

test('colours only where they are wanted', async () => {
  const plain = open([planned]);
  plain.type('16 H100\r');
  await plain.shows('1 commit');
  expect(plain.frames.join('')).not.toContain('\u{1b}[3');
  const colored = open([planned], true);
  colored.type('16 H100\r');
  await colored.shows('1 commit');
  expect(colored.frames.join('')).toContain('\u{1b}[32m');
});

test('the live region never grows beyond its rows or columns, and the cursor is inside it', () => {
  const view: View = {
    ...emptyView,
    open: { plan, unread: ['urgently'] },
    status: ['person:ada', 'a rather long tenant list, acme, globex, initech-bank', 'ledger entry 42'],
    hint: 'Press Ctrl+C again to leave.',
  };
  const size = fc.record({
    columns: fc.integer({ min: 20, max: 160 }),
    rows: fc.integer({ min: 1, max: 60 }),
  });
  const text = fc.array(fc.constantFrom('word ', '日本', '\n', 'x'.repeat(50), '/'), { maxLength: 40 });
  const phase = fc.constantFrom(
    { kind: 'idle' } as const,
    { kind: 'running', what: 'placement_plan', stopping: false } as const,
  );
  fc.assert(
    fc.property(size, text, phase, fc.nat(500), (room, pieces, doing, place) => {
      const typed = pieces.join('');
      const editor = { ...view.editor, text: typed, cursor: Math.min(place, typed.length) };
      const { lines, cursor } = liveRegion({ ...view, editor, phase: doing }, room, 1500);
      expect(lines.length).toBeLessThanOrEqual(Math.max(1, Math.min(room.rows - 2, 12)));
      expect(Math.max(...lines.map(lineWidth))).toBeLessThanOrEqual(room.columns);
      expect(cursor?.y).toBeLessThan(lines.length);
      expect(cursor?.x).toBeLessThan(room.columns);
    }),
    { seed: 20261122, numRuns: 1000 },
  );
});

test('a reply that is being written shows its end, cleaned and in four rows, and is drawn once when it is whole', async () => {
  const { promise, resolve } = Promise.withResolvers<Turn>();
  const { type, shows, frame, session } = open([
    ({ onEvent }) => {
      onEvent?.({ kind: 'text', text: `${'word '.repeat(400)}nearly\u001b[2J ` });
      onEvent?.({ kind: 'text', text: 'there' });
      return promise;
    },
  ]);
  await shows('person:ada');
  type('hello\r');
  await shows('there');
  expect(
    frame()
      .split('\n')
      .filter((row) => row.includes('word')).length,
  ).toBeLessThanOrEqual(4);
  expect(liveRegion(session.view(), { columns: 80, rows: 24 }, 0).lines.length).toBeLessThanOrEqual(12);
  resolve(turnOf({ reply: 'All of it.', usage: { modelCalls: 2, inputTokens: 1234, outputTokens: 5 } }));
  await shows('model: 2 calls, 1,234 tokens in, 5 out');
  expect(frame()).toContain('All of it.');
  expect(frame()).not.toContain('nearly');
});

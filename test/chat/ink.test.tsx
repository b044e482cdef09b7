import { stripVTControlCharacters } from 'node:util';

import * as fc from 'fast-check';
import { cleanup, render } from 'ink-testing-library';
import { afterEach, expect, test, vi } from 'vitest';

import type { Turn } from '../../src/agent/agent.ts';
import { lineWidth } from '../../src/chat/cards/line.ts';
import { App } from '../../src/chat/ink/app.ts';
import { emptyEditor } from '../../src/chat/ink/editor.ts';
import type { ChatKey } from '../../src/chat/ink/keys.ts';
import { liveRegion } from '../../src/chat/ink/live.ts';
import { emptyView, Session, type View } from '../../src/chat/ink/session.ts';
import {
  committed,
  plan,
  planned,
  samples,
  scriptedAgent,
  scriptedLookups,
  status,
  turnOf,
} from './samples.ts';

afterEach(cleanup);

type Answers = Parameters<typeof scriptedAgent>[0];

function open(answers: Answers, color = false) {
  const agent = scriptedAgent(answers);
  const lookups = scriptedLookups();
  const session = new Session({ agent, status, lookups });
  const { stdin, lastFrame, frames } = render(<App session={session} color={color} />);
  const shows = (text: string) =>
    vi.waitFor(() => expect(stripVTControlCharacters(lastFrame() ?? '')).toContain(text), { timeout: 3000 });
  const showed = (text: string) =>
    vi.waitFor(() => expect(stripVTControlCharacters(frames.join('\n'))).toContain(text), { timeout: 3000 });
  return {
    showed,
    agent,
    lookups,
    session,
    frames,
    type: stdin.write,
    shows,
    frame: () => stripVTControlCharacters(lastFrame() ?? ''),
  };
}

function controlOf(character: string): ChatKey[] {
  const keys: Readonly<Record<string, ChatKey>> = {
    '\u{5}': { kind: 'end' },
    '\u{7}': { kind: 'edit-outside' },
    '\u{18}': { kind: 'prefix' },
  };
  return [keys[character]].flatMap((key) => key ?? []);
}

/** An answer that only an abort ends. */
const never: Answers[number] = ({ signal }) =>
  new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(new Error('aborted')));
  });

test('text and Enter in one chunk: the answer, its card, its tool call and the choices', async () => {
  const { agent, type, shows, frame } = open([planned]);
  await shows('ada | acme');
  type('16 H100 for 3 days\r');
  await shows('1 commit  2 reasons  3 reject');
  expect(agent.said).toEqual(['16 H100 for 3 days']);
  for (const part of [
    '> 16 H100 for 3 days',
    '16 H100 fit at fra1',
    'Reserve 16 H100-SXM-80GB for acme at fra1',
  ])
    expect(frame()).toContain(part);
  expect(frame()).toContain('placement_plan tenant=acme 42 ms');
  expect(frame()).toContain('ada | acme | built-in | 60/260 GPUs free | entry 42 | clock set');
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
  expect(session.view().prompt.editor.text).toBe('a');
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

test('commands are listed as they are typed, each with a word about it, and Tab completes them', async () => {
  const { session, type, shows, frame } = open([]);
  type('/c');
  await shows('/contracts  list the contracts');
  expect(frame()).toMatch(/\/call +the last tool call whole/);
  type('on\t');
  expect(session.view().prompt.editor.text).toBe('/contracts ');
});

test('Tab completes ids as far as they agree, lists them, and then goes through them', async () => {
  const { session, type, shows, frame } = open([]);
  const text = () => session.view().prompt.editor.text;
  await vi.waitFor(() => {
    type('\u{15}release c\t');
    expect(text()).toBe('release C-10');
  });
  await shows('C-101  acme, granted, 24 H100');
  type('\t');
  expect(text()).toBe('release C-101');
  type('\t');
  expect(text()).toBe('release C-102');
  await shows('> C-102');
  type('\u{1b}[Z');
  expect(text()).toBe('release C-101');
  type(' now');
  expect(text()).toBe('release C-101 now');
  await vi.waitFor(() => expect(frame()).not.toContain('globex, granted'));
});

test('Tab finds a rack by its end, and asks for nodes that nobody has read', async () => {
  const { session, type, shows } = open([]);
  const text = () => session.view().prompt.editor.text;
  await vi.waitFor(() => {
    type('\u{15}drain n01\t');
    expect(text()).toBe('drain fra1/h1/r12/n01 ');
  });
  type('\u{15}drain zz\t');
  await vi.waitFor(() => expect(text()).toBe('drain zz9/n01 '));
  type('\u{15}drain qqq\t');
  await shows('No name begins with `qqq`.');
});

test('Ctrl+R finds an earlier request, Enter puts it on the prompt and does not send it', async () => {
  const { agent, session, type, shows } = open([]);
  type('drain fra1/r11\r');
  await shows('the script is over');
  type('what is free\r');
  await vi.waitFor(() => expect(agent.said).toHaveLength(2));
  type('half\u{12}dr');
  await shows('search: dr  1 of 1');
  type('\r');
  expect(session.view().prompt.editor.text).toBe('drain fra1/r11');
  expect(agent.said).toHaveLength(2);
  type('\u{1a}');
  expect(session.view().prompt.editor.text).toBe('half');
  type('\u{12}xyz');
  await shows('nothing matches');
  type('\u{7}');
  expect(session.view().prompt).toMatchObject({ editor: { text: 'half' } });
});

test('earlier requests may come after what was typed here, and stay before it', async () => {
  const earlier = Promise.withResolvers<readonly string[]>();
  const options = { agent: scriptedAgent([]), status, lookups: scriptedLookups() };
  const session = new Session({ ...options, history: earlier.promise });
  const up = () => {
    session.press([{ kind: 'up' }]);
    return session.view().prompt.editor.text;
  };
  session.press([{ kind: 'insert', text: '/help' }, { kind: 'submit' }, { kind: 'insert', text: 'half' }]);
  earlier.resolve(['the oldest', 'yesterday']);
  await vi.waitFor(() => expect(session.view().prompt.editor.history).toHaveLength(3));
  expect(session.view().prompt.editor.text).toBe('half');
  expect([up(), up(), up(), up()]).toEqual(['/help', 'yesterday', 'the oldest', 'the oldest']);
});

test('Ctrl+O shows the last tool call whole, then says that there is none left', async () => {
  const { agent, type, shows } = open([planned]);
  type('16 H100\r');
  await shows('1 commit');
  type('\u{f}');
  await shows('answered:');
  await shows('"tenant": "acme"');
  type('\u{f}');
  await shows('No tool call is left to show.');
  expect(agent.said).toEqual(['16 H100']);
});

test.each(['\u{7}', '\u{18}\u{5}'])('%j opens the request in an editor of its own', async (keys) => {
  const edited: string[] = [];
  const editOutside = (text: string) => {
    edited.push(text);
    return Promise.resolve(text === 'give up' ? undefined : 'two\nlines\n');
  };
  const session = new Session({ agent: scriptedAgent([]), status, lookups: scriptedLookups(), editOutside });
  const lent: string[] = [];
  session.lendTerminal(async (use) => {
    lent.push('lent');
    await use();
    lent.push('back');
  });
  session.press([{ kind: 'insert', text: 'one' }, ...Array.from(keys).flatMap(controlOf)]);
  await vi.waitFor(() => expect(session.view().prompt.editor.text).toBe('two\nlines'));
  expect([edited, lent]).toEqual([['one'], ['lent', 'back']]);
  session.press([{ kind: 'undo' }, { kind: 'undo' }]);
  expect(session.view().prompt.editor.text).toBe('one');
  session.press([
    { kind: 'clear' },
    { kind: 'insert', text: 'give up' },
    ...Array.from(keys).flatMap(controlOf),
  ]);
  await vi.waitFor(() => expect(edited).toHaveLength(2));
  expect(session.view().prompt.editor.text).toBe('give up');
});

test('without an editor in the environment it says which variable to set', async () => {
  const { session, type, shows } = open([]);
  type('\u{7}');
  await shows('Set VISUAL or EDITOR');
  expect(session.view().phase.kind).toBe('idle');
});

test('every slash command once: none is sent to the agent but those that are words', async () => {
  const { agent, lookups, type, shows, session } = open([planned]);
  type('16 H100\r');
  await shows('1 commit');
  for (const line of [
    '/all',
    '/approvals',
    '/audit C-101',
    '/call',
    '/events r12',
    '/help',
    '/picture fra1',
    '/plan',
    '/policy acme fra1',
  ])
    await said(session, line);
  for (const line of [
    '/status',
    '/theme contrast',
    '/theme pink',
    '/verify',
    '/whatif',
    '/resume',
    '/export',
    '/nonsense',
    '/policy',
  ])
    await said(session, line);
  expect(agent.said).toEqual(['16 H100']);
  expect(lookups.asked).toEqual([
    { kind: 'approvals', all: false },
    { kind: 'audit', who: 'C-101' },
    { kind: 'events', place: 'r12' },
    { kind: 'picture', place: 'fra1' },
    { kind: 'policy', tenant: 'acme', site: 'fra1' },
    { kind: 'verify' },
  ]);
  expect(session.view().theme).toBe('contrast');
  for (const line of ['/contracts', '/inventory fra1', '/templates', '/why', '/whatif fra1 fails'])
    await said(session, line);
  expect(agent.said.slice(1)).toEqual([
    'list contracts',
    'show inventory fra1',
    'what templates are there?',
    'why this plan',
    'what if fra1 fails',
  ]);
  await said(session, '/commit');
  expect(agent.confirmed).toEqual([plan.id]);
  session.press([{ kind: 'insert', text: '/quit' }, { kind: 'submit' }]);
  expect(session.view().phase).toEqual({ kind: 'left', exitCode: 0 });
}, 20_000);

async function said(session: Session, line: string): Promise<void> {
  const before = session.view().entries.length;
  session.press([{ kind: 'insert', text: line }, { kind: 'submit' }]);
  await vi.waitFor(() => {
    expect(session.view().phase.kind).toBe('idle');
    expect(session.view().entries.length).toBeGreaterThan(before + 1);
  });
}

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

test('the live region never grows beyond its rows or columns, and the cursor is inside it', async () => {
  const view: View = {
    ...emptyView,
    open: { plan, unread: ['urgently'] },
    status: { ...(await status()), tenants: ['a rather long list', 'acme', 'globex', 'initech-bank'] },
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
      const editor = { ...emptyEditor, text: typed, cursor: Math.min(place, typed.length) };
      const { lines, cursor } = liveRegion({ ...view, prompt: { editor }, phase: doing }, room, 1500);
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
  await shows('ada | acme');
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

test('complete blocks of a reply are written for good while it goes on, and once', async () => {
  const { promise, resolve } = Promise.withResolvers<Turn>();
  const reply = 'First part.\n\n```\ncode\n\nmore code\n```\n\n1. one\n2. two\n\nThe end 48 [unverified].';
  const { type, shows, frame, session } = open([
    ({ onEvent }) => {
      for (const piece of reply.match(/[\s\S]{1,3}/gu) ?? []) onEvent?.({ kind: 'text', text: piece });
      return promise;
    },
  ]);
  await shows('ada | acme');
  type('hello\r');
  await shows('The end');
  expect(session.view().entries.map(({ kind }) => kind)).toContain('written');
  expect(liveRegion(session.view(), { columns: 80, rows: 24 }, 0).lines.map(textOf).join('\n')).not.toMatch(
    /First|code|one/u,
  );
  resolve(
    turnOf({ reply: `${reply}\nBerth: a note.`, usage: { modelCalls: 1, inputTokens: 9, outputTokens: 5 } }),
  );
  await shows('Berth: a note.');
  for (const part of ['First part.', 'more code', '1. one', '2. two', 'The end 48'])
    expect(frame().split(part)).toHaveLength(2);
});

test('what a model says before it calls a tool stays, and its reply is whole', async () => {
  const { type, shows, frame } = open([
    ({ onEvent }) => {
      onEvent?.({ kind: 'text', text: 'I look at r12.' });
      onEvent?.({ kind: 'tool-started', tool: 'inventory_get', args: {} });
      onEvent?.({ kind: 'text', text: 'It is full.\n\nSo ' });
      onEvent?.({ kind: 'text', text: 'wait.' });
      return Promise.resolve(
        turnOf({
          reply: 'It is full.\n\nSo wait.',
          usage: { modelCalls: 2, inputTokens: 9, outputTokens: 5 },
        }),
      );
    },
  ]);
  await shows('ada | acme');
  type('hello\r');
  await shows('So wait.');
  expect(frame()).toMatch(/I look at r12\.[\s\S]*It is full\.\s+So wait\./u);
  expect(frame().split('It is full.')).toHaveLength(2);
});

function textOf(line: ReturnType<typeof liveRegion>['lines'][number]): string {
  return line.map(({ text }) => text).join('');
}

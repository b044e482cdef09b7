import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';

import { cleanup, render } from 'ink-testing-library';
import { afterEach, expect, test, vi } from 'vitest';

import { App } from '../../src/chat/ink/app.ts';
import { Session } from '../../src/chat/ink/session.ts';
import { runPlain } from '../../src/chat/plain.ts';
import type { Resumed, Sessions } from '../../src/chat/sessions.ts';
import { ChatView } from '../../src/model/chat-view.ts';
import { BerthError } from '../../src/model/error.ts';
import { committed, plan, planned, scriptedAgent, scriptedLookups, status } from './samples.ts';

afterEach(cleanup);

function view(id: string, first: string): ChatView {
  const began = '2026-11-25T10:00:00+01:00';
  return ChatView.parse({
    id,
    of: 'person:ada',
    began,
    last: began,
    front: 'lines',
    reader: 'built-in',
    turns: 1,
    first,
  });
}

const resumed: Resumed = {
  session: view('S-2', '16 H100'),
  turns: [
    {
      past: {
        reader: 'built-in',
        said: { kind: 'said', text: '16 H100 for acme' },
        answer: { outcome: 'planned', reply: '', unread: [], calls: [] },
      },
      turn: planned,
    },
  ],
};

/** Two sessions, of which only S-2 can be gone on with. */
function sessionsOf(): Sessions & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    list: async () => [view('S-3', 'list contracts'), view('S-2', '16 H100\u001b[31m for acme')],
    async resume(id) {
      asked.push(id);
      if (id === 'S-2') return resumed;
      throw new BerthError({
        code: 'NOT_FOUND',
        message: `there is no session \`${id}\``,
        fix: 'list yours',
      });
    },
    async exportTo(file) {
      asked.push(`export ${file}`);
      return file;
    },
  };
}

function openScreen(start?: Resumed) {
  const agent = scriptedAgent([committed]);
  const sessions = sessionsOf();
  const options = { agent, status, lookups: scriptedLookups(), sessions };
  const session = new Session(start === undefined ? options : { ...options, resumed: start });
  const { stdin, frames } = render(<App session={session} color={false} />);
  const all = () => stripVTControlCharacters(frames.join('\n'));
  const showed = (text: string) => vi.waitFor(() => expect(all()).toContain(text), { timeout: 5000 });
  return { agent, sessions, session, showed, type: stdin.write };
}

test('/resume lists sessions, typing narrows them, Enter goes on: the plan is open again and a yes commits it', async () => {
  const { agent, sessions, session, showed, type } = openScreen();
  type('/resume\r');
  await showed('resume: ');
  await showed('S-3  list contracts');
  type('acme');
  await showed('1 of 1');
  type('\r');
  await showed('S-2 goes on');
  await showed('> 16 H100 for acme');
  await vi.waitFor(() => expect(session.view().open.plan?.id).toBe(plan.id));
  expect(sessions.asked).toEqual(['S-2']);
  type('1\r');
  await vi.waitFor(() => expect(agent.confirmed).toEqual([plan.id]));
}, 20_000);

test('Esc closes the list, and what stood on the prompt is still there', async () => {
  const { session, showed, type } = openScreen();
  type('/resume\r');
  await showed('resume: ');
  session.press([{ kind: 'escape' }]);
  expect(session.view().prompt.search).toBeUndefined();
  session.press([{ kind: 'insert', text: 'hello' }]);
  expect(session.view().prompt.editor.text).toBe('hello');
}, 20_000);

test('a session that is not there is an error that says what to do, and what was open stays open', async () => {
  const { session, showed, type } = openScreen(resumed);
  await showed('S-2 goes on');
  type('/resume S-9\r');
  await showed('there is no session `S-9`');
  expect(session.view().open.plan?.id).toBe(plan.id);
}, 20_000);

test('/export says where the chat went', async () => {
  const { sessions, showed, type } = openScreen();
  type('/export talk.md\r');
  await showed('Written to `talk.md`.');
  expect(sessions.asked).toEqual(['export talk.md']);
}, 20_000);

async function lines(input: string, start?: Resumed) {
  const agent = scriptedAgent([committed]);
  const stream = new PassThrough();
  stream.end(input);
  let text = '';
  const sessions = sessionsOf();
  await runPlain({
    agent,
    input: stream,
    output: { write: (part: string) => void (text += part) },
    errors: { write: () => undefined },
    status,
    lookups: scriptedLookups(),
    columns: 80,
    sessions,
    ...(start === undefined ? {} : { resumed: start }),
  });
  return { agent, sessions, text };
}

test('in plain lines sessions are listed with what to type, cleaned, and gone on with', async () => {
  const { agent, text } = await lines('/resume\n/resume S-2\n1\n');
  expect(text).toContain('/resume S-3');
  expect(text).not.toContain('\u001b');
  expect(text).toContain('S-2 goes on');
  expect(text).toContain('> 16 H100 for acme');
  expect(agent.confirmed).toEqual([plan.id]);
});

test('a chat that begins with a session shows its end first, and yes is to its plan', async () => {
  const { agent, text } = await lines('yes\n', resumed);
  expect(text.indexOf('S-2 goes on')).toBeLessThan(text.indexOf('1 commit'));
  expect(agent.confirmed).toEqual([plan.id]);
});

test('/resume of what is not there, and /export, answer in a line', async () => {
  const { text } = await lines('/resume S-9\n/export talk.md\n');
  expect(text).toContain('there is no session `S-9`');
  expect(text).toContain('What to do: list yours.');
  expect(text).toContain('Written to `talk.md`.');
});

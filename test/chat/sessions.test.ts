import * as fc from 'fast-check';
import { marked, type Token } from 'marked';
import { expect, test } from 'vitest';

import type { Remade } from '../../src/agent/agent.ts';
import { inert, sessionMarkdown } from '../../src/chat/session-markdown.ts';
import { type Resumed, sessionItem, takenUp } from '../../src/chat/sessions.ts';
import { readSlash } from '../../src/chat/slash.ts';
import type { ChatAnswer, ChatTurn } from '../../src/model/chat-turn.ts';
import { ChatView } from '../../src/model/chat-view.ts';
import { ChatId } from '../../src/model/chat.ts';
import { plan, planned, turnOf } from './samples.ts';

const session = ChatView.parse({
  id: 'S-7',
  of: 'person:ada',
  began: '2026-11-25T10:00:00+01:00',
  last: '2026-11-25T10:20:00+01:00',
  front: 'lines',
  reader: 'built-in',
  turns: 3,
  first: '16 H100',
});

const answer: ChatAnswer = {
  outcome: 'planned',
  reply: '16 H100 fit.',
  unread: [],
  plan: plan.id,
  calls: [],
};

function made(text: string, turn = turnOf({ reply: `about ${text}` })): Remade {
  return { past: { reader: 'built-in', said: { kind: 'said', text }, answer }, turn };
}

const resumed = (...turns: readonly Remade[]): Resumed => ({ session, turns });

test('the last turns are shown, the rest is counted and can be found', () => {
  const { notes, shown } = takenUp(resumed(...['a', 'b', 'c', 'd', 'e'].map((text) => made(text))));
  expect(shown.map(({ said }) => said)).toEqual(['c', 'd', 'e']);
  expect(notes).toEqual([
    'S-7 goes on, from Wed 25 Nov 2026 10:00 +01:00. 2 earlier turns: `berth sessions show S-7`.',
  ]);
});

test('a plan that was open is open again, and a rejected one is not', () => {
  expect(takenUp(resumed(made('16 H100', planned))).open.plan?.id).toBe(plan.id);
  expect(takenUp(resumed(made('16 H100', planned), made('why this plan'))).open.plan?.id).toBe(plan.id);
  expect(takenUp(resumed(made('16 H100', planned), made('no'))).open.plan).toBeUndefined();
});

test('a look keeps open what was open', () => {
  const look = {
    ...made('/audit'),
    past: { reader: 'look', said: { kind: 'looked', text: '/audit' }, answer },
  } as const;
  expect(takenUp(resumed(made('16 H100', planned), look)).open.plan?.id).toBe(plan.id);
});

test('what was erased, what reads otherwise now, and a request without an answer are said', () => {
  const cut: Remade = {
    past: { reader: 'built-in', said: { kind: 'confirmed', text: plan.id, typed: '1' } },
    turn: turnOf({ outcome: 'error' }),
  };
  const erased: Remade = { past: { reader: 'built-in' }, turn: turnOf({ outcome: 'error' }) };
  const { notes, shown } = takenUp(resumed(erased, { ...made('b'), difference: 'it says more' }, cut));
  expect(shown).toHaveLength(1);
  expect(notes.slice(1)).toEqual([
    'Erased of it: 1 turn, of which nothing is remembered.',
    'Read otherwise by this version: 1 turn; what was answered then counts.',
    'Its last request was not answered: `1`. If it was a yes, look at the contracts.',
  ]);
});

test('/resume and /export are read with what follows them', () => {
  expect(readSlash('/resume')).toEqual({ kind: 'resume', id: '' });
  expect(readSlash('/resume S-3')).toEqual({ kind: 'resume', id: 'S-3' });
  expect(readSlash('/export talk.md')).toEqual({ kind: 'export', file: 'talk.md' });
  expect(sessionItem(session)).toEqual({
    id: '/resume S-7',
    label: 'S-7  16 H100',
    about: 'Wed 25 Nov 2026 10:20 +01:00, 3 turns',
  });
});

const hostile = [
  '![beacon](https://evil.example/x.png)',
  '[click](javascript:alert(1))',
  '<script>alert(1)</script><img src=x onerror=y>',
  '<https://evil.example>',
  'https://evil.example and www.evil.example and mail@evil.example',
  '# heading',
  '- item',
  '1. item',
  '> quote',
  '    code',
  '```\nfence',
  '~~~',
  '| a | b |\n| - | - |',
  '---',
  '===',
  '&lt;b&gt; **bold** _em_ ~~gone~~ `code`',
  '[ref]: https://evil.example',
  '\u001b[31mred\u001b[0m \u202egnp.exe \u200b',
  'a\\',
  '* * *',
];

/** All kinds of token that Markdown finds in a text, and the text that a reader sees. */
function tokensIn(markdown: string): { kinds: Set<string>; text: string } {
  const kinds = new Set<string>();
  let text = '';
  const walk = (tokens: readonly Token[]) => {
    for (const token of tokens) {
      kinds.add(token.type);
      if ('tokens' in token && token.tokens !== undefined) walk(token.tokens);
      else if ('text' in token) text += token.text;
    }
  };
  walk(marked.lexer(markdown, { gfm: true }));
  return { kinds, text };
}

test.each(hostile)('%j is text and nothing else in Markdown', (text) => {
  for (const line of text.split('\n')) {
    const { kinds } = tokensIn(inert(line));
    for (const kind of kinds) expect(['paragraph', 'text', 'escape', 'space']).toContain(kind);
    expect(inert(line)).not.toMatch(/\p{Cc}|\p{Cf}/u);
  }
});

test('whatever a line holds, a reader of the Markdown sees that text', () => {
  const piece = fc.oneof(fc.constantFrom(...hostile), fc.string({ unit: 'binary-ascii' }), fc.lorem());
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 3 }), (pieces) => {
      const line = pieces.join(' ').replaceAll(/[\r\n]+/g, ' ');
      const { kinds, text } = tokensIn(inert(line));
      for (const kind of kinds) expect(['paragraph', 'text', 'escape', 'space']).toContain(kind);
      expect(text.replaceAll('\\', '').replaceAll(/\s+/g, ' ')).toBe(
        inert(line)
          .replaceAll(/\\(?=[!-/:-@[-`{-~])/g, '')
          .replaceAll('\\', '')
          .replaceAll(/\s+/g, ' '),
      );
    }),
    { seed: 20261125, numRuns: 300 },
  );
});

test('a whole session in Markdown: hostile words in every place stay words', () => {
  const turns: ChatTurn[] = hostile.map((text, i) => ({
    chat: ChatId.parse('S-7'),
    seq: i + 1,
    atMs: 0,
    said: { kind: 'said', text },
    reader: text,
    software: 'core/7',
    outcome: 'answered',
    answer: {
      ...answer,
      reply: text,
      calls: [{ tool: 'a`b', args: { text: `\`\`\`${text}` }, answer: { ok: true, content: {} } }],
    },
    tools: ['a`b'],
    entries: [27, 28],
    isErased: false,
  }));
  const { kinds } = tokensIn(sessionMarkdown({ session, turns }));
  for (const kind of ['html', 'link', 'image', 'code', 'hr', 'table', 'strong', 'em', 'del', 'def'])
    expect(kinds).not.toContain(kind);
  expect(sessionMarkdown({ session, turns })).toContain('- Ledger entry 27, entry 28');
});

test('what was erased and what was never answered stand as that', () => {
  const bare = {
    chat: ChatId.parse('S-7'),
    atMs: 0,
    reader: 'built-in',
    software: 'core/7',
    entries: [],
  } as const;
  const markdown = sessionMarkdown({
    session,
    turns: [
      { ...bare, seq: 2, outcome: 'answered', tools: ['ledger_search'], isErased: true },
      { ...bare, seq: 4, said: { kind: 'said', text: 'and now?' }, tools: [], isErased: false },
    ],
  });
  expect(markdown).toContain('> (erased)\n\n(erased)\n');
  expect(markdown).toContain('- Tool `ledger_search`');
  expect(markdown).toContain('> and now?\n\n(not answered)\n');
});

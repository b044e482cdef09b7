import { execFileSync } from 'node:child_process';
import { DatabaseSync } from 'node:sqlite';

import { expect, test } from 'vitest';

import type { ChatAt } from '../../src/control/chats.ts';
import type { Caller } from '../../src/control/control.ts';
import type { ChatAnswer } from '../../src/model/chat-turn.ts';
import { ChatId } from '../../src/model/chat.ts';
import { PrincipalId } from '../../src/model/id.ts';
import { rejection } from '../ledger/rejection.ts';
import { type Desk, limitedTo, openDesk, operator } from './desk.ts';

const bela: Caller = { ...operator, principal: PrincipalId.parse('person:bela') };
const setting = { front: 'lines', reader: 'built-in', software: 'core/7' } as const;
const start = { setting };

const answer: ChatAnswer = {
  outcome: 'answered',
  reply: 'There is nothing waiting for a yes.',
  unread: [],
  calls: [
    {
      tool: 'contract_commit',
      args: { plan: 'plan-1', share: 0.25 },
      answer: { ok: true, content: { entry: { seq: 27 }, text: 'x'.repeat(5000) } },
    },
  ],
};

type Talk = { desk: Desk; caller?: Caller; at?: ChatAt; isUnlisted?: boolean };

async function says({ desk, caller = operator, at, isUnlisted }: Talk, text: string): Promise<ChatAt> {
  const { chats } = desk.control;
  const begun = await chats.begin(caller, {
    start: { ...start, ...(isUnlisted === undefined ? {} : { isUnlisted }) },
    said: { kind: 'said', text },
    ...(at === undefined ? {} : { at }),
  });
  return chats.end(caller, begun, { answer, reader: 'built-in' });
}

async function checkOf(desk: Desk) {
  return (await desk.control.verify()).checks.find(({ check }) => check === 'sessions');
}

test('a turn is read back as it was told; what it did is on record', async () => {
  const desk = await openDesk();
  const at = await says({ desk }, '16 H100 for acme');
  const { session, turns } = await desk.control.chats.read(operator, at.chat);
  expect(session).toMatchObject({ id: 'S-1', of: 'person:ada', turns: 1, first: '16 H100 for acme' });
  expect(turns).toMatchObject([
    { chat: 'S-1', said: { text: '16 H100 for acme' }, answer, entries: [27], tools: ['contract_commit'] },
  ]);
}, 60_000);

test('the file holds no word of a turn outside of what can be erased', async () => {
  const desk = await openDesk();
  await says({ desk }, 'unmistakable words');
  const db = new DatabaseSync(`${desk.home}/ledger.db`, { readOnly: true });
  const rows = JSON.stringify(db.prepare('SELECT json FROM chat').all());
  db.close();
  expect(rows).not.toContain('unmistakable');
  expect(rows).not.toContain('plan-1');
});

test('verify counts sessions where there are some, and finds their words, calls and places sound', async () => {
  const desk = await openDesk();
  expect(await checkOf(desk)).toBeUndefined();
  const { stateDigest, head } = await desk.control.verify();
  await says({ desk, at: await says({ desk }, 'one') }, 'two');
  const after = await desk.control.verify();
  expect(after).toMatchObject({ ok: true, stateDigest, head, entries: 26 });
  expect(await checkOf(desk)).toMatchObject({ ok: true, note: '1 session is as recorded' });
}, 60_000);

test('words that are gone without an erasure on record fail verification', async () => {
  const desk = await openDesk();
  const at = await says({ desk }, 'one');
  const records = await desk.ledger.chats.read(at.chat);
  const said = records.flatMap(({ event }) => (event.kind === 'turn-begun' ? [event.said] : []));
  await desk.ledger.chats.erase(said);
  expect(await checkOf(desk)).toMatchObject({ ok: false, note: 'the words of record 2 of S-1 are missing' });
}, 60_000);

test('only who spoke sees a session; for anybody else it is as if there were none', async () => {
  const desk = await openDesk();
  const { chat } = await says({ desk }, 'mine');
  const { chats } = desk.control;
  expect((await chats.list(bela, { all: true, limit: 10 })).sessions).toEqual([]);
  const unseen = await rejection(chats.read(bela, chat));
  const none = await rejection(chats.read(bela, ChatId.parse('S-99')));
  expect(unseen).toMatchObject({ code: 'NOT_FOUND' });
  expect(unseen.message.replace('S-1', 'S-99')).toBe(none.message);
  for (const refused of [chats.endOf(bela, chat), chats.erase(bela, { chat })])
    expect(await rejection(refused)).toMatchObject({ code: 'NOT_FOUND' });
  expect(await chats.requests(bela, 10)).toEqual([]);
});

test('a scope that is narrower than that of the session does not see it, a wider one does', async () => {
  const desk = await openDesk();
  const acme = limitedTo('acme');
  const [wide, narrow] = [await says({ desk }, 'all'), await says({ desk, caller: acme }, 'for acme')];
  const ids = async (caller: Caller) =>
    (await desk.control.chats.list(caller, { all: true, limit: 9 })).sessions.map(({ id }) => id);
  expect(await ids(operator)).toEqual([narrow.chat, wide.chat]);
  expect(await ids(acme)).toEqual([narrow.chat]);
  expect(await ids(limitedTo('globex'))).toEqual([]);
  expect(await ids(limitedTo('acme', 'globex'))).toEqual([narrow.chat]);
  expect(await desk.control.chats.requests(acme, 9)).toEqual(['for acme']);
});

test('a registered auditor sees the sessions of others and cannot go on with them', async () => {
  const desk = await openDesk();
  const { chat } = await says({ desk }, 'mine');
  const record = (id: string, roles: readonly ('auditor' | 'requester')[]) =>
    desk.control.recordAuthority(operator, {
      command: {
        kind: 'register-principal',
        principal: { kind: 'person', id: PrincipalId.parse(id), name: id, roles: [...roles] },
      },
    });
  await record('person:bela', ['auditor']);
  await record('person:cleo', ['requester']);
  const { chats } = desk.control;
  expect((await chats.read(bela, chat)).turns).toHaveLength(1);
  expect(await rejection(chats.endOf(bela, chat))).toMatchObject({ code: 'FORBIDDEN' });
  const cleo = { ...operator, principal: PrincipalId.parse('person:cleo') };
  expect(await rejection(chats.read(cleo, chat))).toMatchObject({ code: 'NOT_FOUND' });
  expect(
    await rejection(chats.read({ ...bela, ...limitedTo('acme'), principal: bela.principal }, chat)),
  ).toMatchObject({ code: 'NOT_FOUND' });
});

test('two chats that go on with one session: the second one gets a session of its own behind it', async () => {
  const desk = await openDesk();
  const first = await says({ desk }, 'one');
  const ours = await says({ desk, at: first }, 'two');
  const theirs = await says({ desk, at: first }, 'two, otherwise');
  expect([ours.chat, theirs.chat]).toEqual(['S-1', 'S-2']);
  const texts = async (id: ChatId) =>
    (await desk.control.chats.read(operator, id)).turns.map(({ said }) => said?.text);
  expect(await texts(ours.chat)).toEqual(['one', 'two']);
  expect(await texts(theirs.chat)).toEqual(['one', 'two, otherwise']);
  expect((await desk.control.chats.read(operator, theirs.chat)).session.after).toBe('S-1');
  expect(await checkOf(desk)).toMatchObject({ ok: true });
}, 60_000);

test('a turn that never ended is there without an answer', async () => {
  const desk = await openDesk();
  const { chats } = desk.control;
  const { chat } = await chats.begin(operator, { start, said: { kind: 'said', text: 'commit it' } });
  const [turn] = (await chats.read(operator, chat)).turns;
  expect(turn).toMatchObject({ said: { text: 'commit it' }, isErased: false });
  expect(turn?.answer).toBeUndefined();
  const at = await chats.endOf(operator, chat);
  await says({ desk, at }, 'go on');
  expect((await chats.read(operator, chat)).turns).toHaveLength(2);
});

test('erasing a session says how many texts there are, takes the number, and is an entry', async () => {
  const desk = await openDesk();
  const { chats } = desk.control;
  const mine = await says({ desk, at: await says({ desk }, 'unmistakable') }, 'two');
  const other = await says({ desk }, 'other');
  expect(await chats.erase(operator, { chat: mine.chat })).toMatchObject({ count: 4, erased: false });
  const refused = await rejection(chats.erase(operator, { chat: mine.chat, confirm: 3 }));
  expect(refused.code).toBe('INVALID_INPUT');
  expect(refused.fix).toContain('--confirm 4');
  expect(await chats.erase(operator, { chat: mine.chat, confirm: 4 })).toMatchObject({
    erased: true,
    entry: { seq: 27 },
  });
  const { session, turns } = await chats.read(operator, mine.chat);
  expect(session.first).toBeUndefined();
  expect(turns).toMatchObject([
    { isErased: true, outcome: 'answered', tools: ['contract_commit'] },
    { isErased: true },
  ]);
  expect((await chats.read(operator, other.chat)).turns[0]?.isErased).toBe(false);
  // A process of its own reads it: closing the file in this one would drop the open ledger's locks.
  const kept = execFileSync('cat', [`${desk.home}/ledger.db`, `${desk.home}/ledger.db-wal`]);
  expect(kept.includes('unmistakable')).toBe(false);
  expect(await chats.erase(operator, { chat: mine.chat, confirm: 4 })).toMatchObject({
    count: 0,
    erased: false,
  });
  await says({ desk, at: mine }, 'after it');
  expect((await desk.control.verify()).ok).toBe(true);
}, 60_000);

test("erasing all of somebody's words takes those in sessions too", async () => {
  const desk = await openDesk();
  const { chat } = await says({ desk }, 'one');
  const before = await desk.control.erase(operator, { of: operator.principal });
  await desk.control.erase(operator, { of: operator.principal, confirm: before.count });
  expect((await desk.control.chats.read(operator, chat)).turns[0]).toMatchObject({ isErased: true });
  expect((await desk.control.verify()).ok).toBe(true);
}, 60_000);

test('the history of the prompt: the last sessions in order, without yeses and unlisted sessions, capped', async () => {
  const desk = await openDesk();
  const { chats } = desk.control;
  const at = await says({ desk }, 'one');
  await chats.begin(operator, { at, start, said: { kind: 'confirmed', text: 'plan-1', typed: '1' } });
  await says({ desk, isUnlisted: true }, 'a secret');
  await chats.begin(operator, { start, said: { kind: 'said', text: 'list contracts', typed: '/contracts' } });
  expect(await chats.requests(operator, 9)).toEqual(['one', '/contracts']);
  expect(await chats.requests(operator, 1)).toEqual(['/contracts']);
});

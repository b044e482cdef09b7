import { DatabaseSync } from 'node:sqlite';

import { describe, expect, test } from 'vitest';

import type { ChatDraft } from '../../src/ledger/chat-log.ts';
import { openMemoryLedger } from '../../src/ledger/memory.ts';
import type { Ledger } from '../../src/ledger/port.ts';
import { openSqliteLedger } from '../../src/ledger/sqlite.ts';
import { ChatId, type ChatEvent } from '../../src/model/chat.ts';
import { PrincipalId } from '../../src/model/id.ts';
import { grow } from './conformance.ts';
import { draft, noonMs } from './drafts.ts';
import { newFolder, open, tamper } from './files.ts';
import { rejection } from './rejection.ts';

const ada = PrincipalId.parse('person:ada');
const bela = PrincipalId.parse('person:bela');
const first = ChatId.parse('S-1');

const began = (of = ada): ChatEvent => ({
  kind: 'session-began',
  of,
  front: 'lines',
  reader: 'built-in',
  software: 'core/7',
});

/** A turn that begins, with its words. */
function turn(ledger: Ledger, text: string, more: Partial<ChatDraft> = {}, of = ada): ChatDraft {
  const words = ledger.salted(of, text);
  const said = { kind: 'turn-begun', said: words.digest } as const;
  return {
    atMs: noonMs,
    clock: 'set',
    events: more.chat === undefined ? [began(of), said] : [said],
    asides: [words],
    ...more,
  };
}

async function appended(ledger: Ledger, wish: ChatDraft) {
  const done = await ledger.chats.append(wish);
  if (done.kind === 'moved') throw new Error('moved');
  return done.records;
}

const openers: Record<string, () => Promise<Ledger>> = {
  memory: async () => openMemoryLedger(),
  sqlite: () => openSqliteLedger(`${newFolder()}/ledger.db`),
};

describe.each(Object.entries(openers))('sessions in %s', (_, openEmpty) => {
  test('a session is a chain that hangs on the head of the ledger, and moves no head', async () => {
    const ledger = await openEmpty();
    await grow(ledger, [draft()]);
    const head = await ledger.head();
    const records = await appended(ledger, turn(ledger, '16 H100'));
    expect(records.map(({ seq, event }) => [seq, event.kind])).toEqual([
      [1, 'session-began'],
      [2, 'turn-begun'],
    ]);
    expect(records[0]).toMatchObject({ chat: 'S-1', prev: head.digest, ledger: { seq: 1 } });
    expect(records[1]?.prev).toBe(records[0]?.digest);
    expect(await ledger.chats.read(first)).toEqual(records);
    expect(await ledger.head()).toEqual(head);
    await ledger.close();
  });

  test('numbers count up, the list is newest first, of one person or of all', async () => {
    const ledger = await openEmpty();
    for (let i = 0; i < 11; i++) await appended(ledger, turn(ledger, `request ${i}`, {}, i % 2 ? bela : ada));
    const all = await ledger.chats.list({ limit: 100 });
    expect(all.map(({ first: { chat } }) => chat)).toEqual(
      Array.from({ length: 11 }, (__, i) => `S-${11 - i}`),
    );
    const own = await ledger.chats.list({ of: bela, limit: 2 });
    expect(own.map(({ first: { chat }, turnCount }) => [chat, turnCount])).toEqual([
      ['S-10', 1],
      ['S-8', 1],
    ]);
    await ledger.close();
  });

  test('of two that go on at the same record the second is told that it moved', async () => {
    const ledger = await openEmpty();
    const last = (await appended(ledger, turn(ledger, 'one'))).at(-1);
    if (last === undefined) throw new Error('nothing');
    const at = { chat: first, expected: last.digest };
    expect((await ledger.chats.append(turn(ledger, 'two', at))).kind).toBe('appended');
    const words = turn(ledger, 'three', at);
    expect(await ledger.chats.append(words)).toEqual({ kind: 'moved' });
    expect(await ledger.readAside(words.asides[0]?.digest ?? last.digest)).toBeUndefined();
    expect(await ledger.chats.append(turn(ledger, 'four', { chat: ChatId.parse('S-9') }))).toEqual({
      kind: 'moved',
    });
    await ledger.close();
  });

  test('words are erased one by one; the chain and the words of others stay', async () => {
    const ledger = await openEmpty();
    const [one, two] = [turn(ledger, 'one'), turn(ledger, 'two')];
    await appended(ledger, one);
    await appended(ledger, two);
    const digests = one.asides.map(({ digest }) => digest);
    await ledger.chats.erase(digests);
    expect(await Promise.all(digests.map((digest) => ledger.readAside(digest)))).toEqual([undefined]);
    expect(await ledger.countAsides(ada)).toBe(1);
    expect((await ledger.chats.read(first)).length).toBe(2);
    await ledger.close();
  });

  test('time in a session never goes back, whatever the clock does', async () => {
    const ledger = await openEmpty();
    await appended(ledger, turn(ledger, 'one'));
    const [record] = await appended(ledger, turn(ledger, 'two', { chat: first, atMs: 5 }));
    expect(record?.atMs).toBe(noonMs);
    await ledger.close();
  });

  test('there is no such session: nothing is read', async () => {
    const ledger = await openEmpty();
    expect(await ledger.chats.read(ChatId.parse('S-4'))).toEqual([]);
    expect(await ledger.chats.list({ limit: 5 })).toEqual([]);
    await ledger.close();
  });
});

test('two processes write their sessions into one file', async () => {
  const path = `${newFolder()}/ledger.db`;
  const [ours, theirs] = [await open(path), await open(path)];
  await Promise.all(
    [ours, theirs].flatMap((ledger, i) =>
      Array.from({ length: 10 }, (_, n) => appended(ledger, turn(ledger, `${i} ${n}`))),
    ),
  );
  const list = await ours.chats.list({ limit: 100 });
  expect(new Set(list.map(({ first: { chat } }) => chat)).size).toBe(20);
});

test('a ledger without sessions has no table for them, and one with them opens again', async () => {
  const path = `${newFolder()}/ledger.db`;
  const ledger = await openSqliteLedger(path);
  const tables = () => {
    const db = new DatabaseSync(path, { readOnly: true });
    const rows = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all();
    db.close();
    return rows.map(({ name }) => name);
  };
  await ledger.close();
  expect(tables()).not.toContain('chat');
  const again = await openSqliteLedger(path);
  await appended(again, turn(again, 'one'));
  await again.close();
  expect(tables()).toContain('chat');
  const third = await open(path);
  expect(third.readOnly).toBeUndefined();
  await grow(third, [draft()]);
});

test.each([
  ['UPDATE chat SET digest = json', 'append-only'],
  ['DELETE FROM chat', 'append-only'],
])('%s is stopped', async (sql, why) => {
  const path = `${newFolder()}/ledger.db`;
  const ledger = await openSqliteLedger(path);
  await appended(ledger, turn(ledger, 'one'));
  await ledger.close();
  expect(() => tamper(path, sql)).toThrow(why);
});

test.each([
  [
    "UPDATE chat SET json = replace(json, 'person:ada', 'person:bob') WHERE seq = 1",
    'does not match its digest',
  ],
  ['DELETE FROM chat WHERE seq = 1', 'is missing'],
])('a session that was changed behind the back is refused (%s), and decisions go on', async (sql, why) => {
  const path = `${newFolder()}/ledger.db`;
  const ledger = await open(path);
  await appended(ledger, turn(ledger, 'one'));
  const db = new DatabaseSync(path);
  const triggers = db.prepare("SELECT name, sql FROM sqlite_schema WHERE name LIKE 'chat_no_%'").all();
  for (const { name } of triggers) db.exec(`DROP TRIGGER ${String(name)}`);
  db.exec(sql);
  for (const trigger of triggers) db.exec(String(trigger['sql']));
  db.close();
  const refused = await rejection(ledger.chats.read(first));
  expect(refused).toMatchObject({ code: 'LEDGER_REFUSED' });
  expect(refused.message).toContain(why);
  await grow(ledger, [draft()]);
});

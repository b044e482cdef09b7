import type { DatabaseSync } from 'node:sqlite';

import { type ChatId, chatNumberOf, type ChatRecord } from '../model/chat.ts';
import type { Head } from '../model/entry.ts';
import type { PrincipalId } from '../model/id.ts';
import {
  chatIdOf,
  type ChatAppended,
  type ChatDraft,
  chatFault,
  chatRowOf,
  type ChatSummary,
  openChatRow,
  sealChat,
} from './chat-log.ts';
import { addAside } from './sqlite-asides.ts';
import { chatSchema } from './sqlite-schema.ts';

/** What stands in the table of sessions is not what was written. The message completes a sentence. */
export class ChatDamage extends Error {}

/** Whether this ledger has the table of sessions: it comes with the first one. */
function hasChats(db: DatabaseSync): boolean {
  return db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'chat'").get() !== undefined;
}

/** Inside of a transaction, at the head that it sees. */
export function addToChat(db: DatabaseSync, head: Head, draft: ChatDraft): ChatAppended {
  if (!hasChats(db)) for (const statement of chatSchema) db.exec(statement);
  const chat = draft.chat ?? chatIdOf(lastNumber(db) + 1);
  const last = lastOf(db, chat);
  if (draft.chat !== undefined && last === undefined) return { kind: 'moved' };
  if (draft.expected !== undefined && draft.expected !== last?.digest) return { kind: 'moved' };
  const records = sealChat({ chat, last }, head, draft);
  for (const row of draft.asides) addAside(db, row);
  const add = db.prepare('INSERT INTO chat (session, seq, json, digest) VALUES (?, ?, ?, ?)');
  for (const record of records) {
    const { json, digest } = chatRowOf(record);
    add.run(chatNumberOf(chat), record.seq, json, digest);
  }
  return { kind: 'appended', records };
}

export function readChat(db: DatabaseSync, chat: ChatId): readonly ChatRecord[] {
  if (!hasChats(db)) return [];
  const rows = db
    .prepare('SELECT json, digest FROM chat WHERE session = ? ORDER BY seq')
    .all(chatNumberOf(chat));
  const records = rows.map((row, at) => opened(row, `record ${at + 1} of ${chat}`));
  const fault = chatFault(records, chat);
  if (fault !== undefined) throw new ChatDamage(fault);
  return records;
}

export function listChats(
  db: DatabaseSync,
  { of, limit }: { readonly of?: PrincipalId; readonly limit: number },
): readonly ChatSummary[] {
  if (!hasChats(db)) return [];
  const firsts = db
    .prepare(
      `SELECT session, json, digest FROM chat
       WHERE seq = 1 AND (?1 IS NULL OR json ->> '$.event.of' = ?1) ORDER BY session DESC LIMIT ?2`,
    )
    .all(of ?? null, limit);
  const turns = db.prepare(
    "SELECT count(*) AS count FROM chat WHERE session = ? AND json ->> '$.event.kind' = 'turn-begun'",
  );
  return firsts.map((row) => {
    const first = opened(row, 'the first record of a session');
    const count = turns.get(chatNumberOf(first.chat))?.['count'];
    const last = lastOf(db, first.chat) ?? first;
    return { first, last, turnCount: typeof count === 'number' ? count : 0 };
  });
}

function lastNumber(db: DatabaseSync): number {
  const number = db.prepare('SELECT max(session) AS number FROM chat').get()?.['number'];
  return typeof number === 'number' ? number : 0;
}

function lastOf(db: DatabaseSync, chat: ChatId): ChatRecord | undefined {
  const row = db
    .prepare('SELECT json, digest FROM chat WHERE session = ? ORDER BY seq DESC LIMIT 1')
    .get(chatNumberOf(chat));
  return row === undefined ? undefined : opened(row, `the last record of ${chat}`);
}

function opened(row: Parameters<typeof openChatRow>[0], name: string): ChatRecord {
  const record = openChatRow(row);
  if ('why' in record) throw new ChatDamage(`${name} ${record.why}`);
  return record;
}

import { DatabaseSync } from 'node:sqlite';

import { ledgerFormat } from '../model/entry.ts';

/** "Brth": what `PRAGMA application_id` says in a Berth ledger. */
export const applicationId = 0x42727468;

/**
 * Format 1, `PRAGMA user_version`. The next format gets a list of statements that lead to it from this one.
 * `entry.json` is the canonical JSON whose SHA-256 is `entry.digest`; the idempotency index reads that same
 * text, so no column can contradict it.
 */
const tables = [
  `CREATE TABLE entry (
  seq INTEGER PRIMARY KEY CHECK (seq >= 1),
  json TEXT NOT NULL,
  digest TEXT NOT NULL
) STRICT`,
  `CREATE UNIQUE INDEX entry_idem_key ON entry (
  ifnull(json ->> '$.tenant', ''),
  json ->> '$.actor.principal',
  json ->> '$.idemKey'
) WHERE json ->> '$.idemKey' IS NOT NULL`,
  `CREATE TABLE blob (
  digest TEXT NOT NULL PRIMARY KEY,
  bytes BLOB NOT NULL
) STRICT`,
  `CREATE TABLE plan (
  id TEXT NOT NULL PRIMARY KEY,
  digest TEXT NOT NULL REFERENCES blob (digest)
) STRICT`,
];

/**
 * Texts that can be erased. Ledgers of earlier Berths get the table with their first such text, so a ledger may be
 * without it. A row may go, never change.
 */
export const asideSchema = [
  `CREATE TABLE aside (
  digest TEXT NOT NULL PRIMARY KEY,
  owner TEXT NOT NULL,
  salt BLOB NOT NULL,
  text TEXT NOT NULL
) STRICT`,
  `CREATE TRIGGER aside_no_update BEFORE UPDATE ON aside
BEGIN SELECT RAISE(ABORT, 'a text that was kept does not change'); END`,
];

/** Sessions of chats, which come with the first one. `json` is the canonical JSON whose SHA-256 is `digest`. */
export const chatSchema = [
  `CREATE TABLE chat (
  session INTEGER NOT NULL CHECK (session >= 1),
  seq INTEGER NOT NULL CHECK (seq >= 1),
  json TEXT NOT NULL,
  digest TEXT NOT NULL,
  PRIMARY KEY (session, seq)
) STRICT`,
  ...['UPDATE', 'DELETE'].map(
    (verb) => `CREATE TRIGGER chat_no_${verb.toLowerCase()} BEFORE ${verb} ON chat
BEGIN SELECT RAISE(ABORT, 'a session is append-only'); END`,
  ),
];

/** `INSERT OR REPLACE` deletes without asking a trigger unless `recursive_triggers` is on: see `connect`. */
const appendOnly = ['entry', 'blob', 'plan'].flatMap((table) =>
  ['UPDATE', 'DELETE'].map(
    (verb) => `CREATE TRIGGER ${table}_no_${verb.toLowerCase()} BEFORE ${verb} ON ${table}
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END`,
  ),
);

/** Makes an empty database a Berth ledger. */
export function createSchema(db: DatabaseSync): void {
  createWith(db, asideSchema);
}

function createWith(db: DatabaseSync, more: readonly string[]): void {
  const identity = [`PRAGMA application_id = ${applicationId}`, `PRAGMA user_version = ${ledgerFormat}`];
  db.exec(['BEGIN', ...tables, ...appendOnly, ...more, ...identity, 'COMMIT'].join(';\n'));
}

/**
 * Whether tables, index and triggers are the ones `createSchema` makes, now or before it had `aside`, with or without
 * the sessions that came later, to the letter.
 */
export function hasSchema(db: DatabaseSync): boolean {
  const found = schemaText(db);
  return [asideSchema, [], [...asideSchema, ...chatSchema]].some((more) => {
    const wanted = new DatabaseSync(':memory:');
    try {
      createWith(wanted, more);
      return found === schemaText(wanted);
    } finally {
      wanted.close();
    }
  });
}

function schemaText(db: DatabaseSync): string {
  const rows = db.prepare('SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name').all();
  return JSON.stringify(rows);
}

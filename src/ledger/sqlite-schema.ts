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

/** `INSERT OR REPLACE` deletes without asking a trigger unless `recursive_triggers` is on: see `connect`. */
const appendOnly = ['entry', 'blob', 'plan'].flatMap((table) =>
  ['UPDATE', 'DELETE'].map(
    (verb) => `CREATE TRIGGER ${table}_no_${verb.toLowerCase()} BEFORE ${verb} ON ${table}
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END`,
  ),
);

/** Makes an empty database a Berth ledger. */
export function createSchema(db: DatabaseSync): void {
  const identity = [`PRAGMA application_id = ${applicationId}`, `PRAGMA user_version = ${ledgerFormat}`];
  db.exec(['BEGIN', ...tables, ...appendOnly, ...identity, 'COMMIT'].join(';\n'));
}

/** Whether tables, index and triggers are the ones `createSchema` makes, to the letter. */
export function hasSchema(db: DatabaseSync): boolean {
  const wanted = new DatabaseSync(':memory:');
  try {
    createSchema(wanted);
    return schemaText(db) === schemaText(wanted);
  } finally {
    wanted.close();
  }
}

function schemaText(db: DatabaseSync): string {
  const rows = db.prepare('SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name').all();
  return JSON.stringify(rows);
}

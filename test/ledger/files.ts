import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { onTestFinished } from 'vitest';

import type { Ledger } from '../../src/ledger/port.ts';
import { openSqliteLedger, type SqliteOptions } from '../../src/ledger/sqlite.ts';
import { grow } from './conformance.ts';
import { draft } from './drafts.ts';

/** A new folder that is removed when the test is over. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'berth-ledger-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The ledger at `path`, which is closed when the test is over. */
export async function open(path: string, options: SqliteOptions = {}): Promise<Ledger> {
  const ledger = await openSqliteLedger(path, options);
  onTestFinished(() => ledger.close());
  return ledger;
}

/** Makes a ledger with this many entries, the last with key `key-last`, and closes it. */
export async function writeLedger(path: string, entryCount: number): Promise<void> {
  const ledger = await openSqliteLedger(path);
  for (let i = 1; i < entryCount; i++) await grow(ledger, [draft({ subjectCount: i })]);
  await grow(ledger, [draft({ key: 'key-last' })]);
  await ledger.close();
}

/** Changes the file behind Berth's back. */
export function tamper(path: string, sql: string): void {
  const db = new DatabaseSync(path);
  try {
    db.exec(sql);
  } finally {
    db.close();
  }
}

import { randomUUID } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { ledgerFormat } from '../model/entry.ts';
import { ledgerRefused, shownPath } from './ledger-error.ts';
import { applicationId, createSchema } from './sqlite-schema.ts';

/**
 * Puts an empty ledger at `path` unless something is there already. It is built beside its place and linked
 * into it whole, so that no crash leaves half a ledger and of several processes exactly one wins.
 */
export function createLedgerFile(path: string): void {
  if (existsSync(path)) return;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.new-${randomUUID()}`;
  try {
    build(draft);
    linkSync(draft, path);
    syncFolder(dirname(path));
  } catch (error) {
    if (!isExists(error)) throw error;
  } finally {
    for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(draft + suffix, { force: true });
  }
}

/**
 * Throws `LEDGER_REFUSED` unless a Berth ledger of a known format is at `path`; leaves a stranger's file as it is
 * and nothing beside it. Asks SQLite, because closing a file we had opened ourselves would drop the locks of every
 * connection of this process to it (https://sqlite.org/howtocorrupt.html, 2.2).
 */
export function identifyLedger(path: string): void {
  const stats = statSync(path);
  if (!stats.isFile()) throw stranger(path, stats.isDirectory() ? 'is a folder' : 'is not a regular file');
  if (stats.size === 0) throw stranger(path, 'is an empty file');
  const header = stats.size < pageBytesMin ? undefined : readHeader(path);
  if (header === undefined) throw stranger(path, 'holds something else than a ledger, or a destroyed one');
  if (header.applicationId !== applicationId)
    throw stranger(path, 'is a SQLite database of another program, or a destroyed ledger');
  refuseForeignFormat(path, header.format);
}

/** Whether this user may write the ledger. SQLite needs the folder too, for its write-ahead log. */
export function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    accessSync(dirname(path), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Which file this is, so that one moved in or away under our feet is noticed. */
export function fileIdentity(path: string): string {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? 'missing' : `${stats.dev}:${stats.ino}`;
}

/** Opens for reading. Changes nothing in the database file, so that a damaged one stays the evidence it is. */
export function connectReader(path: string): DatabaseSync {
  return configured(new DatabaseSync(path, { readOnly: true, timeout: busyTimeoutMs }));
}

/** Opens for reading and leaves nothing beside the file, unless there is a log that was not yet moved into it. */
export function connectQuietly(path: string): DatabaseSync {
  const log = statSync(`${path}-wal`, { throwIfNoEntry: false });
  return log !== undefined && log.size > 0 ? connectReader(path) : connectFrozen(path);
}

/** Opens for reading where not even the index of the write-ahead log can be made: in a read-only folder. */
export function connectFrozen(path: string): DatabaseSync {
  return configured(openFrozen(path));
}

/** Opens for appending; what an append acknowledges is on the disk, and what is deleted is overwritten. `maxPages` bounds the file. */
export function connectWriter(path: string, maxPages: number | undefined): DatabaseSync {
  const durable = ['journal_mode = WAL', 'synchronous = FULL', 'fullfsync = ON', 'secure_delete = ON'];
  const bounded = maxPages === undefined ? [] : [`max_page_count = ${Math.trunc(maxPages)}`];
  return configured(new DatabaseSync(path, { timeout: busyTimeoutMs }), [...durable, ...bounded]);
}

/** Waits until the disk has what is in a file. */
export function syncFile(file: string): void {
  const fd = openSync(file, 'r+');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Waits until the disk knows which files are in a folder. */
export function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** The smallest page of any SQLite database. */
const pageBytesMin = 512;

/** Short, because it blocks the whole process: real waiting is done by `patiently`. */
const busyTimeoutMs = 5;

/** As if on a read-only disk: no locks, no files beside it, and nothing that is only in the write-ahead log. */
function openFrozen(path: string): DatabaseSync {
  const url = `file://${path.split('/').map(encodeURIComponent).join('/')}?immutable=1`;
  return new DatabaseSync(url, { readOnly: true });
}

function configured(db: DatabaseSync, more: readonly string[] = []): DatabaseSync {
  const always = ['recursive_triggers = ON', 'trusted_schema = OFF', 'cell_size_check = ON'];
  try {
    for (const pragma of [...always, ...more]) db.exec(`PRAGMA ${pragma}`);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function build(draft: string): void {
  closeSync(openSync(draft, 'wx', 0o600));
  const db = new DatabaseSync(draft);
  try {
    createSchema(db);
    db.exec('PRAGMA journal_mode = WAL');
  } finally {
    db.close();
  }
}

function readHeader(path: string): { applicationId: unknown; format: unknown } | undefined {
  const db = connectQuietly(path);
  try {
    return {
      applicationId: db.prepare('PRAGMA application_id').get()?.['application_id'],
      format: db.prepare('PRAGMA user_version').get()?.['user_version'],
    };
  } catch (error) {
    if (isNoDatabase(error)) return undefined;
    throw error;
  } finally {
    db.close();
  }
}

/** SQLITE_CORRUPT or SQLITE_NOTADB. */
function isNoDatabase(error: unknown): boolean {
  if (!(error instanceof Error && 'errcode' in error && typeof error.errcode === 'number')) return false;
  return (error.errcode & 0xff) === 11 || (error.errcode & 0xff) === 26;
}

function refuseForeignFormat(path: string, format: unknown): void {
  if (format === ledgerFormat) return;
  const what = `ledger ${shownPath(path)} has format ${String(format)}, this Berth knows format ${ledgerFormat}`;
  const fix =
    typeof format === 'number' && format > ledgerFormat
      ? 'use the newer Berth that wrote it'
      : 'restore the ledger from a copy: no Berth wrote this format';
  throw ledgerRefused(what, fix);
}

function stranger(path: string, what: string): Error {
  return ledgerRefused(
    `${shownPath(path)} ${what}`,
    'name the path of a Berth ledger, or one where nothing is yet; if a ledger was here, restore it from a copy',
  );
}

function isExists(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST';
}

import { existsSync, statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';

import { checkpointPath, Checkpoints } from './checkpoints.ts';
import { ledgerRefused, shownPath } from './ledger-error.ts';
import type { ReadOnlyReason } from './port.ts';
import type { SoundChain } from './sound-chain.ts';
import { ledgerError } from './sqlite-error.ts';
import {
  connectFrozen,
  connectReader,
  connectWriter,
  createLedgerFile,
  fileIdentity,
  identifyLedger,
  isWritable,
} from './sqlite-file.ts';
import { LedgerTables } from './sqlite-tables.ts';
import { survey } from './survey.ts';

/** An open connection with everything that was found out about its ledger. */
export type Connection = {
  /** Which file it was when it was opened. */
  readonly identity: string;
  readonly db: DatabaseSync;
  readonly tables: LedgerTables;
  readonly chain: SoundChain;
  readonly checkpoints: Checkpoints;
  readonly readOnly: ReadOnlyReason | undefined;
};

type Reader = Pick<Connection, 'db' | 'tables'> & { readonly isFrozen: boolean };

export type ConnectionOptions = {
  /** Whether to make a ledger where nothing is yet. */
  readonly create: boolean;
  /** The largest the file may grow, in pages of 4 KiB. */
  readonly maxPages: number | undefined;
  /** Where checkpoints are kept besides beside the ledger. */
  readonly checkpointFolder: string | undefined;
};

/**
 * Finds or makes the ledger and checks all of it over a connection that only reads; opens it for appending when
 * it is whole. Throws when there is no Berth ledger that could at least be read.
 */
export function openConnection(path: string, options: ConnectionOptions): Connection {
  const checkpoints = new Checkpoints(path, options.checkpointFolder);
  if (!existsSync(path)) createNew(path, checkpoints, options.create);
  identifyLedger(path);
  const identity = fileIdentity(path);
  const reader = openReader(path);
  try {
    const { chain, readOnly: fault } = survey(path, reader.db, reader.tables, checkpoints);
    const readOnly = fault ?? unwritable(path, reader.isFrozen) ?? checkpoints.keyFault;
    if (readOnly !== undefined)
      return { identity, db: reader.db, tables: reader.tables, chain, checkpoints, readOnly };
    const writer = withTables(connectWriter(path, options.maxPages));
    reader.db.close();
    catchUp(checkpoints, chain);
    return { identity, ...writer, chain, checkpoints, readOnly };
  } catch (error) {
    if (reader.db.isOpen) reader.db.close();
    throw error;
  }
}

function createNew(path: string, checkpoints: Checkpoints, create: boolean): void {
  if (checkpoints.hasSeen) throw gone(path);
  if (!create)
    throw ledgerRefused(`there is no ledger at ${shownPath(path)}`, 'create one with `berth init`');
  createLedgerFile(path);
  checkpoints.key();
}

/** What remembers a ledger is there without it. */
export function gone(path: string): Error {
  return ledgerRefused(
    `ledger ${shownPath(path)} is gone, but its checkpoint is still there`,
    `restore a backup with \`berth ledger restore\`, or remove ${shownPath(checkpointPath(path))} to begin a new one`,
  );
}

/** A reader still wants to write the index of the write-ahead log. Where no log is it can do without. */
function openReader(path: string): Reader {
  try {
    return { ...withTables(connectReader(path)), isFrozen: false };
  } catch (error) {
    const log = statSync(`${path}-wal`, { throwIfNoEntry: false });
    if (log !== undefined && log.size > 0) throw error;
    if (ledgerError(error, path).detail.retryable) throw error;
    return { ...withTables(connectFrozen(path)), isFrozen: true };
  }
}

function withTables(db: DatabaseSync): Pick<Connection, 'db' | 'tables'> {
  try {
    return { db, tables: new LedgerTables(db) };
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Why a sound ledger cannot be appended to by this user; nothing when it can. */
export function unwritable(path: string, isFrozen: boolean): ReadOnlyReason | undefined {
  if (!isFrozen && isWritable(path)) return undefined;
  return {
    kind: 'unwritable',
    why: `ledger ${shownPath(path)} cannot be written: the file, its folder or the file system is read-only`,
    fix: 'give this user write access to the file and its folder',
  };
}

/** A process that was killed did not get to write its last one. */
function catchUp(checkpoints: Checkpoints, chain: SoundChain): void {
  if (chain.head.seq > checkpoints.besideSize) checkpoints.remember(chain, true);
  else checkpoints.rest(chain.head.seq);
}

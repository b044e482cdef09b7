import { randomUUID } from 'node:crypto';
import { existsSync, linkSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';

import { BerthError } from '../model/error.ts';
import { writeCheckpoint } from './checkpoint.ts';
import { checkpointPath } from './checkpoints.ts';
import { shownPath } from './ledger-error.ts';
import type { LogKey } from './log-key.ts';
import { connectFrozen, syncFile, syncFolder } from './sqlite-file.ts';
import { LedgerTables } from './sqlite-tables.ts';
import type { Tree } from './tree.ts';

/** An open ledger that is copied: its connection, its tree and what signs for it. */
export type BackupSource = {
  readonly db: DatabaseSync;
  readonly tree: Tree;
  readonly key: LogKey;
  /** Takes what other processes have appended. */
  readonly readOn: () => void;
};

/**
 * Copies a ledger into `file` with SQLite's own `VACUUM INTO`, which sees one moment of it while others write, and
 * leaves a signed checkpoint beside the copy. The file appears whole or not at all. Gives the number of its last entry.
 */
export function backupTo(file: string, { db, tree, key, readOn }: BackupSource): number {
  if (existsSync(file)) throw taken(file);
  const draft = `${file}.new-${randomUUID()}`;
  try {
    db.prepare('VACUUM INTO ?').run(draft);
    syncFile(draft);
    const size = lastSeqIn(draft);
    // Entries of the copy that came after our last look at the ledger are in the tree only now.
    readOn();
    rmSync(checkpointPath(file), { force: true });
    writeCheckpoint(checkpointPath(file), { size, note: key.sign(tree, size) }, true);
    linkSync(draft, file);
    syncFolder(dirname(file));
    return size;
  } finally {
    rmSync(draft, { force: true });
  }
}

function lastSeqIn(file: string): number {
  const db = connectFrozen(file);
  try {
    return new LedgerTables(db).lastSeq();
  } finally {
    db.close();
  }
}

function taken(file: string): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: `there is a file ${shownPath(file)} already`,
    fix: 'name a file that is not there yet: no backup is overwritten',
  });
}

import { randomUUID } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';

import { findCheckpoint } from './checkpoint.ts';
import { checkpointPath, secondPath } from './checkpoints.ts';
import { ledgerRefused, shownPath } from './ledger-error.ts';
import { logKeyPath } from './log-key.ts';
import type { SoundChain } from './sound-chain.ts';
import { ledgerError } from './sqlite-error.ts';
import { connectQuietly, identifyLedger, syncFile, syncFolder } from './sqlite-file.ts';
import { LedgerTables } from './sqlite-tables.ts';
import { surveyEntries } from './survey.ts';

export type RestoreOptions = {
  /** The second place of checkpoints, if there is one. */
  readonly checkpointFolder?: string | undefined;
  /** Whether what was appended after the backup is given up: then the ledger goes on as another log. */
  readonly acceptLoss?: boolean;
};

/** What was put in place: its last entry, what the checkpoints have seen, and where things were moved to. */
export type Restored = {
  readonly entries: number;
  /** The last entry that a checkpoint has seen. */
  readonly seen: number;
  readonly moved: readonly string[];
};

/**
 * Puts a backup where the ledger at `path` belongs. Nothing is deleted: what was there gets another name. Checkpoints
 * and key stay, so that a backup that is older than they are is known as such; with `acceptLoss` they are moved too.
 * Throws LEDGER_REFUSED when the backup is not sound, or would take the place of a sound ledger that holds more.
 */
export function restoreLedger(file: string, path: string, options: RestoreOptions = {}): Restored {
  const backup = soundBackup(file);
  const present = existsSync(path) ? presentEntries(path) : 0;
  if (present > backup && options.acceptLoss !== true) throw wouldLose(path, present, backup);
  const places = [
    checkpointPath(path),
    ...(options.checkpointFolder === undefined ? [] : [secondPath(options.checkpointFolder)]),
  ];
  const seen = Math.max(0, ...places.map(sizeAt));
  const isLoss = options.acceptLoss === true && (seen > backup || present > backup);
  const draft = `${path}.new-${randomUUID()}`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    copyFileSync(file, draft);
    syncFile(draft);
    const moved = moveAway(path, isLoss ? [...places, logKeyPath(path)] : []);
    renameSync(draft, path);
    syncFolder(dirname(path));
    return { entries: backup, seen: isLoss ? backup : seen, moved };
  } catch (error) {
    throw ledgerError(error, path);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Gives the ledger's files, and others that no longer hold, names under which nobody looks for them. */
function moveAway(path: string, outdated: readonly string[]): readonly string[] {
  const suffix = `.replaced-${Date.now()}`;
  const names = [
    ...['', '-wal', '-shm'].map((part) => [path + part, path + suffix + part] as const),
    ...outdated.map((file) => [file, file + suffix] as const),
  ];
  const there = names.filter(([from]) => existsSync(from));
  for (const [from, to] of there) renameSync(from, to);
  return there.map(([, to]) => to);
}

/** How many entries a backup has. Throws LEDGER_REFUSED unless every one is sound and its checkpoint agrees. */
function soundBackup(file: string): number {
  const chain = entriesIn(file);
  if (chain.fault !== undefined) throw notSound(file, chain.fault);
  const found = findCheckpoint(checkpointPath(file));
  const { seq } = chain.head;
  if (found.kind === 'unreadable') throw notSound(file, 'its checkpoint cannot be read');
  if (found.kind === 'note' && found.size > seq)
    throw notSound(file, `it ends at entry ${seq}, not at ${found.size}`);
  if (found.kind === 'note' && !chain.tree.root(found.size).equals(found.head.root))
    throw notSound(file, 'it is not what its checkpoint says');
  if (seq === 0) throw notSound(file, 'there is no entry in it');
  return seq;
}

/** What can still be read of the ledger that a backup replaces. */
function presentEntries(path: string): number {
  try {
    const chain = entriesIn(path);
    return chain.fault === undefined ? chain.head.seq : 0;
  } catch {
    return 0;
  }
}

function entriesIn(file: string): SoundChain {
  try {
    identifyLedger(file);
    const db = connectQuietly(file);
    try {
      return surveyEntries(file, db, new LedgerTables(db));
    } finally {
      db.close();
    }
  } catch (error) {
    throw ledgerError(error, file);
  }
}

function sizeAt(file: string): number {
  const found = findCheckpoint(file);
  return 'size' in found ? found.size : 0;
}

function notSound(file: string, why: string): Error {
  return ledgerRefused(
    `backup ${shownPath(file)} is not sound: ${why}`,
    'use another backup; nothing was changed',
  );
}

function wouldLose(path: string, present: number, backup: number): Error {
  return ledgerRefused(
    `ledger ${shownPath(path)} is sound and reaches entry ${present}, the backup only entry ${backup}`,
    'keep the ledger, or pass `--accept-loss` to give up what came after the backup; nothing was changed',
  );
}

import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';

import { Digest } from '../model/id.ts';
import { shownPath } from './ledger-error.ts';
import type { ReadOnlyReason } from './port.ts';

/** What the ledger was once known to contain. */
export type Checkpoint = { readonly seq: number; readonly digest: Digest };

/** What lies beside the ledger: nothing, a checkpoint, or something that is none. */
export type FoundCheckpoint =
  | { readonly kind: 'none' }
  | { readonly kind: 'checkpoint'; readonly checkpoint: Checkpoint }
  | { readonly kind: 'unreadable' };

const format = 'berth/checkpoint/1';

/** A crash may leave the temporary file behind; nobody needs this long to write a hundred bytes. */
const abandonedAfterMs = 10_000;

/** A hundred bytes are expected; more than this is not a checkpoint and is not read. */
const bytesMax = 64 * 1024;

/** The file that remembers how far the ledger at `path` had come. */
export function checkpointPath(path: string): string {
  return `${path}.checkpoint`;
}

/**
 * Reads the checkpoint of the ledger at `path`. Read it before the entries: another process may append and
 * checkpoint in between. A file of zeros, or of nothing, is what a power cut makes of one that was not yet
 * on the disk, and counts as none.
 */
export function findCheckpoint(path: string): FoundCheckpoint {
  const file = checkpointPath(path);
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) return { kind: 'none' };
  if (!stats.isFile() || stats.size > bytesMax) return { kind: 'unreadable' };
  const text = readText(file);
  if (text !== undefined && /^\0*$/.test(text)) return { kind: 'none' };
  const checkpoint = text === undefined ? undefined : parseCheckpoint(text);
  return checkpoint === undefined ? { kind: 'unreadable' } : { kind: 'checkpoint', checkpoint };
}

/**
 * Writes the checkpoint, unless a later one is there. Call it only for entries that are durable: the file must
 * never be ahead of the ledger. `durable` waits for the disk; without it a power cut may bring the previous one
 * back. Returns false when it was not written, which is tolerable: a late checkpoint is weaker, never wrong.
 */
export function writeCheckpoint(path: string, checkpoint: Checkpoint, durable: boolean): boolean {
  const draft = `${checkpointPath(path)}.tmp`;
  try {
    // The exclusive flag makes the temporary file a lock: of two processes that want to write, one skips.
    const fd = openSync(draft, 'wx', 0o600);
    return replace(path, draft, fd, checkpoint, durable);
  } catch {
    removeAbandoned(draft);
    return false;
  }
}

/** Why the ledger may not be written when its checkpoint says otherwise; nothing when both agree. */
export function checkpointFault(
  path: string,
  found: FoundCheckpoint,
  lastSeq: number,
  digestAt: (seq: number) => unknown,
): ReadOnlyReason | undefined {
  if (found.kind === 'none') return undefined;
  const file = shownPath(checkpointPath(path));
  if (found.kind === 'unreadable')
    return {
      kind: 'unsound',
      why: `checkpoint ${file} cannot be read, so nothing shows that ledger ${shownPath(path)} is whole`,
      fix: `restore the checkpoint from a copy, or remove ${file} to accept the ledger as it is`,
    };
  const { seq, digest } = found.checkpoint;
  if (lastSeq >= seq && digestAt(seq) === digest) return undefined;
  const what =
    lastSeq < seq
      ? `ends at entry ${lastSeq}, but its checkpoint has seen entry ${seq}: the end is lost or an old copy was restored`
      : `has another entry ${seq} than its checkpoint has seen: its history was rewritten`;
  return {
    kind: 'unsound',
    why: `ledger ${shownPath(path)} ${what}`,
    fix: `restore the ledger from a copy that reaches entry ${seq}, or remove ${file} to accept the loss`,
  };
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function replace(path: string, draft: string, fd: number, wanted: Checkpoint, durable: boolean): boolean {
  let isReplaced = false;
  try {
    if (!isBehind(findCheckpoint(path), wanted.seq)) return false;
    writeFileSync(fd, `${JSON.stringify({ format, seq: wanted.seq, digest: wanted.digest })}\n`);
    if (durable) fsyncSync(fd);
    renameSync(draft, checkpointPath(path));
    isReplaced = true;
  } finally {
    closeSync(fd);
    if (!isReplaced) rmSync(draft, { force: true });
  }
  return isReplaced;
}

function isBehind(found: FoundCheckpoint, seq: number): boolean {
  return found.kind === 'none' || (found.kind === 'checkpoint' && found.checkpoint.seq < seq);
}

function removeAbandoned(draft: string): void {
  try {
    const stats = statSync(draft, { throwIfNoEntry: false });
    if (stats !== undefined && Date.now() - stats.mtimeMs > abandonedAfterMs) rmSync(draft, { force: true });
  } catch {
    // The next checkpoint tries again.
  }
}

/** Members that a later Berth adds are tolerated; another format is not. */
function parseCheckpoint(text: string): Checkpoint | undefined {
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null) return undefined;
  if (!('format' in value && 'seq' in value && 'digest' in value)) return undefined;
  const digest = Digest.safeParse(value.digest);
  const isSound = value.format === format && Number.isSafeInteger(value.seq) && digest.success;
  return isSound && typeof value.seq === 'number' && value.seq >= 0
    ? { seq: value.seq, digest: digest.data }
    : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

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
import { noteBytesMax } from './note.ts';
import { parseHead, type TreeHead } from './tree-head.ts';

/** What lies where a checkpoint belongs. Nothing of it has been verified. */
export type FoundCheckpoint =
  | { readonly kind: 'none' }
  | { readonly kind: 'unreadable' }
  /** What Berth wrote before its ledgers had a key: the digest of one entry, unsigned. */
  | { readonly kind: 'unsigned'; readonly size: number; readonly digest: Digest }
  | { readonly kind: 'note'; readonly size: number; readonly head: TreeHead; readonly note: string };

/** Whether a checkpoint was written, was not due or somebody else's turn, or could not be. */
export type Written = 'written' | 'skipped' | 'failed';

const unsignedFormat = 'berth/checkpoint/1';

/** A crash may leave the temporary file behind; nobody needs this long to write a few hundred bytes. */
const abandonedAfterMs = 10_000;

/**
 * Reads a checkpoint. Read it before the entries: another process may append and checkpoint in between. A file of
 * zeros, or of nothing, is what a power cut makes of one that was not yet on the disk, and counts as none.
 */
export function findCheckpoint(file: string): FoundCheckpoint {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) return { kind: 'none' };
  if (!stats.isFile() || stats.size > noteBytesMax) return { kind: 'unreadable' };
  const text = readText(file);
  if (text === undefined) return { kind: 'unreadable' };
  if (/^\0*$/.test(text)) return { kind: 'none' };
  return parseNote(text) ?? parseUnsigned(text) ?? { kind: 'unreadable' };
}

/**
 * Writes a signed checkpoint over `size` entries, unless a later one is there. Call it only for entries that are
 * durable: the file must never be ahead of the ledger. `durable` waits for the disk; without it a power cut may
 * bring the previous one back. That it was skipped is tolerable: a late checkpoint is weaker, never wrong.
 */
export function writeCheckpoint(file: string, wanted: SignedCheckpoint, durable: boolean): Written {
  const draft = `${file}.tmp`;
  try {
    // The exclusive flag makes the temporary file a lock: of two processes that want to write, one skips.
    const fd = openSync(draft, 'wx', 0o600);
    return replace(file, draft, { fd, wanted, durable });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) return 'failed';
    removeAbandoned(draft);
    return 'skipped';
  }
}

/** A signed note, and how many entries it vouches for. */
export type SignedCheckpoint = { readonly size: number; readonly note: string };

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

type Replacement = { readonly fd: number; readonly wanted: SignedCheckpoint; readonly durable: boolean };

function replace(file: string, draft: string, { fd, wanted, durable }: Replacement): Written {
  let isReplaced = false;
  try {
    if (!isBehind(findCheckpoint(file), wanted.size)) return 'skipped';
    writeFileSync(fd, wanted.note);
    if (durable) fsyncSync(fd);
    renameSync(draft, file);
    isReplaced = true;
  } finally {
    closeSync(fd);
    if (!isReplaced) rmSync(draft, { force: true });
  }
  return 'written';
}

function isBehind(found: FoundCheckpoint, size: number): boolean {
  if (found.kind === 'unsigned') return found.size <= size;
  return found.kind === 'none' || (found.kind === 'note' && found.size < size);
}

function removeAbandoned(draft: string): void {
  try {
    const stats = statSync(draft, { throwIfNoEntry: false });
    if (stats !== undefined && Date.now() - stats.mtimeMs > abandonedAfterMs) rmSync(draft, { force: true });
  } catch {
    // The next checkpoint tries again.
  }
}

function parseNote(note: string): FoundCheckpoint | undefined {
  const head = parseHead(note.slice(0, note.indexOf('\n\n') + 1));
  return head === undefined ? undefined : { kind: 'note', size: head.size, head, note };
}

/** Members that a later Berth adds are tolerated; another format is not. */
function parseUnsigned(text: string): FoundCheckpoint | undefined {
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null) return undefined;
  if (!('format' in value && 'seq' in value && 'digest' in value)) return undefined;
  const digest = Digest.safeParse(value.digest);
  const isSound = value.format === unsignedFormat && Number.isSafeInteger(value.seq) && digest.success;
  return isSound && typeof value.seq === 'number' && value.seq >= 0
    ? { kind: 'unsigned', size: value.seq, digest: digest.data }
    : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

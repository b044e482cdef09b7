import { hash } from 'node:crypto';

import { canonicalJson, digestOfHex } from '../model/canonical.ts';
import { type Entry, EntryDraft, type Head, ledgerFormat } from '../model/entry.ts';
import { BerthError } from '../model/error.ts';
import type { Digest } from '../model/id.ts';
import { cleanText } from '../model/text.ts';

/** An entry's canonical JSON, digest included, may have this many bytes of UTF-8. */
export const entryBytesMax = 32 * 1024;

/** What breaks the chain at one entry: what its predecessor asks for, and what stands there. */
export type ChainFault =
  | { readonly kind: 'seq-gap'; readonly expected: number; readonly found: number }
  | { readonly kind: 'prev-mismatch'; readonly expected: Digest; readonly found: Digest }
  | { readonly kind: 'digest-mismatch'; readonly expected: Digest; readonly found: Digest }
  | { readonly kind: 'time-back'; readonly previousMs: number; readonly foundMs: number };

/**
 * Gives a draft its place after `prev`. The digest is the SHA-256 of the RFC 8785 JSON of the entry without
 * `digest`; `atMs` never goes back, whatever the clock did. Members that are `undefined` count as absent.
 * Throws `INVALID_INPUT` when the entry is larger than `entryBytesMax`, `INTERNAL` when it could not be read back.
 */
export function seal(draft: EntryDraft, prev: Head): Entry {
  const parsed = parseDraft(draft);
  const atMs = Math.max(prev.atMs, parsed.atMs);
  const body = { v: ledgerFormat, seq: prev.seq + 1, prev: prev.digest, ...parsed, atMs } as const;
  const entry: Entry = { ...body, digest: sha256Of(textOf(body)) };
  refuseLarge(entry);
  return entry;
}

/** Everything that is wrong with `entry` as the one after `prev`; empty when it is sound. */
export function checkEntry(entry: Entry, prev: Head): readonly ChainFault[] {
  const { digest: found, ...body } = entry;
  const expected = sha256Of(canonicalJson(body));
  const faults: ChainFault[] = [...checkLinks(entry, prev)];
  if (found !== expected) faults.push({ kind: 'digest-mismatch', expected, found });
  return faults;
}

/** The same without hashing: for entries whose digest was already checked against their stored text. */
export function checkLinks(entry: Entry, prev: Head): readonly ChainFault[] {
  const faults: ChainFault[] = [];
  if (entry.seq !== prev.seq + 1) faults.push({ kind: 'seq-gap', expected: prev.seq + 1, found: entry.seq });
  if (entry.prev !== prev.digest)
    faults.push({ kind: 'prev-mismatch', expected: prev.digest, found: entry.prev });
  if (entry.atMs < prev.atMs) faults.push({ kind: 'time-back', previousMs: prev.atMs, foundMs: entry.atMs });
  return faults;
}

/** One fault in words that complete "entry 17 …". */
export function faultText(fault: ChainFault): string {
  switch (fault.kind) {
    case 'seq-gap':
      return `says it is number ${fault.found}, where ${fault.expected} is next`;
    case 'prev-mismatch':
      return 'does not continue the entry before it';
    case 'digest-mismatch':
      return 'does not match its digest';
    case 'time-back':
      return `is ${fault.previousMs - fault.foundMs} ms older than the entry before it`;
    default:
      return fault satisfies never;
  }
}

/** `sha256:` and the hex SHA-256 of bytes, or of the UTF-8 bytes of a text. */
export function sha256Of(content: string | Uint8Array): Digest {
  return digestOfHex(hash('sha256', content));
}

/** The end of a chain that ends with `entry`. */
export function headOf(entry: Entry): Head {
  return { seq: entry.seq, digest: entry.digest, atMs: entry.atMs };
}

function parseDraft(draft: EntryDraft): EntryDraft {
  try {
    return EntryDraft.parse(JSON.parse(JSON.stringify(draft)));
  } catch (cause) {
    throw unreadable(cause);
  }
}

function textOf(body: Omit<Entry, 'digest'>): string {
  try {
    return canonicalJson(body);
  } catch (cause) {
    throw unreadable(cause);
  }
}

function unreadable(cause: unknown): BerthError {
  const why = cause instanceof Error ? cleanText(cause.message) : 'unknown';
  return new BerthError(
    {
      code: 'INTERNAL',
      message: `an entry that could not be read back was not appended: ${why}`,
      fix: 'report this as a bug, with the request that led to it',
    },
    { cause },
  );
}

function refuseLarge(entry: Entry): void {
  const bytes = Buffer.byteLength(canonicalJson(entry));
  if (bytes <= entryBytesMax) return;
  throw new BerthError({
    code: 'INVALID_INPUT',
    message: `the entry for \`${entry.command.kind}\` has ${bytes} bytes, more than the ${entryBytesMax} an entry may have`,
    fix: 'store large things as blobs and name them in the entry by their digest',
  });
}

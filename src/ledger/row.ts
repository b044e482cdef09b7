import { canonicalJson } from '../model/canonical.ts';
import { ChainLink, Entry, KnownEntry } from '../model/entry.ts';
import { cleanText } from '../model/text.ts';
import { sha256Of } from './chain.ts';
import { leafHash } from './tree-hash.ts';

/**
 * An entry as a store keeps it: its canonical JSON without `digest`, and beside it that digest. So the digest
 * is the SHA-256 of exactly the stored bytes, and `sha256sum` can check it.
 */
export type Row = { readonly seq: number; readonly json: string; readonly digest: string };

/** A stored row that may be damaged: any column may have become anything. */
export type DamagedRow = { readonly [column in keyof Row]?: unknown };

/** What a row turned out to hold. `why` completes "entry 17 …". */
export type Opened =
  | { readonly kind: 'sound'; readonly entry: Entry; readonly json: string }
  | { readonly kind: 'broken'; readonly why: string };

export function rowOf(entry: Entry): Row {
  const { digest, ...body } = entry;
  return { seq: entry.seq, json: canonicalJson(body), digest };
}

/** Parses a stored row and checks it against its own digest and number, not against its neighbours. */
export function openRow(row: DamagedRow): Opened {
  if (typeof row.json !== 'string') return broken('is not text');
  const digest = sha256Of(row.json);
  if (row.digest !== digest) return broken('does not match its digest');
  const entry = parseEntry(row.json, digest);
  if (entry.kind === 'sound' && entry.entry.seq !== row.seq)
    return broken(`says it is number ${entry.entry.seq}, but is stored as ${String(row.seq)}`);
  return entry;
}

/**
 * Opens a row below a signed checkpoint. Its text was parsed by the schema when it was written, and the signature is
 * over exactly these bytes, so only what the chain is made of is looked at here. The caller compares the tree with the
 * checkpoint afterwards, and opens everything anew where they differ.
 */
export function openVouched(row: DamagedRow): Opened {
  if (typeof row.json !== 'string') return broken('is not text');
  const digest = sha256Of(row.json);
  if (row.digest !== digest) return broken('does not match its digest');
  const body = parseObject(row.json);
  const entry = KnownEntry.safeParse({ ...body, digest });
  if (!entry.success || !ChainLink.safeParse(body).success || entry.data.seq !== row.seq) return openRow(row);
  return { kind: 'sound', entry: entry.data, json: row.json };
}

/**
 * Opens a row that was opened before, when its text is still the one with this leaf. Nothing about it is parsed by a
 * schema again; what the hash does not vouch for is checked.
 */
export function reopenRow(row: DamagedRow, leaf: Buffer): Opened {
  if (typeof row.json !== 'string' || !leafHash(row.json).equals(leaf)) return broken('is not what it was');
  const digest = sha256Of(row.json);
  if (row.digest !== digest) return broken('does not match its digest');
  const entry = KnownEntry.safeParse({ ...parseObject(row.json), digest });
  if (!entry.success || entry.data.seq !== row.seq) return broken(`is stored as ${String(row.seq)}`);
  return { kind: 'sound', entry: entry.data, json: row.json };
}

function parseEntry(json: string, digest: string): Opened {
  const body = parseObject(json);
  if (body === undefined) return broken('is not a JSON object');
  const entry = Entry.safeParse({ ...body, digest });
  if (entry.success) return { kind: 'sound', entry: entry.data, json };
  const issue = entry.error.issues[0];
  const where = issue?.path.map(String).join('.') ?? '';
  return broken(`is no entry this Berth can read: ${cleanText(`${where} ${issue?.message ?? ''}`.trim())}`);
}

function parseObject(json: string): object | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function broken(why: string): Opened {
  return { kind: 'broken', why };
}

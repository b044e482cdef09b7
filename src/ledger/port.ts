import type { Entry, EntryDraft, Head } from '../model/entry.ts';
import type { Digest, IdemKey, PlanId, PrincipalId, TenantId } from '../model/id.ts';
import type { AsideRow } from './aside.ts';
import type { ChatLog } from './chat-log.ts';
import type { Tree } from './tree.ts';

/** Whether an append won its place. `head-moved` means: read on from your head, decide again. */
export type Appended =
  | { readonly kind: 'appended'; readonly entries: readonly Entry[]; readonly head: Head }
  | { readonly kind: 'head-moved'; readonly head: Head };

/** Why a ledger may be read but not written. */
export type ReadOnlyReason = {
  /** `unwritable`: sound, but nothing can be written there; `unsound`: what it holds is not what was written. */
  readonly kind: 'unwritable' | 'unsound';
  readonly why: string;
  readonly fix: string;
};

/** Within what an idempotency key is unique. */
export type IdemScope = {
  readonly tenant: TenantId | undefined;
  readonly principal: PrincipalId;
  readonly key: IdemKey;
};

/** The signed tree head over the whole ledger: a C2SP checkpoint, and the public keys it can be verified with. */
export type Checkpoint = {
  readonly note: string;
  /** How many entries it vouches for. */
  readonly size: number;
  readonly origin: string;
  readonly vkeys: readonly string[];
};

/** The Merkle tree over the entries; entry n is leaf n - 1. It grows: name the size that is meant. */
export type TreeView = Pick<Tree, 'size' | 'root' | 'inclusion' | 'consistency'>;

/**
 * The append-only record. One port for memory, SQLite and PostgreSQL; `test/ledger/conformance.ts` is what
 * each must pass. Every method may reject with a `BerthError` of code `LEDGER_REFUSED` (read-only, damaged, full,
 * closed: do not try again) or `LEDGER_BUSY` (nothing was done: try again).
 */
export interface Ledger {
  /** Where it lives, for people: a file path or `memory`. */
  readonly place: string;
  /** Set when appends are refused; reading goes on, up to the first bad entry. May become set while open. */
  readonly readOnly: ReadOnlyReason | undefined;
  /** The last sound entry, including what other processes have appended. */
  head(): Promise<Head>;
  /** Entries with `seq > after`, in order, at most `limit`. Each one is parsed and its digest checked. */
  read(after: number, limit: number): Promise<readonly Entry[]>;
  /**
   * All drafts or none, durable when it resolves, and only if the head is still `expected`. Rejects with
   * `IDEMPOTENCY_CONFLICT` when a key is taken, with `INVALID_INPUT` when an entry is larger than 32 KiB.
   */
  append(drafts: readonly EntryDraft[], expected: Head): Promise<Appended>;
  /** The entry that carries this key, if any. */
  findByIdemKey(scope: IdemScope): Promise<Entry | undefined>;
  /** Stores bytes under their digest. Storing them again changes nothing. */
  putBlob(bytes: Uint8Array): Promise<Digest>;
  getBlob(digest: Digest): Promise<Uint8Array | undefined>;
  /** Keeps a plan reachable by its handle. The same handle with another digest is refused. */
  putPlan(id: PlanId, bytes: Uint8Array): Promise<Digest>;
  findPlan(id: PlanId): Promise<Digest | undefined>;
  /** Somebody's text with its salted digest: what an entry may say of it. Nothing is kept yet. */
  salted(of: PrincipalId, text: string): AsideRow;
  /** Keeps a text where it can be erased, before the entry that names it. Keeping it again changes nothing. */
  keepAside(row: AsideRow): Promise<void>;
  /** The text; nothing when there is none (any more). Rejects with `LEDGER_REFUSED` when it is not what was kept. */
  readAside(digest: Digest): Promise<string | undefined>;
  /** How many texts of somebody are kept. */
  countAsides(of: PrincipalId): Promise<number>;
  /** Takes all texts of somebody away for good, also from the write-ahead log. Backups are not reached. */
  eraseAsides(of: PrincipalId): Promise<void>;
  /** What was said in chats. */
  readonly chats: ChatLog;
  /** The tree at the head, including what other processes have appended. */
  tree(): Promise<TreeView>;
  /** Signs the head and writes it to every place of checkpoints. Makes the key of the log where there is none. */
  checkpoint(): Promise<Checkpoint>;
  /**
   * Copies the ledger as it is now into a new file, with a signed checkpoint beside it, while others go on using it.
   * Resolves to the number of its last entry. Rejects with `INVALID_INPUT` when the file is there already.
   */
  backup(file: string): Promise<number>;
  close(): Promise<void>;
}

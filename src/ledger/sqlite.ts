import { resolve } from 'node:path';

import type { Entry, EntryDraft, Head } from '../model/entry.ts';
import type { BerthError } from '../model/error.ts';
import { Digest, type PlanId, type PrincipalId } from '../model/id.ts';
import { asideRow, type AsideRow, newSalt } from './aside.ts';
import { backupTo } from './backup.ts';
import { headOf, sha256Of } from './chain.ts';
import type { ChatLog } from './chat-log.ts';
import {
  handleTaken,
  ledgerBusy,
  ledgerClosed,
  ledgerReadOnly,
  ledgerRefused,
  shownPath,
} from './ledger-error.ts';
import { patiently } from './patience.ts';
import type { Appended, Checkpoint, IdemScope, Ledger, ReadOnlyReason, TreeView } from './port.ts';
import { type DamagedRow, reopenRow } from './row.ts';
import type { Sealed } from './sound-chain.ts';
import { addAside, countAsides, deleteAsides, deleteAsidesAt, findAside } from './sqlite-asides.ts';
import { addToChat, ChatDamage, listChats, readChat } from './sqlite-chats.ts';
import { ledgerError } from './sqlite-error.ts';
import { fileIdentity } from './sqlite-file.ts';
import { type Connection, openConnection } from './sqlite-open.ts';
import { chainFault, readOn } from './survey.ts';

export type SqliteOptions = {
  /** Whether to make a ledger where nothing is yet; true unless said otherwise. */
  readonly create?: boolean;
  /** How long a call waits for other processes before it is `LEDGER_BUSY`, in milliseconds; 10,000 by default. */
  readonly patienceMs?: number;
  /** The largest the file may grow, in pages of 4 KiB; beyond it appends are refused as on a full disk. */
  readonly maxPages?: number;
  /** A second folder for checkpoints, on another disk or machine. It must be there; it may hold those of one ledger. */
  readonly checkpointFolder?: string | undefined;
  /** Where salts come from; unguessable ones unless a test wants the same bytes each time. */
  readonly salt?: (() => Uint8Array) | undefined;
};

/**
 * Opens the ledger in the SQLite file at `path`, verifies all of it, and makes a new one where nothing is yet.
 * A ledger that is broken, damaged, shorter than its checkpoint or not writable opens with `readOnly` set.
 * Several processes may have it open. Rejects with `LEDGER_REFUSED` when nothing there can be read as a ledger.
 */
export async function openSqliteLedger(path: string, options: SqliteOptions = {}): Promise<Ledger> {
  const place = resolve(path);
  const { create = true, patienceMs = 10_000, maxPages, checkpointFolder, salt = newSalt } = options;
  const folder = checkpointFolder === undefined ? undefined : resolve(checkpointFolder);
  const connection = await patiently(place, patienceMs, () =>
    openConnection(place, { create, maxPages, checkpointFolder: folder }),
  );
  return new SqliteLedger({ place, patienceMs, salt }, connection);
}

/** A turn does not wait longer than this to be written down: no decision rests on it. In milliseconds. */
const chatPatienceMs = 1000;

type Settled = Required<Pick<SqliteOptions, 'patienceMs'>> & {
  readonly place: string;
  readonly salt: () => Uint8Array;
};

class SqliteLedger implements Ledger {
  readonly place: string;
  readonly #patienceMs: number;
  readonly #salt: () => Uint8Array;
  readonly #connection: Connection;
  #readOnly: ReadOnlyReason | undefined;

  constructor({ place, patienceMs, salt }: Settled, connection: Connection) {
    this.place = place;
    this.#patienceMs = patienceMs;
    this.#salt = salt;
    this.#connection = connection;
    this.#readOnly = connection.readOnly;
  }

  get readOnly(): ReadOnlyReason | undefined {
    return this.#readOnly;
  }

  head(): Promise<Head> {
    return this.#run(() => {
      this.#readOn();
      return this.#connection.chain.head;
    });
  }

  read(after: number, limit: number): Promise<readonly Entry[]> {
    return this.#run(() => {
      this.#readOn();
      const from = Math.max(0, after);
      return this.#entries(from, Math.min(from + limit, this.#connection.chain.head.seq));
    });
  }

  append(drafts: readonly EntryDraft[], expected: Head): Promise<Appended> {
    return this.#run(() => {
      const { appended, sealed } = this.#inTransaction(() => this.#addAll(drafts, expected));
      this.#takeOver(sealed);
      return appended;
    });
  }

  findByIdemKey(scope: IdemScope): Promise<Entry | undefined> {
    return this.#run(() => {
      this.#readOn();
      const seq = this.#connection.chain.seqOf(scope);
      return seq === undefined ? undefined : this.#entries(seq - 1, seq)[0];
    });
  }

  putBlob(bytes: Uint8Array): Promise<Digest> {
    const digest = sha256Of(bytes);
    return this.#run(() => {
      if (this.#blob(digest) === undefined)
        this.#inTransaction(() => this.#connection.tables.addBlob(digest, bytes));
      return digest;
    });
  }

  getBlob(digest: Digest): Promise<Uint8Array | undefined> {
    return this.#run(() => this.#blob(digest));
  }

  putPlan(id: PlanId, bytes: Uint8Array): Promise<Digest> {
    const digest = sha256Of(bytes);
    return this.#run(() => {
      if (this.#plan(id) === undefined) this.#inTransaction(() => this.#addPlan(id, digest, bytes));
      const known = this.#plan(id);
      if (known !== undefined && known !== digest) throw handleTaken(id, known);
      return digest;
    });
  }

  findPlan(id: PlanId): Promise<Digest | undefined> {
    return this.#run(() => this.#plan(id));
  }

  salted(of: PrincipalId, text: string): AsideRow {
    return asideRow(of, text, this.#salt());
  }

  keepAside(row: AsideRow): Promise<void> {
    return this.#run(() => {
      this.#inTransaction(() => addAside(this.#connection.db, row));
    });
  }

  readAside(digest: Digest): Promise<string | undefined> {
    return this.#run(() => {
      const found = findAside(this.#connection.db, digest);
      if (found.kind === 'damaged') throw this.#damage(`the text \`${digest}\` is not what was kept`);
      return found.kind === 'text' ? found.text : undefined;
    });
  }

  countAsides(of: PrincipalId): Promise<number> {
    return this.#run(() => countAsides(this.#connection.db, of));
  }

  eraseAsides(of: PrincipalId): Promise<void> {
    return this.#run(() => this.#eraseWith((db) => deleteAsides(db, of)));
  }

  readonly chats: ChatLog = {
    append: (draft) =>
      this.#run(
        () =>
          this.#inTransaction(() =>
            this.#soundly(() => addToChat(this.#connection.db, this.#connection.chain.head, draft)),
          ),
        Math.min(this.#patienceMs, chatPatienceMs),
      ),
    read: (chat) => this.#run(() => this.#soundly(() => readChat(this.#connection.db, chat))),
    list: (query) => this.#run(() => this.#soundly(() => listChats(this.#connection.db, query))),
    erase: (digests) => this.#run(() => this.#eraseWith((db) => deleteAsidesAt(db, digests))),
  };

  tree(): Promise<TreeView> {
    return this.#run(() => {
      this.#readOn();
      return this.#connection.chain.tree;
    });
  }

  checkpoint(): Promise<Checkpoint> {
    return this.#run(() => {
      const { chain, checkpoints } = this.#connection;
      this.#readOn();
      this.#mustBeWritable();
      const key = checkpoints.key();
      checkpoints.remember(chain);
      return { note: key.sign(chain.tree), size: chain.tree.size, origin: key.origin, vkeys: key.vkeys };
    });
  }

  backup(file: string): Promise<number> {
    return this.#run(() => {
      const { db, chain, checkpoints } = this.#connection;
      this.#readOn();
      this.#mustBeWritable();
      return backupTo(resolve(file), {
        db,
        tree: chain.tree,
        key: checkpoints.key(),
        readOn: () => this.#readOn(),
      });
    });
  }

  async close(): Promise<void> {
    const { db, chain, checkpoints } = this.#connection;
    if (!db.isOpen) return;
    try {
      if (this.#readOnly === undefined) checkpoints.remember(chain, true);
    } catch (error) {
      throw ledgerError(error, this.place);
    } finally {
      db.close();
    }
  }

  #eraseWith(remove: (db: Connection['db']) => void): void {
    const { db } = this.#connection;
    this.#inTransaction(() => remove(db));
    // The log still holds the pages as they were. While somebody reads it stays, and this is tried again.
    const busy = db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.['busy'];
    if (busy !== 0) throw ledgerBusy(this.place);
  }

  /** A session that is not what was written is refused; no decision rests on it, so the ledger goes on. */
  #soundly<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof ChatDamage)) throw error;
      throw ledgerRefused(
        `ledger ${shownPath(this.place)} is damaged: ${error.message}`,
        'keep the file as evidence and restore the ledger from a copy; decisions do not rest on sessions',
        error,
      );
    }
  }

  #run<T>(work: () => T, patienceMs = this.#patienceMs): Promise<T> {
    return patiently(this.place, patienceMs, () => {
      if (!this.#connection.db.isOpen) throw ledgerClosed(this.place);
      return work();
    });
  }

  /** Checks and takes what other processes have appended. */
  #readOn(): void {
    const { chain, tables } = this.#connection;
    readOn(chain, tables, this.place);
    this.#readOnly ??= chainFault(this.place, chain);
  }

  #addAll(drafts: readonly EntryDraft[], expected: Head): { appended: Appended; sealed: readonly Sealed[] } {
    const { chain, checkpoints, tables } = this.#connection;
    const { head } = chain;
    if (head.seq !== expected.seq || head.digest !== expected.digest)
      return { appended: { kind: 'head-moved', head }, sealed: [] };
    // Made before anything is written: afterwards it would be too late to refuse.
    checkpoints.key();
    const sealed = chain.sealAll(drafts);
    for (const { row } of sealed) tables.addRow(row);
    const entries = sealed.map(({ entry }) => entry);
    const last = entries.at(-1);
    return {
      appended: { kind: 'appended', entries, head: last === undefined ? head : headOf(last) },
      sealed,
    };
  }

  /** After the commit: the entries are durable, so the checkpoint may know about them. */
  #takeOver(sealed: readonly Sealed[]): void {
    const { chain, checkpoints } = this.#connection;
    for (const one of sealed) chain.add(one);
    if (sealed.length > 0) checkpoints.remember(chain);
  }

  #addPlan(id: PlanId, digest: Digest, bytes: Uint8Array): void {
    this.#connection.tables.addBlob(digest, bytes);
    this.#connection.tables.addPlan(id, digest);
  }

  /** The entries with `after < seq <= last`, which were sound when they were first read. */
  #entries(after: number, last: number): readonly Entry[] {
    if (last <= after) return [];
    const rows = this.#connection.tables.rowsBetween(after, last);
    const entries = rows.map((row, i) => this.#entry(row, after + 1 + i));
    if (entries.length < last - after) throw this.#damage(`entry ${after + 1 + entries.length} is missing`);
    return entries;
  }

  #entry(row: DamagedRow, seq: number): Entry {
    const opened = reopenRow(row, this.#connection.chain.tree.leaf(seq - 1));
    if (opened.kind === 'broken') throw this.#damage(`entry ${seq} ${opened.why}`);
    if (opened.entry.seq !== seq) throw this.#damage(`entry ${seq} is missing`);
    return opened.entry;
  }

  #blob(digest: Digest): Uint8Array | undefined {
    const bytes = this.#connection.tables.blob(digest);
    if (bytes === undefined) return undefined;
    if (!(bytes instanceof Uint8Array) || sha256Of(bytes) !== digest)
      throw this.#damage(`blob \`${digest}\` does not match its digest`);
    return bytes;
  }

  #plan(id: PlanId): Digest | undefined {
    const digest = this.#connection.tables.plan(id);
    if (digest === undefined) return undefined;
    const parsed = Digest.safeParse(digest);
    if (!parsed.success) throw this.#damage(`plan handle \`${id}\` does not name a digest`);
    return parsed.data;
  }

  /** Something was sound and is not any more: from here on, nothing is written. */
  #damage(what: string): BerthError {
    const why = `ledger ${shownPath(this.place)} is damaged: ${what}`;
    const fix = 'keep the file as evidence and restore the ledger from a copy';
    this.#readOnly ??= { kind: 'unsound', why, fix };
    return ledgerRefused(why, fix);
  }

  /** Takes the write lock first, so that what `work` sees is what it adds to. */
  #inTransaction<T>(work: () => T): T {
    const { db } = this.#connection;
    this.#mustBeWritable();
    db.exec('BEGIN IMMEDIATE');
    try {
      this.#readOn();
      this.#mustBeWritable();
      const result = work();
      db.exec('COMMIT');
      return result;
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  }

  #mustBeWritable(): void {
    const reason = this.#readOnly ?? this.#connection.checkpoints.lateness(this.#connection.chain);
    if (reason !== undefined) throw ledgerReadOnly(reason);
    if (fileIdentity(this.place) === this.#connection.identity) return;
    throw ledgerRefused(
      `ledger ${shownPath(this.place)} was moved, removed or replaced while it was open`,
      'put the file back, or open the ledger again',
    );
  }
}

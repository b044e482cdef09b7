import type { Entry, EntryDraft, Head } from '../model/entry.ts';
import { BerthError } from '../model/error.ts';
import type { Digest, PlanId, PrincipalId } from '../model/id.ts';
import { asideRow, type AsideRow, newSalt } from './aside.ts';
import { sha256Of } from './chain.ts';
import { handleTaken, ledgerClosed, ledgerRefused } from './ledger-error.ts';
import { type LogKey, passingLogKey } from './log-key.ts';
import { MemoryChats } from './memory-chats.ts';
import type { Appended, Checkpoint, IdemScope, Ledger, TreeView } from './port.ts';
import { openRow, type Row } from './row.ts';
import { SoundChain } from './sound-chain.ts';

/** The salt of the next text that can be erased, by how many are kept. */
type SaltOf = (count: number) => Uint8Array;

/**
 * A ledger that lives as long as the process: for tests, evals and what-ifs. With salts that somebody can guess it
 * gives the same digests in every run, and its erased texts are no secrets.
 */
export function openMemoryLedger({ saltOf = newSalt }: { readonly saltOf?: SaltOf } = {}): Ledger {
  return new MemoryLedger(saltOf);
}

/** The same ledger once more: what is appended to one of them the other does not have. Throws for one that is elsewhere. */
export function copyInMemory(ledger: Ledger): Ledger {
  if (ledger instanceof MemoryLedger) return ledger.copy();
  throw new Error(`${ledger.place} is not a ledger in memory`);
}

/** Keeps rows, not entries, so that nobody can change the past through an object that was handed out. */
class MemoryLedger implements Ledger {
  readonly place = 'memory';
  readonly readOnly = undefined;
  #chain = new SoundChain();
  readonly #rows: Row[] = [];
  readonly #blobs = new Map<Digest, Uint8Array>();
  readonly #plans = new Map<PlanId, Digest>();
  readonly #asides = new Map<Digest, AsideRow>();
  readonly chats = new MemoryChats(this.#asides, () => this.#chain.head);
  readonly #saltOf: SaltOf;
  #key: LogKey | undefined;
  #open = true;

  constructor(saltOf: SaltOf) {
    this.#saltOf = saltOf;
  }

  /** Of rows that were sealed here the links are checked again, not their form. */
  copy(): MemoryLedger {
    const copy = new MemoryLedger(this.#saltOf);
    copy.#chain = new SoundChain(this.#rows.length);
    for (const row of this.#rows) if (copy.#chain.extend(row)) copy.#rows.push(row);
    for (const [digest, bytes] of this.#blobs) copy.#blobs.set(digest, bytes);
    for (const [id, digest] of this.#plans) copy.#plans.set(id, digest);
    for (const [digest, row] of this.#asides) copy.#asides.set(digest, row);
    return copy;
  }

  async head(): Promise<Head> {
    this.#mustBeOpen();
    return this.#chain.head;
  }

  async read(after: number, limit: number): Promise<readonly Entry[]> {
    this.#mustBeOpen();
    const from = Math.max(0, after);
    return this.#rows.slice(from, from + Math.max(0, limit)).map(entryOf);
  }

  async append(drafts: readonly EntryDraft[], expected: Head): Promise<Appended> {
    this.#mustBeOpen();
    const { head } = this.#chain;
    if (head.seq !== expected.seq || head.digest !== expected.digest) return { kind: 'head-moved', head };
    const sealed = this.#chain.sealAll(drafts);
    for (const one of sealed) {
      this.#rows.push(one.row);
      this.#chain.add(one);
    }
    const entries = sealed.map(({ entry }) => entry);
    return { kind: 'appended', entries, head: this.#chain.head };
  }

  async findByIdemKey(scope: IdemScope): Promise<Entry | undefined> {
    this.#mustBeOpen();
    const row = this.#rows[(this.#chain.seqOf(scope) ?? 0) - 1];
    return row === undefined ? undefined : entryOf(row);
  }

  async putBlob(bytes: Uint8Array): Promise<Digest> {
    this.#mustBeOpen();
    const digest = sha256Of(bytes);
    if (!this.#blobs.has(digest)) this.#blobs.set(digest, Uint8Array.from(bytes));
    return digest;
  }

  async getBlob(digest: Digest): Promise<Uint8Array | undefined> {
    this.#mustBeOpen();
    const bytes = this.#blobs.get(digest);
    return bytes === undefined ? undefined : Uint8Array.from(bytes);
  }

  async putPlan(id: PlanId, bytes: Uint8Array): Promise<Digest> {
    this.#mustBeOpen();
    const digest = sha256Of(bytes);
    const known = this.#plans.get(id);
    if (known !== undefined && known !== digest) throw handleTaken(id, known);
    this.#plans.set(id, digest);
    return this.putBlob(bytes);
  }

  async findPlan(id: PlanId): Promise<Digest | undefined> {
    this.#mustBeOpen();
    return this.#plans.get(id);
  }

  salted(of: PrincipalId, text: string): AsideRow {
    return asideRow(of, text, this.#saltOf(this.#asides.size));
  }

  async keepAside(row: AsideRow): Promise<void> {
    this.#mustBeOpen();
    this.#asides.set(row.digest, row);
  }

  async readAside(digest: Digest): Promise<string | undefined> {
    this.#mustBeOpen();
    return this.#asides.get(digest)?.text;
  }

  async countAsides(of: PrincipalId): Promise<number> {
    this.#mustBeOpen();
    return [...this.#asides.values()].filter((row) => row.of === of).length;
  }

  async eraseAsides(of: PrincipalId): Promise<void> {
    this.#mustBeOpen();
    for (const row of this.#asides.values()) if (row.of === of) this.#asides.delete(row.digest);
  }

  async tree(): Promise<TreeView> {
    this.#mustBeOpen();
    return this.#chain.tree;
  }

  async checkpoint(): Promise<Checkpoint> {
    this.#mustBeOpen();
    const key = (this.#key ??= passingLogKey());
    const { tree } = this.#chain;
    return { note: key.sign(tree), size: tree.size, origin: key.origin, vkeys: key.vkeys };
  }

  async backup(): Promise<number> {
    throw ledgerRefused('a ledger in memory has no file to back up', 'use a ledger in a file');
  }

  async close(): Promise<void> {
    this.#open = false;
  }

  #mustBeOpen(): void {
    if (!this.#open) throw ledgerClosed(this.place);
  }
}

function entryOf(row: Row): Entry {
  const opened = openRow(row);
  if (opened.kind === 'sound') return opened.entry;
  throw new BerthError({
    code: 'INTERNAL',
    message: `entry ${row.seq} ${opened.why}`,
    fix: 'report this as a bug',
  });
}

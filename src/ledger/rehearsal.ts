import type { Entry, EntryDraft, Head } from '../model/entry.ts';
import { BerthError } from '../model/error.ts';
import type { Digest, PlanId, PrincipalId } from '../model/id.ts';
import type { AsideRow } from './aside.ts';
import { headOf, seal, sha256Of } from './chain.ts';
import type { ChatLog } from './chat-log.ts';
import { handleTaken } from './ledger-error.ts';
import type { Appended, Checkpoint, IdemScope, Ledger, ReadOnlyReason, TreeView } from './port.ts';

/**
 * A ledger that goes on in memory where another one stands: whatever is appended to it, the other one never sees. So what
 * would happen can be tried out with the real door. Closing it leaves the other one open.
 */
export async function rehearse(base: Ledger): Promise<Ledger> {
  return new Rehearsal(base, await base.head());
}

class Rehearsal implements Ledger {
  readonly place: string;
  readonly chats: ChatLog;
  readonly #base: Ledger;
  readonly #from: Head;
  readonly #entries: Entry[] = [];
  readonly #blobs = new Map<Digest, Uint8Array>();
  readonly #plans = new Map<PlanId, Digest>();
  readonly #asides = new Map<Digest, AsideRow>();

  constructor(base: Ledger, from: Head) {
    this.#base = base;
    this.#from = from;
    this.place = `${base.place} (rehearsal)`;
    this.chats = chatsOf(base);
  }

  /** What cannot be written can still be rehearsed; what is unsound cannot. */
  get readOnly(): ReadOnlyReason | undefined {
    const { readOnly } = this.#base;
    return readOnly?.kind === 'unsound' ? readOnly : undefined;
  }

  async head(): Promise<Head> {
    const last = this.#entries.at(-1);
    return last === undefined ? this.#from : headOf(last);
  }

  async read(after: number, limit: number): Promise<readonly Entry[]> {
    const below = Math.max(0, Math.min(limit, this.#from.seq - after));
    const kept = below === 0 ? [] : await this.#base.read(after, below);
    const own = this.#entries.filter(({ seq }) => seq > after);
    return [...kept, ...own].slice(0, Math.max(0, limit));
  }

  async append(drafts: readonly EntryDraft[], expected: Head): Promise<Appended> {
    let head = await this.head();
    if (head.seq !== expected.seq || head.digest !== expected.digest) return { kind: 'head-moved', head };
    const entries: Entry[] = [];
    for (const draft of drafts) {
      const entry = seal(draft, head);
      entries.push(entry);
      head = headOf(entry);
    }
    this.#entries.push(...entries);
    return { kind: 'appended', entries, head };
  }

  async findByIdemKey(scope: IdemScope): Promise<Entry | undefined> {
    const own = this.#entries.find(
      ({ idemKey, tenant, actor }) =>
        idemKey === scope.key && tenant === scope.tenant && actor.principal === scope.principal,
    );
    const found = own ?? (await this.#base.findByIdemKey(scope));
    return found !== undefined && own === undefined && found.seq > this.#from.seq ? undefined : found;
  }

  async putBlob(bytes: Uint8Array): Promise<Digest> {
    const digest = sha256Of(bytes);
    this.#blobs.set(digest, Uint8Array.from(bytes));
    return digest;
  }

  async getBlob(digest: Digest): Promise<Uint8Array | undefined> {
    const own = this.#blobs.get(digest);
    return own === undefined ? this.#base.getBlob(digest) : Uint8Array.from(own);
  }

  async putPlan(id: PlanId, bytes: Uint8Array): Promise<Digest> {
    const digest = sha256Of(bytes);
    const known = await this.findPlan(id);
    if (known !== undefined && known !== digest) throw handleTaken(id, known);
    this.#plans.set(id, digest);
    return this.putBlob(bytes);
  }

  async findPlan(id: PlanId): Promise<Digest | undefined> {
    return this.#plans.get(id) ?? this.#base.findPlan(id);
  }

  salted(of: PrincipalId, text: string): AsideRow {
    return this.#base.salted(of, text);
  }

  async keepAside(row: AsideRow): Promise<void> {
    this.#asides.set(row.digest, row);
  }

  async readAside(digest: Digest): Promise<string | undefined> {
    return this.#asides.get(digest)?.text ?? this.#base.readAside(digest);
  }

  countAsides(of: PrincipalId): Promise<number> {
    return this.#base.countAsides(of);
  }

  async eraseAsides(): Promise<void> {
    throw notHere('erases nothing');
  }

  async tree(): Promise<TreeView> {
    if (this.#entries.length === 0) return this.#base.tree();
    throw notHere('has no tree once something was appended to it');
  }

  async checkpoint(): Promise<Checkpoint> {
    throw notHere('signs nothing');
  }

  async backup(): Promise<number> {
    throw notHere('has no file to back up');
  }

  async close(): Promise<void> {}
}

/** Chats are read as they stand; a rehearsal keeps none of its own. */
function chatsOf({ chats }: Ledger): ChatLog {
  return {
    read: (chat) => chats.read(chat),
    list: (query) => chats.list(query),
    append: () => Promise.reject(notHere('keeps no chats')),
    erase: () => Promise.reject(notHere('erases nothing')),
  };
}

function notHere(what: string): BerthError {
  return new BerthError({
    code: 'LEDGER_REFUSED',
    message: `a rehearsal ${what}`,
    fix: 'run it without `--dry-run`',
  });
}

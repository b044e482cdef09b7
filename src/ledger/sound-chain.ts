import { type Entry, type EntryDraft, emptyHead, type Head } from '../model/entry.ts';
import { BerthError } from '../model/error.ts';
import { checkLinks, faultText, headOf, seal } from './chain.ts';
import type { IdemScope } from './port.ts';
import { type DamagedRow, openRow, openVouched, type Row, rowOf } from './row.ts';
import { leafHash } from './tree-hash.ts';
import { Tree } from './tree.ts';

/** An entry that has its place, as it is handed out and as it is stored. */
export type Sealed = { readonly entry: Entry; readonly row: Row };

/**
 * As much of a ledger as was read and found sound: where it ends, which idempotency keys it holds, and
 * its Merkle tree. The keys
 * are kept here, from checked entries, because a damaged index would answer "never seen" and a retry would be
 * done twice.
 */
export class SoundChain {
  #head: Head = emptyHead;
  #fault: string | undefined;
  readonly #seqByKey = new Map<string, number>();
  /** Over the stored texts of the entries. */
  readonly tree = new Tree();
  readonly #vouched: number;

  /** `vouched`: as many entries stand below a checkpoint whose signature was checked. */
  constructor(vouched = 0) {
    this.#vouched = vouched;
  }

  get head(): Head {
    return this.#head;
  }

  /** Why nothing after the head can be trusted, in words that name the first bad entry. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** Takes the next stored row. Returns false, and keeps the fault, when it cannot be the next. */
  extend(row: DamagedRow): boolean {
    const opened = this.#head.seq < this.#vouched ? openVouched(row) : openRow(row);
    if (opened.kind === 'broken') return this.stop(opened.why);
    const [fault] = checkLinks(opened.entry, this.#head);
    if (fault !== undefined) return this.stop(faultText(fault));
    this.#take(opened.entry, opened.json);
    return true;
  }

  /** Ends the chain at its head, because what comes next is `why`. */
  stop(why: string): false {
    this.#fault ??= `entry ${this.#head.seq + 1} ${why}`;
    return false;
  }

  /** Takes an entry that `sealAll` made and the store has kept. */
  add({ entry, row }: Sealed): void {
    this.#take(entry, row.json);
  }

  /** The drafts as the next entries, without taking them. Throws when one repeats an idempotency key. */
  sealAll(drafts: readonly EntryDraft[]): readonly Sealed[] {
    const sealed: Sealed[] = [];
    const seqByNewKey = new Map<string, number>();
    let head = this.#head;
    for (const draft of drafts) {
      const entry = seal(draft, head);
      const key = entryKey(entry);
      if (key !== undefined) {
        refuseRepeated(entry, this.#seqByKey.get(key) ?? seqByNewKey.get(key));
        seqByNewKey.set(key, entry.seq);
      }
      sealed.push({ entry, row: rowOf(entry) });
      head = headOf(entry);
    }
    return sealed;
  }

  /** The number of the entry that carries this key, if any. */
  seqOf(scope: IdemScope): number | undefined {
    return this.#seqByKey.get(keyText(scope));
  }

  #take(entry: Entry, json: string): void {
    this.#head = headOf(entry);
    this.tree.add(leafHash(json));
    const key = entryKey(entry);
    if (key !== undefined) this.#seqByKey.set(key, entry.seq);
  }
}

function entryKey(entry: Entry): string | undefined {
  if (entry.idemKey === undefined) return undefined;
  return keyText({ tenant: entry.tenant, principal: entry.actor.principal, key: entry.idemKey });
}

/** Neither ids nor keys can hold a space. */
function keyText(scope: IdemScope): string {
  return `${scope.tenant ?? ''} ${scope.principal} ${scope.key}`;
}

function refuseRepeated(entry: Entry, seq: number | undefined): void {
  if (seq === undefined) return;
  throw new BerthError({
    code: 'IDEMPOTENCY_CONFLICT',
    message: `idempotency key \`${entry.idemKey ?? ''}\` already stands in entry ${seq}`,
    fix: 'look up the entry with this key and give its answer, or use a new key for a new request',
    field: 'idemKey',
  });
}

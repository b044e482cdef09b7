import { applyAll, emptyState, type State } from '../core/state.ts';
import type { Ledger } from '../ledger/port.ts';
import { emptyHead, type Entry, type Head } from '../model/entry.ts';
import { Library, planNamedIn } from './library.ts';

const batch = 1000;

/** A state, and the entry after which it is the state. */
export type Folded = { readonly state: State; readonly head: Head };

/** The state at the head, kept up with what this and other processes append. */
export class Fold {
  readonly #ledger: Ledger;
  /** Its own, from which it lets go of what the state has taken over. */
  readonly #library: Library;
  #state: State = emptyState;
  #head: Head = emptyHead;
  /** The catch-up that was asked for last. One at a time: two would fold the same entries twice. */
  #turn: Promise<unknown> = Promise.resolve();

  /** `from` is what another fold made of the same first entries: a copy of a ledger need not be folded from its start. */
  constructor(ledger: Ledger, from?: Folded) {
    this.#ledger = ledger;
    this.#library = new Library(ledger);
    if (from !== undefined) ({ state: this.#state, head: this.#head } = from);
  }

  /**
   * Reads on from where it stands, and gives state and head that belong together. Never joins a catch-up that
   * has begun: it may have read before the caller's own append.
   */
  async current(): Promise<Folded> {
    const turn = this.#turn.then(() => this.#catchUp());
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #catchUp(): Promise<Folded> {
    for (;;) {
      const entries = await this.#ledger.read(this.#head.seq, batch);
      for (const entry of entries) await this.#follow(entry);
      if (entries.length < batch) return { state: this.#state, head: this.#head };
    }
  }

  async #follow(entry: Entry): Promise<void> {
    // What was measured is needed to decide, not to fold.
    if (entry.command.kind !== 'observe-contract') await this.#library.fetchFor(entry.command);
    this.#state = applyAll(this.#state, entry.events, stampOf(entry), this.#library);
    this.#head = { seq: entry.seq, digest: entry.digest, atMs: entry.atMs };
    const plan = planNamedIn(entry.command);
    if (plan !== undefined) this.#library.forget(plan);
  }
}

export function stampOf(entry: Entry): { seq: number; atMs: number; actor: Entry['actor'] } {
  return { seq: entry.seq, atMs: entry.atMs, actor: entry.actor };
}

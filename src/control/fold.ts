import { applyAll, emptyState, type State } from '../core/state.ts';
import type { Ledger } from '../ledger/port.ts';
import { emptyHead, type Entry, type Head } from '../model/entry.ts';
import { Library, planNamedIn } from './library.ts';

const batch = 1000;

/** The state at the head, kept up with what this and other processes append. */
export class Fold {
  readonly #ledger: Ledger;
  /** Its own, from which it lets go of what the state has taken over. */
  readonly #library: Library;
  #state: State = emptyState;
  #head: Head = emptyHead;
  /** The catch-up that was asked for last. One at a time: two would fold the same entries twice. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    this.#library = new Library(ledger);
  }

  /**
   * Reads on from where it stands, and gives state and head that belong together. Never joins a catch-up that
   * has begun: it may have read before the caller's own append.
   */
  async current(): Promise<{ state: State; head: Head }> {
    const turn = this.#turn.then(() => this.#catchUp());
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #catchUp(): Promise<{ state: State; head: Head }> {
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

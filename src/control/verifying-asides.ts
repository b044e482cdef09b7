import type { Ledger } from '../ledger/port.ts';
import type { Entry } from '../model/entry.ts';
import { BerthError } from '../model/error.ts';
import type { PrincipalId } from '../model/id.ts';
import type { VerifyCheck } from '../model/verify-view.ts';
import { Tally } from './tally.ts';
import { asideOf } from './words.ts';

/** Whether every text that an entry names is there as it was told, or was erased on record. */
export class AsideCheck {
  readonly #ledger: Ledger;
  readonly #tally = new Tally('words', '');
  readonly #named: { readonly seq: number; readonly of: PrincipalId; readonly isThere: boolean }[] = [];
  readonly #erasedBy = new Map<PrincipalId, number>();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  async follow({ seq, command, events }: Entry): Promise<void> {
    for (const event of events)
      if (event.kind === 'asides-erased' && event.chat === undefined) this.#erasedBy.set(event.of, seq);
    const aside = asideOf(command);
    if (aside === undefined) return;
    try {
      const isThere = (await this.#ledger.readAside(aside.aside)) !== undefined;
      this.#named.push({ seq, of: aside.of, isThere });
    } catch (error) {
      if (!(error instanceof BerthError)) throw error;
      this.#tally.fail(`the words of entry ${seq}: ${error.message}`, seq);
    }
  }

  result(): VerifyCheck {
    let erased = 0;
    for (const { seq, of, isThere } of this.#named) {
      const isErased = seq < (this.#erasedBy.get(of) ?? 0);
      if (isErased && !isThere) erased++;
      this.#tally.assert(
        isThere !== isErased,
        isErased ? stillThere(seq, of) : `the words of entry ${seq} are missing`,
        seq,
      );
    }
    const kept = this.#named.length - erased;
    const result = this.#tally.result();
    return result.ok
      ? { ...result, note: `${kept} texts are as they were told, ${erased} were erased on record` }
      : result;
  }
}

function stillThere(seq: number, of: PrincipalId): string {
  return `the words of entry ${seq} were erased and are there again, as from a backup: run \`berth ledger erase ${of}\``;
}

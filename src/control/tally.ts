import type { VerifyCheck } from '../model/verify-view.ts';

type CheckName = VerifyCheck['check'];

/** What a check has seen. The fault of the earliest entry is kept: later ones are often its consequence. */
export class Tally {
  readonly name: CheckName;
  readonly #good: string;
  #checked = 0;
  #skipped = 0;
  #audited = 0;
  #fault: { note: string; seq: number | undefined } | undefined;
  readonly #faults = new Map<number, string>();

  constructor(name: CheckName, good: string) {
    this.name = name;
    this.#good = good;
  }

  pass(): void {
    this.#checked++;
  }

  skip(): void {
    this.#skipped++;
  }

  /** Seen to hold by the auditor of today, but not made again. */
  audit(): void {
    this.#checked++;
    this.#audited++;
  }

  /** What was wrong with an entry, if anything was. */
  faultAt(seq: number): string | undefined {
    return this.#faults.get(seq);
  }

  fail(note: string, seq?: number): void {
    this.#checked++;
    if (seq !== undefined) this.#faults.set(seq, note);
    if (this.#fault === undefined || (seq ?? Infinity) < (this.#fault.seq ?? Infinity))
      this.#fault = { note, seq };
  }

  assert(held: boolean, note: string, seq: number): void {
    if (held) this.pass();
    else this.fail(note, seq);
  }

  result(): VerifyCheck {
    const skipped =
      this.#skipped === 0 ? '' : `; ${this.#skipped} were made by another version and were not run again`;
    const audited =
      this.#audited === 0
        ? ''
        : `; ${this.#audited} were made by another version: they hold by the check of today`;
    return {
      check: this.name,
      ok: this.#fault === undefined,
      checked: this.#checked,
      note: (this.#fault?.note ?? this.#good) + skipped + audited,
      ...(this.#fault?.seq === undefined ? {} : { firstBadSeq: this.#fault.seq }),
    };
  }
}

import type { Told } from '../../model/aside.ts';
import type { EngineName } from '../../model/binding.ts';
import type { Confidence, Origin, SourceName } from '../../model/fact.ts';
import type { ContractId, MaintenanceId, Path } from '../../model/id.ts';
import { OccurrenceId, type OccurrenceKind } from '../../model/occurrence.ts';
import { Shelf } from '../shelf.ts';

/** Something that happened to a machine, a place, an engine or a contract, from when to when. */
export type Occurrence = {
  readonly id: OccurrenceId;
  readonly seq: number;
  readonly kind: OccurrenceKind;
  readonly atMs: number;
  /** When it ended, or its source no longer said so. */
  readonly untilMs?: number;
  /** Our words, a source's, or a person's, which may lie aside. */
  readonly what: Told;
  readonly severity?: 'down' | 'degraded';
  readonly place?: Path;
  readonly contract?: ContractId;
  readonly maintenance?: MaintenanceId;
  readonly engine?: EngineName;
  readonly said?: {
    readonly source: SourceName;
    readonly observedAtMs: number;
    readonly confidence: Confidence;
    readonly origin: Origin;
  };
};

/** Everything that happened, folded from the ledger. Shown, never decided by. Immutable: each entry makes the next one. */
export type Log = {
  /** In the order in which the ledger told of them. */
  readonly all: Shelf<Occurrence>;
  /** Those that go on, by a key of what they are about: where they stand in `all`. */
  readonly open: ReadonlyMap<string, number>;
  /** By source and subject, or site whose machines it listed: when it spoke of it last. */
  readonly heard: ReadonlyMap<string, number>;
  /** By source and site: the machines that it has listed there. */
  readonly listed: ReadonlyMap<string, ReadonlySet<Path>>;
  /** When each contract begins, by its number, and whether an engine has held it since: it cannot be late twice. */
  readonly starts: Shelf<{ readonly startMs: number; readonly isDelivered?: true }>;
};

export const emptyLog: Log = {
  all: Shelf.empty(),
  open: new Map(),
  heard: new Map(),
  listed: new Map(),
  starts: Shelf.empty(),
};

/** The entry that tells of something. */
export type Telling = { readonly seq: number; readonly atMs: number };

type New = Omit<Occurrence, 'id' | 'seq'>;

/**
 * A log that is being written on, one for each entry: an observation of a whole fleet copies each table once, and an
 * entry that tells nothing copies none.
 */
export class Page {
  readonly telling: Telling;
  #log: Log;
  #open: Map<string, number> | undefined;
  #told = 0;

  constructor(before: Log, telling: Telling) {
    this.#log = before;
    this.telling = telling;
  }

  get log(): Log {
    return this.#open === undefined ? this.#log : { ...this.#log, open: this.#open };
  }

  keep(more: Partial<Pick<Log, 'heard' | 'listed' | 'starts'>>): void {
    this.#log = { ...this.#log, ...more };
  }

  /** What goes on under a key. */
  going(key: string): Occurrence | undefined {
    const at = (this.#open ?? this.#log.open).get(key);
    return at === undefined ? undefined : this.#log.all.at(at);
  }

  /** Something begins; what went on under the same key ends then. */
  begin(key: string, one: New): void {
    this.end(key, one.atMs);
    this.#writable().set(key, this.#log.all.size);
    this.tell(one);
  }

  /** Something that has its end already, or never has one. */
  tell(one: New): void {
    const { seq } = this.telling;
    this.#told += 1;
    const id = OccurrenceId.parse(`E-${seq}.${this.#told}`);
    this.#put(this.#log.all.size, { id, seq, ...one });
  }

  /** It ends, never before it began and never later than it was to end anyhow. */
  end(key: string, atMs: number): void {
    const at = (this.#open ?? this.#log.open).get(key);
    const one = this.going(key);
    if (at === undefined || one === undefined) return;
    this.#writable().delete(key);
    this.#put(at, { ...one, untilMs: Math.max(one.atMs, Math.min(atMs, one.untilMs ?? atMs)) });
  }

  #put(at: number, one: Occurrence): void {
    this.#log = { ...this.#log, all: this.#log.all.with(at, one) };
  }

  #writable(): Map<string, number> {
    this.#open ??= new Map(this.#log.open);
    return this.#open;
  }
}

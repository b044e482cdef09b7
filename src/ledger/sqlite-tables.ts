import type { DatabaseSync, StatementSync } from 'node:sqlite';

import type { Digest, PlanId } from '../model/id.ts';
import type { DamagedRow, Row } from './row.ts';

/** The statements of one connection. What they return is unchecked: any cell may be damaged. */
export class LedgerTables {
  readonly #lastSeq: StatementSync;
  readonly #digestAt: StatementSync;
  readonly #rowsAfter: StatementSync;
  readonly #rowsBetween: StatementSync;
  readonly #addRow: StatementSync;
  readonly #blob: StatementSync;
  readonly #addBlob: StatementSync;
  readonly #plan: StatementSync;
  readonly #addPlan: StatementSync;

  constructor(db: DatabaseSync) {
    this.#lastSeq = db.prepare('SELECT max(seq) AS seq FROM entry');
    this.#digestAt = db.prepare('SELECT digest FROM entry WHERE seq = ?');
    this.#rowsAfter = db.prepare('SELECT seq, json, digest FROM entry WHERE seq > ? ORDER BY seq');
    this.#rowsBetween = db.prepare(
      'SELECT seq, json, digest FROM entry WHERE seq > ? AND seq <= ? ORDER BY seq',
    );
    this.#addRow = db.prepare('INSERT INTO entry (seq, json, digest) VALUES (?, ?, ?)');
    this.#blob = db.prepare('SELECT bytes FROM blob WHERE digest = ?');
    this.#addBlob = db.prepare(
      'INSERT INTO blob (digest, bytes) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING',
    );
    this.#plan = db.prepare('SELECT digest FROM plan WHERE id = ?');
    this.#addPlan = db.prepare('INSERT INTO plan (id, digest) VALUES (?, ?) ON CONFLICT (id) DO NOTHING');
  }

  /** The largest number in the table, 0 when it is empty. */
  lastSeq(): number {
    const seq = this.#lastSeq.get()?.['seq'];
    return typeof seq === 'number' ? seq : 0;
  }

  digestAt(seq: number): unknown {
    return this.#digestAt.get(seq)?.['digest'];
  }

  rowsAfter(seq: number): Iterable<DamagedRow> {
    return this.#rowsAfter.iterate(seq);
  }

  rowsBetween(after: number, last: number): readonly DamagedRow[] {
    return this.#rowsBetween.all(after, last);
  }

  addRow({ seq, json, digest }: Row): void {
    this.#addRow.run(seq, json, digest);
  }

  blob(digest: Digest): unknown {
    return this.#blob.get(digest)?.['bytes'];
  }

  addBlob(digest: Digest, bytes: Uint8Array): void {
    this.#addBlob.run(digest, bytes);
  }

  plan(id: PlanId): unknown {
    return this.#plan.get(id)?.['digest'];
  }

  addPlan(id: PlanId, digest: Digest): void {
    this.#addPlan.run(id, digest);
  }
}

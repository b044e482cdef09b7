import type { DatabaseSync } from 'node:sqlite';

import { emptyHead } from '../model/entry.ts';
import { cleanText } from '../model/text.ts';
import type { Checkpoints } from './checkpoints.ts';
import { shownPath } from './ledger-error.ts';
import type { ReadOnlyReason } from './port.ts';
import { SoundChain } from './sound-chain.ts';
import { ledgerError } from './sqlite-error.ts';
import { hasSchema } from './sqlite-schema.ts';
import type { LedgerTables } from './sqlite-tables.ts';

/** What opening found: the sound part, and why nothing may be added to it, if so. */
export type Survey = { readonly chain: SoundChain; readonly readOnly: ReadOnlyReason | undefined };

/** Reads the whole ledger and checks every entry, the tables and the checkpoints, which were read before. */
export function survey(
  path: string,
  db: DatabaseSync,
  tables: LedgerTables,
  checkpoints: Checkpoints,
): Survey {
  const digestAt = (seq: number) => (seq === 0 ? emptyHead.digest : tables.digestAt(seq));
  const read = (vouched: number): Survey => {
    const chain = new SoundChain(vouched);
    readOn(chain, tables, path);
    return { chain, readOnly: chainFault(path, chain) ?? checkpoints.fault(chain, digestAt) };
  };
  const vouched = checkpoints.vouchedSize;
  const first = read(vouched);
  // A checkpoint that the tree contradicts has vouched for nothing.
  const { chain, readOnly } = vouched > 0 && first.readOnly?.kind === 'unsound' ? read(0) : first;
  return { chain, readOnly: readOnly ?? fileFault(path, db) };
}

/** Reads all entries of a file that is no ledger in use, and checks them and the tables. */
export function surveyEntries(path: string, db: DatabaseSync, tables: LedgerTables): SoundChain {
  const chain = new SoundChain();
  readOn(chain, tables, path);
  const damage = chain.fault === undefined ? damageOf(path, db) : undefined;
  if (damage !== undefined) chain.stop(`is sound, but the file is damaged: ${cleanText(damage)}`);
  return chain;
}

/**
 * Checks the entries after the chain's head and takes them. Stops the chain at the first that is not sound, at a
 * page that cannot be read, and where the table's two ends disagree about what lies between.
 */
export function readOn(chain: SoundChain, tables: LedgerTables, path: string): void {
  if (chain.fault !== undefined) return;
  try {
    const lastSeq = tables.lastSeq();
    if (lastSeq > chain.head.seq) takeUntil(lastSeq, chain, tables);
    else if (lastSeq < chain.head.seq) chain.stop(`cannot follow: the table now ends at entry ${lastSeq}`);
  } catch (error) {
    const { code, message } = ledgerError(error, path).detail;
    if (code === 'LEDGER_BUSY') throw error;
    chain.stop(`cannot be read: ${message}`);
  }
}

/** Other processes may have added more in the meantime, but there cannot be less. */
function takeUntil(lastSeq: number, chain: SoundChain, tables: LedgerTables): void {
  for (const row of tables.rowsAfter(chain.head.seq)) if (!chain.extend(row)) return;
  if (chain.head.seq < lastSeq) chain.stop(`is missing, but there is an entry ${lastSeq}`);
}

/** Why a chain that stopped may not be continued. */
export function chainFault(path: string, chain: SoundChain): ReadOnlyReason | undefined {
  if (chain.fault === undefined) return undefined;
  const sound = chain.head.seq === 0 ? 'nothing before it' : `entries 1 to ${chain.head.seq} are sound`;
  return {
    kind: 'unsound',
    why: `ledger ${shownPath(path)} is broken: ${chain.fault}; ${sound}`,
    fix: 'keep the file as evidence and restore the ledger from a copy',
  };
}

function fileFault(path: string, db: DatabaseSync): ReadOnlyReason | undefined {
  const damage = damageOf(path, db);
  if (damage === undefined) return undefined;
  return {
    kind: 'unsound',
    why: `ledger ${shownPath(path)} is damaged, though every entry is sound: ${cleanText(damage)}`,
    fix: 'keep the file as evidence and restore the ledger from a copy',
  };
}

function damageOf(path: string, db: DatabaseSync): string | undefined {
  try {
    return hasSchema(db) ? quickCheck(db) : 'its tables or triggers are not the ones Berth made';
  } catch (error) {
    const { code, message } = ledgerError(error, path).detail;
    if (code === 'LEDGER_BUSY') throw error;
    return message;
  }
}

/** SQLite's own check of its pages: a row that no search finds would be skipped in silence. */
function quickCheck(db: DatabaseSync): string | undefined {
  const answer = db.prepare('PRAGMA quick_check(1)').get()?.['quick_check'];
  return answer === 'ok' ? undefined : String(answer);
}

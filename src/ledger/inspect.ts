import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

import type { Head } from '../model/entry.ts';
import { Checkpoints } from './checkpoints.ts';
import { patiently } from './patience.ts';
import type { ReadOnlyReason } from './port.ts';
import { ledgerError } from './sqlite-error.ts';
import { connectQuietly, identifyLedger } from './sqlite-file.ts';
import { gone, unwritable } from './sqlite-open.ts';
import { LedgerTables } from './sqlite-tables.ts';
import { survey } from './survey.ts';

/** What is where a ledger belongs; `fault` says why nothing could be appended to it. */
export type Inspected =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'found';
      readonly head: Head;
      /** How many entries the signed checkpoint beside it vouches for. */
      readonly vouchedSize: number;
      readonly fault?: ReadOnlyReason;
    };

const patienceMs = 2_000;

/**
 * Checks every entry, the tables and the checkpoints of a ledger as opening it does, and writes nothing: no ledger, no
 * key, no checkpoint. Rejects with `LEDGER_REFUSED` when nothing there can be read as a ledger.
 */
export async function inspectLedger(path: string, checkpointFolder?: string): Promise<Inspected> {
  const place = resolve(path);
  const folder = checkpointFolder === undefined ? undefined : resolve(checkpointFolder);
  return patiently(place, patienceMs, () => inspect(place, folder));
}

function inspect(path: string, folder: string | undefined): Inspected {
  const checkpoints = new Checkpoints(path, folder);
  if (!existsSync(path)) {
    if (!checkpoints.hasSeen) return { kind: 'none' };
    throw gone(path);
  }
  try {
    identifyLedger(path);
    return surveyed(path, checkpoints);
  } catch (error) {
    throw ledgerError(error, path);
  }
}

function surveyed(path: string, checkpoints: Checkpoints): Inspected {
  const db = connectQuietly(path);
  try {
    const { chain, readOnly } = survey(path, db, new LedgerTables(db), checkpoints);
    const fault = readOnly ?? unwritable(path, false) ?? checkpoints.keyFault;
    const { vouchedSize } = checkpoints;
    return { kind: 'found', head: chain.head, vouchedSize, ...(fault !== undefined && { fault }) };
  } finally {
    db.close();
  }
}

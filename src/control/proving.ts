import { exportLines } from '../ledger/export.ts';
import type { Checkpoint } from '../ledger/port.ts';
import { proveEntries, proveEntry, proveGrowth, type ToProve } from '../ledger/proving.ts';
import { rowOf } from '../ledger/row.ts';
import type { Entry } from '../model/entry.ts';
import { BerthError } from '../model/error.ts';
import type { ContractId } from '../model/id.ts';
import type { ProofBundle } from '../model/proof.ts';
import { mayActFor, requireOperator } from './caller.ts';
import { contractFor } from './contracts.ts';
import type { Caller } from './control.ts';
import type { Door } from './door.ts';
import { entriesOf } from './history.ts';
import { planNamedIn } from './library.ts';

/** Everything recorded about a contract, with what shows it to a stranger. NOT_FOUND where the caller may not see it. */
export async function proveContract(door: Door, caller: Caller, id: ContractId): Promise<ProofBundle> {
  const { state } = await door.moment();
  contractFor(state, caller, id);
  const entries: ToProve[] = [];
  for await (const entry of entriesOf(door.ledger))
    if ('contract' in entry.decision && entry.decision.contract === id) entries.push(toProve(entry));
  return proveEntries(door.ledger, id, entries);
}

/** One entry for tools that know nothing of Berth: its bytes, and its `.tlog-proof`. */
export async function proveOne(
  door: Door,
  caller: Caller,
  seq: number,
): Promise<{ entry: string; proof: string }> {
  const [entry] = seq < 1 ? [] : await door.ledger.read(seq - 1, 1);
  const isSeen = entry !== undefined && (caller.tenants === undefined || isOf(caller, entry));
  if (entry === undefined || !isSeen)
    throw new BerthError({
      code: 'NOT_FOUND',
      message: `no entry ${seq}`,
      fix: 'list them with `berth audit`',
      seeTool: 'ledger_search',
    });
  return { entry: rowOf(entry).json, proof: await proveEntry(door.ledger, seq) };
}

/** That the ledger begins with the one of `from` entries. INVALID_INPUT when it has not got so many. */
export async function proveSince(door: Door, from: number): Promise<string> {
  const { seq } = await door.ledger.head();
  if (from >= 1 && from <= seq) return proveGrowth(door.ledger, from);
  throw new BerthError({
    code: 'INVALID_INPUT',
    message: `the older checkpoint has seen ${from} entries, the ledger has ${seq}`,
    fix: 'pass a checkpoint that this ledger signed earlier',
    field: 'since',
  });
}

/** The whole ledger as lines. What concerns everybody is the operator's. */
export function exportLedger(door: Door, caller: Caller): AsyncIterable<string> {
  requireOperator(caller, 'export the whole ledger');
  return exportLines(door.ledger);
}

/** Signs the ledger as it stands. It names no tenant, so everybody may have it. */
export function signedHead(door: Door): Promise<Checkpoint> {
  return door.ledger.checkpoint();
}

export function backUp(door: Door, caller: Caller, file: string): Promise<number> {
  requireOperator(caller, 'back the ledger up');
  return door.ledger.backup(file);
}

function isOf(caller: Caller, { tenant }: Entry): boolean {
  return tenant !== undefined && mayActFor(caller, tenant);
}

function toProve(entry: Entry): ToProve {
  const plan = planNamedIn(entry.command);
  return { seq: entry.seq, json: rowOf(entry).json, ...(plan === undefined ? {} : { plan }) };
}

import { planNamedIn } from '../../src/control/library.ts';
import type { Ledger } from '../../src/ledger/port.ts';
import type { Entry } from '../../src/model/entry.ts';
import type { Digest } from '../../src/model/id.ts';
import { planIdOf } from '../../src/model/id.ts';

/** Copies the entries after `after`, and what they name by digest, to a ledger that ends there. */
export async function copyLedger(from: Ledger, to: Ledger, after = 0): Promise<void> {
  const entries = await from.read(after, 1_000_000);
  if (entries.length === 0) return;
  for (const entry of entries) await copyBlobs(entry, from, to);
  const drafts = entries.map(({ v: _v, seq: _seq, prev: _prev, digest: _digest, ...draft }) => draft);
  const appended = await to.append(drafts, await to.head());
  const [last] = entries.toReversed();
  if (appended.kind !== 'appended' || appended.head.digest !== (last?.digest ?? appended.head.digest))
    throw new Error('the copy of a ledger came out different');
}

async function copyBlobs({ command }: Entry, from: Ledger, to: Ledger): Promise<void> {
  if (command.kind === 'record-observation') await to.putBlob(await bytesOf(from, command.observation));
  const plan = planNamedIn(command);
  if (plan !== undefined) await to.putPlan(planIdOf(plan), await bytesOf(from, plan));
}

async function bytesOf(ledger: Ledger, digest: Digest): Promise<Uint8Array> {
  const bytes = await ledger.getBlob(digest);
  if (bytes === undefined) throw new Error(`the blob \`${digest}\` is missing`);
  return bytes;
}

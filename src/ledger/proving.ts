import type { ContractId, Digest } from '../model/id.ts';
import type { ProofBundle } from '../model/proof.ts';
import type { Checkpoint, Ledger, TreeView } from './port.ts';
import { formatGrowth, formatTlogProof } from './tlog-proof.ts';

/** An entry that is to be proved, as it is stored, with the digest of the plan that it names. */
export type ToProve = { readonly seq: number; readonly json: string; readonly plan?: Digest };

/** Everything about a contract that a stranger can verify: its entries, their plans, and the signed tree over all. */
export async function proveEntries(
  ledger: Ledger,
  contract: ContractId,
  entries: readonly ToProve[],
): Promise<ProofBundle> {
  const { checkpoint, tree } = await signedTree(ledger);
  return {
    schema: 'berth/proof/1',
    contract,
    entries: await Promise.all(
      entries.map(async ({ seq, json, plan }) => {
        const bytes = plan === undefined ? undefined : await ledger.getBlob(plan);
        return {
          index: seq - 1,
          entry: json,
          hashes: tree.inclusion(seq - 1, checkpoint.size).map((hash) => hash.toString('base64')),
          ...(bytes === undefined ? {} : { plan: new TextDecoder().decode(bytes) }),
        };
      }),
    ),
    checkpoint: checkpoint.note,
  };
}

/** One entry as a `.tlog-proof`, for tools that know nothing of Berth. The entry itself goes beside it. */
export async function proveEntry(ledger: Ledger, seq: number): Promise<string> {
  const { checkpoint, tree } = await signedTree(ledger);
  const hashes = tree.inclusion(seq - 1, checkpoint.size);
  return formatTlogProof({ index: seq - 1, hashes, checkpoint: checkpoint.note });
}

/** That the ledger of today begins with the one of `from` entries, as a witness of C2SP takes it. Throws RangeError. */
export async function proveGrowth(ledger: Ledger, from: number): Promise<string> {
  const { checkpoint, tree } = await signedTree(ledger);
  return formatGrowth({ from, hashes: tree.consistency(from, checkpoint.size), checkpoint: checkpoint.note });
}

async function signedTree(ledger: Ledger): Promise<{ checkpoint: Checkpoint; tree: TreeView }> {
  const checkpoint = await ledger.checkpoint();
  return { checkpoint, tree: await ledger.tree() };
}

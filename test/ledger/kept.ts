import type { Ledger } from '../../src/ledger/port.ts';
import type { Digest, PrincipalId } from '../../src/model/id.ts';

/** Keeps a text of somebody, and gives the digest that it lies under. */
export async function kept(ledger: Ledger, of: PrincipalId, text: string): Promise<Digest> {
  const row = ledger.salted(of, text);
  await ledger.keepAside(row);
  return row.digest;
}

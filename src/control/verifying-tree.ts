import type { Ledger } from '../ledger/port.ts';
import { rowOf } from '../ledger/row.ts';
import { leafHash } from '../ledger/tree-hash.ts';
import { Tree } from '../ledger/tree.ts';
import type { Entry } from '../model/entry.ts';
import type { VerifyCheck } from '../model/verify-view.ts';
import { Tally } from './tally.ts';

/** Whether the Merkle tree that the ledger signs is the one over its entries. The tree is made again from nothing. */
export class TreeCheck {
  readonly #tree = new Tree();
  readonly #tally = new Tally('tree', '');

  follow(entry: Entry): void {
    this.#tree.add(leafHash(rowOf(entry).json));
    this.#tally.pass();
  }

  async result(ledger: Ledger): Promise<VerifyCheck> {
    const { size } = this.#tree;
    const signed = await ledger.tree();
    const root = this.#tree.root();
    if (size > signed.size || !signed.root(size).equals(root))
      this.#tally.fail('the tree that is signed is not the one over the entries');
    const result = this.#tally.result();
    const note = `its root is ${root.toString('base64').slice(0, 12)}…, and no checkpoint contradicts it`;
    return result.ok ? { ...result, note } : result;
  }
}

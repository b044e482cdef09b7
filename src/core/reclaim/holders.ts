import type { Contract } from '../../model/contract.ts';
import { packedOf } from '../index/packed.ts';
import { endOfHolds, firstReaching } from '../index/reaching.ts';
import { endAt, startAt } from '../index/rows.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import { contractNumbered, firstContract, type State } from '../state.ts';

type During = { readonly fromMs: number; readonly toMs: number };

/** The contracts that hold something on these nodes at some time in [fromMs, toMs), by number. */
export function holdersOn(
  state: State,
  nodes: readonly FleetNode[],
  { fromMs, toMs }: During,
): readonly Contract[] {
  const packed = packedOf(state);
  const { rows, holders } = packed;
  const isHolder = new Uint8Array(firstContract + state.contracts.size);
  for (const { index } of nodes) {
    const to = endOfHolds(packed, index);
    for (let at = firstReaching(packed, index, fromMs); at < to && startAt(rows, at) < toMs; at++) {
      const holder = holders[at] ?? -1;
      if (holder >= 0 && endAt(rows, at) > fromMs) isHolder[holder] = 1;
    }
  }
  const found: Contract[] = [];
  for (let number = isHolder.indexOf(1); number >= 0; number = isHolder.indexOf(1, number + 1)) {
    const contract = contractNumbered(state, number);
    if (contract !== undefined) found.push(contract);
  }
  return found;
}

/** `C-99` before `C-100`. */
export function byNumber(a: Pick<Contract, 'id'>, b: Pick<Contract, 'id'>): number {
  return Number(a.id.slice('C-'.length)) - Number(b.id.slice('C-'.length));
}

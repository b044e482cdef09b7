import type { Contract } from '../../model/contract.ts';
import { packedOf } from '../index/packed.ts';
import { endOfHolds, firstReaching } from '../index/reaching.ts';
import { endAt, startAt } from '../index/rows.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import { contractNumbered, firstContract, type State } from '../state.ts';
import { rollOf } from './roll.ts';

type During = { readonly fromMs: number; readonly toMs: number };

/** The contracts that hold something on these nodes at some time in [fromMs, toMs), by number. */
export function holdersOn(state: State, nodes: readonly FleetNode[], during: During): readonly Contract[] {
  return contractsNumbered(state, holderNumbersOn(state, nodes, during));
}

/** The same, the smallest first: so many of those that are asked for. */
export function smallestHoldersOn(
  state: State,
  nodes: readonly FleetNode[],
  {
    count,
    isAskedFor,
    ...during
  }: During & { readonly count: number; readonly isAskedFor: (contract: Contract) => boolean },
): readonly Contract[] {
  const found: Contract[] = [];
  for (const number of rollOf(state).smallestFirst(holderNumbersOn(state, nodes, during))) {
    if (found.length >= count) break;
    const contract = contractNumbered(state, number);
    if (contract !== undefined && isAskedFor(contract)) found.push(contract);
  }
  return found;
}

function holderNumbersOn(state: State, nodes: readonly FleetNode[], { fromMs, toMs }: During): Int32Array {
  const packed = packedOf(state);
  const { rows, holders } = packed;
  const isHolder = new Uint8Array(firstContract + state.contracts.size);
  let count = 0;
  for (const { index } of nodes) {
    const to = endOfHolds(packed, index);
    for (let at = firstReaching(packed, index, fromMs); at < to && startAt(rows, at) < toMs; at++) {
      const holder = holders[at] ?? -1;
      if (holder < 0 || isHolder[holder] !== 0 || endAt(rows, at) <= fromMs) continue;
      isHolder[holder] = 1;
      count++;
    }
  }
  const found = new Int32Array(count);
  for (let number = isHolder.indexOf(1), at = 0; number >= 0; number = isHolder.indexOf(1, number + 1))
    found[at++] = number;
  return found;
}

function contractsNumbered(state: State, numbers: Int32Array): readonly Contract[] {
  const found: Contract[] = [];
  for (const number of numbers) {
    const contract = contractNumbered(state, number);
    if (contract !== undefined) found.push(contract);
  }
  return found;
}

/** `C-99` before `C-100`. */
export function byNumber(a: Pick<Contract, 'id'>, b: Pick<Contract, 'id'>): number {
  return Number(a.id.slice('C-'.length)) - Number(b.id.slice('C-'.length));
}

import type { Contract } from '../../model/contract.ts';
import { packedOf } from '../index/packed.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import { contractNumbered, type State } from '../state.ts';

/** The contracts that hold something on these nodes at some time in [fromMs, toMs), by number. */
export function holdersOn(
  state: State,
  nodes: Iterable<FleetNode>,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): readonly Contract[] {
  const { first, count, starts, ends, holders } = packedOf(state);
  const found = new Set<number>();
  for (const { index } of nodes) {
    const from = first[index] ?? 0;
    const to = from + (count[index] ?? 0);
    for (let at = from; at < to && (starts[at] ?? 0) < toMs; at++)
      if ((ends[at] ?? 0) > fromMs) found.add(holders[at] ?? -1);
  }
  return [...Int32Array.from(found).toSorted()].flatMap((number) => contractNumbered(state, number) ?? []);
}

/** `C-99` before `C-100`. */
export function byNumber(a: Pick<Contract, 'id'>, b: Pick<Contract, 'id'>): number {
  return Number(a.id.slice('C-'.length)) - Number(b.id.slice('C-'.length));
}

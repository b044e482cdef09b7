import type { Contract } from '../../model/contract.ts';
import { ContractId } from '../../model/id.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import { contractOf, type State } from '../state.ts';

/** The contracts that hold something on these nodes at some time in [fromMs, toMs), by number. */
export function holdersOn(
  state: State,
  nodes: Iterable<FleetNode>,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): readonly Contract[] {
  const found = new Set<string>();
  for (const node of nodes)
    for (const hold of state.calendar[node.index] ?? [])
      if (hold.startMs < toMs && hold.endMs > fromMs) found.add(hold.holder);
  return [...found].flatMap((holder) => contractNamed(state, holder) ?? []).toSorted(byNumber);
}

/** The contract behind a hold; nothing where something else holds it. */
function contractNamed(state: State, holder: string): Contract | undefined {
  const id = ContractId.safeParse(holder);
  return id.success ? contractOf(state, id.data) : undefined;
}

/** `C-99` before `C-100`. */
export function byNumber(a: Pick<Contract, 'id'>, b: Pick<Contract, 'id'>): number {
  return Number(a.id.slice('C-'.length)) - Number(b.id.slice('C-'.length));
}

import type { State } from '../../core/state.ts';
import type { Contract } from '../../model/contract.ts';
import type { Placement } from '../../model/placement.ts';

/** Mbit/s that one holder has of one edge for a time, read from contracts and leases, not from any calendar. */
export type Use = {
  readonly holder: string;
  /** `rdma fra/leaf1` */
  readonly edge: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly mbps: number;
};

/** Everything that stands at `nowMs` or later, and what has stood since `sinceMs`. */
export function usesOf(state: State, nowMs: number, sinceMs: number): readonly Use[] {
  const uses = [...state.contracts].flatMap((contract) => {
    const own = contractUses(contract);
    return own.lastEndMs <= sinceMs ? [] : own.uses;
  });
  for (const { plan, held, placement: all, untilMs } of state.leases.values())
    if (untilMs > nowMs)
      for (const placement of held ?? [all]) uses.push(...usedBy(plan, placement, Infinity));
  return uses.filter(({ endMs }) => endMs > sinceMs);
}

type Own = { readonly uses: readonly Use[]; readonly lastEndMs: number };

const known = new WeakMap<Contract, Own>();

/** What a change has replaced moves no data any more: what comes after it brings its transfers along. */
function contractUses(contract: Contract): Own {
  const before = known.get(contract);
  if (before !== undefined) return before;
  const { id, earlier = [], placement, releasedAtMs = Infinity, preemptedAtMs = Infinity } = contract;
  const endedMs = Math.min(releasedAtMs, preemptedAtMs);
  const past = earlier.flatMap(({ placement: { transfers: _moved, ...held } }, at) =>
    usedBy(id, held, Math.min(endedMs, ...earlier.slice(at).map(({ untilMs }) => untilMs))),
  );
  const uses = [...past, ...usedBy(id, placement, endedMs)];
  const own = { uses, lastEndMs: Math.max(0, ...uses.map(({ endMs }) => endMs)) };
  known.set(contract, own);
  return own;
}

function usedBy(holder: string, placement: Placement, cutMs: number): Use[] {
  const { startMs, endMs = Infinity, bandwidth = [], transfers = [] } = placement;
  return [
    ...bandwidth.map(({ fabric, edge, mbps }) => ({ edge: `${fabric} ${edge}`, startMs, endMs, mbps })),
    ...transfers.flatMap(({ from, wanLink, mbps, ...when }) => [
      { edge: `wan ${wanLink}`, startMs: when.startMs, endMs: when.endMs, mbps },
      { edge: `storage ${from}`, startMs: when.startMs, endMs: when.endMs, mbps },
    ]),
  ].flatMap((use) => {
    const untilMs = Math.min(use.endMs, cutMs);
    return untilMs <= use.startMs ? [] : [{ ...use, holder, endMs: untilMs }];
  });
}

/** Edges that carry more than was recorded for them, at the instants at which something begins. */
export function* beyondEdges({ fleet }: State, uses: readonly Use[]): Generator<string> {
  for (const [edge, own] of Map.groupBy(uses, (use) => use.edge)) {
    const most = carried(fleet, edge);
    for (const { startMs } of own) {
      const held = own.reduce(
        (sum, use) => sum + (use.startMs <= startMs && startMs < use.endMs ? use.mbps : 0),
        0,
      );
      if (held > most) yield `${edge}: ${held} of ${most} Mbit/s at ${startMs}`;
    }
  }
}

/** Nothing where nobody has said what an edge carries. */
function carried({ leafs, spines, wanLinks, pools, nodes }: State['fleet'], edge: string): number {
  const [fabric, path] = edge.split(' ');
  const at = <V>(facts: Iterable<readonly [string, V]>) => [...facts].find(([id]) => id === path)?.[1];
  if (fabric === 'rdma') return at(leafs)?.uplinkMbps ?? at(spines)?.uplinkMbps ?? 0;
  if (fabric === 'wan') return at(wanLinks)?.mbps ?? 0;
  if (fabric === 'storage') return at(pools)?.mbps ?? 0;
  const nics = nodes.find(({ id }) => id === path)?.shape.nics ?? [];
  return nics.reduce((sum, { kind, mbps = 0 }) => sum + (kind === 'ethernet' ? mbps : 0), 0);
}

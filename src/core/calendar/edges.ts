import type { HeldBandwidth, Placement } from '../../model/placement.ts';
import { endingAfter, type Holding, never } from './calendar.ts';

/** Mbit/s on one edge of a fabric that are spoken for from `startMs` up to, not including, `endMs`. */
export type EdgeHold = {
  /** The contract, or what else holds it. */
  readonly holder: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly mbps: number;
};

type Fabric = HeldBandwidth['fabric'];

/**
 * What is held on the edges of all fabrics, by `edgeKey`. Never changed in place. Edges stay when the inventory
 * no longer lists them, so that nothing is forgotten when they are listed again.
 */
export type EdgeCalendar = ReadonlyMap<string, readonly EdgeHold[]>;

/** One edge is one budget for both directions: `rdma fra1/leaf1`, `data fra1/h1/r1/n01`, `wan fra1/wan-ams2`. */
export function edgeKey(fabric: Fabric, edge: string): string {
  return `${fabric} ${edge}`;
}

type Held = Pick<Holding, 'id' | 'placement'>;

/**
 * Enters the bandwidth that a placement holds: over its window, and for its transfers before it. What ended on these
 * edges by `forgottenMs` is left out.
 */
export function holdEdges(edges: EdgeCalendar, { id, placement }: Held, forgottenMs = 0): EdgeCalendar {
  const holds = holdsOf(id, placement);
  if (holds.length === 0) return edges;
  const next = new Map(edges);
  for (const { key, entry } of holds)
    next.set(key, [...endingAfter(next.get(key) ?? [], forgottenMs), entry]);
  return next;
}

/** Ends what is held at `atMs`; what had not begun by then is gone. */
export function endEdges(edges: EdgeCalendar, { id, placement }: Held, atMs: number): EdgeCalendar {
  const keys = new Set(holdsOf(id, placement).map(({ key }) => key));
  if (keys.size === 0) return edges;
  const next = new Map(edges);
  for (const key of keys) {
    const left = (next.get(key) ?? []).flatMap((entry) => {
      if (entry.holder !== id || entry.endMs <= atMs) return [entry];
      return entry.startMs < atMs ? [{ ...entry, endMs: atMs }] : [];
    });
    if (left.length === 0) next.delete(key);
    else next.set(key, left);
  }
  return next;
}

/** Leaves out the transfers of a placement, entry by entry: the same holder may hold other things on these edges. */
export function withoutMoves(edges: EdgeCalendar, { id, placement }: Held): EdgeCalendar {
  const { startMs, members, transfers = [] } = placement;
  const next = new Map(edges);
  for (const { key, entry } of holdsOf(id, { startMs, members, transfers })) {
    const holds = next.get(key) ?? [];
    const at = holds.findIndex(
      ({ holder, startMs: fromMs, endMs, mbps }) =>
        holder === id && fromMs === entry.startMs && endMs === entry.endMs && mbps === entry.mbps,
    );
    if (at < 0) continue;
    if (holds.length === 1) next.delete(key);
    else next.set(key, holds.toSpliced(at, 1));
  }
  return next;
}

type Entry = { readonly key: string; readonly entry: EdgeHold };

function holdsOf(holder: string, placement: Placement): readonly Entry[] {
  const { startMs, endMs = never, bandwidth = [], transfers = [] } = placement;
  const held = bandwidth.map(({ fabric, edge, mbps }): Entry => ({
    key: edgeKey(fabric, edge),
    entry: { holder, startMs, endMs, mbps },
  }));
  const moved = transfers.flatMap((transfer): Entry[] => {
    const entry = { holder, startMs: transfer.startMs, endMs: transfer.endMs, mbps: transfer.mbps };
    return [
      { key: edgeKey('wan', transfer.wanLink), entry },
      { key: edgeKey('storage', transfer.from), entry },
    ];
  });
  return [...held, ...moved];
}

import type { NicFacts } from '../../../model/fact.ts';
import type { HeldBandwidth } from '../../../model/placement.ts';
import { type EdgeHold, edgeKey } from '../../calendar/edges.ts';
import type { Fleet, FleetNode } from '../../inventory/fleet.ts';
import type { State } from '../../state.ts';

export type Fabric = HeldBandwidth['fabric'];

/** What the calendar leaves of every edge over one time span. Computed when first asked for. */
export class EdgeRooms {
  readonly fleet: Fleet;
  readonly #state: State;
  readonly #span: { readonly startMs: number; readonly endMs: number };
  readonly #known = new Map<string, number | undefined>();

  constructor(state: State, span: { readonly startMs: number; readonly endMs: number }) {
    this.fleet = state.fleet;
    this.#state = state;
    this.#span = span;
  }

  /** Mbit/s free over the whole span, below 0 where more was promised than there is now; nothing when unknown. */
  left(fabric: Fabric, edge: string): number | undefined {
    const key = edgeKey(fabric, edge);
    if (this.#known.has(key)) return this.#known.get(key);
    const capacity = capacityOf(this.fleet, fabric, edge);
    const left =
      capacity === undefined
        ? undefined
        : capacity - peakIn(this.#state.bandwidth.get(key) ?? [], this.#span.startMs, this.#span.endMs);
    this.#known.set(key, left);
    return left;
  }
}

/** Mbit/s of an edge, for both directions together; nothing when nobody has recorded it. */
export function capacityOf(fleet: Fleet, fabric: Fabric, edge: string): number | undefined {
  switch (fabric) {
    case 'rdma':
      return (found(fleet.leafs, edge) ?? found(fleet.spines, edge))?.uplinkMbps;
    case 'data': {
      const node = found(fleet.nodeById, edge);
      return node === undefined ? undefined : dataMbps(node);
    }
    case 'wan':
      return found(fleet.wanLinks, edge)?.mbps;
    case 'storage':
      return found(fleet.pools, edge)?.mbps;
    default:
      return fabric satisfies never;
  }
}

/**
 * The sum of a node's healthy data NICs. Nothing when it has no such NIC on record, or one without a speed.
 */
export function dataMbps(node: FleetNode): number | undefined {
  const data = node.shape.nics.flatMap((nic, index) => (isData(nic) ? [{ nic, index }] : []));
  if (data.length === 0) return undefined;
  let sum = 0;
  for (const { nic, index } of data) {
    if (node.health === 'down' || node.downNics.has(index)) continue;
    if (nic.mbps === undefined) return undefined;
    sum += nic.mbps;
  }
  return sum;
}

/** Ethernet that is not stated to be RDMA, or of no kind and stated not to be. */
export function isData({ kind, rdma }: NicFacts): boolean {
  return kind === undefined ? rdma === false : kind === 'ethernet' && rdma !== true;
}

/** The most that is held at one time in [startMs, endMs). */
function peakIn(holds: readonly EdgeHold[], startMs: number, endMs: number): number {
  const steps = holds
    .filter((entry) => entry.startMs < endMs && entry.endMs > startMs)
    .flatMap((entry) => [
      { atMs: Math.max(entry.startMs, startMs), change: entry.mbps },
      { atMs: entry.endMs, change: -entry.mbps },
    ])
    .toSorted((a, b) => a.atMs - b.atMs || a.change - b.change);
  let level = 0;
  let peak = 0;
  for (const { change } of steps) {
    level += change;
    peak = Math.max(peak, level);
  }
  return peak;
}

/** A place by its text. */
function found<K extends string, V>(facts: ReadonlyMap<K, V>, edge: string): V | undefined {
  const untyped: ReadonlyMap<string, V> = facts;
  return untyped.get(edge);
}

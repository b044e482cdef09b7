import type { Fleet, FleetNode } from '../inventory/fleet.ts';
import type { State } from '../state.ts';

/** Mbit/s that an edge such as `rdma fra1/leaf1` carries; nothing where nobody has recorded it. */
export function edgeLimit(fleet: Fleet, edge: string): number | undefined {
  const [fabric = '', path = ''] = edge.split(' ');
  const of = <V>(facts: Iterable<readonly [string, V]>) => {
    for (const [id, value] of facts) if (id === path) return value;
    return undefined;
  };
  if (fabric === 'rdma') return (of(fleet.leafs) ?? of(fleet.spines))?.uplinkMbps;
  if (fabric === 'wan') return of(fleet.wanLinks)?.mbps;
  if (fabric === 'storage') return of(fleet.pools)?.mbps;
  const node = fabric === 'data' ? of(fleet.nodeById) : undefined;
  return node === undefined ? undefined : ofDataNics(node);
}

/** The most that others hold of an edge at one instant of [startMs, endMs): it can only rise where a hold begins. */
export function mostHeld({ bandwidth }: State, edge: string, startMs: number, endMs: number): number {
  const holds = (bandwidth.get(edge) ?? []).filter((hold) => hold.startMs < endMs && startMs < hold.endMs);
  const instants = [startMs, ...holds.map((hold) => Math.max(startMs, hold.startMs))];
  const heldAt = (atMs: number) =>
    holds.reduce((sum, hold) => (hold.startMs <= atMs && atMs < hold.endMs ? sum + hold.mbps : sum), 0);
  return Math.max(0, ...new Set(instants.map(heldAt)));
}

/** Ethernet NICs that do no RDMA and are up, added up. One of unknown speed makes the sum unknown. */
function ofDataNics({ shape, health, downNics }: FleetNode): number | undefined {
  const numbers = [...shape.nics.keys()].filter((number) => {
    const { kind, rdma } = shape.nics[number] ?? {};
    return kind === 'ethernet' ? rdma !== true : kind === undefined && rdma === false;
  });
  if (numbers.length === 0) return undefined;
  const up = health === 'down' ? [] : numbers.filter((number) => !downNics.has(number));
  const speeds = up.map((number) => shape.nics[number]?.mbps);
  if (speeds.includes(undefined)) return undefined;
  return speeds.reduce<number>((sum, mbps) => sum + (mbps ?? 0), 0);
}

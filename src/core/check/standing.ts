import type { Fleet, FleetNode } from '../inventory/fleet.ts';

/** A place as the auditor asks about it. One id may name a hall and a cooling loop: the kind is part of the name. */
export type Place = {
  readonly kind: 'rack' | 'feed' | 'loop' | 'hall' | 'site';
  readonly id: string;
  readonly isThere: (node: FleetNode) => boolean;
};

/** Whether a node stands at a place or below it, by the rack that was stated for it and else by its path. */
export function isAt({ id, facts: { rack } }: FleetNode, place: string): boolean {
  const stands = rack === undefined ? `${id}/` : `${rack}/`;
  return id === place || stands.startsWith(`${place}/`);
}

/** A fleet never changes, so who stands where is found out once for each place of it. */
const known = new WeakMap<Fleet, Map<string, Map<string, readonly FleetNode[]>>>();

/** The nodes of a fleet that are in a place: the same list whenever it is asked. Equal names must mean equal places. */
export function standing(fleet: Fleet, { kind, id, isThere }: Place): readonly FleetNode[] {
  const kinds = known.get(fleet) ?? new Map<string, Map<string, readonly FleetNode[]>>();
  if (kinds.size === 0) known.set(fleet, kinds);
  const places = kinds.get(kind) ?? new Map<string, readonly FleetNode[]>();
  if (places.size === 0) kinds.set(kind, places);
  const found = places.get(id);
  if (found !== undefined) return found;
  const nodes = fleet.nodes.filter(isThere);
  places.set(id, nodes);
  return nodes;
}

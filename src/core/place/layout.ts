import type { Path } from '../../model/id.ts';
import type { Fleet, FleetNode } from '../inventory/fleet.ts';
import { limitsOf, type PowerLimit } from './power.ts';

/** What hangs together in a fleet: the nodes of every rack and site, and the limits that each node draws on. */
export type Layout = {
  readonly racks: ReadonlyMap<Path, readonly FleetNode[]>;
  readonly sites: ReadonlyMap<Path, readonly FleetNode[]>;
  readonly limits: readonly PowerLimit[];
  /** By the index of the node. */
  readonly limitsByNode: readonly (readonly PowerLimit[])[];
};

/** A fleet never changes, so its layout is found out once. */
const known = new WeakMap<Fleet, Layout>();

export function layoutOf(fleet: Fleet): Layout {
  const before = known.get(fleet);
  if (before !== undefined) return before;
  const layout = made(fleet);
  known.set(fleet, layout);
  return layout;
}

/** The limits that a node draws on, in the order of `limitNames`. */
export function limitsOn({ limitsByNode }: Layout, node: FleetNode): readonly PowerLimit[] {
  return limitsByNode[node.index] ?? [];
}

function made(fleet: Fleet): Layout {
  const limits = limitsOf(fleet);
  const limitsByNode: PowerLimit[][] = fleet.nodes.map(() => []);
  for (const limit of limits) for (const node of limit.nodes) limitsByNode[node.index]?.push(limit);
  return {
    racks: groupedBy(fleet.nodes, (node) => node.rack),
    sites: groupedBy(fleet.nodes, (node) => node.site),
    limits,
    limitsByNode,
  };
}

function groupedBy(
  nodes: readonly FleetNode[],
  placeOf: (node: FleetNode) => Path | undefined,
): ReadonlyMap<Path, readonly FleetNode[]> {
  const groups = new Map<Path, FleetNode[]>();
  for (const node of nodes) {
    const place = placeOf(node);
    if (place === undefined) continue;
    const group = groups.get(place);
    if (group === undefined) groups.set(place, [node]);
    else group.push(node);
  }
  return groups;
}

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
  /** Nodes that draw on the same limits, mostly those of a rack. */
  readonly draws: Draws;
};

export type Draws = {
  /** By the index of a node: the number of its limits. */
  readonly of: Int32Array;
  readonly limits: readonly (readonly PowerLimit[])[];
  /** The nodes of each list, by index. */
  readonly nodes: readonly (readonly number[])[];
  /** By the number of a limit: the lists that it is in. */
  readonly under: readonly (readonly number[])[];
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
  const draws = drawsOf(limits, limitsByNode);
  return {
    racks: groupedBy(fleet.nodes, (node) => node.rack),
    sites: groupedBy(fleet.nodes, (node) => node.site),
    limits,
    limitsByNode: Array.from(draws.of, (number) => draws.limits[number] ?? []),
    draws,
  };
}

/** Each list of limits once. */
function drawsOf(all: readonly PowerLimit[], limitsByNode: readonly (readonly PowerLimit[])[]): Draws {
  const numbers = new Map<string, number>();
  const limits: (readonly PowerLimit[])[] = [];
  const nodes: number[][] = [];
  const under: number[][] = all.map(() => []);
  const of = Int32Array.from(limitsByNode, (own, node) => {
    const key = own.map(({ index }) => index).join(' ');
    const number = numbers.get(key) ?? limits.length;
    if (number === limits.length) {
      numbers.set(key, number);
      limits.push(own);
      nodes.push([]);
      for (const { index } of own) under[index]?.push(number);
    }
    nodes[number]?.push(node);
    return number;
  });
  return { of, limits, nodes, under };
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

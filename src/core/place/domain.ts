import type { TopologyLevel } from '../../model/demand.ts';
import type { Path } from '../../model/id.ts';
import { compareText } from '../../model/text.ts';
import type { FleetNode } from '../inventory/fleet.ts';

/** Levels at which a gang is tried to be kept together, the closest first. */
export const closestFirst = ['node', 'rack', 'leaf', 'hall', 'site'] as const;
export type PlacedLevel = (typeof closestFirst)[number];

/** One place on a level, with its nodes in the order of the fleet. */
export type Domain = { readonly id: Path; readonly nodes: readonly FleetNode[] };

/** The place of a node on a level; nothing when nobody has recorded it, or when the level is not placed on. */
export function placeOn(level: TopologyLevel, node: FleetNode): Path | undefined {
  switch (level) {
    case 'site':
      return node.site;
    case 'hall':
      return node.hall;
    case 'leaf':
      return node.leaf;
    case 'rack':
      return node.rack;
    case 'node':
      return node.id;
    case 'spine':
    case 'island':
    case 'numa':
    case 'pcie-root':
      return undefined;
    default:
      return level satisfies never;
  }
}

/** The domains of a level that these nodes form, in the order of their ids. */
export function domainsOn(level: TopologyLevel, nodes: readonly FleetNode[]): readonly Domain[] {
  const byPlace = new Map<Path, FleetNode[]>();
  for (const node of nodes) {
    const place = placeOn(level, node);
    if (place === undefined) continue;
    const known = byPlace.get(place);
    if (known === undefined) byPlace.set(place, [node]);
    else known.push(node);
  }
  return [...byPlace]
    .map(([id, members]) => ({ id, nodes: members }))
    .toSorted((a, b) => compareText(a.id, b.id));
}

/** Domains of a level, each inside one domain of the level that must not be left. */
export function domainsInside(
  limit: TopologyLevel,
  level: TopologyLevel,
  nodes: readonly FleetNode[],
): readonly Domain[] {
  return domainsOn(limit, nodes)
    .flatMap((outer) => domainsOn(level, outer.nodes))
    .toSorted((a, b) => compareText(a.id, b.id));
}

/** The levels to try for a gang that must stay inside one domain of `limit`: from the closest up to it. */
export function levelsUpTo(limit: TopologyLevel | undefined): readonly PlacedLevel[] {
  const end = closestFirst.findIndex((level) => level === limit);
  return end < 0 ? closestFirst : closestFirst.slice(0, end + 1);
}

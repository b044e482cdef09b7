import { isInNode, type TopologyLevel } from '../../model/demand.ts';
import type { Path } from '../../model/id.ts';
import { compareText } from '../../model/text.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import { sizeOf } from '../mask.ts';

/** Levels at which a gang is tried to be kept together, the closest first. */
export const closestFirst = ['node', 'island', 'rack', 'leaf', 'spine', 'hall', 'site'] as const;
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
      return node.spine;
    case 'island':
      return islandOf(node);
    // What divides a node is looked for inside it: see `inside.ts`.
    case 'numa':
    case 'pcie-root':
      return node.id;
    default:
      return level satisfies never;
  }
}

/**
 * The accelerator link domain of a node: the one it shares with others where that is recorded, else the node itself
 * when a link joins all its GPUs, else none.
 */
function islandOf({ id, island, shape }: FleetNode): Path | undefined {
  if (island !== undefined) return island;
  const [own] = shape.islands;
  const whole = shape.islands.length === 1 && own !== undefined && sizeOf(own) === shape.gpus.length;
  return whole && shape.link !== 'none' ? id : undefined;
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

/**
 * The levels to try for a gang that must stay inside one domain of `limit`: from the closest up to it. Islands and
 * spines that no node names join nothing that another level does not.
 */
export function levelsUpTo(
  limit: TopologyLevel | undefined,
  nodes: readonly FleetNode[],
): readonly PlacedLevel[] {
  if (isInNode(limit)) return ['node'];
  const end = closestFirst.findIndex((level) => level === limit);
  const levels = end < 0 ? closestFirst : closestFirst.slice(0, end + 1);
  return levels.filter((level) => {
    if (level === limit || (level !== 'island' && level !== 'spine')) return true;
    return nodes.some((node) => node[level] !== undefined);
  });
}

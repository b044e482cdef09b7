import { isInNode, type TopologyLevel } from '../../model/demand.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import { both, type Mask } from '../mask.ts';
import { domainsOn } from './domain.ts';
import { groupsInside } from './locality.ts';
import type { Want } from './want.ts';

/** Nodes of one domain, and the want as it may be put there. */
type Spot = { readonly nodes: readonly FleetNode[]; readonly want: Want };

/** The domains of a level; inside a node each group of its GPUs is one, and the want may use no others. */
export function spotsOn(level: TopologyLevel, nodes: readonly FleetNode[], want: Want): readonly Spot[] {
  if (!isInNode(level)) return domainsOn(level, nodes).map((domain) => ({ nodes: domain.nodes, want }));
  return nodes.flatMap((node) =>
    groupsInside(node, level).map((group) => ({ nodes: [node], want: inGroup(want, group) })),
  );
}

/** The want as it may use these GPUs of one node and no others. */
export function inGroup(want: Want, group: Mask): Want {
  return { ...want, only: want.only === undefined ? group : both(want.only, group) };
}

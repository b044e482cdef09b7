import type { Demand } from '../../model/demand.ts';
import type { Path } from '../../model/id.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import type { Domain } from '../place/domain.ts';
import { namesLeafs, uplinkMbpsOf } from '../place/fabric/uplink.ts';
import type { Candidates } from '../place/fill.ts';
import type { NodeSet } from '../place/node-set.ts';
import type { Rooms } from '../place/rooms.ts';
import type { Want } from '../place/want.ts';
import type { Bounds } from './bounds.ts';

/**
 * The fewest leafs that parts with an uplink budget could stand on in a domain, added up, were free GPUs and the
 * budgets of leafs all that counts: the roomiest leafs first. Infinite where no set of leafs would do. Where single
 * NICs hang on leafs of their own nothing is known: then one for each part.
 */
export function leastLeafs(
  rooms: Rooms,
  domain: Domain,
  wants: readonly Want[],
  asked: { readonly demand: Demand; readonly candidates: Candidates; readonly bounds: Bounds },
): number {
  return wants.reduce((sum, want) => sum + leastFor(rooms, domain, want, asked), 0);
}

function leastFor(
  { edges }: Rooms,
  domain: Domain,
  want: Want,
  {
    demand,
    candidates,
    bounds,
  }: { readonly demand: Demand; readonly candidates: Candidates; readonly bounds: Bounds },
): number {
  const { count, name } = want.part;
  const able = candidates.get(want)?.inDomains([domain]);
  if (able === undefined) return Infinity;
  const groups = leafGroupsOf(able);
  if (groups === undefined) return 1;
  const rooms = groups.map(({ leaf, nodes }) => ({ leaf, most: bounds.replicasIn(nodes, want) }));
  if (rooms.some(({ most }) => most >= count)) return 1;
  const uplinkMbps = uplinkMbpsOf(demand, name);
  const roomy = rooms
    .flatMap(({ leaf, most }) =>
      leaf !== undefined && most > 0 && (edges.left('rdma', leaf) ?? -1) >= uplinkMbps ? [most] : [],
    )
    .toSorted((a, b) => b - a);
  let missing = count;
  for (const [at, most] of roomy.entries()) {
    missing -= most;
    if (missing <= 0) return at + 1;
  }
  return Infinity;
}

type LeafGroup = { readonly leaf: Path | undefined; readonly nodes: readonly FleetNode[] };

/** What of a set stands in one domain lives as long as the set, so its leafs are found out once. */
const known = new WeakMap<NodeSet, readonly LeafGroup[] | 'named'>();

/** Nodes by their leaf; nothing where single NICs name leafs of their own. */
function leafGroupsOf(able: NodeSet): readonly LeafGroup[] | undefined {
  const found = known.get(able) ?? groupedByLeaf(able.nodes);
  known.set(able, found);
  return found === 'named' ? undefined : found;
}

function groupedByLeaf(nodes: readonly FleetNode[]): readonly LeafGroup[] | 'named' {
  if (nodes.some(({ shape }) => namesLeafs(shape))) return 'named';
  return [...Map.groupBy(nodes, ({ leaf }) => leaf)].map(([leaf, own]) => ({ leaf, nodes: own }));
}

import type { Demand } from '../../model/demand.ts';
import type { Path } from '../../model/id.ts';
import type { Domain } from '../place/domain.ts';
import { namesLeafs, uplinkMbpsOf } from '../place/fabric/uplink.ts';
import type { Candidates } from '../place/fill.ts';
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
  { nodes }: Domain,
  want: Want,
  {
    demand,
    candidates,
    bounds,
  }: { readonly demand: Demand; readonly candidates: Candidates; readonly bounds: Bounds },
): number {
  const { count, name } = want.part;
  const able = nodes.filter((node) => candidates.get(want)?.has(node) === true);
  if (able.some(({ shape }) => namesLeafs(shape))) return 1;
  const byLeaf = new Map<Path | undefined, number>();
  for (const [leaf, own] of Map.groupBy(able, (node) => node.leaf))
    byLeaf.set(leaf, bounds.replicasIn(own, want));
  if ([...byLeaf.values()].some((most) => most >= count)) return 1;
  const uplinkMbps = uplinkMbpsOf(demand, name);
  const roomy = [...byLeaf]
    .flatMap(([leaf, most]) =>
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

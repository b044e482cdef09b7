import type { Demand } from '../../../model/demand.ts';
import type { FleetNode } from '../../inventory/fleet.ts';
import { placeOn } from '../domain.ts';
import type { Want } from '../want.ts';
import { choosesNics, nicCountOf, rdmaNics, unknownNicLayout } from './nics.ts';

/** Why a node can never serve a want: it lacks it, or nobody has stated this attribute. */
export type Lack = { readonly unknown?: string };

/** What a node lacks of RDMA NICs that are chosen one by one. */
export function nicLack({ shape }: FleetNode, { part: { each } }: Want): Lack | undefined {
  if (!choosesNics(each)) return undefined;
  const attribute = unknownNicLayout(shape, each);
  if (attribute !== undefined) return { unknown: attribute };
  return rdmaNics(shape, each).length >= nicCountOf(each) ? undefined : {};
}

/** Levels whose places are stated for nodes, not seen in their paths. */
const stated: ReadonlySet<string> = new Set(['spine', 'island']);

/** Whether a node has a place on every level of spines and islands that it must be kept on or apart by. */
export function levelLack(node: FleetNode, { part }: Want, { together }: Demand): Lack | undefined {
  for (const level of [together, part.within, part.apart]) {
    if (level === undefined || !stated.has(level) || placeOn(level, node) !== undefined) continue;
    if (level === 'island' && (node.shape.islands.length > 0 || node.shape.gpus.length === 0)) return {};
    return { unknown: level };
  }
  return undefined;
}

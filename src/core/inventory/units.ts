import type { Path } from '../../model/id.ts';
import type { Fleet } from './fleet.ts';

/**
 * Rack units that nothing stands in: the rack's own less those of its nodes. Nothing when the rack or one of its nodes
 * has not said how many; 0 where nodes say that they take up more than there are. What is not a node (switches,
 * patch panels) is not in the inventory, so the recorded units of a rack should leave it out.
 */
export function freeUnits(fleet: Fleet, rack: Path): number | undefined {
  const units = fleet.racks.get(rack)?.facts.units;
  if (units === undefined) return undefined;
  let used = 0;
  for (const node of fleet.nodes) {
    if (node.rack !== rack) continue;
    if (node.units === undefined) return undefined;
    used += node.units;
  }
  return Math.max(0, units - used);
}

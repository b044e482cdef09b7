import type { TopologyLevel } from '../../model/demand.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import { type Domain, domainsInside } from '../place/domain.ts';

/** The nodes of a fleet or site stand in an array that never changes, so its domains are found out once. */
const known = new WeakMap<readonly FleetNode[], Map<string, readonly Domain[]>>();

/** The same as `domainsInside`, remembered. To be asked about arrays that live as long as the fleet. */
export function domainsKnown(
  limit: TopologyLevel,
  level: TopologyLevel,
  nodes: readonly FleetNode[],
): readonly Domain[] {
  const byLevels = known.get(nodes) ?? new Map<string, readonly Domain[]>();
  known.set(nodes, byLevels);
  const key = `${limit} ${level}`;
  const domains = byLevels.get(key) ?? domainsInside(limit, level, nodes);
  byLevels.set(key, domains);
  return domains;
}

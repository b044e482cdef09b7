import type { FleetNode } from '../inventory/fleet.ts';
import { type Layout, limitsOn } from '../place/layout.ts';
import type { PowerLimit } from '../place/power.ts';
import { smallLimit } from './headroom.ts';

const known = new WeakMap<Layout, (readonly PowerLimit[] | undefined)[]>();

/** The limits on a few nodes that a node draws on. A layout never changes, so they are picked out once. */
export function closeLimitsOn(layout: Layout, node: FleetNode): readonly PowerLimit[] {
  const byNode = known.get(layout) ?? [];
  if (byNode.length === 0) known.set(layout, byNode);
  return (byNode[node.index] ??= limitsOn(layout, node).filter(({ nodes }) => nodes.length <= smallLimit));
}

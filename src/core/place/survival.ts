import type { Demand, Part } from '../../model/demand.ts';
import type { Path } from '../../model/id.ts';
import type { FleetNode } from '../inventory/fleet.ts';

/** How many replicas may stand in one place, so that losing it leaves enough. */
export type Spread = {
  readonly limit: number;
  /** The place that would be lost with a node; nothing when nobody has recorded it. */
  readonly placeOf: (node: FleetNode) => Path | undefined;
};

/** The spread that survives the loss a demand names; nothing when it names none that is decided here. */
export function spreadOf(demand: Demand): Spread | undefined {
  const { survive } = demand;
  if (survive === undefined || (survive.loss !== 'node' && survive.loss !== 'rack')) return undefined;
  const total = demand.parts.reduce((sum, part) => sum + (isCounted(part, demand) ? part.count : 0), 0);
  const byRack = survive.loss === 'rack';
  return { limit: total - survive.membersLeft, placeOf: (node) => (byRack ? node.rack : node.id) };
}

/** Replicas with GPUs count, or all where none has any. */
export function isCounted({ each }: Part, { parts }: Demand): boolean {
  return each.gpus !== undefined || parts.every((part) => part.each.gpus === undefined);
}

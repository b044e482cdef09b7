import { type Calendar, type Hold, peakOf } from '../calendar.ts';
import type { Fleet, FleetNode, FleetRack } from '../inventory/fleet.ts';

/**
 * What a replica may draw at most: its GPUs at their limit, and of the rest of the node the larger of its CPU
 * and GPU shares, rounded up. Figures nobody has recorded count as 0; the plan says so.
 */
export function powerOf(node: FleetNode, gpuCount: number, cpuMilli: number): number {
  const { shape } = node;
  const base = shape.basePowerW ?? 0;
  const byGpus = shape.gpus.length === 0 ? 0 : Math.ceil((base * gpuCount) / shape.gpus.length);
  const byCpu =
    shape.cpuMilli === undefined || shape.cpuMilli === 0 ? 0 : Math.ceil((base * cpuMilli) / shape.cpuMilli);
  return gpuCount * (shape.gpuPowerW ?? 0) + Math.max(byGpus, byCpu);
}

/** Watts that a rack has left over a whole window; nothing when it has no recorded limit. */
export function rackPowerLeftW(
  rack: FleetRack,
  nodes: readonly FleetNode[],
  calendar: Calendar,
  window: { readonly startMs: number; readonly endMs: number },
): number | undefined {
  const limit = Math.min(rack.powerLimitW ?? Infinity, rack.coolingLimitW ?? Infinity);
  if (limit === Infinity) return undefined;
  const holds: Hold[] = nodes.flatMap((node) =>
    (calendar[node.index] ?? []).filter(
      (entry) => entry.startMs < window.endMs && entry.endMs > window.startMs,
    ),
  );
  return limit - peakOf(holds, window.startMs, (entry) => entry.powerW);
}

/** The nodes of every rack, in the order of the fleet. */
export function nodesByRack(fleet: Fleet): ReadonlyMap<string, readonly FleetNode[]> {
  return Map.groupBy(
    fleet.nodes.filter((node) => node.rack !== undefined),
    (node) => node.rack ?? '',
  );
}

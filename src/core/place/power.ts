import { type Path, parentOf } from '../../model/id.ts';
import type { Fleet, FleetNode } from '../inventory/fleet.ts';

/** Limits in watts, from the rack outwards: the order in which they are named when several bind. */
export const limitNames = [
  'rack-power',
  'rack-cooling',
  'loop-cooling',
  'hall-power',
  'hall-cooling',
  'site-power',
] as const;
export type LimitName = (typeof limitNames)[number];

/**
 * Watts that the nodes of one place may be promised together at any one time. Budgets count what the IT
 * equipment draws; PUE is not applied to them.
 */
export type PowerLimit = {
  readonly name: LimitName;
  readonly place: Path;
  readonly limitW: number;
  readonly nodes: readonly FleetNode[];
};

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

/** The figure that is missing to say what a replica may draw at most; nothing when all are recorded. */
export function unknownPower({ shape }: FleetNode, gpuCount: number): string | undefined {
  if (gpuCount > 0 && shape.gpuPowerW === undefined) return 'gpuPowerW';
  return shape.basePowerW === undefined ? 'basePowerW' : undefined;
}

/** Every recorded limit that some node draws on, by name and then by the order of the fleet. */
export function limitsOf(fleet: Fleet): readonly PowerLimit[] {
  const budgets = budgetsOf(fleet);
  const found = new Map<string, PowerLimit & { nodes: FleetNode[] }>();
  for (const node of fleet.nodes) {
    for (const { name, place } of placesOf(fleet, node)) {
      const limitW = budgets.get(`${name} ${place}`);
      if (limitW === undefined) continue;
      const limit = found.get(`${name} ${place}`);
      if (limit === undefined) found.set(`${name} ${place}`, { name, place, limitW, nodes: [node] });
      else limit.nodes.push(node);
    }
  }
  return limitNames.flatMap((name) => [...found.values()].filter((limit) => limit.name === name));
}

type Budget = { readonly name: LimitName; readonly place: Path };

/** Everything that could limit a node. Halls inside halls all count. */
function placesOf({ racks }: Fleet, node: FleetNode): readonly Budget[] {
  const rack = node.rack === undefined ? undefined : racks.get(node.rack);
  const places: Budget[] = [{ name: 'site-power', place: node.site }];
  if (rack !== undefined)
    places.push({ name: 'rack-power', place: rack.id }, { name: 'rack-cooling', place: rack.id });
  if (rack?.facts.loop !== undefined) places.push({ name: 'loop-cooling', place: rack.facts.loop });
  for (let around = parentOf(node.id); around !== undefined; around = parentOf(around))
    places.push({ name: 'hall-power', place: around }, { name: 'hall-cooling', place: around });
  return places;
}

function budgetsOf({ racks, halls, loops, sites }: Fleet): ReadonlyMap<string, number> {
  const stated: (readonly [LimitName, Path, number | undefined])[] = [
    ...[...racks.values()].flatMap(({ id, powerLimitW, coolingLimitW }) => [
      ['rack-power', id, powerLimitW] as const,
      ['rack-cooling', id, coolingLimitW] as const,
    ]),
    ...[...loops].map(([id, { coolingLimitW }]) => ['loop-cooling', id, coolingLimitW] as const),
    ...[...halls].flatMap(([id, { powerBudgetW, coolingLimitW }]) => [
      ['hall-power', id, powerBudgetW] as const,
      ['hall-cooling', id, coolingLimitW] as const,
    ]),
    ...sites.map(({ id, facts }) => ['site-power', id, facts.powerBudgetW] as const),
  ];
  return new Map(
    stated.flatMap(([name, place, limitW]) => (limitW === undefined ? [] : [[`${name} ${place}`, limitW]])),
  );
}

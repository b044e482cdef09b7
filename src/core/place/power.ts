import { type Path, parentOf } from '../../model/id.ts';
import { placeAround } from '../../model/standing.ts';
import { portionUp } from '../calendar/slices.ts';
import { sharersOf } from '../inventory/feeds.ts';
import type { Fleet, FleetNode } from '../inventory/fleet.ts';
import { drawOfSlices } from './sliceable.ts';
import type { Want } from './want.ts';

/** Limits in watts, from the rack outwards: the order in which they are named when several bind. */
export const limitNames = [
  'rack-power',
  'rack-cooling',
  'feed-power',
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
  /** Its place among the limits of the fleet. */
  readonly index: number;
  readonly name: LimitName;
  readonly place: Path;
  readonly limitW: number;
  readonly nodes: readonly FleetNode[];
};

/**
 * Watts by letter for a rack whose nodes do not all hang on all its feeds. With one feed lost, a node draws on its
 * others in equal shares. Each limit counts nodes in full and is what the letter can carry as many times over as the
 * node with the fewest survivors has of them: exact where nodes hang on one or two feeds, or all on the same ones,
 * and never too much.
 */
type Letters = ReadonlyMap<string, number>;

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

/**
 * What one replica of a want may draw at most beside `cpuMilli`. A slice draws its part of the GPU and of the GPU's
 * part of the node, each rounded up, so that slices that keep a GPU busy hold together at least what it draws
 * alone. As with whole GPUs, what nobody has been promised counts as nothing: neither an idle GPU nor the idle rest
 * of one. Nothing but MIG keeps a tenant to its part, so the term says that shares only declare theirs.
 */
export function drawOf(node: FleetNode, want: Want, cpuMilli: number): number {
  const { gpus } = want.part.each;
  if (gpus?.slice === undefined) return powerOf(node, want.gpuCount, cpuMilli);
  const { part, of } = drawOfSlices(node, gpus, want.model);
  const { gpuPowerW = 0, basePowerW = 0, gpus: all } = node.shape;
  const ofBase = portionUp(basePowerW, { part, of: of * all.length });
  return portionUp(gpuPowerW, { part, of }) + Math.max(ofBase, powerOf(node, 0, cpuMilli));
}

/** The figure that is missing to say what a replica may draw at most; nothing when all are recorded. */
export function unknownPower({ shape }: FleetNode, gpuCount: number): string | undefined {
  if (gpuCount > 0 && shape.gpuPowerW === undefined) return 'gpuPowerW';
  return shape.basePowerW === undefined ? 'basePowerW' : undefined;
}

/** Every recorded limit that some node draws on, by name and then by the order of the fleet. */
export function limitsOf(fleet: Fleet): readonly PowerLimit[] {
  const letters = lettersOf(fleet);
  const budgets = budgetsOf(fleet, letters);
  const found = new Map<string, Omit<PowerLimit, 'index'> & { nodes: FleetNode[] }>();
  for (const node of fleet.nodes) {
    for (const { key, name, place } of placesOf(fleet, node, letters)) {
      const limitW = budgets.get(key);
      if (limitW === undefined) continue;
      const limit = found.get(key);
      if (limit === undefined) found.set(key, { name, place, limitW, nodes: [node] });
      else limit.nodes.push(node);
    }
  }
  return limitNames
    .flatMap((name) => [...found.values()].filter((limit) => limit.name === name))
    .map((limit, index) => ({ ...limit, index }));
}

type Budget = { readonly key: string; readonly name: LimitName; readonly place: Path };

/** Everything that could limit a node. Halls inside halls all count, and so does every feed of the building. */
function placesOf({ racks }: Fleet, node: FleetNode, letters: ReadonlyMap<Path, Letters>): readonly Budget[] {
  const rack = node.rack === undefined ? undefined : racks.get(node.rack);
  const places = [budget('site-power', node.site)];
  if (rack !== undefined) {
    const inRack = letters.has(rack.id)
      ? node.supplies.map(({ letter }) => budget('rack-power', rack.id, letter))
      : [budget('rack-power', rack.id)];
    places.push(...inRack, budget('rack-cooling', rack.id));
  }
  for (const feed of new Set(node.supplies.flatMap(({ building }) => building ?? [])))
    places.push(budget('feed-power', feed));
  if (rack?.facts.loop !== undefined) places.push(budget('loop-cooling', rack.facts.loop));
  for (let around = placeAround(node); around !== undefined; around = parentOf(around))
    places.push(budget('hall-power', around), budget('hall-cooling', around));
  return places;
}

function budget(name: LimitName, place: Path, letter = ''): Budget {
  return { key: `${name} ${place} ${letter}`, name, place };
}

/** What the letters of racks carry whose nodes do not all hang on all feeds. */
function lettersOf({ nodes, racks }: Fleet): ReadonlyMap<Path, Letters> {
  const mixed = new Set(nodes.flatMap(({ rack, facts }) => (facts.feeds === undefined ? [] : (rack ?? []))));
  const found = new Map<Path, Map<string, number>>([...mixed].map((rack) => [rack, new Map()]));
  if (mixed.size === 0) return found;
  for (const { rack, supplies } of nodes) {
    const letters = rack === undefined ? undefined : found.get(rack);
    const feedLimitW = rack === undefined ? undefined : racks.get(rack)?.facts.feedLimitW;
    for (const { letter } of letters === undefined ? [] : supplies) {
      const limitW = feedLimitW?.[letter];
      if (limitW === undefined) continue;
      const carriesW = limitW * sharersOf(supplies);
      letters?.set(letter, Math.min(carriesW, letters.get(letter) ?? Infinity));
    }
  }
  return found;
}

function budgetsOf(fleet: Fleet, letters: ReadonlyMap<Path, Letters>): ReadonlyMap<string, number> {
  const { racks, halls, loops, feeds, sites } = fleet;
  const stated: (readonly [Budget, number | undefined])[] = [
    ...[...racks.values()].flatMap(({ id, powerLimitW, coolingLimitW }) => [
      [budget('rack-power', id), powerLimitW] as const,
      [budget('rack-cooling', id), coolingLimitW] as const,
    ]),
    ...[...letters].flatMap(([id, carries]) =>
      [...carries].map(([letter, limitW]) => [budget('rack-power', id, letter), limitW] as const),
    ),
    ...[...feeds].map(([id, { limitW }]) => [budget('feed-power', id), limitW] as const),
    ...[...loops].map(([id, { coolingLimitW }]) => [budget('loop-cooling', id), coolingLimitW] as const),
    ...[...halls].flatMap(([id, { powerBudgetW, coolingLimitW }]) => [
      [budget('hall-power', id), powerBudgetW] as const,
      [budget('hall-cooling', id), coolingLimitW] as const,
    ]),
    ...sites.map(({ id, facts }) => [budget('site-power', id), facts.powerBudgetW] as const),
  ];
  return new Map(stated.flatMap(([{ key }, limitW]) => (limitW === undefined ? [] : [[key, limitW]])));
}

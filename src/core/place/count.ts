import type { Demand, Part } from '../../model/demand.ts';
import type { ConstraintCount, MissingFact } from '../../model/refusal.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import type { State } from '../state.ts';
import { Rooms, type TimeSpan } from './bench.ts';
import { constraints, fitnessOf } from './fitness.ts';
import { drawOf, type LimitName, limitNames, type PowerLimit } from './power.ts';
import { endOf } from './site.ts';
import { gpusWithRoom } from './slice.ts';
import { heldBesideGpus, modelsFor, type Want } from './want.ts';

/** What each constraint leaves of the fleet for the demand's hardest part, and what is not known about it. */
export type Tally = {
  readonly counts: readonly ConstraintCount[];
  readonly missing: readonly MissingFact[];
};

/**
 * Counts GPUs (nodes for CPU parts) down from the whole fleet: first the sites that rules and the demand's
 * own site conditions leave, then what each node lacks, last what is taken at the start asked for. Only
 * constraints that took something away are listed.
 */
export function tally(state: State, demand: Demand, openSites: ReadonlySet<string>, startMs: number): Tally {
  const part = demand.parts.find(({ each }) => each.gpus !== undefined) ?? demand.parts[0];
  if (part === undefined) return { counts: [], missing: [] };
  const gpuCount = part.each.gpus?.count ?? 0;
  const level = gpuCount === 0 ? 'node' : 'gpu';
  const sizeOfNode = (node: FleetNode) => (gpuCount === 0 ? 1 : node.shape.gpus.length);
  const open = state.fleet.nodes.filter((node) => openSites.has(node.site));
  const judged = judge(state, open, part, demand);
  const counts: ConstraintCount[] = [];
  let before = sum(state.fleet.nodes, sizeOfNode);
  const step = (constraint: string, after: number, note?: string) => {
    if (after < before)
      counts.push({ constraint, level, before, after, ...(note === undefined ? {} : { note }) });
    before = after;
  };
  step('site', sum(open, sizeOfNode));
  for (const [index, constraint] of constraints.entries()) {
    const left = judged.filter((entry) => entry.rank > index);
    const unknown = judged.filter((entry) => entry.rank === index && entry.fitness.kind === 'unknown').length;
    step(
      constraint,
      sum(left, ({ node }) => sizeOfNode(node)),
      unknown === 0 ? undefined : `not known for ${unknown} nodes`,
    );
  }
  const span = { startMs, endMs: endOf(startMs, demand) };
  for (const { constraint, left } of afterCalendar(state, demand, judged, span)) step(constraint, left);
  const others = demand.parts.filter((other) => other !== part);
  const judgedOthers = others.flatMap((other) => judge(state, open, other, demand));
  return { counts, missing: missingFacts([...judged, ...judgedOthers]) };
}

type Judged = {
  readonly node: FleetNode;
  readonly fitness: ReturnType<typeof fitnessOf>;
  readonly want: Want | undefined;
};

/** What stays, step by step, of the nodes that fit: what is free, what other tenants leave open, what has power. */
function afterCalendar(
  state: State,
  demand: Demand,
  judged: readonly Judged[],
  span: TimeSpan,
): readonly { readonly constraint: string; readonly left: number }[] {
  const rooms = new Rooms(state, span);
  const free = judged.flatMap(({ node, fitness, want }) =>
    fitness.kind === 'fits' && want !== undefined ? [{ node, want, size: freeOn(rooms, node, want) }] : [],
  );
  const open = free.filter(({ node }) => rooms.neighbours.letIn(node, demand.tenant, demand.isolation));
  const steps = [
    { constraint: 'free-over-window', left: sum(free, ({ size }) => size) },
    { constraint: 'isolation', left: sum(open, ({ size }) => size) },
  ];
  let left: readonly Free[] = open;
  for (const name of limitNames) {
    left = withPower(rooms, left, name);
    steps.push({ constraint: name, left: sum(left, ({ size }) => size) });
  }
  const { powerCapW } = demand;
  if (powerCapW !== undefined)
    steps.push({ constraint: 'power-cap', left: sum(underCap(left, powerCapW), ({ size }) => size) });
  return steps;
}

/** What a cap on the whole gang leaves, handed out where least is drawn. */
function underCap(free: readonly Free[], capW: number): readonly Free[] {
  let leftW = capW;
  return free
    .map((entry) => ({ ...entry, powerW: wattsOf(entry) }))
    .toSorted((a, b) => a.powerW - b.powerW || a.node.index - b.node.index)
    .map((entry) => {
      const powered = inReplicas(entry, entry.powerW, leftW);
      leftW -= powered.replicas * entry.powerW;
      return { ...entry, size: powered.size };
    });
}

/**
 * Whole replicas that the watts left over carry. What cannot make up one counts as long as all others can. Of
 * slices one replica counts for each GPU that has room.
 */
function inReplicas({ want, size }: Free, powerW: number, leftW: number): { replicas: number; size: number } {
  const each = want.part.each.gpus?.slice === undefined ? Math.max(1, want.gpuCount) : 1;
  const wanted = Math.floor(size / each);
  const replicas = powerW === 0 ? wanted : Math.max(0, Math.min(wanted, Math.floor(leftW / powerW)));
  return { replicas, size: replicas === wanted ? size : replicas * each };
}

function wattsOf({ node, want }: Free): number {
  return drawOf(node, want, heldBesideGpus(node, want).cpuMilli);
}

/** GPUs of a node (1 for a CPU part) that a want could have. */
type Free = { readonly node: FleetNode; readonly want: Want; readonly size: number };

/** What a kind of limit leaves, handed out in the order of the fleet, whole replicas at a time. */
function withPower(rooms: Rooms, free: readonly Free[], name: LimitName): readonly Free[] {
  const leftW = new Map<PowerLimit, number>();
  return free.map((entry) => {
    const limits = rooms.limitsOn(entry.node).filter((limit) => limit.name === name);
    if (limits.length === 0) return entry;
    const powerW = wattsOf(entry);
    const left = Math.min(...limits.map((limit) => leftW.get(limit) ?? rooms.powerLeftW(limit)));
    const { replicas, size } = inReplicas(entry, powerW, left);
    for (const limit of limits)
      leftW.set(limit, (leftW.get(limit) ?? rooms.powerLeftW(limit)) - replicas * powerW);
    return { ...entry, size };
  });
}

function judge(state: State, nodes: readonly FleetNode[], part: Part, demand: Demand) {
  const gpuCount = part.each.gpus?.count ?? 0;
  const models = gpuCount === 0 ? [undefined] : modelsFor(part, state.fleet.models);
  const wants = models.map((model): Want => ({ part, gpuCount, model }));
  return nodes.map((node) => ({ node, ...bestFitness(node, wants, demand) }));
}

/** A node counts by the want that gets furthest on it. */
function bestFitness(
  node: FleetNode,
  wants: readonly Want[],
  demand: Demand,
): Omit<Judged, 'node'> & { rank: number } {
  let best: Omit<Judged, 'node'> & { rank: number } = {
    fitness: { kind: 'fails', constraint: 'gpu-model' },
    want: undefined,
    rank: wants.length === 0 ? constraints.indexOf('gpu-model') : -1,
  };
  for (const want of wants) {
    const fitness = fitnessOf(node, want, demand);
    const rank = fitness.kind === 'fits' ? constraints.length : constraints.indexOf(fitness.constraint);
    if (rank > best.rank) best = { fitness, want, rank };
  }
  return best;
}

function freeOn(rooms: Rooms, node: FleetNode, want: Want): number {
  const room = rooms.of(node);
  if (want.gpuCount > 0) return gpusWithRoom(node, want, room);
  const { cpuMilli = 0, memoryMib = 0, storageGib = 0 } = want.part.each;
  return room.cpuMilli >= cpuMilli && room.memoryMib >= memoryMib && room.storageGib >= storageGib ? 1 : 0;
}

function missingFacts(judged: readonly Judged[]): MissingFact[] {
  const byAttribute = new Map<string, Set<FleetNode>>();
  for (const { node, fitness } of judged) {
    if (fitness.kind !== 'unknown') continue;
    const known = byAttribute.get(fitness.attribute);
    if (known === undefined) byAttribute.set(fitness.attribute, new Set([node]));
    else known.add(node);
  }
  return [...byAttribute].map(([attribute, nodes]) => {
    const [first] = nodes;
    return {
      attribute,
      subjectCount: nodes.size,
      ...(first === undefined ? {} : { example: first.id }),
      fix: `import a source that states \`${attribute}\`, or leave the requirement out`,
    };
  });
}

function sum<T>(items: readonly T[], amount: (item: T) => number): number {
  return items.reduce((total, item) => total + amount(item), 0);
}

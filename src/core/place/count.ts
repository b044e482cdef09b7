import type { Demand, Part } from '../../model/demand.ts';
import type { ConstraintCount, MissingFact } from '../../model/refusal.ts';
import { noUses } from '../calendar/slices.ts';
import { fitnessByKind } from '../index/candidates.ts';
import { isUnindexed } from '../index/unindexed.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import { both, sizeOf } from '../mask.ts';
import type { State } from '../state.ts';
import { constraints, type Fitness, fitnessOf } from './fitness.ts';
import { drawOf, limitNames, type PowerLimit } from './power.ts';
import { Rooms } from './rooms.ts';
import { endOf, type StartRange } from './site.ts';
import { slicesIn } from './slice.ts';
import { afterFabric, type Free, sitesWithData } from './steps.ts';
import { heldBesideGpus, isSliced, modelsFor, usableGpus, type Want } from './want.ts';

type Question = {
  readonly demand: Demand;
  readonly startMs: number;
  /** Where data may have to be moved first: the starts that are allowed. */
  readonly starts?: StartRange;
  readonly isPlain?: boolean;
};

/** What each constraint leaves of the fleet for the demand's hardest part, and what is not known about it. */
export type Tally = {
  readonly counts: readonly ConstraintCount[];
  readonly missing: readonly MissingFact[];
};

/**
 * Counts GPUs (nodes for CPU parts) down from the whole fleet: first the sites that rules and the demand's
 * own site conditions leave, then what each node lacks, last what is taken at the start asked for. Where slices are
 * asked for, that last part counts the slices that all GPUs left by then could hold. Only constraints that took
 * something away are listed.
 */
export function tally(
  state: State,
  openSites: ReadonlySet<string>,
  { demand, startMs, starts, isPlain: isAsked = false }: Question,
): Tally {
  const part = demand.parts.find(({ each }) => each.gpus !== undefined) ?? demand.parts[0];
  if (part === undefined) return { counts: [], missing: [] };
  const isPlain = isAsked || isUnindexed(demand);
  const gpuCount = part.each.gpus?.count ?? 0;
  let level: ConstraintCount['level'] = gpuCount === 0 ? 'node' : 'gpu';
  const sizeOfNode = (node: FleetNode) => (gpuCount === 0 ? 1 : node.shape.gpus.length);
  const allowed = state.fleet.nodes.filter((node) => openSites.has(node.site));
  const withData = starts === undefined ? openSites : sitesWithData(state, openSites, { demand, starts });
  const open = allowed.filter((node) => withData.has(node.site));
  const judged = judge(state, open, part, { demand, isPlain });
  const counts: ConstraintCount[] = [];
  let before = sum(state.fleet.nodes, sizeOfNode);
  const step = (constraint: string, after: number, note?: string) => {
    if (after < before)
      counts.push({ constraint, level, before, after, ...(note === undefined ? {} : { note }) });
    before = after;
  };
  step('site', sum(allowed, sizeOfNode));
  step('dataset', sum(open, sizeOfNode));
  const lost = byRank(judged, sizeOfNode);
  let left = before;
  for (const [index, constraint] of constraints.entries()) {
    const { size, unknown } = lost[index] ?? { size: 0, unknown: 0 };
    left -= size;
    step(constraint, left, unknown === 0 ? undefined : `not known for ${unknown} nodes`);
  }
  if (part.each.gpus?.slice !== undefined) {
    level = 'slice';
    before = sum(judged, ({ node, fitness, want }) =>
      fitness.kind === 'fits' && want !== undefined ? slicesOfEmpty(node, want) : 0,
    );
  }
  const rooms = new Rooms(state, { startMs, endMs: endOf(startMs, demand) }, { isPlain });
  for (const after of afterCalendar(rooms, demand, judged)) step(after.constraint, after.left);
  const others = demand.parts.filter((other) => other !== part);
  const judgedOthers = others.flatMap((other) => judge(state, open, other, { demand, isPlain }));
  return { counts, missing: missingFacts([...judged, ...judgedOthers]) };
}

/** What each constraint is the first to take away, by its place in the list, and where it is not known. */
function byRank(
  judged: readonly (Judged & { readonly rank: number })[],
  sizeOfNode: (node: FleetNode) => number,
): readonly { readonly size: number; readonly unknown: number }[] {
  const lost = constraints.map(() => ({ size: 0, unknown: 0 }));
  for (const { node, rank, fitness } of judged) {
    const entry = lost[rank];
    if (entry === undefined) continue;
    entry.size += sizeOfNode(node);
    if (fitness.kind === 'unknown') entry.unknown++;
  }
  return lost;
}

type Judged = {
  readonly node: FleetNode;
  readonly fitness: ReturnType<typeof fitnessOf>;
  readonly want: Want | undefined;
};

/** What stays, step by step, of the nodes that fit: what is free, what other tenants leave open, what has power. */
function afterCalendar(
  rooms: Rooms,
  demand: Demand,
  judged: readonly Judged[],
): readonly { readonly constraint: string; readonly left: number }[] {
  const free = judged.flatMap(({ node, fitness, want }) =>
    fitness.kind === 'fits' && want !== undefined ? [{ node, want, size: freeOn(rooms, node, want) }] : [],
  );
  const open = free.filter(({ node }) => rooms.letIn(node, demand));
  const steps = [
    { constraint: 'free-over-window', left: sum(free, ({ size }) => size) },
    { constraint: 'isolation', left: sum(open, ({ size }) => size) },
  ];
  let left: readonly Free[] = open;
  const tight = tightLimits(rooms, open);
  for (const name of limitNames) {
    left = withPower(rooms, left, new Set([...tight].filter((limit) => limit.name === name)));
    steps.push({ constraint: name, left: sum(left, ({ size }) => size) });
  }
  const { powerCapW } = demand;
  if (powerCapW !== undefined) {
    left = underCap(left, powerCapW);
    steps.push({ constraint: 'power-cap', left: sum(left, ({ size }) => size) });
  }
  const fabric = afterFabric(rooms, demand, left);
  return [
    ...steps,
    ...fabric.map(({ constraint, free: own }) => ({ constraint, left: sum(own, ({ size }) => size) })),
  ];
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

/** Whole replicas that the watts left over carry. What cannot make up one counts as long as all others can. */
function inReplicas({ want, size }: Free, powerW: number, leftW: number): { replicas: number; size: number } {
  const each = Math.max(1, want.gpuCount);
  const wanted = Math.floor(size / each);
  const replicas = powerW === 0 ? wanted : Math.max(0, Math.min(wanted, Math.floor(leftW / powerW)));
  return { replicas, size: replicas === wanted ? size : replicas * each };
}

function wattsOf({ node, want }: Free): number {
  return drawOf(node, want, heldBesideGpus(node, want).cpuMilli);
}

/** What a kind of limit leaves, handed out in the order of the fleet, whole replicas at a time. */
function withPower(rooms: Rooms, free: readonly Free[], tight: ReadonlySet<PowerLimit>): readonly Free[] {
  if (tight.size === 0) return free;
  const leftW = new Map<PowerLimit, number>();
  return free.map((entry) => {
    const limits = rooms.limitsOn(entry.node).filter((limit) => tight.has(limit));
    if (limits.length === 0) return entry;
    const powerW = wattsOf(entry);
    const left = Math.min(...limits.map((limit) => leftW.get(limit) ?? rooms.powerLeftW(limit)));
    const { replicas, size } = inReplicas(entry, powerW, left);
    for (const limit of limits)
      leftW.set(limit, (leftW.get(limit) ?? rooms.powerLeftW(limit)) - replicas * powerW);
    return { ...entry, size };
  });
}

/** The limits that do not carry all that is free under them. The others take nothing away. */
function tightLimits(rooms: Rooms, free: readonly Free[]): ReadonlySet<PowerLimit> {
  const wantedW = new Map<PowerLimit, number>();
  for (const entry of free) {
    const replicas = Math.floor(entry.size / Math.max(1, entry.want.gpuCount));
    if (replicas === 0) continue;
    const powerW = replicas * wattsOf(entry);
    for (const limit of rooms.limitsOn(entry.node)) wantedW.set(limit, (wantedW.get(limit) ?? 0) + powerW);
  }
  return new Set([...wantedW].flatMap(([limit, powerW]) => (rooms.carries(limit, powerW) ? [] : [limit])));
}

function judge(
  { fleet }: State,
  nodes: readonly FleetNode[],
  part: Part,
  { demand, isPlain }: { readonly demand: Demand; readonly isPlain: boolean },
): readonly (Judged & { readonly rank: number })[] {
  const gpuCount = part.each.gpus?.count ?? 0;
  const models = gpuCount === 0 ? [undefined] : modelsFor(part, fleet.models);
  const asked = models.map((model): Asking => {
    const want = { part, gpuCount, model };
    return {
      want,
      on: isPlain ? (node) => fitnessOf(node, want, demand) : fitnessByKind(fleet, want, demand),
    };
  });
  return nodes.map((node) => ({ node, ...bestFitness(node, asked) }));
}

type Asking = { readonly want: Want; readonly on: (node: FleetNode) => Fitness };

/** A node counts by the want that gets furthest on it. */
function bestFitness(node: FleetNode, asked: readonly Asking[]): Omit<Judged, 'node'> & { rank: number } {
  let best: Omit<Judged, 'node'> & { rank: number } = {
    fitness: { kind: 'fails', constraint: 'gpu-model' },
    want: undefined,
    rank: asked.length === 0 ? constraints.indexOf('gpu-model') : -1,
  };
  for (const { want, on } of asked) {
    const fitness = on(node);
    const rank = fitness.kind === 'fits' ? constraints.length : constraints.indexOf(fitness.constraint);
    if (rank > best.rank) best = { fitness, want, rank };
  }
  return best;
}

function freeOn(rooms: Rooms, node: FleetNode, want: Want): number {
  if (want.gpuCount > 0 && !isSliced(want)) return sizeOf(both(rooms.freeOn(node), usableGpus(node, want)));
  const room = rooms.of(node);
  if (want.gpuCount > 0) return slicesIn(node, want, room);
  const { cpuMilli = 0, memoryMib = 0, storageGib = 0 } = want.part.each;
  return room.cpuMilli >= cpuMilli && room.memoryMib >= memoryMib && room.storageGib >= storageGib ? 1 : 0;
}

/** Slices that a node could hold if nothing were held there. */
function slicesOfEmpty(node: FleetNode, want: Want): number {
  return slicesIn(node, want, { gpus: usableGpus(node, want), partly: noUses });
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

import type { Demand, Part } from '../../model/demand.ts';
import type { ConstraintCount, MissingFact } from '../../model/refusal.ts';
import { noUses } from '../calendar/slices.ts';
import { byKind } from '../index/kinds.ts';
import { isUnindexed } from '../index/unindexed.ts';
import type { Fleet, FleetNode } from '../inventory/fleet.ts';
import { both, firstBits, sizeOf, without } from '../mask.ts';
import type { State } from '../state.ts';
import { constraints, type Fitness, fitnessOf, placedBy } from './fitness.ts';
import { type AskOnce, type Free, total, withSizes } from './free.ts';
import { afterPower } from './power-steps.ts';
import { Rooms } from './rooms.ts';
import { endOf, type StartRange } from './site.ts';
import { slicesIn } from './slice.ts';
import { afterFabric, sitesWithData } from './steps.ts';
import { isSliced, modelsFor, usableGpus, type Want, wantedPart } from './want.ts';

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
 * own site conditions leave, then what each node or single GPU lacks, last what is taken at the start asked for. Where slices are
 * asked for, that last part counts the slices that all GPUs left by then could hold. Only constraints that took
 * something away are listed.
 */
export function tally(state: State, openSites: ReadonlySet<string>, asked: Question): Tally {
  const { demand, starts, isPlain: isAsked = false } = asked;
  const part = demand.parts.find(({ each }) => each.gpus !== undefined) ?? demand.parts[0];
  if (part === undefined) return { counts: [], missing: [] };
  const isPlain = isAsked || isUnindexed(demand);
  const isCounted = (part.each.gpus?.count ?? 0) > 0;
  const { fleet } = state;
  const sizeOfNode = (node: FleetNode) => (isCounted ? node.shape.gpus.length : 1);
  const allowed = nodesAt(fleet, openSites, fleet.nodes);
  const withData = starts === undefined ? openSites : sitesWithData(state, openSites, { demand, starts });
  const open = nodesAt(fleet, withData, allowed);
  const judged = judge(fleet, open, part, { demand, isPlain });
  const counts = new Countdown(isCounted ? 'gpu' : 'node', sum(fleet.nodes, sizeOfNode));
  counts.step('site', sum(allowed, sizeOfNode));
  counts.step('dataset', sum(open, sizeOfNode));
  let { left } = counts;
  for (const [rank, { size, unknown }] of byRank(judged, sizeOfNode).entries()) {
    left -= size;
    const note = unknown === 0 ? undefined : `not known for ${unknown} nodes`;
    counts.step(constraints[rank] ?? '', left, note);
  }
  if (part.each.gpus?.slice !== undefined) counts.recount('slice', slicesOfAll(judged));
  const span = { startMs: asked.startMs, endMs: endOf(asked.startMs, demand) };
  const rooms = new Rooms(state, span, { isPlain });
  for (const after of afterCalendar(rooms, demand, judged)) counts.step(after.constraint, after.left);
  const others = demand.parts.filter((other) => other !== part);
  const judgedOthers = others.map((other) => judge(fleet, open, other, { demand, isPlain }));
  return { counts: counts.counts, missing: missingFacts([judged, ...judgedOthers]) };
}

/** Those of some nodes that are at one of these sites. */
function nodesAt(
  { sites }: Fleet,
  open: ReadonlySet<string>,
  nodes: readonly FleetNode[],
): readonly FleetNode[] {
  return sites.every(({ id }) => open.has(id)) ? nodes : nodes.filter((node) => open.has(node.site));
}

/** What each constraint leaves of what was there before it. Those that take nothing are left out. */
class Countdown {
  readonly counts: ConstraintCount[] = [];
  #level: ConstraintCount['level'];
  #left: number;

  constructor(level: ConstraintCount['level'], left: number) {
    this.#level = level;
    this.#left = left;
  }

  get left(): number {
    return this.#left;
  }

  step(constraint: string, after: number, note?: string): void {
    const [level, before] = [this.#level, this.#left];
    if (after < before)
      this.counts.push({ constraint, level, before, after, ...(note === undefined ? {} : { note }) });
    this.#left = after;
  }

  /** Goes on in another unit. */
  recount(level: ConstraintCount['level'], left: number): void {
    [this.#level, this.#left] = [level, left];
  }
}

/** What each constraint is the first to take away, by its place in the list, and where it is not known. */
function byRank(
  { nodes, verdicts }: Judged,
  sizeOfNode: (node: FleetNode) => number,
): readonly { readonly size: number; readonly unknown: number }[] {
  const lost = constraints.map(() => ({ size: 0, unknown: 0 }));
  for (let at = 0; at < nodes.length; at++) {
    const node = nodes[at];
    const verdict = verdicts[at];
    if (verdict === undefined || node === undefined) continue;
    for (const { rank, size } of verdict.useless) addTo(lost[rank], size);
    const entry = lost[verdict.rank];
    if (entry === undefined) continue;
    entry.size += sizeOfNode(node);
    if (verdict.fitness.kind === 'unknown') entry.unknown++;
  }
  return lost;
}

/** GPUs that a constraint takes of a node that fits, by the place of the constraint in the list. */
type Useless = { readonly rank: number; readonly size: number };

/** GPUs of a node that fits which whole replicas cannot have all the same: down, of another model, or too small. */
function uselessGpus(node: FleetNode, want: Want): readonly Useless[] {
  if (want.gpuCount === 0 || isSliced(want)) return [];
  const { shape, downMask } = node;
  const ofModel = shape.models.find(({ model }) => model === want.model)?.mask ?? 0;
  const working = without(firstBits(shape.gpus.length), downMask);
  const left = both(working, ofModel);
  return [
    useless('health', shape.gpus.length - sizeOf(working)),
    useless('gpu-model', sizeOf(working) - sizeOf(left)),
    useless('gpu-memory', sizeOf(left) - sizeOf(usableGpus(node, want))),
  ].filter(({ size }) => size > 0);
}

function addTo(lost: { size: number } | undefined, size: number): void {
  if (lost !== undefined) lost.size += size;
}

function useless(constraint: (typeof constraints)[number], size: number): Useless {
  return { rank: constraints.indexOf(constraint), size };
}

/** Slices that all nodes that fit could hold if nothing were held there. */
function slicesOfAll({ nodes, verdicts }: Judged): number {
  let slices = 0;
  for (const [at, node] of nodes.entries()) {
    const want = wantOf(verdicts[at]);
    if (want !== undefined) slices += slicesIn(node, want, { gpus: usableGpus(node, want), partly: noUses });
  }
  return slices;
}

/** The want that a node is counted for; nothing where it serves none. */
function wantOf(verdict: Verdict | undefined): Want | undefined {
  return verdict?.fitness.kind === 'fits' ? verdict.want : undefined;
}

/** What stays, step by step, of the nodes that fit: what is free, what other tenants leave open, what has power. */
function* afterCalendar(
  rooms: Rooms,
  demand: Demand,
  judged: Judged,
): Generator<{ readonly constraint: string; readonly left: number }> {
  let free = freeOf(rooms, judged);
  yield { constraint: 'free-over-window', left: total(free) };
  const admitted = rooms.admitted(demand);
  const letsIn = (node: FleetNode) =>
    admitted === undefined ? rooms.letIn(node, demand) : admitted[node.index] === 1;
  free = withSizes(free, (node, _want, size) => (letsIn(node) ? size : 0));
  yield { constraint: 'isolation', left: total(free) };
  for (const [name, left] of afterPower(rooms, demand, free)) {
    free = left;
    yield { constraint: name, left: total(free) };
  }
  for (const { constraint, free: left } of afterFabric(rooms, demand, free))
    yield { constraint, left: total(left) };
}

function freeOf(rooms: Rooms, { nodes, verdicts, askOnce }: Judged): Free {
  const usableOn = askOnce((node, want) => usableGpus(node, want));
  const fitting: FleetNode[] = [];
  const wants: Want[] = [];
  const sizes = new Int32Array(nodes.length);
  const window = rooms.sight?.window;
  for (let at = 0; at < nodes.length; at++) {
    const node = nodes[at];
    const want = wantOf(verdicts[at]);
    if (node === undefined || want === undefined) continue;
    const isWhole = want.gpuCount > 0 && want.part.each.gpus?.slice === undefined;
    if (!isWhole) sizes[fitting.length] = roomFor(rooms, node, want);
    else if (window === undefined)
      sizes[fitting.length] = sizeOf(both(rooms.freeOn(node), usableOn(node, want)));
    else sizes[fitting.length] = sizeOf(without(usableOn(node, want), window.takenOn(node.index)));
    fitting.push(node);
    wants.push(want);
  }
  return { nodes: fitting, wants, sizes: sizes.subarray(0, fitting.length), askOnce };
}

/** Slices that a node has left; 1 where it has what a CPU part asks for. */
function roomFor(rooms: Rooms, node: FleetNode, want: Want): number {
  const room = rooms.of(node);
  if (want.gpuCount > 0) return slicesIn(node, want, room);
  const { cpuMilli = 0, memoryMib = 0, storageGib = 0 } = want.part.each;
  return room.cpuMilli >= cpuMilli && room.memoryMib >= memoryMib && room.storageGib >= storageGib ? 1 : 0;
}

/** Nodes with what they are worth for a part. */
type Judged = {
  readonly nodes: readonly FleetNode[];
  /** By the place of the node. */
  readonly verdicts: readonly Verdict[];
  readonly askOnce: AskOnce;
};

type Verdict = {
  readonly fitness: Fitness;
  readonly want: Want | undefined;
  readonly rank: number;
  readonly useless: readonly Useless[];
};

function judge(
  fleet: Fleet,
  nodes: readonly FleetNode[],
  part: Part,
  { demand, isPlain }: { readonly demand: Demand; readonly isPlain: boolean },
): Judged {
  const gpuCount = part.each.gpus?.count ?? 0;
  const models = gpuCount === 0 ? [undefined] : modelsFor(part, fleet.models);
  const wants = models.map((model): Want => ({ part: wantedPart(part, demand), gpuCount, model }));
  const verdictOn = isPlain
    ? (node: FleetNode) => verdictOf(node, wants, demand)
    : verdictByKind(fleet, wants, { demand, part });
  const askOnce: AskOnce = (say) => {
    if (isPlain) return say;
    const byWant = new Map(wants.map((want) => [want, byKind(fleet, (node) => say(node, want))]));
    return (node, want) => byWant.get(want)?.(node) ?? say(node, want);
  };
  return { nodes, verdicts: nodes.map(verdictOn), askOnce };
}

/** Nodes of a kind differ only in where they stand. */
function verdictByKind(
  fleet: Fleet,
  wants: readonly Want[],
  { demand, part }: { readonly demand: Demand; readonly part: Part },
): (node: FleetNode) => Verdict {
  const { where: _where, avoid: _avoid, ...anywhere } = demand;
  if (part.where !== undefined) return (node) => verdictOf(node, wants, demand);
  const verdictOn = byKind(fleet, (example) => verdictOf(example, wants, anywhere));
  if (demand.where === undefined && (demand.avoid ?? []).length === 0) return verdictOn;
  const isPlaced = placedBy(demand, part);
  // Asked before all else, so that what stands elsewhere is lost to it whatever its kind.
  let misplaced: Verdict | undefined;
  return (node) => (isPlaced(node) ? verdictOn(node) : (misplaced ??= verdictOf(node, wants, demand)));
}

/** A node counts by the want that gets furthest on it. */
function verdictOf(node: FleetNode, wants: readonly Want[], demand: Demand): Verdict {
  let best: Verdict = {
    fitness: { kind: 'fails', constraint: 'gpu-model' },
    want: undefined,
    rank: wants.length === 0 ? constraints.indexOf('gpu-model') : -1,
    useless: [],
  };
  for (const want of wants) {
    const fitness = fitnessOf(node, want, demand);
    const rank = fitness.kind === 'fits' ? constraints.length : constraints.indexOf(fitness.constraint);
    if (rank > best.rank) best = { fitness, want, rank, useless: [] };
  }
  return best.want === undefined || best.fitness.kind !== 'fits'
    ? best
    : { ...best, useless: uselessGpus(node, best.want) };
}

function missingFacts(judged: readonly Judged[]): MissingFact[] {
  const byAttribute = new Map<string, Set<FleetNode>>();
  for (const { nodes, verdicts } of judged)
    for (let at = 0; at < nodes.length; at++) {
      const fitness = verdicts[at]?.fitness;
      const node = nodes[at];
      if (fitness?.kind !== 'unknown' || node === undefined) continue;
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

function sum(nodes: readonly FleetNode[], amount: (node: FleetNode) => number): number {
  let all = 0;
  for (let at = 0; at < nodes.length; at++) {
    const node = nodes[at];
    if (node !== undefined) all += amount(node);
  }
  return all;
}

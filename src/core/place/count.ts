import type { Demand } from '../../model/demand.ts';
import type { ConstraintCount, MissingFact } from '../../model/refusal.ts';
import { roomOf } from '../calendar.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import { both, sizeOf } from '../mask.ts';
import type { State } from '../state.ts';
import { constraints, fitnessOf } from './fitness.ts';
import { endOf } from './site.ts';
import { modelsFor, usableGpus, type Want } from './want.ts';

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
  const models = gpuCount === 0 ? [undefined] : modelsFor(part, state.fleet.models);
  const wants = models.map((model): Want => ({ part, gpuCount, model }));
  const level = gpuCount === 0 ? 'node' : 'gpu';
  const sizeOfNode = (node: FleetNode) => (gpuCount === 0 ? 1 : node.shape.gpus.length);
  const open = state.fleet.nodes.filter((node) => openSites.has(node.site));
  const judged = open.map((node) => ({ node, ...bestFitness(node, wants, demand) }));
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
  const fitting = judged.filter((entry) => entry.fitness.kind === 'fits');
  step(
    'free-over-window',
    sum(fitting, ({ node, want }) => freeOn(state, node, want, { demand, startMs })),
  );
  return { counts, missing: missingFacts(judged) };
}

type Judged = {
  readonly node: FleetNode;
  readonly fitness: ReturnType<typeof fitnessOf>;
  readonly want: Want | undefined;
};

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

function freeOn(
  state: State,
  node: FleetNode,
  want: Want | undefined,
  { demand, startMs }: { readonly demand: Demand; readonly startMs: number },
): number {
  if (want === undefined) return 0;
  const room = roomOf(node, state.calendar[node.index] ?? [], startMs, endOf(startMs, demand));
  if (want.gpuCount > 0) return sizeOf(both(room.gpus, usableGpus(node, want)));
  return room.cpuMilli >= (want.part.each.cpuMilli ?? 0) && room.memoryMib >= (want.part.each.memoryMib ?? 0)
    ? 1
    : 0;
}

function missingFacts(judged: readonly Judged[]): MissingFact[] {
  const byAttribute = new Map<string, FleetNode[]>();
  for (const { node, fitness } of judged) {
    if (fitness.kind !== 'unknown') continue;
    byAttribute.set(fitness.attribute, [...(byAttribute.get(fitness.attribute) ?? []), node]);
  }
  return [...byAttribute].map(([attribute, nodes]) => ({
    attribute,
    subjectCount: nodes.length,
    ...(nodes[0] === undefined ? {} : { example: nodes[0].id }),
    fix: `import a source that states \`${attribute}\`, or leave the requirement out`,
  }));
}

function sum<T>(items: readonly T[], amount: (item: T) => number): number {
  return items.reduce((total, item) => total + amount(item), 0);
}

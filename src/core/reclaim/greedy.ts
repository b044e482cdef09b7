import { emptiedBy, inGroup, isSound, type Layout } from './layout.ts';
import type { Group, Kind, Problem } from './problem.ts';

/**
 * Empties nodes one after the other, those with the fewest GPUs in use first; what stands there goes, the largest
 * first, to the node that it fills best. A node that cannot be emptied is left alone. Nothing where that is not
 * enough. Always there, and never more than a proposal: the optimum may be cheaper.
 */
export function greedyLayout(problem: Problem): Layout | undefined {
  const { nodes, kinds, wanted } = problem;
  const layout = kinds.map(({ standing }) => [...standing]);
  const closed = new Set(emptiedBy(problem, layout));
  const inTurn = nodes
    .flatMap(({ mayBeFreed }, at) => (mayBeFreed && !closed.has(at) ? [at] : []))
    .toSorted((a, b) => costOn(kinds, a) - costOn(kinds, b) || a - b);
  for (const at of inTurn) {
    if (closed.size >= wanted) break;
    const before = layout.map((row) => [...row]);
    closed.add(at);
    if (cleared(problem, layout, at, closed)) continue;
    closed.delete(at);
    for (const [which, row] of before.entries()) layout[which] = row;
  }
  return isSound(problem, layout) ? layout : undefined;
}

function costOn(kinds: readonly Kind[], at: number): number {
  return kinds.reduce((sum, { cost, standing }) => sum + cost * (standing[at] ?? 0), 0);
}

/** Moves everything away from a node; false, with the layout half changed, when something has nowhere to go. */
function cleared(problem: Problem, layout: number[][], from: number, closed: ReadonlySet<number>): boolean {
  const order = [...problem.kinds.entries()].toSorted(
    ([a, one], [b, other]) => other.cost - one.cost || a - b,
  );
  for (const [which] of order) {
    const row = layout[which] ?? [];
    while ((row[from] ?? 0) > 0) {
      row[from] = (row[from] ?? 0) - 1;
      const to = tightest(problem, layout, which, closed);
      if (to === undefined) return false;
      row[to] = (row[to] ?? 0) + 1;
    }
  }
  return true;
}

/** The node that has least to spare once one more of the kind stands there. */
function tightest(
  problem: Problem,
  layout: readonly (readonly number[])[],
  which: number,
  closed: ReadonlySet<number>,
): number | undefined {
  const kind = problem.kinds[which];
  if (kind === undefined) return undefined;
  let best: { readonly at: number; readonly left: number } | undefined;
  for (const at of kind.targets) {
    if (closed.has(at) || (layout[which]?.[at] ?? 0) >= kind.mostOnNode) continue;
    if (problem.groups.some((group) => isFull(layout, group, { which, at }))) continue;
    const left = leftOn(problem, layout, at, kind);
    if (left !== undefined && (best === undefined || left < best.left)) best = { at, left };
  }
  return best?.at;
}

/** Whether a place can take no more seats of the contract of a kind. */
function isFull(
  layout: Layout,
  group: Group,
  { which, at }: { readonly which: number; readonly at: number },
): boolean {
  return group.kinds.includes(which) && group.nodes.includes(at) && inGroup(layout, group) >= group.most;
}

/** GPUs left in the fullest period with one more of the kind; nothing where it does not fit. */
function leftOn(
  { nodes, kinds }: Problem,
  layout: readonly (readonly number[])[],
  at: number,
  added: Kind,
): number | undefined {
  let least = Infinity;
  for (const [period, room] of (nodes[at]?.room ?? []).entries()) {
    let { gpus, cpuMilli, memoryMib } = room;
    for (const [which, kind] of kinds.entries()) {
      if (!kind.periods.has(period)) continue;
      const count = (layout[which]?.[at] ?? 0) + (kind === added ? 1 : 0);
      gpus -= kind.gpus * count;
      cpuMilli -= kind.cpuMilli * count;
      memoryMib -= kind.memoryMib * count;
    }
    if (gpus < 0 || cpuMilli < 0 || memoryMib < 0) return undefined;
    least = Math.min(least, gpus);
  }
  return least;
}

import { compareText } from '../../model/text.ts';
import { type Shape, shapeKey } from './shape.ts';

/** A shape that is expected to be asked for, and how often. Memory plays no part in fragmentation. */
export type TargetShape = Omit<Shape, 'memoryMib'> & { readonly count: number };

export type AskedShape = Shape & { readonly count: number };

/** The requests a fleet should stay useful for. */
export type Target = {
  /** The most frequent shapes, at most 64: what fragmentation is measured by. */
  readonly shapes: readonly TargetShape[];
  /** How many requests `shapes` stand for. */
  readonly countTotal: number;
  /** Every shape that was asked for, with its memory, most frequent first. */
  readonly asked: readonly AskedShape[];
};

/** Of all requests, in percent, that the target's shapes cover at least. */
const coveragePercent = 95;

/** Decisions cost time for each shape of the target. */
const shapeCountMax = 64;

/**
 * The most frequent shapes until they cover 95 % of the requests, as in Weng et al., "Beware of Fragmentation"
 * (USENIX ATC 2023). More than 64 are merged: each of the rest counts for the kept shape that is nearest to it.
 */
export function targetOf(requests: readonly Shape[]): Target {
  return targetOfCounted(requests.map((shape) => ({ ...shape, count: 1 })));
}

/** The same of requests that are counted already, as far as anybody did. */
export function targetOfCounted(requests: readonly AskedShape[]): Target {
  const asked = countShapes(requests);
  const counted = countShapes(asked.map((shape) => ({ ...shape, memoryMib: 0 })));
  const total = asked.reduce((sum, { count }) => sum + count, 0);
  let covered = 0;
  const chosen = counted.filter(({ count }) => {
    const wanted = covered * 100 < coveragePercent * total;
    if (wanted) covered += count;
    return wanted;
  });
  return { shapes: merge(chosen), countTotal: covered, asked };
}

/** Most frequent first; then by the text of the shape, so that the order is total. */
function countShapes(requests: readonly AskedShape[]): AskedShape[] {
  const counts = new Map<string, AskedShape>();
  for (const shape of requests) {
    const key = shapeKey(shape);
    counts.set(key, { ...shape, count: (counts.get(key)?.count ?? 0) + shape.count });
  }
  return [...counts]
    .toSorted(([aKey, a], [bKey, b]) => b.count - a.count || compareText(aKey, bKey))
    .map(([, shape]) => shape);
}

function merge(ordered: readonly TargetShape[]): TargetShape[] {
  const kept = ordered.slice(0, shapeCountMax);
  const counts = kept.map(({ count }) => count);
  for (const rest of ordered.slice(shapeCountMax)) {
    const index = nearest(kept, rest);
    counts[index] = (counts[index] ?? 0) + rest.count;
  }
  return kept.map((shape, index) => ({ ...shape, count: counts[index] ?? 0 }));
}

/** The first of the kept shapes at the smallest distance. */
function nearest(kept: readonly TargetShape[], shape: TargetShape): number {
  let best = 0;
  let bestDistance = Infinity;
  for (const [index, candidate] of kept.entries()) {
    const distance = distanceOf(candidate, shape);
    if (distance < bestDistance) {
      best = index;
      bestDistance = distance;
    }
  }
  return best;
}

/** GPU milli and CPU milli apart; other models or another number of GPUs outweigh both. */
function distanceOf(a: TargetShape, b: TargetShape): number {
  const apart = Math.abs(a.gpuMilli - b.gpuMilli) * 16 + Math.abs(a.cpuMilli - b.cpuMilli);
  const otherCount = Math.abs(a.gpuCount - b.gpuCount) * 1_000_000;
  const otherModels = modelsKey(a) === modelsKey(b) ? 0 : 1_000_000_000;
  return apart + otherCount + otherModels;
}

function modelsKey({ models }: TargetShape): string {
  return models.toSorted(compareText).join('|');
}

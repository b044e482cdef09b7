import { guaranteedCount } from '../../model/demand.ts';
import type { Question, Solved, Unsolved } from './solve.ts';

/**
 * Looks for the guaranteed replicas of every part first: they decide whether and when an elastic demand starts. Then,
 * at that start, gives one part after the other in the order of the demand as many of its extras as there is room
 * for, anywhere the rules allow. Found by halving: where more replicas fit, fewer do.
 */
export function solveElastic(
  asked: Question,
  solve: (asked: Question) => Solved | Unsolved,
): Solved | Unsolved {
  const least = asked.demand.parts.map(guaranteedCount);
  const found = solve(withCounts(asked, least));
  if (found.kind === 'unsolved') return found;
  const { startMs } = found.best;
  const then = { ...asked, starts: { earliestMs: startMs, latestMs: startMs } };
  const most = asked.demand.parts.reduce((counts, part, index) => {
    const fits = (count: number) =>
      solve({ ...withCounts(then, counts.with(index, count)), isTrial: true }).kind === 'solved';
    return counts.with(index, largest(guaranteedCount(part), part.count, fits));
  }, least);
  return most.some((count, index) => count !== least[index]) ? solve(withCounts(then, most)) : found;
}

/** The largest number up to `count` that fits. `from` is known to. */
function largest(from: number, count: number, fits: (count: number) => boolean): number {
  if (from >= count || fits(count)) return count;
  let [low, high] = [from, count];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** The demand for exactly so many replicas of each part. */
function withCounts(asked: Question, counts: readonly number[]): Question {
  const parts = asked.demand.parts.map(({ minCount: _minCount, ...part }, index) => ({
    ...part,
    count: counts[index] ?? part.count,
  }));
  return { ...asked, demand: { ...asked.demand, parts } };
}

import { type Demand, guaranteedCount } from '../../model/demand.ts';
import type { State } from '../state.ts';
import { type Search, withExtras } from './extras.ts';
import type { Candidate, Question, Solved, Unsolved } from './solve.ts';

/**
 * Looks for the guaranteed replicas of every part first: they decide whether and when an elastic demand starts. Then,
 * at that start, gives one part after the other in the order of the demand as many of its extras as there is room
 * for, anywhere the rules allow. Found by halving: where more replicas fit, fewer do. What has to survive a loss stays
 * where it is meanwhile.
 */
export function solveElastic(state: State, asked: Question, search: Search): Solved | Unsolved {
  const solve = (question: Question) => search(state, question);
  const least = asked.demand.parts.map(guaranteedCount);
  const found = solve(withCounts(asked, least));
  if (found.kind === 'unsolved') return found;
  if (asked.demand.survive !== undefined)
    return repriced(found, withExtras(state, search, asked, sparesBeyond(found.best, asked.demand)));
  const { startMs } = found.best;
  const then = { ...asked, starts: { earliestMs: startMs, latestMs: startMs } };
  const most = asked.demand.parts.reduce((counts, part, index) => {
    const fits = (count: number) =>
      solve({ ...withCounts(then, counts.with(index, count)), isTrial: true }).kind === 'solved';
    return counts.with(index, largest(guaranteedCount(part), part.count, fits));
  }, least);
  return most.some((count, index) => count !== least[index]) ? solve(withCounts(then, most)) : found;
}

/** What was found, with more in it: the report of its site says what that costs. */
function repriced({ sites, ...found }: Solved, best: Candidate): Solved {
  const { microEurPerHour, totalMicroEur } = best.price;
  const figures = {
    ...(totalMicroEur === undefined ? {} : { totalMicroEur }),
    ...(microEurPerHour === undefined ? {} : { microEurPerHour }),
  };
  return {
    ...found,
    best,
    sites: sites.map((site) => (site.outcome === 'chosen' ? { ...site, ...figures } : site)),
  };
}

/** Spares go on with the numbers after all replicas that were asked for, whether they are there or not. */
function sparesBeyond(found: Candidate, { parts }: Demand): Candidate {
  const shift = new Map(parts.map((part) => [part.name, part.count - guaranteedCount(part)]));
  const spares = found.spares.map((spare) => ({
    ...spare,
    replica: spare.replica + (shift.get(spare.part) ?? 0),
  }));
  return { ...found, spares };
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

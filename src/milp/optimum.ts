import type { Highs } from 'highs';

import { isSound, type Layout, moveCostOf } from '../core/reclaim/layout.ts';
import type { Problem } from '../core/reclaim/problem.ts';
import { layoutOf, programOf } from './program.ts';

/** What the solver came to. Only `optimal` is an answer, and it was counted again in whole numbers. */
export type Optimum =
  | { readonly kind: 'optimal'; readonly layout: Layout; readonly cost: number }
  | { readonly kind: 'infeasible' }
  | { readonly kind: 'no-plan'; readonly why: string };

/** Costs are whole: an answer less than one above the bound is the best there is. */
const wholeGap = 0.999;

/**
 * The fewest GPU-moves, found with HiGHS (WebAssembly, one thread, loaded when first asked for). The calling thread
 * waits up to `timeLimitS` seconds; what is not proved to be best by then is no plan, so that an answer does not
 * depend on how fast the machine is.
 */
export async function optimumOf(
  problem: Problem,
  { timeLimitS, atMost }: { readonly timeLimitS: number; readonly atMost?: number },
): Promise<Optimum> {
  if (problem.kinds.length === 0 || atMost === 0) return withoutMoves(problem);
  const solver = await (loaded ??= loadSolver());
  const solution = solver.solve(programOf(problem, atMost), {
    output_flag: false,
    parallel: 'off',
    random_seed: 0,
    mip_rel_gap: 0,
    mip_abs_gap: wholeGap,
    time_limit: timeLimitS,
  });
  if (solution.Status === 'Infeasible') return { kind: 'infeasible' };
  if (solution.Status !== 'Optimal') return { kind: 'no-plan', why: solution.Status.toLowerCase() };
  const columns = new Map(Object.entries(solution.Columns));
  const layout = layoutOf(problem, (column) => primalOf(columns.get(column)));
  if (!isSound(problem, layout))
    return { kind: 'no-plan', why: 'the answer does not add up in whole numbers' };
  return { kind: 'optimal', layout, cost: moveCostOf(problem, layout) };
}

/** One instance serves all: each solve starts from nothing. */
let loaded: Promise<Highs> | undefined;

/** The package's types describe its CommonJS build, where the loader lies one level deeper than in the one we get. */
async function loadSolver(): Promise<Highs> {
  const { default: load }: { readonly default: unknown } = await import('highs');
  if (!isLoader(load)) throw new Error('the package `highs` has no loader where it was');
  return load();
}

function isLoader(found: unknown): found is () => Promise<Highs> {
  return typeof found === 'function';
}

function withoutMoves(problem: Problem): Optimum {
  const layout = problem.kinds.map(({ standing }) => [...standing]);
  return isSound(problem, layout) ? { kind: 'optimal', layout, cost: 0 } : { kind: 'infeasible' };
}

/** A column that stands in no row has no value: nobody is there. */
function primalOf(column: unknown): number {
  return typeof column === 'object' &&
    column !== null &&
    'Primal' in column &&
    typeof column.Primal === 'number'
    ? column.Primal
    : 0;
}

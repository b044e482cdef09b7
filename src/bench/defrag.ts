import { greedyLayout } from '../core/reclaim/greedy.ts';
import { problemOf } from '../core/reclaim/problem.ts';
import { consolidate } from '../milp/consolidate.ts';
import { crowdAtMs, crowdedState } from './crowd.ts';

export type DefragOptions = {
  readonly nodes: number;
  /** Nodes to empty besides those that are empty already. */
  readonly free: number;
  /** Percent of the GPUs in use. */
  readonly full: number;
  readonly seed: number;
  readonly timeLimitS: number;
  readonly nowNs: () => bigint;
};

export type DefragReport = {
  readonly nodes: number;
  readonly gpus: number;
  readonly contracts: number;
  readonly full: number;
  readonly movable: number;
  readonly seed: number;
  readonly emptyBefore: number;
  readonly emptyAfter: number;
  readonly outcome: 'optimal' | 'greedy' | 'impossible';
  readonly why?: string;
  readonly gpuMoves: number | null;
  readonly steps: number;
  /** What the greedy way moves; null where it finds none. */
  readonly greedyGpuMoves: number | null;
  /** With the solver's start, and with the audit of every step. */
  readonly tookMs: number;
  readonly greedyMs: number;
};

/** Empties nodes of a crowded fleet with the fewest GPU-moves, and measures how long that takes. */
export async function benchDefrag(options: DefragOptions): Promise<DefragReport> {
  const { nodes, full, seed, timeLimitS, nowNs } = options;
  const state = crowdedState(nodes, { seed, fullPercent: full });
  const emptyBefore = state.calendar.filter((holds) => holds.length === 0).length;
  const wish = { atMs: crowdAtMs, free: emptyBefore + options.free };
  const problem = problemOf(state, wish);
  const greedyFrom = nowNs();
  greedyLayout(problem);
  const from = nowNs();
  const found = await consolidate(state, wish, { timeLimitS });
  const tookMs = msOf(nowNs() - from);
  return {
    nodes,
    gpus: state.fleet.nodes.reduce((sum, { shape }) => sum + shape.gpus.length, 0),
    contracts: state.contracts.size,
    full,
    movable: problem.kinds.reduce((sum, { movers }) => sum + movers.length, 0),
    seed,
    emptyBefore,
    emptyAfter: found.emptyAfter.length,
    outcome: found.kind === 'planned' ? found.by : 'impossible',
    ...(found.why === undefined ? {} : { why: found.why }),
    gpuMoves: found.kind === 'planned' ? found.gpuMoves : null,
    steps: found.kind === 'planned' ? found.steps.length : 0,
    greedyGpuMoves: found.greedyCost ?? null,
    tookMs,
    greedyMs: msOf(from - greedyFrom),
  };
}

export function drawDefrag(report: DefragReport): string {
  const moved = report.gpuMoves === null ? 'no plan' : `${report.gpuMoves} GPUs in ${report.steps} steps`;
  const greedy = report.greedyGpuMoves === null ? 'no plan' : `${report.greedyGpuMoves} GPUs`;
  return [
    `${report.nodes} nodes, ${report.gpus} GPUs ${report.full} % in use, ${report.contracts} contracts of which ${report.movable} may move`,
    `empty nodes: ${report.emptyBefore} before, ${report.emptyAfter} after`,
    `${report.outcome}: ${moved}, every step audited, in ${report.tookMs} ms`,
    `greedy: ${greedy}, in ${report.greedyMs} ms`,
    ...(report.why === undefined ? [] : [report.why]),
    '',
  ].join('\n');
}

function msOf(ns: bigint): number {
  return Number(ns / 10_000n) / 100;
}

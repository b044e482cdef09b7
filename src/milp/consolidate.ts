import { type Carried, carryOut, gpuCountOn, type Step } from '../core/reclaim/carry-out.ts';
import { greedyLayout } from '../core/reclaim/greedy.ts';
import { emptiedBy, errandsOf, type Layout, moveCostOf } from '../core/reclaim/layout.ts';
import { pairOf, type Problem, problemOf, stuckOn, type Wish } from '../core/reclaim/problem.ts';
import type { State } from '../core/state.ts';
import type { ContractId, Path } from '../model/id.ts';
import { type Optimum, optimumOf } from './optimum.ts';

/** So often the solver is asked again without what the core has refused. */
const roundLimit = 6;

type Staying = { readonly contract: ContractId; readonly why: string };

export type Consolidation = {
  /** Nodes that are empty now, and in the end. */
  readonly emptyBefore: readonly Path[];
  readonly emptyAfter: readonly Path[];
  readonly wanted: number;
  /** Contracts on the wanted nodes that nobody may move, each with the reason. */
  readonly staying: readonly Staying[];
  /** What the greedy way costs, in GPUs moved; absent where it finds none. */
  readonly greedyCost?: number;
} & (
  | {
      readonly kind: 'planned';
      /** Who found it; only `optimal` is proved to be the fewest. */
      readonly by: 'optimal' | 'greedy';
      readonly steps: readonly Step[];
      /** GPUs moved, detours included. */
      readonly gpuMoves: number;
      /** Why it is not the optimum, where it is not. */
      readonly why?: string;
    }
  | { readonly kind: 'impossible'; readonly why: string }
);

/**
 * Steps that empty nodes with the fewest GPU-moves. The solver only proposes: each step has passed the auditor on
 * the state that the steps before it leave behind, and what the core refuses is forbidden to the solver, which is
 * asked again. Where it finds nothing in time the greedy way is proposed instead.
 */
export async function consolidate(
  state: State,
  wish: Wish,
  { timeLimitS }: { readonly timeLimitS: number },
): Promise<Consolidation> {
  const refused = new Set(wish.refused);
  const staying = stuckOn(state, wish).map(({ contract: { id }, why }) => ({ contract: id, why }));
  let last: Consolidation | undefined;
  for (let round = 0; round < roundLimit; round++) {
    const problem = problemOf(state, { ...wish, refused });
    const greedy = greedyLayout(problem);
    const atMost = greedy === undefined ? undefined : moveCostOf(problem, greedy);
    const best = await optimumOf(problem, { timeLimitS, ...(atMost === undefined ? {} : { atMost }) });
    const around = {
      ...emptinessOf(problem, greedy ?? standingLayout(problem)),
      staying,
      ...(atMost === undefined ? {} : { greedyCost: atMost }),
    };
    const layout = best.kind === 'optimal' ? best.layout : greedy;
    if (layout === undefined) return last ?? { ...around, kind: 'impossible', why: whyNot(best, problem) };
    const carried = carryOut(state, problem, errandsOf(problem, layout));
    if (carried.kind === 'done')
      return { ...around, ...emptinessOf(problem, layout), ...planned(best, carried) };
    last = { ...around, kind: 'impossible', why: whyNotCarried(carried) };
    for (const pair of pairsOf(problem, carried)) refused.add(pair);
  }
  if (last === undefined) throw new Error('no round was tried');
  return last;
}

/** What is not tried again: pairs without devices, or, where all have some and still wait, those that wait. */
function pairsOf(problem: Problem, carried: Exclude<Carried, { kind: 'done' }>): readonly string[] {
  if (carried.kind === 'refused') return carried.pairs;
  return carried.waiting.flatMap(({ mover, to }) => {
    const node = problem.nodes[to]?.node;
    return node === undefined ? [] : [pairOf(mover, node.id)];
  });
}

function planned(best: Optimum, { steps }: Extract<Carried, { kind: 'done' }>) {
  const gpuMoves = steps.reduce((sum, { to }) => sum + gpuCountOn(to), 0);
  const by = best.kind === 'optimal' ? ('optimal' as const) : ('greedy' as const);
  return {
    kind: 'planned' as const,
    by,
    steps,
    gpuMoves,
    ...(best.kind === 'no-plan' ? { why: `the solver has no plan: ${best.why}` } : {}),
  };
}

function standingLayout({ kinds }: Problem): Layout {
  return kinds.map(({ standing }) => [...standing]);
}

function emptinessOf(problem: Problem, layout: Layout) {
  const idsOf = (positions: readonly number[]) => positions.flatMap((at) => problem.nodes[at]?.node.id ?? []);
  return {
    emptyBefore: idsOf(emptiedBy(problem, standingLayout(problem))),
    emptyAfter: idsOf(emptiedBy(problem, layout)),
    wanted: problem.wanted,
  };
}

function whyNot(best: Optimum, { nodes, wanted }: Problem): string {
  const freeable = nodes.filter(({ mayBeFreed }) => mayBeFreed).length;
  if (freeable < wanted)
    return `${wanted} nodes are to be empty, and only ${freeable} of them hold nothing that has to stay`;
  if (best.kind === 'no-plan')
    return `the solver has no plan (${best.why}), and the greedy way finds none either`;
  return 'what may move finds no room on the other nodes';
}

function whyNotCarried(carried: Exclude<Carried, { kind: 'done' }>): string {
  if (carried.kind === 'refused') return `no devices are free for ${carried.pairs.slice(0, 3).join(', ')}`;
  const waiting = carried.waiting.map(({ mover }) => mover.rest.contract.id);
  return `no order of the moves works: ${[...new Set(waiting)].join(', ')} wait for each other and no node is spare`;
}

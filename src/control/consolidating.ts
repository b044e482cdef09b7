import type { Step } from '../core/reclaim/carry-out.ts';
import { BerthError } from '../model/error.ts';
import { Path } from '../model/id.ts';
import type { ConsolidationView } from '../model/view.ts';
import { requireOperator } from './caller.ts';
import type { Caller } from './control.ts';
import type { Door } from './door.ts';
import { placeNamed } from './place-name.ts';
import { snapshotOf } from './views/snapshot.ts';

/** The longest that a solver may keep everybody else waiting. */
const longestS = 60;

/** Proposes moves that empty nodes. Throws INVALID_INPUT where nothing says how many or which. */
export async function consolidation(
  door: Door,
  caller: Caller,
  wish: { readonly free?: number; readonly within?: string; readonly timeLimitS: number },
): Promise<ConsolidationView> {
  requireOperator(caller, 'propose moves of everybody’s contracts');
  if (wish.free === undefined && wish.within === undefined) throw nothingAsked();
  if (wish.timeLimitS < 1 || wish.timeLimitS > longestS) throw wrongLimit(wish.timeLimitS);
  const moment = await door.moment();
  const within = wish.within === undefined ? undefined : placeNamed(moment.state, wish.within);
  const { consolidate } = await import('../milp/consolidate.ts');
  const found = await consolidate(
    moment.state,
    {
      atMs: moment.nowMs,
      ...(wish.free === undefined ? {} : { free: wish.free }),
      ...(within === undefined ? {} : { within }),
    },
    { timeLimitS: wish.timeLimitS },
  );
  return {
    snapshot: snapshotOf(moment),
    ...(within === undefined ? {} : { within }),
    wanted: found.wanted,
    outcome: found.kind,
    ...(found.kind === 'planned' ? { by: found.by, gpuMoves: found.gpuMoves } : {}),
    ...(found.why === undefined ? {} : { why: found.why }),
    emptyBefore: [...found.emptyBefore],
    emptyAfter: [...found.emptyAfter],
    ...(found.greedyCost === undefined ? {} : { greedyGpuMoves: found.greedyCost }),
    steps: found.kind === 'planned' ? found.steps.map(stepView) : [],
  };
}

function stepView({ contract, rest, from, to, isDetour }: Step): ConsolidationView['steps'][number] {
  return {
    contract,
    tenant: rest.contract.tenant,
    part: to.part,
    replica: to.replica,
    gpuCount: to.gpus.length,
    from,
    to: to.node,
    gpus: to.gpus.map((gpu) => Path.parse(`${to.node}/gpu${gpu}`)),
    isDetour,
  };
}

function nothingAsked(): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: 'nothing says how many nodes are to be empty, or which',
    fix: 'say `--free 2`, or `--within r12` for all nodes of a place, or both',
    field: 'free',
  });
}

function wrongLimit(seconds: number): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: `\`${seconds}\` is not from 1 to ${longestS} seconds`,
    fix: 'leave `--limit` out: five seconds do for 64 nodes',
    field: 'limit',
  });
}

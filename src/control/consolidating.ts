import { gpuCountOn, type Step } from '../core/reclaim/carry-out.ts';
import { movesAsPlans, type Wanted } from '../core/reclaim/offers.ts';
import { BerthError } from '../model/error.ts';
import { Path } from '../model/id.ts';
import { identify, type Plan } from '../model/plan.ts';
import type { ConsolidationView } from '../model/simulation-view.ts';
import { requireOperator } from './caller.ts';
import type { Caller } from './control.ts';
import type { Door } from './door.ts';
import { placeNamed } from './place-name.ts';
import { judgeAt } from './ruling.ts';
import { snapshotOf } from './views/snapshot.ts';
import { isoIn } from './zone.ts';

/** No list of contracts that stay is longer. */
const stayingLimit = 50;

/** The longest that a solver may keep everybody else waiting. */
const longestS = 60;

/** Proposes moves that empty nodes, with plans for those that can be made as things stand. Throws INVALID_INPUT where nothing says how many or which. */
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
  const steps = found.kind === 'planned' ? found.steps : [];
  const offered = movesAsPlans(moment.state, standsInTheEnd(steps), {
    atMs: moment.nowMs,
    judge: judgeAt(moment.nowMs),
  });
  const plans = new Map(
    offered.flatMap(({ contract, plan }) => (plan === undefined ? [] : [[contract, plan] as const])),
  );
  if (door.ledger.readOnly === undefined)
    for (const plan of plans.values()) await door.library.keepPlan(plan);
  return {
    snapshot: snapshotOf(moment),
    ...(within === undefined ? {} : { within }),
    wanted: found.wanted,
    outcome: found.kind,
    ...(found.kind === 'planned' ? { by: found.by, gpuMoves: found.gpuMoves } : {}),
    ...(found.why === undefined ? {} : { why: found.why }),
    emptyBefore: [...found.emptyBefore],
    emptyAfter: [...found.emptyAfter],
    ...(found.staying.length === 0 ? {} : { staying: found.staying.slice(0, stayingLimit) }),
    ...(found.greedyCost === undefined ? {} : { greedyGpuMoves: found.greedyCost }),
    steps: steps.map((step) => stepView(step, plans.get(step.contract))),
    next: nextOf(steps, plans),
  };
}

/** Where each contract stands once all its steps are done, in the order of their first steps. */
function standsInTheEnd(steps: readonly Step[]): readonly Wanted[] {
  const byContract = Map.groupBy(steps, ({ contract }) => contract);
  return [...byContract].map(([contract, own]) => ({ contract, seats: own.at(-1)?.seats ?? [] }));
}

/** What to do with the steps. */
function nextOf(steps: readonly Step[], plans: ReadonlyMap<string, Plan>): string {
  const [first] = plans.values();
  if (first === undefined) return 'a proposal: nothing was moved or recorded';
  const expires = isoIn(first.expiresAtMs, 'UTC');
  const rest = steps.some(({ contract }) => !plans.has(contract))
    ? '; then consolidate again for the other moves'
    : '';
  return `nothing was moved: commit the plans in this order before ${expires}${rest}`;
}

function stepView(
  { contract, rest, from, to, isDetour }: Step,
  plan: Plan | undefined,
): ConsolidationView['steps'][number] {
  return {
    contract,
    tenant: rest.contract.tenant,
    part: to.part,
    replica: to.replica,
    gpuCount: gpuCountOn(to),
    from,
    to: to.node,
    gpus: to.gpus.map((gpu) => Path.parse(`${to.node}/gpu${gpu}`)),
    isDetour,
    ...(plan === undefined || isDetour ? {} : { plan: identify(plan).id }),
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

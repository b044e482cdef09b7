import type { Demand } from '../../src/model/demand.ts';
import { ContractId } from '../../src/model/id.ts';
import type { PlanAnswer } from '../../src/model/plan.ts';
import { ask, commit, release } from './acts.ts';
import type { Step } from './arbitrary.ts';
import { fact } from './fleet-text.ts';
import { hourMs, observe, t0, type World } from './fleet.ts';

type Planned = Extract<PlanAnswer, { kind: 'planned' }>;

/** What a run of steps leaves behind. */
export type Run = { readonly world: World; readonly atMs: number; readonly plans: readonly Planned[] };

/** Takes one step after the other. `watch` sees the world before and after each. */
export function walk(
  fleet: World,
  todo: readonly Step[],
  watch: (before: Run, after: Run) => void = () => {},
): Run {
  let run: Run = { world: fleet, atMs: t0, plans: [] };
  for (const step of todo) {
    const next = taken({ ...run, atMs: run.atMs + step.waitH * hourMs }, step);
    watch(run, next);
    run = next;
  }
  return run;
}

function taken(run: Run, step: Step): Run {
  switch (step.kind) {
    case 'take':
    case 'plan': {
      const answer = ask(run.world, shifted(step.demand, run.atMs - t0), run);
      if (answer.kind === 'refused') return run;
      const plans = [...run.plans, answer];
      return step.kind === 'plan' ? { ...run, plans } : { ...run, ...commit(run.world, answer, run), plans };
    }
    case 'commit': {
      const answer = run.plans[step.plan % Math.max(1, run.plans.length)];
      return answer === undefined ? run : { ...run, ...commit(run.world, answer, run) };
    }
    case 'release': {
      const { size } = run.world.state.contracts;
      const contract = ContractId.parse(`C-${101 + (step.contract % Math.max(1, size))}`);
      return { ...run, ...release(run.world, contract, run) };
    }
    case 'lose': {
      const node = run.world.state.fleet.nodes[step.node % Math.max(1, run.world.state.fleet.nodes.length)];
      if (node === undefined) return run;
      const seen = { source: 'kubernetes', observedAtMs: run.atMs } as const;
      return { ...run, world: observe(run.world, [fact('node', node.id, { health: 'down' })], seen) };
    }
    default:
      return step satisfies never;
  }
}

/** The same demand, asked later. */
export function shifted(demand: Demand, byMs: number): Demand {
  const { earliestStartMs, latestStartMs, ...window } = demand.window;
  const latest = latestStartMs === undefined ? {} : { latestStartMs: latestStartMs + byMs };
  return { ...demand, window: { ...window, ...latest, earliestStartMs: earliestStartMs + byMs } };
}

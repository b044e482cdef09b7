import { type Arbitrary, array, constantFrom, integer, tuple } from 'fast-check';

import type { Edit } from '../../../src/core/life/change.ts';
import { lapse } from '../../../src/core/life/lapse.ts';
import { trialOf } from '../../../src/core/life/trial.ts';
import { contractOf, type State } from '../../../src/core/state.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { ContractId, Path } from '../../../src/model/id.ts';
import type { Plan, PlanAnswer } from '../../../src/model/plan.ts';
import { act, applyChange, ask, askChange, commit, lease, release } from '../acts.ts';
import { fact } from '../fleet-text.ts';
import { hourMs, observe, t0, type World } from '../fleet.ts';
import { shifted } from '../walk.ts';
import { demands } from './demands.ts';

type Planned = Extract<PlanAnswer, { kind: 'planned' }>;

/** One thing that somebody does, or that befalls a node. Numbers are taken modulo how many there are. */
type Step =
  | { readonly kind: 'take' | 'lease'; readonly demand: Demand }
  | { readonly kind: 'release' | 'cancel' | 'drop' | 'commit-held'; readonly which: number }
  | {
      readonly kind: 'change';
      readonly which: number;
      readonly edit: (plan: Pick<Plan, 'demand' | 'placement'>) => Edit;
    }
  | { readonly kind: 'maintain'; readonly which: number; readonly fromH: number }
  | { readonly kind: 'see'; readonly which: number; readonly set: object };

export type Timed = Step & { readonly waitH: number };

const which = integer({ min: 0, max: 11 });
const number = integer({ min: 1, max: 9 });

const edits: Arbitrary<(plan: Pick<Plan, 'demand' | 'placement'>) => Edit> = tuple(
  integer({ min: 0, max: 5 }),
  number,
  demands,
).map(([kind, by, anew]) => ({ demand, placement }: Pick<Plan, 'demand' | 'placement'>) => {
  const [part] = demand.parts;
  switch (kind) {
    case 0:
      return { end: { kind: 'at', atMs: (placement.endMs ?? placement.startMs) + by * hourMs } };
    case 1:
      return { end: { kind: 'at', atMs: placement.startMs + by * 1_800_000 } };
    case 2:
      return { replicas: { [part?.name ?? '']: by % 2 === 0 ? 1 : (part?.count ?? 0) + 1 } };
    case 3:
      return { avoid: placement.members.slice(0, 1).map(({ node }) => node) };
    case 4:
      return by < 4 ? { end: { kind: 'open' } } : { where: [Path.parse('fra1')] };
    default:
      return { demand: { ...anew, tenant: demand.tenant } };
  }
});

const sights = constantFrom<object>(
  { health: 'down' },
  { health: 'healthy' },
  { schedulable: false },
  { schedulable: true },
);

const step: Arbitrary<Step> = tuple(integer({ min: 0, max: 23 }), demands, which, edits, sights).map(
  ([choice, demand, at, edit, set]): Step => {
    if (choice < 10) return { kind: 'take', demand };
    if (choice < 12) return { kind: 'lease', demand };
    if (choice < 17) return { kind: 'change', which: at, edit };
    if (choice < 19) return { kind: 'release', which: at };
    if (choice < 20) return { kind: 'commit-held', which: at };
    if (choice < 21) return { kind: at % 2 === 0 ? 'drop' : 'cancel', which: at };
    if (choice < 22) return { kind: 'maintain', which: at, fromH: at };
    return { kind: 'see', which: at, set };
  },
);

export const lives: Arbitrary<readonly Timed[]> = array(
  tuple(step, constantFrom(0, 0, 0, 1, 2)).map(([one, waitH]): Timed => ({ ...one, waitH })),
  { minLength: 6, maxLength: 18 },
);

/** A step with what it was planned as, and the state that this plan has to hold on. */
export type Taken = {
  readonly world: World;
  readonly atMs: number;
  readonly plans: readonly Planned[];
  readonly last?: { readonly planned: Planned; readonly trial: State; readonly isGranted: boolean };
};

/** Takes one step after the other. `watch` sees what each came to. */
export function live(
  fleet: World,
  todo: readonly Timed[],
  watch: (before: Taken, after: Taken) => void,
): Taken {
  let now: Taken = { world: fleet, atMs: t0, plans: [] };
  for (const one of todo) {
    const { last: _last, ...before } = now;
    const next = taken({ ...before, atMs: now.atMs + one.waitH * hourMs }, one);
    watch(now, next);
    now = next;
  }
  return now;
}

function taken(now: Taken, one: Timed): Taken {
  const { world, atMs, plans } = now;
  const { contracts, leases, maintenance, fleet } = world.state;
  const id = (at: number) => ContractId.parse(`C-${101 + (at % Math.max(1, contracts.size))}`);
  switch (one.kind) {
    case 'take':
    case 'lease': {
      const answer = ask(world, shifted(one.demand, atMs - t0), { atMs });
      if (answer.kind === 'refused') return now;
      const more = { ...now, plans: [...plans, answer] };
      if (one.kind === 'lease') return { ...more, world: lease(world, answer, 3, { atMs }).world };
      return granted(more, answer, commit(world, answer, { atMs }));
    }
    case 'change': {
      const contract = contractOf(world.state, id(one.which));
      if (contract === undefined) return now;
      const answer = askChange(world, contract.id, one.edit(contract), { atMs });
      return answer.kind === 'refused'
        ? now
        : granted({ ...now, plans: [...plans, answer] }, answer, applyChange(world, answer, { atMs }));
    }
    case 'release':
      return { ...now, world: release(world, id(one.which), { atMs }).world };
    case 'commit-held': {
      const held = plans.filter((answer) => leases.has(answer.id));
      const answer = held[one.which % Math.max(1, held.length)];
      return answer === undefined ? now : { ...now, world: commit(world, answer, { atMs }).world };
    }
    case 'drop': {
      const [plan] = [...leases.keys()].slice(one.which % Math.max(1, leases.size));
      return plan === undefined
        ? now
        : { ...now, world: act(world, { kind: 'drop-hold', plan }, { atMs }).world };
    }
    case 'cancel': {
      const [window] = [...maintenance.keys()].slice(one.which % Math.max(1, maintenance.size));
      if (window === undefined) return now;
      return { ...now, world: act(world, { kind: 'cancel-maintenance', id: window }, { atMs }).world };
    }
    case 'maintain': {
      const node = fleet.nodes[one.which % fleet.nodes.length];
      if (node === undefined) return now;
      const fromMs = atMs + one.fromH * hourMs;
      const window = { place: node.id, fromMs, toMs: fromMs + 2 * hourMs, reason: 'disks' };
      return { ...now, world: act(world, { kind: 'start-maintenance', ...window }, { atMs }).world };
    }
    case 'see': {
      const node = fleet.nodes[one.which % fleet.nodes.length];
      if (node === undefined) return now;
      const seen = { source: 'kubernetes', observedAtMs: atMs } as const;
      return { ...now, world: observe(world, [fact('node', node.id, one.set)], seen) };
    }
    default:
      return one satisfies never;
  }
}

function granted(now: Taken, planned: Planned, { world, decision }: ReturnType<typeof commit>): Taken {
  const { id, plan } = planned;
  const trial = trialOf(lapse(now.world.state, now.atMs), { id, plan, atMs: now.atMs });
  const isGranted = decision.kind === 'contract-granted' || decision.kind === 'contract-changed';
  return { ...now, world, last: { planned, trial, isGranted } };
}

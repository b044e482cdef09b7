import { givenUp } from '../../core/calendar/holding.ts';
import { type Edit, planChange } from '../../core/life/change.ts';
import { lapse } from '../../core/life/lapse.ts';
import { solve } from '../../core/place/solve.ts';
import { startRange } from '../../core/place/start-range.ts';
import { plan } from '../../core/plan.ts';
import type { State } from '../../core/state.ts';
import { type Contract, isStanding } from '../../model/contract.ts';
import type { Decision } from '../../model/decision.ts';
import type { Demand } from '../../model/demand.ts';
import { type MaintenanceId, parentOf, Path } from '../../model/id.ts';
import type { HeldSlice, Placement } from '../../model/placement.ts';
import type { Plan } from '../../model/plan.ts';
import type { Random } from '../random.ts';
import { drawDemand } from './demand.ts';
import { seenNode } from './fleet.ts';
import type { Planned, Walker } from './walker.ts';

const hourMs = 3_600_000;

/** What a step came to: done or refused; what it may have touched; and what must not have been refused. */
type Taken = {
  readonly done: boolean;
  readonly contract?: string;
  readonly preempts?: readonly string[];
  readonly shrinks?: readonly string[];
  readonly fault?: string;
};

export type Step = (walker: Walker, random: Random) => Taken;

const refused: Taken = { done: false };

/** Every kind of step with its weight. */
export const stepKinds: readonly (readonly [
  kind: { readonly name: string; readonly step: Step },
  weight: number,
])[] = [
  [{ name: 'commit', step: take }, 26],
  [{ name: 'plan', step: offer }, 8],
  [{ name: 'commit-late', step: takeOffer }, 8],
  [{ name: 'release', step: release }, 12],
  [{ name: 'extend', step: extend }, 8],
  [{ name: 'shrink', step: shrink }, 4],
  [{ name: 'grow', step: grow }, 4],
  [{ name: 'move', step: move }, 5],
  [{ name: 'preempt', step: preempt }, 6],
  [{ name: 'forge', step: forge }, 5],
  [{ name: 'lease', step: lease }, 7],
  [{ name: 'drop', step: drop }, 2],
  [{ name: 'fail', step: fail }, 3],
  [{ name: 'recover', step: recover }, 5],
  [{ name: 'maintenance', step: maintenance }, 4],
  [{ name: 'cancel', step: cancel }, 2],
  [{ name: 'wait', step: wait }, 6],
];

function take(walker: Walker, random: Random): Taken {
  const made = ask(walker, random, drawDemand(random, walker.nowMs));
  if (made === undefined) return refused;
  return { ...mustBe('contract-granted', commit(walker, made)), ...endedBy(made) };
}

function offer(walker: Walker, random: Random): Taken {
  const made = ask(walker, random, drawDemand(random, walker.nowMs));
  if (made === undefined) return refused;
  walker.offers.push(made);
  return { done: true };
}

function takeOffer(walker: Walker, random: Random): Taken {
  const made = drawOffer(walker, random);
  if (made === undefined) return refused;
  const { changes } = made.plan;
  if (changes === undefined)
    return { ...outcome('contract-granted', commit(walker, made)), ...endedBy(made) };
  const { contract } = changes;
  return { ...outcome('contract-changed', commit(walker, made)), contract, ...endedBy(made) };
}

function release(walker: Walker, random: Random): Taken {
  const contract = drawContract(walker, random);
  if (contract === undefined) return refused;
  return {
    ...mustBe('contract-released', walker.act({ kind: 'release-contract', contract: contract.id })),
    contract: contract.id,
  };
}

function extend(walker: Walker, random: Random): Taken {
  return change(walker, random, ({ placement }) => {
    if (random.below(10) === 0) return { end: { kind: 'open' } };
    const fromMs = placement.endMs ?? walker.nowMs + 40 * hourMs;
    return { end: { kind: 'at', atMs: fromMs + (1 + random.below(12)) * hourMs } };
  });
}

function shrink(walker: Walker, random: Random): Taken {
  return change(walker, random, ({ demand, placement }) => {
    const [part] = demand.parts;
    if (part !== undefined && part.count > 1) return { replicas: { [part.name]: part.count - 1 } };
    return {
      end: { kind: 'at', atMs: (placement.endMs ?? walker.nowMs + 9 * hourMs) - random.below(5) * hourMs },
    };
  });
}

function grow(walker: Walker, random: Random): Taken {
  return change(walker, random, ({ demand }) => {
    const [part] = demand.parts;
    return part === undefined ? {} : { replicas: { [part.name]: part.count + 1 + random.below(2) } };
  });
}

function move(walker: Walker, random: Random): Taken {
  return change(walker, random, ({ placement }) => {
    const member = placement.members[random.below(placement.members.length)];
    if (member === undefined) return {};
    const rack = parentOf(member.node);
    return { avoid: [rack !== undefined && random.below(3) === 0 ? rack : member.node] };
  });
}

/** A plan on a state without some other contracts, whatever they were sold as: those that were reserved must stay. */
function preempt(walker: Walker, random: Random): Taken {
  const { state, nowMs } = walker;
  const victims = [drawContract(walker, random), drawContract(walker, random), drawContract(walker, random)]
    .flatMap((one) => one ?? [])
    .toSorted((a, b) => Number(isFirm(a)) - Number(isFirm(b)))
    .slice(random.below(5) === 0 ? 1 : 0);
  const named = [...new Set(victims.slice(0, 1 + (random.below(4) === 0 ? 1 : 0)).map(({ id }) => id))];
  const inTheWay = victims.slice(0, 1).flatMap(({ placement }) => placement.members.map(({ node }) => node));
  const drawn = drawDemand(random, nowMs);
  const demand: Demand = {
    ...drawn,
    mayPreempt: random.below(8) > 0,
    ...(drawn.guarantee === 'preemptible' && random.below(8) > 0 ? { guarantee: 'reserved' as const } : {}),
    ...(inTheWay.length === 0 ? {} : { where: inTheWay.slice(0, 2) }),
  };
  const { latestStartMs: _latest, ...window } = demand.window;
  if (random.below(2) === 0) return preemptAsPlanned(walker, random, { ...demand, window });
  const now = lapse(state, nowMs);
  const freed = givenUp(
    now,
    victims.filter(({ id }) => named.includes(id)),
    window.earliestStartMs,
  );
  const made = ask(walker, random, { ...demand, window }, freed);
  if (made === undefined || named.length === 0) return refused;
  const taken = outcome('contract-granted', commit(walker, walker.keep({ ...made.plan, preempts: named })));
  return { ...taken, ...endedBy(made), preempts: named };
}

/** The same with victims that the planner chose. */
function preemptAsPlanned(walker: Walker, random: Random, demand: Demand): Taken {
  const made = ask(walker, random, demand);
  if (made === undefined || (made.plan.preempts ?? made.plan.shrinks) === undefined) return refused;
  return { ...mustBe('contract-granted', commit(walker, made)), ...endedBy(made) };
}

function isFirm({ demand: { guarantee } }: Contract): boolean {
  return guarantee !== 'preemptible';
}

/** A good plan spoilt at one place: it may still be right, but nothing may be promised that is not. */
function forge(walker: Walker, random: Random): Taken {
  const made = ask(walker, random, drawDemand(random, walker.nowMs));
  if (made === undefined) return refused;
  const spoilt = walker.keep(spoil(walker.state, made.plan, random));
  return { ...outcome('contract-granted', commit(walker, spoilt)), ...endedBy(made) };
}

function spoil({ fleet }: State, made: Plan, random: Random): Plan {
  const { placement } = made;
  const at = random.below(placement.members.length);
  const node = fleet.nodes[random.below(fleet.nodes.length)];
  const members = placement.members.map((member, index) => {
    if (index !== at) return member;
    const { slices } = member;
    switch (random.below(6)) {
      case 0:
        return { ...member, gpus: member.gpus.map((gpu) => gpu + 1) };
      case 1:
        return { ...member, node: node?.id ?? member.node };
      case 2:
        return { ...member, cpuMilli: Math.floor(member.cpuMilli / 2), powerW: 0 };
      case 3:
        return { ...member, nics: [] };
      case 4:
        return slices === undefined ? member : { ...member, slices: slices.map((slice) => shifted(slice)) };
      default:
        return { ...member, gpus: member.gpus.slice(1) };
    }
  });
  return { ...made, placement: { ...spoilAround(placement, random), members } };
}

function shifted(slice: HeldSlice): HeldSlice {
  return slice.kind === 'mig'
    ? { ...slice, start: Math.min(7, slice.start + 1) }
    : { ...slice, milli: 1000 - slice.milli };
}

/** What is held beside the members. */
function spoilAround({ spares, bandwidth, transfers, ...bare }: Placement, random: Random): Placement {
  const kept = () => random.below(5) > 0;
  return {
    ...bare,
    ...(spares === undefined || !kept() ? {} : { spares }),
    ...(bandwidth === undefined || !kept() ? {} : { bandwidth }),
    ...(transfers === undefined || !kept() ? {} : { transfers }),
  };
}

/** What a plan says that it ends, and takes extras of. */
function endedBy({ plan: { preempts = [], shrinks = [] } }: Planned): Pick<Taken, 'preempts' | 'shrinks'> {
  return { preempts, shrinks: shrinks.map(({ contract }) => contract) };
}

function lease(walker: Walker, random: Random): Taken {
  const held = random.below(2) === 0 ? drawOffer(walker, random) : undefined;
  const made = held ?? ask(walker, random, drawDemand(random, walker.nowMs));
  if (made === undefined) return refused;
  if (held === undefined) walker.offers.push(made);
  const leaseS = 600 * (1 + random.below(60));
  return outcome('plan-held', hold(walker, made, leaseS));
}

function drop(walker: Walker, random: Random): Taken {
  const held = [...walker.state.leases.keys()];
  const named = held[random.below(Math.max(1, held.length))];
  return named === undefined
    ? refused
    : outcome('hold-dropped', walker.act({ kind: 'drop-hold', plan: named }));
}

function fail(walker: Walker, random: Random): Taken {
  return seen(
    walker,
    random,
    random.below(2) === 0 ? { health: 'down', schedulable: true } : { health: 'healthy', schedulable: false },
  );
}

function recover(walker: Walker, random: Random): Taken {
  return seen(walker, random, { health: 'healthy', schedulable: true });
}

function seen(walker: Walker, random: Random, set: { health: string; schedulable: boolean }): Taken {
  const { nodes } = walker.state.fleet;
  const node = nodes[random.below(nodes.length)];
  if (node !== undefined) walker.see(seenNode(node.id, set));
  return { done: true };
}

function maintenance(walker: Walker, random: Random): Taken {
  const { nodes } = walker.state.fleet;
  const node = nodes[random.below(nodes.length)];
  if (node === undefined) return refused;
  const place = random.below(4) === 0 ? (parentOf(node.id) ?? node.id) : node.id;
  const fromMs = walker.nowMs + random.below(30) * hourMs;
  const toMs = fromMs + (1 + random.below(6)) * hourMs;
  return outcome(
    'maintenance-scheduled',
    walker.act({ kind: 'start-maintenance', place: Path.parse(place), fromMs, toMs, reason: 'walk' }),
  );
}

function cancel(walker: Walker, random: Random): Taken {
  const ids: MaintenanceId[] = [...walker.state.maintenance.keys()].slice(-5);
  const id = ids[random.below(Math.max(1, ids.length))];
  return id === undefined
    ? refused
    : outcome('maintenance-cancelled', walker.act({ kind: 'cancel-maintenance', id }));
}

/** Minutes or hours, now and then to the millisecond. */
function wait(walker: Walker, random: Random): Taken {
  const steps = [
    [60_000 * random.below(30), 3],
    [hourMs * random.below(8), 3],
    [random.below(5000), 1],
  ] as const;
  walker.nowMs += random.pick(steps);
  return { done: true };
}

/**
 * A plan, or nothing. Whether it fits is asked first: a refusal explains itself with many searches, which a walk
 * needs now and then only.
 */
function ask(
  walker: Walker,
  random: Random,
  demand: Demand,
  state: State = walker.state,
): Planned | undefined {
  const { nowMs: atMs, verdict } = walker;
  const range = startRange(demand, atMs);
  if (range.kind === 'refused') return undefined;
  const isAnyhow = demand.mayPreempt === true || random.below(50) === 0;
  const trial = { demand, starts: range.starts, isTrial: true };
  if (!isAnyhow && solve(lapse(state, atMs), verdict, trial).kind === 'unsolved') return undefined;
  const answer = plan(state, { atMs, verdict }, demand);
  return answer.kind === 'planned' ? walker.keep(answer.plan) : undefined;
}

function change(walker: Walker, random: Random, editOf: (contract: Contract) => Edit): Taken {
  const contract = drawContract(walker, random);
  if (contract === undefined) return refused;
  const given = { atMs: walker.nowMs, verdictOf: () => walker.verdict };
  const answer = planChange(walker.state, given, { contract: contract.id, edit: editOf(contract) });
  if (answer.kind === 'refused') return refused;
  const made = walker.keep(answer.plan);
  if (random.below(10) === 0) {
    walker.offers.push(made);
    return outcome('plan-held', hold(walker, made, 3600));
  }
  return {
    ...mustBe('contract-changed', commit(walker, made)),
    contract: contract.id,
    ...endedBy(made),
  };
}

function commit(walker: Walker, { id, digest, plan: { changes } }: Planned): Decision {
  const named = { plan: id, planDigest: digest };
  return changes === undefined
    ? walker.act({ kind: 'commit-plan', ...named })
    : walker.act({ kind: 'change-contract', contract: changes.contract, ...named });
}

function hold(walker: Walker, { id, digest }: Planned, leaseS: number): Decision {
  return walker.act({ kind: 'hold-plan', plan: id, planDigest: digest, leaseS });
}

function outcome(wanted: Decision['kind'], { kind }: Decision): Taken {
  return { done: kind === wanted };
}

/** What was planned on this very state must be granted: planner and auditor agree. */
function mustBe(wanted: Decision['kind'], decision: Decision): Taken {
  if (decision.kind === wanted) return { done: true };
  return { done: false, fault: `${wanted} was refused: ${JSON.stringify(decision).slice(0, 300)}` };
}

function drawOffer(walker: Walker, random: Random): Planned | undefined {
  const recent = walker.offers.slice(-6).filter(({ plan: made }) => made.expiresAtMs > walker.nowMs);
  return recent[random.below(Math.max(1, recent.length))];
}

/** One of those that stand, the newest more often. */
function drawContract({ state, nowMs }: Walker, random: Random): Contract | undefined {
  const { contracts } = state;
  for (let tries = 0; tries < 4; tries++) {
    const contract = contracts.at(
      contracts.size - 1 - random.below(Math.max(1, Math.min(25, contracts.size))),
    );
    if (contract !== undefined && isStanding(contract, nowMs)) return contract;
  }
  return undefined;
}

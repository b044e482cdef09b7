import type { Demand, Part } from '../../model/demand.ts';
import { isWithin, type Path } from '../../model/id.ts';
import type { Member, Placement } from '../../model/placement.ts';
import { compareText } from '../../model/text.ts';
import { dayMs } from '../../model/unit.ts';
import { withHolding } from '../calendar/holding.ts';
import type { SiteMiss, StartRange } from '../place/site.ts';
import { solve, type Unsolved } from '../place/solve.ts';
import { plan } from '../plan.ts';
import { costOf, priceOf } from '../price.ts';
import type { State } from '../state.ts';
import { isClosedTo } from './closure.ts';
import type { Judge } from './edit.ts';
import { brokenBy, endOf, type Remainder } from './remainder.ts';

/** How far ahead a later start is looked for. */
const horizonMs = 90 * dayMs;

/** Where a contract goes that cannot stay. */
export type Move =
  | {
      readonly kind: 'moves';
      /** Only the members that have to, the whole gang, or outside the places it asked for. */
      readonly how: 'in-part' | 'whole' | 'elsewhere';
      readonly placement: Placement;
    }
  | { readonly kind: 'waits'; readonly how: 'whole' | 'elsewhere'; readonly placement: Placement }
  | { readonly kind: 'stuck'; readonly binding: string; readonly why: string };

/** What a move may cost the one who asked. */
export type Latitude = {
  /** Outside the places it asked for, or later than promised, where there is no other way. */
  readonly bends: boolean;
  /** At most, for an hour at list prices. */
  readonly capMicroEurPerHour?: number;
};

/**
 * Finds room for a remainder on a state that does not hold it: first for the members alone whose places are closed,
 * the others staying; then for the whole; then, where it may bend, anywhere its rules allow, and later.
 */
export function moveOf(state: State, remainder: Remainder, judge: Judge, latitude: Latitude): Move {
  const wish = wished(remainder.demand, latitude);
  const inPart = partly(state, remainder, judge, wish);
  if (inPart !== undefined && isAffordable(state, inPart, latitude))
    return { kind: 'moves', how: 'in-part', placement: inPart };
  const at = remainder.demand.window.earliestStartMs;
  const now = { earliestMs: at, latestMs: at };
  const later = { earliestMs: at, latestMs: at + horizonMs };
  const { where, ...anywhere } = wish;
  const attempts = [
    { kind: 'moves', how: 'whole', demand: wish, starts: now },
    { kind: 'moves', how: 'elsewhere', demand: anywhere, starts: now },
    { kind: 'waits', how: 'whole', demand: wish, starts: later },
    { kind: 'waits', how: 'elsewhere', demand: anywhere, starts: later },
  ] as const;
  for (const { kind, how, demand, starts } of attempts) {
    if (how === 'elsewhere' && where === undefined) continue;
    if (kind === 'waits' || how === 'elsewhere' ? !latitude.bends : false) continue;
    const placement = placed(state, demand, starts, judge);
    if (placement !== undefined) return { kind, how, placement };
  }
  return stuck(state, latitude.bends ? anywhere : wish, now, judge);
}

/** Tight rather than cheap where the price is agreed anyway; within the cap and cheapest where one is given. */
function wished(demand: Demand, { capMicroEurPerHour }: Latitude): Demand {
  const { objective: _objective, ...rest } = demand;
  if (capMicroEurPerHour === undefined) return { ...rest, objective: 'tightest' };
  const microEurPerDay = costOf(capMicroEurPerHour, dayMs / 1000);
  return { ...rest, objective: 'cheapest', budget: { microEurPerDay } };
}

function isAffordable({ fleet }: State, placement: Placement, { capMicroEurPerHour }: Latitude): boolean {
  if (capMicroEurPerHour === undefined) return true;
  const { microEurPerHour } = priceOf(fleet, placement, undefined);
  return microEurPerHour !== undefined && microEurPerHour <= capMicroEurPerHour;
}

/** A search and then a plan, so that the placement is whole in every dimension that plans know. */
function placed(state: State, demand: Demand, starts: StartRange, judge: Judge): Placement | undefined {
  const verdict = judge(state, demand);
  const found = solve(state, verdict, { demand, starts, isTrial: true });
  if (found.kind === 'unsolved') return undefined;
  const asked = { ...demand, window: { ...demand.window, earliestStartMs: found.best.startMs } };
  const answer = plan(state, { atMs: found.best.startMs, verdict }, asked);
  return answer.kind === 'planned' ? answer.plan.placement : undefined;
}

/** Only what has to go goes. The check of the whole decides: what must be together or apart still is. */
function partly(state: State, remainder: Remainder, judge: Judge, wish: Demand): Placement | undefined {
  const { placement, contract } = remainder;
  if (placement.spares !== undefined || placement.bandwidth !== undefined) return undefined;
  const span = { fromMs: placement.startMs, untilMs: endOf(placement) };
  const gone = placement.members.filter((member) => isClosedTo(state, member, span));
  const kept = placement.members.filter((member) => !gone.includes(member));
  const demand = gone.length === 0 || kept.length === 0 ? undefined : demandFor(state, wish, { gone, kept });
  if (demand === undefined) return undefined;
  const keeping = { ...contract, placement: { ...placement, members: kept } };
  const at = placement.startMs;
  const found = placed(withHolding(state, keeping), demand, { earliestMs: at, latestMs: at }, judge);
  if (found === undefined) return undefined;
  const members = [...kept, ...renumbered(found.members, gone)].toSorted(byReplica);
  const whole = { ...placement, members };
  return brokenBy(state, remainder, whole, judge).length === 0 ? whole : undefined;
}

type Split = { readonly gone: readonly Member[]; readonly kept: readonly Member[] };

/** As much as is gone, near what stays. What the whole gang must keep is left to the check. */
function demandFor(state: State, wish: Demand, { gone, kept }: Split): Demand | undefined {
  const { where, survive: _survive, flows: _flows, powerCapW: _cap, budget: _budget, ...rest } = wish;
  const near = nearby(state, wish, kept);
  const places = near === undefined ? where : within(where, near);
  if (places?.length === 0) return undefined;
  const counts = Map.groupBy(gone, ({ part }) => part);
  return {
    ...rest,
    parts: wish.parts.flatMap((part): Part[] => {
      const count = counts.get(part.name)?.length ?? 0;
      return count === 0 ? [] : [{ ...part, count }];
    }),
    ...(places === undefined ? {} : { where: [...places] }),
    ...avoiding(state, wish, kept),
  };
}

/** The place of the level on which the gang keeps together, where places of that level hold nodes by their path. */
function nearby({ fleet }: State, { together = 'site' }: Demand, kept: readonly Member[]): Path | undefined {
  const [first] = kept;
  const node = first === undefined ? undefined : fleet.nodeById.get(first.node);
  if (node === undefined) return undefined;
  if (together === 'site' || together === 'hall' || together === 'rack') return node[together];
  return together === 'node' ? node.id : node.site;
}

function within(where: readonly Path[] | undefined, near: Path): readonly Path[] {
  if (where === undefined) return [near];
  return where.flatMap((place) => {
    if (isWithin(place, near)) return [place];
    return isWithin(near, place) ? [near] : [];
  });
}

/** Parts that keep apart stay out of the nodes or racks in which they still stand. */
function avoiding({ fleet }: State, wish: Demand, kept: readonly Member[]): { avoid?: Path[] } {
  const levels = new Map(wish.parts.map(({ name, apart }) => [name, apart]));
  const taken = kept.flatMap(({ part, node }) => {
    const level = levels.get(part);
    if (level === 'node') return [node];
    return level === 'rack' ? (fleet.nodeById.get(node)?.rack ?? []) : [];
  });
  const avoid = [...new Set([...(wish.avoid ?? []), ...taken])].slice(0, 64);
  return avoid.length === 0 ? {} : { avoid };
}

/** New members take the numbers of those that are gone. */
function renumbered(found: readonly Member[], gone: readonly Member[]): readonly Member[] {
  const numbers = new Map(
    [...Map.groupBy(gone.toSorted(byReplica), ({ part }) => part)].map(([part, members]) => [
      part,
      members.map(({ replica }) => replica),
    ]),
  );
  return found.map((member) => ({
    ...member,
    replica: numbers.get(member.part)?.[member.replica] ?? member.replica,
  }));
}

function byReplica(a: Member, b: Member): number {
  return compareText(a.part, b.part) || a.replica - b.replica;
}

function stuck(state: State, demand: Demand, starts: StartRange, judge: Judge): Move {
  const result = solve(state, judge(state, demand), { demand, starts });
  const why = result.sites.map((site) => `${site.site}: ${site.why}`).join('; ') || 'no site is left for it';
  const binding = result.kind === 'unsolved' ? bindingOf(result) : 'check';
  return { kind: 'stuck', binding, why: why.slice(0, 300) };
}

/** What stopped the site that came nearest; the rules or the price where no site was open or cheap enough. */
function bindingOf({ misses, beyondBudget, closed }: Unsolved): string {
  if (beyondBudget.length > 0) return 'price';
  const [nearest] = misses.toSorted(nearestFirst);
  if (nearest !== undefined) return nearest.binding;
  return closed.some(({ outcome }) => outcome === 'policy-denied')
    ? 'policy'
    : (closed[0]?.outcome ?? 'where');
}

function nearestFirst(a: SiteMiss, b: SiteMiss): number {
  return b.replicasFit - a.replicasFit || compareText(a.site.id, b.site.id);
}

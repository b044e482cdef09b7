import { canonicalJson } from '../../model/canonical.ts';
import type { Contract } from '../../model/contract.ts';
import { type Demand, guaranteedCount, type Part } from '../../model/demand.ts';
import { isWithin, parentOf, type Path, siteOf } from '../../model/id.ts';
import type { Member, Placement } from '../../model/placement.ts';
import type { PolicyVerdict } from '../../model/policy.ts';
import { placeAround, standsIn } from '../../model/standing.ts';
import { compareText } from '../../model/text.ts';
import { never } from '../calendar/calendar.ts';
import { withHolding } from '../calendar/holding.ts';
import { check } from '../check.ts';
import type { Fleet } from '../inventory/fleet.ts';
import { withinBudget } from '../place/budget.ts';
import { bandwidthOf } from '../place/fabric/bandwidth.ts';
import { EdgeRooms } from '../place/fabric/edge-rooms.ts';
import { mustMove } from '../place/fabric/move.ts';
import { type Candidate, solve } from '../place/solve.ts';
import { priceOf } from '../price.ts';
import type { State } from '../state.ts';

export type Asked = { readonly contract: Contract; readonly demand: Demand };

/**
 * A new demand of a contract served where the contract is: all its members that may stay, and what is missing
 * beside them, as near as can be. Where some of them stand in somebody's way, only those that do not. Nothing when
 * that is not to be had; then the whole is placed anew. `state` holds nothing for the contract. Every answer has
 * passed the auditor, so that it needs no search of its own to be right.
 */
export function staying(state: State, verdict: PolicyVerdict, asked: Asked): Candidate | undefined {
  const may = mayStay(state.fleet, asked);
  return (
    completed(state, verdict, { ...asked, kept: may }) ??
    completed(state, verdict, { ...asked, kept: unhindered(state, verdict, { ...asked, kept: may }) })
  );
}

type Kept = Asked & { readonly kept: readonly Member[] };

/** Members that the new demand still asks for, in places that it still allows. */
function mayStay({ nodeById }: Fleet, { contract, demand }: Asked): readonly Member[] {
  const before = new Map(contract.demand.parts.map((part) => [part.name, part]));
  const { avoid = [], where } = demand;
  return contract.placement.members.filter(({ part: name, replica, node }) => {
    const part = demand.parts.find((wanted) => wanted.name === name);
    if (part === undefined || replica >= part.count) return false;
    if (canonicalJson(part.each) !== canonicalJson(before.get(name)?.each ?? null)) return false;
    const standing = nodeById.get(node) ?? { id: node, facts: {} };
    if (avoid.some((place) => standsIn(standing, place))) return false;
    return [where, part.where].every(
      (wanted) => wanted === undefined || wanted.some((place) => standsIn(standing, place)),
    );
  });
}

/** No change costs more looks at single members than this. Who was not looked at by then is placed anew. */
const lookLimit = 128;

/**
 * Those of the members that could be promised for the new window, one after the other. Many are looked at together,
 * and halved where something is in their way: a few obstacles in a large contract cost a few looks.
 */
function unhindered(
  state: State,
  verdict: PolicyVerdict,
  { contract, demand, kept }: Kept,
): readonly Member[] {
  let taken = state;
  const free: Member[] = [];
  const waiting: (readonly Member[])[] = [kept];
  for (let looks = 0; looks < lookLimit; looks++) {
    const group = waiting.pop();
    if (group === undefined) break;
    const placement = placementOf(demand, countedFrom0(group));
    if (check(taken, onlyThese(demand, group), verdict, placement).length === 0) {
      taken = withHolding(taken, { ...contract, demand, placement });
      free.push(...group);
    } else if (group.length > 1) {
      const half = Math.ceil(group.length / 2);
      waiting.push(group.slice(half), group.slice(0, half));
    }
  }
  return free;
}

/** The replicas of each part with the numbers that so many of them have. */
function countedFrom0(members: readonly Member[]): readonly Member[] {
  const next = new Map<string, number>();
  return members.map((member) => {
    const replica = next.get(member.part) ?? 0;
    next.set(member.part, replica + 1);
    return { ...member, replica };
  });
}

/** So many replicas of their parts, without what a gang is asked for as a whole. */
function onlyThese(demand: Demand, members: readonly Member[]): Demand {
  const {
    together: _together,
    survive: _survive,
    powerCapW: _cap,
    flows: _flows,
    dataset: _dataset,
    budget: _budget,
    ...rest
  } = demand;
  const parts = demand.parts
    .map(({ within: _within, apart: _apart, minCount: _minCount, ...part }) => ({
      ...part,
      count: members.filter(({ part: name }) => name === part.name).length,
    }))
    .filter(({ count }) => count > 0);
  return { ...rest, parts };
}

/** The kept members with all others beside them, if the auditor has nothing against it. */
function completed(state: State, verdict: PolicyVerdict, asked: Kept): Candidate | undefined {
  if (asked.kept.length === 0) return undefined;
  const missing = missingOf(asked);
  if (missing.length === 0) return sound(state, verdict, asked, asked.kept);
  const taken = withHolding(state, { ...asked.contract, ...heldBy(asked) });
  for (const where of nearness(state.fleet, asked)) {
    const demand = demandBeside(state.fleet, asked, { missing, where });
    const startMs = demand.window.earliestStartMs;
    const starts = { earliestMs: startMs, latestMs: startMs };
    const found = solve(taken, verdict, { demand, starts, isTrial: true });
    if (found.kind !== 'solved') continue;
    const whole = sound(state, verdict, asked, [...asked.kept, ...renumbered(found.best.members, missing)]);
    if (whole !== undefined) return whole;
  }
  return undefined;
}

function heldBy({ demand, kept }: Kept): { demand: Demand; placement: Placement } {
  return { demand, placement: placementOf(demand, kept) };
}

type Missing = { readonly part: Part; readonly replicas: readonly number[] };

/** The replicas of each part that no kept member is. */
function missingOf({ demand, kept }: Kept): readonly Missing[] {
  return demand.parts.flatMap((part) => {
    const there = new Set(kept.flatMap((member) => (member.part === part.name ? [member.replica] : [])));
    const replicas = Array.from({ length: part.count }, (_, at) => at).filter((at) => !there.has(at));
    return replicas.length === 0 ? [] : [{ part, replicas }];
  });
}

/** The places around the kept members, the closest first: their nodes, what contains these, and so on to the site. */
function nearness({ nodeById }: Fleet, { demand, kept }: Kept): readonly (readonly Path[])[] {
  const rings: Path[][] = [];
  let around: readonly Path[] = kept.map(({ node }) => node);
  while (around.length > 0) {
    const ring = [...new Set(around)].toSorted(compareText);
    const allowed = ring.flatMap((place) => allowedIn(place, demand.where));
    if (allowed.length > 0) rings.push([...new Set(allowed)]);
    around = ring.flatMap((place) => above({ nodeById }, place) ?? []);
  }
  return rings;
}

/** What contains a place. */
function above({ nodeById }: Pick<Fleet, 'nodeById'>, place: Path): Path | undefined {
  const node = nodeById.get(place);
  return node === undefined ? parentOf(place) : placeAround(node);
}

function allowedIn(place: Path, where: readonly Path[] | undefined): readonly Path[] {
  if (where === undefined || where.some((wide) => isWithin(place, wide))) return [place];
  return where.filter((narrow) => isWithin(narrow, place));
}

/** What is missing, as a demand of its own. What concerns the gang as a whole is left to the auditor. */
function demandBeside(
  fleet: Fleet,
  { demand, kept }: Kept,
  { missing, where }: { readonly missing: readonly Missing[]; readonly where: readonly Path[] },
): Demand {
  const {
    together: _together,
    survive: _survive,
    powerCapW,
    budget: _budget,
    flows: _flows,
    dataset: _dataset,
    ...rest
  } = demand;
  const usedW = kept.reduce((sum, { powerW }) => sum + powerW, 0);
  const apart = missing.flatMap(({ part }) => takenDomains(fleet, part, kept));
  const avoid = [...new Set([...(demand.avoid ?? []), ...apart])];
  return {
    ...rest,
    parts: missing.map(({ part, replicas }) => ({ ...part, ...countsOf(part, replicas) })),
    where: [...where],
    ...(avoid.length === 0 ? {} : { avoid }),
    ...(powerCapW === undefined ? {} : { powerCapW: Math.max(0, powerCapW - usedW) }),
  };
}

/** So many replicas, of which those are guaranteed whose numbers are. */
function countsOf(part: Part, replicas: readonly number[]): Pick<Part, 'count' | 'minCount'> {
  const count = replicas.length;
  if (part.minCount === undefined) return { count };
  return { count, minCount: replicas.filter((replica) => replica < guaranteedCount(part)).length };
}

/** Places that a part's own apartness closes to its other replicas, where its level is one of the tree. */
function takenDomains(fleet: Fleet, { name, apart }: Part, kept: readonly Member[]): readonly Path[] {
  const nodes = kept.flatMap((member) => (member.part === name ? [member.node] : []));
  if (apart === 'node') return nodes;
  if (apart === 'rack') return nodes.flatMap((node) => above(fleet, node) ?? []);
  return [];
}

/** Searches count from 0; these are the replicas that were missing. */
function renumbered(members: readonly Member[], missing: readonly Missing[]): readonly Member[] {
  const replicas = new Map(missing.map(({ part, replicas: numbers }) => [part.name, numbers]));
  return members.map((member) => ({
    ...member,
    replica: replicas.get(member.part)?.[member.replica] ?? member.replica,
  }));
}

/** With the spares that the contract has, if they still do; else without any. */
export function sound(
  state: State,
  verdict: PolicyVerdict,
  { contract, demand }: Asked,
  found: readonly Member[],
): Candidate | undefined {
  const order = new Map(demand.parts.map(({ name }, at) => [name, at]));
  const members = found.toSorted(
    (a, b) => (order.get(a.part) ?? 0) - (order.get(b.part) ?? 0) || a.replica - b.replica,
  );
  const site = state.fleet.sites.find(({ id }) => members.some(({ node }) => isWithin(node, id)));
  const bare = placementOf(demand, members);
  const rooms = new EdgeRooms(state, { startMs: bare.startMs, endMs: bare.endMs ?? never });
  const bandwidth = bandwidthOf(rooms, demand, members);
  if (bandwidth === undefined) return undefined;
  const used = new Set(members.map(({ node }) => siteOf(node)));
  const needing = state.fleet.sites.filter((one) => used.has(one.id) && mustMove(one, demand));
  const transfers = contract.placement.transfers?.filter(({ to }) => needing.some(({ id }) => id === to));
  const carried = transfers === undefined || transfers.length === 0 ? {} : { transfers };
  const spares = sparesAfter(contract, demand);
  const ways = spares.length === 0 ? [spares] : [spares, []];
  const kept = ways.find((own) => {
    const placement = { ...placementOf(demand, members, own), bandwidth: [...bandwidth], ...carried };
    return check(state, demand, verdict, placement).length === 0;
  });
  if (kept === undefined) return undefined;
  const price = priceOf(state.fleet, { members, spares: kept }, demand.window.durationS);
  if (site === undefined || !withinBudget(price, demand)) return undefined;
  const { startMs } = bare;
  return {
    kind: 'fits',
    site,
    startMs,
    members,
    spares: kept,
    bandwidth,
    ...carried,
    closeness: 0,
    spare: 0,
    price,
  };
}

/** The spares of a contract with the numbers that the new demand leaves them. */
function sparesAfter({ placement: { spares = [] } }: Contract, { parts }: Demand): readonly Member[] {
  const next = new Map(parts.map(({ name, count }) => [name, count]));
  return spares.map((spare) => {
    const replica = next.get(spare.part) ?? spare.replica;
    next.set(spare.part, replica + 1);
    return { ...spare, replica };
  });
}

function placementOf(
  { window }: Demand,
  members: readonly Member[],
  spares: readonly Member[] = [],
): Placement {
  const { earliestStartMs: startMs, durationS } = window;
  const endMs = durationS === undefined ? {} : { endMs: startMs + durationS * 1000 };
  const held = spares.length === 0 ? {} : { spares: [...spares] };
  return { startMs, ...endMs, members: [...members], ...held };
}

import { type Demand, isInNode } from '../../model/demand.ts';
import type { HeldBandwidth, Member } from '../../model/placement.ts';
import { Bounds } from '../index/bounds.ts';
import { domainsKnown } from '../index/domains.ts';
import { leastLeafs } from '../index/least-leafs.ts';
import type { FleetNode, FleetSite } from '../inventory/fleet.ts';
import { Bench } from './bench.ts';
import { closestFirst, type Domain, domainsInside, levelsUpTo, type PlacedLevel } from './domain.ts';
import { bandwidthOf } from './fabric/bandwidth.ts';
import { uplinkMbpsOf } from './fabric/uplink.ts';
import { type Candidates, fillGang, spareIn } from './fill.ts';
import { fillInside } from './inside.ts';
import { otherOrders } from './orders.ts';
import { type Packing, packingOf, type Suit, suitOrder } from './packing.ts';
import type { Rooms } from './rooms.ts';
import { isSliced, type Want } from './want.ts';

/** A gang put down whole, and how close together and how tightly. Smaller is better for both numbers. */
export type GangFit = {
  readonly kind: 'whole';
  readonly members: readonly Member[];
  readonly level: PlacedLevel;
  readonly closeness: number;
  /** What its slices spoil of GPUs that were whole, or less cut up. */
  readonly wear: number;
  readonly spare: number;
  /** Leafs that the parts with an uplink budget stand on, added up. */
  readonly leafs: number;
  readonly bandwidth: readonly HeldBandwidth[];
  /** On one node, where that is chosen by how well it suits: decides before wear and spare. */
  readonly suit?: Suit;
  /** What it was chosen by. */
  readonly packing?: Packing;
};

/** The most replicas that could be put down, where no domain held all. */
export type GangMiss = { readonly kind: 'partial'; readonly fit: number; readonly place: string };

type Asked = {
  readonly demand: Demand;
  readonly wants: readonly Want[];
  readonly candidates: Candidates;
  readonly site: FleetSite;
  /** Every domain is filled, one after the other. */
  readonly isPlain: boolean;
  /** Where no domain holds all, the place that holds most is asked for. */
  readonly isNearestAsked?: boolean;
  /** Nothing is ranked before it is tried. */
  readonly isExhaustive?: boolean;
};

/**
 * Places a gang inside one domain of the lowest level that holds all of it; among nodes the one that suits best (see
 * `packingOf`), else among those domains the one with least to spare, then the first by id. With uplink budgets the
 * fewest leafs come before all that. Members come in the order of part and replica. `nodes` are those of the site that
 * could serve some want. Where the parts do not fit one after the other as they usually go down, other orders are
 * tried.
 */
export function placeGang(rooms: Rooms, nodes: readonly FleetNode[], asked: Asked): GangFit | GangMiss {
  const usual = placedInOrder(rooms, nodes, asked);
  if (usual.kind === 'whole') return usual;
  for (const wants of otherOrders(asked.wants)) {
    const found = placedInOrder(rooms, nodes, { ...asked, wants, isNearestAsked: false });
    if (found.kind === 'whole') return found;
  }
  return usual;
}

function placedInOrder(rooms: Rooms, nodes: readonly FleetNode[], asked: Asked): GangFit | GangMiss {
  return asked.isPlain ? scanned(rooms, nodes, asked) : pruned(rooms, nodes, asked);
}

function scanned(rooms: Rooms, nodes: readonly FleetNode[], asked: Asked): GangFit | GangMiss {
  let nearest: GangMiss = { kind: 'partial', fit: 0, place: nodes[0]?.site ?? '' };
  const fewestLeafs = budgeted(asked).length;
  let best: GangFit | undefined;
  const levels = levelsUpTo(asked.demand.together, nodes);
  const packing = packingOf(rooms, asked);
  for (const level of levels) {
    if (level === 'node' && packing?.isKnownBefore === true && asked.isExhaustive !== true) {
      const isLast = level === levels.at(-1);
      const found = rankedNodes(rooms, nodes, { ...asked, level, isLast, packing });
      // One replica stands on one node: what none of them holds, no larger place does.
      if (found.kind === 'whole' || replicasOf(asked.wants) === 1) return found;
      nearest = found.fit > nearest.fit ? found : nearest;
      continue;
    }
    for (const domain of domainsInside(asked.demand.together ?? 'site', level, nodes)) {
      const isLast = level === levels.at(-1);
      const found = tried(rooms, domain, { ...asked, level, isLast, packing });
      if (found.kind === 'partial') nearest = found.fit > nearest.fit ? found : nearest;
      else if (best === undefined || isBetter(found, best)) best = found;
    }
    if (best !== undefined && best.leafs <= fewestLeafs) return best;
  }
  return best ?? nearest;
}

/** The nodes from the one that suits best on, until one holds all; else the first of those that hold most. */
function rankedNodes(
  rooms: Rooms,
  nodes: readonly FleetNode[],
  asked: Ways & { readonly packing: Packing },
): GangFit | GangMiss {
  // Of the nodes that are given, not of the site: spares may stand at another one.
  const own = [...domainsInside(asked.demand.together ?? 'site', 'node', nodes)];
  const misses = new Map<Domain, GangMiss>();
  const isOne = replicasOf(asked.wants) === 1;
  for (const domain of asked.packing.bestFirst(own)) {
    if (isOne && !asked.packing.hasRoomOn(domain)) break;
    const found = tried(rooms, domain, asked);
    if (found.kind === 'whole') return found;
    misses.set(domain, found);
  }
  let nearest: GangMiss = { kind: 'partial', fit: 0, place: nodes[0]?.site ?? '' };
  for (const domain of own) {
    const miss = misses.get(domain);
    if (miss !== undefined && miss.fit > nearest.fit) nearest = miss;
  }
  return nearest;
}

function isBetter(a: Merits, b: Merits): boolean {
  const closer = a.leafs - b.leafs || a.closeness - b.closeness;
  if (closer === 0 && a.suit !== undefined && b.suit !== undefined) return suitOrder(a.suit, b.suit) < 0;
  return (closer || a.wear - b.wear || a.spare - b.spare) < 0;
}

/** With flows the gang is tried once as it comes, and once with room for every flow to leave its node. */
function benchesFor(rooms: Rooms, demand: Demand): readonly Bench[] {
  const bench = new Bench(rooms, demand);
  return (demand.flows ?? []).length === 0 ? [bench] : [bench, new Bench(rooms, demand, 'wary')];
}

/** The same answer as `scanned` gives, without filling domains that can be seen not to change it. */
function pruned(rooms: Rooms, nodes: readonly FleetNode[], asked: Asked): GangFit | GangMiss {
  const { demand, site } = asked;
  const bounds = new Bounds(rooms, asked);
  const fewestLeafs = budgeted(asked).length;
  let nearest: GangMiss = { kind: 'partial', fit: 0, place: nodes[0]?.site ?? '' };
  let best: GangFit | undefined;
  const limit = demand.together ?? 'site';
  // What no domain of the highest level can hold, none inside it can.
  const isHopeless = bounds.hopeful(domainsKnown(limit, limit, site.nodes)).length === 0;
  if (isHopeless && asked.isNearestAsked !== true) return nearest;
  const levels = levelsUpTo(demand.together, nodes);
  const packing = packingOf(rooms, asked);
  for (const level of levels) {
    const isLast = level === levels.at(-1);
    const domains = domainsKnown(limit, level, site.nodes);
    const found = new Map<Domain, GangFit | GangMiss>();
    const attempt = (domain: Domain) =>
      remembered(found, domain, () => {
        const own = { id: domain.id, nodes: domain.nodes.filter((node) => bounds.isAble(node)) };
        return tried(rooms, own, { ...asked, level, isLast, packing });
      });
    const hopeful = bounds.hopeful(domains);
    if (fewestLeafs > 0) best = fewestLeafsOf({ rooms, asked, bounds, level }, hopeful, attempt, best);
    else {
      const isPacked = level === 'node' && packing?.isKnownBefore === true;
      const sorted = isPacked ? packing.bestFirst(hopeful) : bounds.tightestFirst(hopeful);
      best = sorted === undefined ? bestOf(hopeful, attempt) : firstOf(sorted, attempt);
    }
    if (best !== undefined && best.leafs <= fewestLeafs) return best;
    if (best === undefined && asked.isNearestAsked === true)
      nearest = nearestOf(domains, bounds.replicasOn(domains), attempt, nearest);
  }
  return best ?? nearest;
}

function budgeted({ demand, wants }: Asked): readonly Want[] {
  return wants.filter(({ part }) => uplinkMbpsOf(demand, part.name) > 0);
}

/** The better of the best so far and the best of some domains, those first that could do with the fewest leafs. */
function fewestLeafsOf(
  {
    rooms,
    asked,
    bounds,
    level,
  }: { readonly rooms: Rooms; readonly asked: Asked; readonly bounds: Bounds; readonly level: PlacedLevel },
  domains: readonly Domain[],
  attempt: Attempt,
  before: GangFit | undefined,
): GangFit | undefined {
  const closeness = closestFirst.indexOf(level);
  const chances = domains
    .map((domain, at) => ({
      domain,
      at,
      leafs: leastLeafs(rooms, domain, budgeted(asked), { ...asked, bounds }),
      spare: bounds.spareAfter(domain) ?? 0,
      closeness,
      wear: 0,
    }))
    .filter(({ leafs }) => leafs < Infinity)
    .toSorted((a, b) => a.leafs - b.leafs || a.spare - b.spare || a.at - b.at);
  let best = before;
  let bestAt = Infinity;
  for (const chance of chances) {
    if (best !== undefined && isWorse(chance, best, bestAt)) continue;
    const found = attempt(chance.domain);
    if (found.kind !== 'whole') continue;
    const isTie = best !== undefined && !isBetter(best, found) && chance.at < bestAt;
    if (best === undefined || isBetter(found, best) || isTie) [best, bestAt] = [found, chance.at];
  }
  return best;
}

/** What one of them cannot have better than the other. */
type Merits = Pick<GangFit, 'leafs' | 'closeness' | 'wear' | 'spare' | 'suit'>;

/** Whether a domain would at best be as good as what was found, and comes after it. */
function isWorse(chance: Merits & { readonly at: number }, best: GangFit, bestAt: number): boolean {
  return !isBetter(chance, best) && (isBetter(best, chance) || chance.at > bestAt);
}

/** The first of the places that hold most, unless none holds more than what was found before. */
function nearestOf(
  domains: readonly Domain[],
  most: readonly number[],
  attempt: Attempt,
  before: GangMiss,
): GangMiss {
  const chances: { readonly domain: Domain; readonly at: number; readonly most: number }[] = [];
  for (let at = 0; at < domains.length; at++) {
    const domain = domains[at];
    const mostHere = most[at] ?? 0;
    if (domain !== undefined && mostHere > before.fit) chances.push({ domain, at, most: mostHere });
  }
  chances.sort((a, b) => b.most - a.most || a.at - b.at);
  let nearest = before;
  let nearestAt = -1;
  for (const chance of chances) {
    if (chance.most < nearest.fit || (chance.most === nearest.fit && chance.at > nearestAt)) continue;
    const miss = attempt(chance.domain);
    if (miss.kind !== 'partial') continue;
    if (miss.fit > nearest.fit || (miss.fit === nearest.fit && chance.at < nearestAt))
      [nearest, nearestAt] = [miss, chance.at];
  }
  return nearest;
}

type Attempt = (domain: Domain) => GangFit | GangMiss;

function bestOf(domains: readonly Domain[], attempt: Attempt): GangFit | undefined {
  let best: GangFit | undefined;
  for (const domain of domains) {
    const found = attempt(domain);
    if (found.kind === 'whole' && (best === undefined || isBetter(found, best))) best = found;
  }
  return best;
}

/** The first that holds all: of those sorted by what they have to spare, the best. */
function firstOf(domains: Iterable<Domain>, attempt: Attempt): GangFit | undefined {
  for (const domain of domains) {
    const found = attempt(domain);
    if (found.kind === 'whole') return found;
  }
  return undefined;
}

function remembered<K, V>(known: Map<K, V>, key: K, find: () => V): V {
  const before = known.get(key);
  if (before !== undefined) return before;
  const value = find();
  known.set(key, value);
  return value;
}

/** A gang on one level, and how nodes are judged for it. */
type Ways = Asked & {
  readonly level: PlacedLevel;
  readonly isLast: boolean;
  readonly packing: Packing | undefined;
};

/** The gang in one domain: whole, or the replicas that fit. On a node that is judged, on the GPU chosen there. */
function tried(rooms: Rooms, domain: Domain, asked: Ways): GangFit | GangMiss {
  const { packing, level, wants } = asked;
  const [node] = domain.nodes;
  if (packing === undefined || level !== 'node' || node === undefined) return put(rooms, domain, asked);
  const narrowed = packing.withGpu(node);
  const chosen = narrowed === undefined ? undefined : put(rooms, domain, { ...asked, ...narrowed });
  const found = chosen?.kind === 'whole' ? chosen : put(rooms, domain, { ...asked, wants });
  if (found.kind !== 'whole') return found;
  const suit = packing.suitWith(node, found.members, found.wear);
  return suit === undefined ? found : { ...found, suit, packing };
}

function put(
  rooms: Rooms,
  domain: Domain,
  { demand, wants, candidates, level, isLast }: Ways,
): GangFit | GangMiss {
  const replicas = replicasOf(wants);
  let nearest: GangMiss = { kind: 'partial', fit: 0, place: domain.id };
  for (const bench of benchesFor(rooms, demand)) {
    if (!couldHold(bench, domain.nodes, wants)) continue;
    if (!isLast && hasTooFewSlices(bench, domain.nodes, wants)) continue;
    const members = isInNode(demand.together)
      ? fillInside(bench, domain.nodes, wants, { candidates, level: demand.together })
      : fillGang(bench, domain.nodes, wants, candidates);
    const bandwidth = members.length < replicas ? undefined : bandwidthOf(rooms.edges, demand, members);
    if (bandwidth !== undefined)
      return {
        kind: 'whole',
        members: inOrder(members, demand),
        level,
        closeness: closestFirst.indexOf(level),
        wear: bench.wear,
        spare: wants.reduce((sum, want) => sum + spareIn(bench, domain.nodes, want), 0),
        leafs: bench.fabric.leafs,
        bandwidth,
      };
    const fit = Math.min(members.length, replicas - 1);
    if (fit > nearest.fit) nearest = { kind: 'partial', fit, place: domain.id };
  }
  return nearest;
}

function replicasOf(wants: readonly Want[]): number {
  return wants.reduce((sum, want) => sum + want.part.count, 0);
}

/** A quick no: fewer free GPUs of the right models than the gang has in all. The site level is always tried. */
function couldHold(bench: Bench, nodes: readonly FleetNode[], wants: readonly Want[]): boolean {
  if (nodes.length > 64) return true;
  return wants.every((want) => want.gpuCount === 0 || spareIn(bench, nodes, want) >= want.gpuCount);
}

/** A node holds many slices, so that trying each would take long: it is passed over when it cannot hold them all. */
function hasTooFewSlices(bench: Bench, nodes: readonly FleetNode[], wants: readonly Want[]): boolean {
  return wants.some(
    (want) => isSliced(want) && spareIn(bench, nodes, want) < want.gpuCount * want.part.count,
  );
}

function inOrder(members: readonly Member[], demand: Demand): readonly Member[] {
  const order = new Map(demand.parts.map((part, index) => [part.name, index]));
  return members.toSorted(
    (a, b) => (order.get(a.part) ?? 0) - (order.get(b.part) ?? 0) || a.replica - b.replica,
  );
}

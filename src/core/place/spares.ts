import type { Demand, Part } from '../../model/demand.ts';
import type { Member } from '../../model/placement.ts';
import { compareText } from '../../model/text.ts';
import type { FleetNode, FleetSite } from '../inventory/fleet.ts';
import { bandwidthOf } from './fabric/bandwidth.ts';
import type { Candidates } from './fill.ts';
import { type GangFit, type GangMiss, placeGang } from './gang.ts';
import type { Rooms } from './rooms.ts';
import { standInOf } from './stand-in.ts';
import { countedReplicas, isCounted, spreadOf } from './survival.ts';
import type { Want } from './want.ts';

/** What is put down: all parts of a demand, with the nodes that could serve each. */
export type Gang = {
  readonly demand: Demand;
  readonly wants: readonly Want[];
  readonly candidates: Candidates;
  /** Other sites where spares may stand when a whole site may be lost, the one to try first at the front. */
  readonly elsewhere?: readonly Elsewhere[];
  readonly site: FleetSite;
  /** Every domain is filled, one after the other. */
  readonly isPlain: boolean;
  /** Where no domain holds all, the place that holds most is asked for. */
  readonly isNearestAsked?: boolean;
  /** Nothing is ranked before it is tried. */
  readonly isExhaustive?: boolean;
};

export type Elsewhere = { readonly nodes: readonly FleetNode[]; readonly candidates: Candidates };

/** A gang put down whole, with the spares that it needs to survive what its demand names. */
export type SparedFit = GangFit & { readonly spares: readonly Member[] };

/**
 * Places a gang so that it survives the loss its demand names: by spreading if that is enough, else with the fewest
 * spares that suffice. Spares are more replicas of one part (see `standInOf`), so every rule for a replica holds
 * for them, and their numbers go on after the part's last. More of them than replicas have to be left are never
 * needed, and a demand that wants more left than it has cannot be helped.
 */
export function placeSurviving(rooms: Rooms, nodes: readonly FleetNode[], gang: Gang): SparedFit | GangMiss {
  const { demand, wants } = gang;
  if (demand.survive?.loss === 'site') return placeBesideSite(rooms, nodes, gang);
  const plain = placeGang(rooms, nodes, gang);
  if (plain.kind === 'whole') return { ...plain, spares: [] };
  const spare = standInOf(wants, demand);
  return (spare === undefined ? undefined : withSpares(rooms, nodes, { gang, spare })) ?? plain;
}

/** Stops where not even so many replicas would fit that need not survive anything: then more would not either. */
function withSpares(
  rooms: Rooms,
  nodes: readonly FleetNode[],
  { gang, spare }: { readonly gang: Gang; readonly spare: Want },
): SparedFit | undefined {
  const { survive, ...careless } = gang.demand;
  if ((spreadOf(gang.demand)?.limit ?? -1) < 0) return undefined;
  for (let count = 1; count <= (survive?.membersLeft ?? 0); count++) {
    const total = spare.part.count + count;
    const found = placeGang(rooms, nodes, resized(gang, spare, total));
    if (found.kind === 'whole') return held(rooms, thrifty(parted(found, spare.part), gang), gang);
    const anyhow = resized({ ...gang, demand: careless }, spare, total);
    if (placeGang(rooms, nodes, anyhow).kind !== 'whole') return undefined;
  }
  return undefined;
}

/** Members hold bandwidth, idle spares none. */
function held(rooms: Rooms, fit: SparedFit, { demand }: Gang): SparedFit | undefined {
  const bandwidth = bandwidthOf(rooms.edges, demand, fit.members);
  return bandwidth === undefined ? undefined : { ...fit, bandwidth };
}

/** Sites in which to look for spares: the cheapest for such a replica first, those without a price last. */
export function cheapestFirst(sites: readonly FleetSite[], { model }: Want): readonly FleetSite[] {
  const price = ({ facts }: FleetSite) =>
    (model === undefined ? facts.cpuPriceMicroEurPerHour : facts.gpuPrices?.[model]) ?? Infinity;
  return sites.toSorted((a, b) => price(a) - price(b) || compareText(a.id, b.id));
}

/** The gang at one site, and at another as many idle spares as have to be left: with its site all of it is gone. */
function placeBesideSite(rooms: Rooms, nodes: readonly FleetNode[], gang: Gang): SparedFit | GangMiss {
  const { survive, together: _together, flows: _flows, powerCapW, ...rest } = gang.demand;
  const { survive: _survive, ...here } = gang.demand;
  const found = placeGang(rooms, nodes, { ...gang, demand: here });
  const count = survive?.membersLeft ?? 0;
  const want = standInOf(gang.wants, gang.demand);
  if (found.kind !== 'whole') return found;
  const miss: GangMiss = { kind: 'partial', fit: found.members.length, place: nodes[0]?.site ?? '' };
  if (want === undefined || count > countedReplicas(gang.demand)) return miss;
  const drawnW = found.members.reduce((sum, { powerW }) => sum + powerW, 0);
  const capW = powerCapW === undefined ? {} : { powerCapW: powerCapW - drawnW };
  const alone = { ...gang, demand: { ...rest, ...capW, parts: [want.part] }, wants: [want] };
  for (const other of gang.elsewhere ?? []) {
    const spares = placeGang(rooms, other.nodes, resized({ ...alone, ...other }, want, count));
    if (spares.kind === 'whole')
      return { ...found, spares: spares.members.map((member) => after(member, want.part)) };
  }
  return miss;
}

/** The gang with another number of replicas of one part. */
function resized(gang: Gang, want: Want, count: number): Gang {
  const part = { ...want.part, count };
  const swap = (one: Want) => (one === want ? { ...want, part } : one);
  const swapped = new Map(gang.wants.map((one) => [one, swap(one)]));
  return {
    ...gang,
    demand: {
      ...gang.demand,
      parts: gang.demand.parts.map((one) => (one.name === part.name ? part : one)),
    },
    wants: [...swapped.values()],
    candidates: new Map(
      [...gang.candidates].map(([one, nodes]) => [swapped.get(one) ?? one, nodes] as const),
    ),
  };
}

/** The last replicas of the part are its spares. */
function parted(found: GangFit, { name, count }: Part): SparedFit {
  const isSpare = ({ part, replica }: Member) => part === name && replica >= count;
  return {
    ...found,
    members: found.members.filter((member) => !isSpare(member)),
    spares: found.members.filter(isSpare),
  };
}

/**
 * Leaves out spares without which as many would be left: where parts are kept together the search may miss the room
 * for fewer and then find more than it needs.
 */
function thrifty(fit: SparedFit, { demand, candidates }: Gang): SparedFit {
  const nodes = new Map(
    [...candidates.values()].flatMap(({ nodes: own }) => own.map((node) => [node.id, node])),
  );
  const membersLeft = demand.survive?.membersLeft ?? 0;
  const counted = new Set(demand.parts.flatMap((part) => (isCounted(part, demand) ? [part.name] : [])));
  const isEnough = (spares: readonly Member[]) => {
    const seats = [...fit.members, ...spares].filter(({ part }) => counted.has(part));
    const places = seats.flatMap(({ node: id }) => {
      const node = nodes.get(id);
      const fate = node === undefined ? undefined : spreadOf(demand)?.fateOf(node);
      return fate?.kind === 'falls' ? [fate.place] : [];
    });
    const groups = Map.groupBy(places, (place) => place).values();
    return groups.every(({ length }) => seats.length - length >= membersLeft);
  };
  const spares = fit.spares.reduceRight<readonly Member[]>((kept, spare) => {
    const fewer = kept.filter((other) => other !== spare);
    return isEnough(fewer) ? fewer : kept;
  }, fit.spares);
  const first = fit.spares[0]?.replica ?? 0;
  return { ...fit, spares: spares.map((spare, at) => ({ ...spare, replica: first + at })) };
}

function after(member: Member, { count }: Part): Member {
  return { ...member, replica: member.replica + count };
}

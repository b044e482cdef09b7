import type { Demand } from '../../model/demand.ts';
import { siteOf } from '../../model/id.ts';
import type { Member } from '../../model/placement.ts';
import { domainsKnown } from '../index/domains.ts';
import { partitionOf } from '../index/partition.ts';
import type { FleetNode, FleetSite } from '../inventory/fleet.ts';
import type { State } from '../state.ts';
import { type Domain, levelsUpTo } from './domain.ts';
import { Rooms } from './rooms.ts';
import { type Ground, Scales } from './scales.ts';
import { endOf } from './site.ts';
import { demandAt } from './span/company.ts';
import { suitLine } from './suit-words.ts';

/** What was found, as far as it says why it stands where it stands. */
type Found = {
  readonly site: FleetSite;
  readonly startMs: number;
  readonly members: readonly Member[];
  readonly spares: readonly Member[];
  readonly ground?: Ground;
  /** What stands at each of several sites. */
  readonly pieces?: readonly Found[];
};

/** No more is said of a placement than this. */
const lineLimit = 4;

/**
 * Why a placement stands where it stands inside its site, in at most four lines with numbers (of several sites, the first line of each): the domain that holds
 * it against the others of its level, what a closer level lacks, its leafs, and which GPUs its slices are cut from.
 * Other places are weighed by count (see `Scales`). `state` is the one that it was found on. Nothing where it was not
 * searched for, but stayed.
 */
export function hereWords(
  state: State,
  found: Found,
  { demand, isPlain }: { readonly demand: Demand; readonly isPlain: boolean },
): readonly string[] {
  const { ground, site, startMs, members, spares, pieces } = found;
  if (pieces !== undefined)
    return pieces
      .flatMap((piece) =>
        hereWords(state, piece, { demand: demandOfPiece(demand, piece), isPlain }).slice(0, 1),
      )
      .slice(0, lineLimit);
  if (ground === undefined) return [];
  const rooms = new Rooms(state, { startMs, endMs: endOf(startMs, demand) }, { isPlain });
  const seats = [...members, ...spares].filter(({ node }) => siteOf(node) === site.id);
  const chosen = { site, demand, ground, scales: new Scales(rooms, { demand, ground, seats }) };
  const standing = seats.flatMap(({ node }) => state.fleet.nodeById.get(node) ?? []);
  const lines = [
    levelLine(chosen, standing),
    closerLine(chosen),
    leafLine(ground),
    suitLine(ground),
    sliceLine(state, rooms, seats),
  ];
  return lines.flatMap((line) => (line === undefined ? [] : [line.slice(0, 300)]));
}

/** What it asks for at one of its sites. */
function demandOfPiece(demand: Demand, { site, members }: Found): Demand {
  const there = new Set(members.map(({ part }) => part));
  return demandAt(
    site,
    demand,
    demand.parts.filter(({ name }) => there.has(name)),
  );
}

type Chosen = {
  readonly site: FleetSite;
  readonly demand: Demand;
  readonly ground: Ground;
  readonly scales: Scales;
};

/** `all in rack fra1/h1/r12: 3 of 8 racks have room by count; 0 GPUs stay free there, the fewest (fra1/h1/r11: 8)` */
function levelLine(
  { site, demand, ground: { level }, scales }: Chosen,
  standing: readonly FleetNode[],
): string | undefined {
  const domains = domainsKnown(demand.together ?? 'site', level, site.nodes);
  const { of } = partitionOf(domains);
  const [place, ...more] = new Set(standing.map(({ index }) => of[index] ?? -1));
  const home = more.length > 0 ? undefined : domains[place ?? -1];
  if (home === undefined) return undefined;
  const what = `all in ${level} ${home.id}`;
  const others = domains.filter((domain) => domain !== home);
  if (others.length === 0) return `${what}${leftWords(scales, home, others)}`;
  const roomy = others.filter(({ nodes }) => scales.holds(nodes));
  const count = `${roomy.length + 1} of ${domains.length} ${level}s have room by count`;
  const nearest = roomy.length > 0 ? '' : nearestWords(scales, others);
  return `${what}: ${count}${nearest}${leftWords(scales, home, roomy)}`;
}

/** GPUs that stay free there, against the other place with the fewest. Not told of slices, which share GPUs. */
function leftWords(scales: Scales, home: Domain, others: readonly Domain[]): string {
  const left = scales.leftOn(home.nodes);
  if (left === undefined) return '';
  const stay = `; ${left === 1 ? '1 GPU stays' : `${left} GPUs stay`} free there`;
  let next: { readonly id: string; readonly left: number } | undefined;
  for (const { id, nodes } of others) {
    const free = scales.leftOn(nodes) ?? 0;
    if (next === undefined || free < next.left) next = { id, left: free };
  }
  if (next === undefined || next.left < left) return stay;
  return next.left === left
    ? `${stay}, as few as in ${next.id}`
    : `${stay}, the fewest (${next.id}: ${next.left})`;
}

/** What the next closer level has too little of; nothing where none is closer. */
function closerLine({ site, demand, ground: { level }, scales }: Chosen): string | undefined {
  const levels = levelsUpTo(demand.together, site.nodes);
  const [below] = levels
    .slice(0, Math.max(0, levels.indexOf(level)))
    .toReversed()
    .map((closer) => ({
      closer,
      domains: domainsKnown(demand.together ?? 'site', closer, site.nodes),
    }))
    .filter(({ domains }) => domains.length > 0);
  if (below === undefined) return undefined;
  const { closer, domains } = below;
  const roomy = domains.filter(({ nodes }) => scales.holds(nodes));
  return roomy.length === 0
    ? `no ${closer} holds it${nearestWords(scales, domains)}`
    : `no ${closer} holds it as it is asked for, though ${roomy.length} of ${domains.length} have room by count`;
}

function nearestWords(scales: Scales, domains: readonly Domain[]): string {
  let best: { readonly id: string; readonly fit: number } | undefined;
  for (const { id, nodes } of domains) {
    const fit = scales.replicasOn(nodes);
    if (best === undefined || fit > best.fit) best = { id, fit };
  }
  if (best?.fit === 0) return ', the others for none of it';
  return best === undefined ? '' : `, ${best.id} has most: ${best.fit} of ${scales.replicas} replicas`;
}

function leafLine({ leafs }: Ground): string | undefined {
  if (leafs === 0) return undefined;
  return `on ${leafs === 1 ? '1 leaf' : `${leafs} leafs`} with its uplink budget, the fewest that were found`;
}

const gpuUses = ['cut by MIG already', 'shared already', 'set up for slices', 'whole'] as const;

/** `3 slices on 2 GPUs: 1 was cut by MIG already, 1 was whole` */
function sliceLine({ fleet }: State, rooms: Rooms, seats: readonly Member[]): string | undefined {
  const slices = seats.flatMap(({ node, slices: own = [] }) => own.map(({ gpu }) => ({ node, gpu })));
  if (slices.length === 0) return undefined;
  const gpus = [...new Map(slices.map((one) => [`${one.node} ${one.gpu}`, one])).values()];
  const uses = gpus.map(({ node: id, gpu }) => {
    const node = fleet.nodeById.get(id);
    return node === undefined ? 'whole' : useOf(node, rooms, gpu);
  });
  const words = gpuUses.flatMap((use) => {
    const count = uses.filter((other) => other === use).length;
    return count === 0 ? [] : [`${count} ${count === 1 ? 'was' : 'were'} ${use}`];
  });
  const what = slices.length === 1 ? '1 slice' : `${slices.length} slices`;
  return `${what} on ${gpus.length === 1 ? '1 GPU' : `${gpus.length} GPUs`}: ${words.join(', ')}`;
}

function useOf(node: FleetNode, rooms: Rooms, gpu: number): (typeof gpuUses)[number] {
  const use = rooms.of(node).partly.get(gpu);
  if (use !== undefined) return use.mig === 0 ? 'shared already' : 'cut by MIG already';
  const isSetUp = node.shape.gpus[gpu]?.migProfile !== undefined || node.shape.whole === 'no';
  return isSetUp ? 'set up for slices' : 'whole';
}

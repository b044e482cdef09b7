import type { Demand, Part } from '../../model/demand.ts';
import type { HeldBandwidth, Member, Transfer } from '../../model/placement.ts';
import { never } from '../calendar/calendar.ts';
import { Bounds } from '../index/bounds.ts';
import { candidatesAt } from '../index/candidates.ts';
import { domainsKnown } from '../index/domains.ts';
import { packedOf } from '../index/packed.ts';
import { isUnindexed } from '../index/unindexed.ts';
import type { FleetNode, FleetSite } from '../inventory/fleet.ts';
import type { State } from '../state.ts';
import { edgeEnds, withoutFlows, withoutUplinks } from './fabric/demand.ts';
import { mustMove } from './fabric/move.ts';
import type { Candidates } from './fill.ts';
import { fitnessOf } from './fitness.ts';
import { layoutOf, limitsOn } from './layout.ts';
import { isAbove, type Speed } from './merit.ts';
import { NodeSet } from './node-set.ts';
import type { Suit } from './packing.ts';
import { type LimitName, limitNames } from './power.ts';
import { type Ignored, Rooms, type TimeSpan } from './rooms.ts';
import type { Ground } from './scales.ts';
import { cheapestFirst, type Elsewhere, type Gang, placeSurviving } from './spares.ts';
import { standInOf } from './stand-in.ts';
import { triesIn } from './tries.ts';
import { hardestFirst, type Want, wantedPart } from './want.ts';

/** When a placement may start. Both ends are included. */
export type StartRange = {
  readonly earliestMs: number;
  readonly latestMs: number;
  /** When a dataset may begin to be moved; the earliest start without it. */
  readonly transferFromMs?: number;
};

export type SiteFit = {
  readonly kind: 'fits';
  readonly site: FleetSite;
  readonly startMs: number;
  readonly members: readonly Member[];
  readonly spares: readonly Member[];
  readonly closeness: number;
  readonly spare: number;
  /** On one node, where that was chosen by how well it suits. */
  readonly suit?: Suit;
  readonly bandwidth: readonly HeldBandwidth[];
  /** What it was chosen from; nothing where it stayed without a search. */
  readonly ground?: Ground;
  /** What has to arrive before the start. */
  readonly transfers?: readonly Transfer[];
};

export type SiteMiss = {
  readonly kind: 'misses';
  readonly site: FleetSite;
  readonly replicasFit: number;
  readonly place: string;
  /** Of these parts; of all without it. */
  readonly parts?: readonly Part[];
  /** What stopped the next replica at the earliest start. */
  readonly binding:
    | Obstacle['binding']
    | LimitName
    | 'gpu-model'
    | 'inventory'
    | 'free-over-window'
    | 'wan'
    | 'dataset';
};

/** What is looked for at a site. */
export type SiteQuestion = {
  readonly demand: Demand;
  readonly wants: readonly Want[];
  readonly starts: StartRange;
  /** The open sites, where spares may stand when this one may be lost. */
  readonly open?: readonly FleetSite[];
  /** GPUs of slower nodes are left out. */
  readonly floor?: Speed;
  /** Every start and every place is tried one after the other. Slower, with the same answer. */
  readonly isPlain?: boolean;
};

/** The earliest start in the range at which the gang fits into the site, and where; nothing where it never does. */
export function searchSite(state: State, site: FleetSite, asked: SiteQuestion): SiteFit | undefined {
  const { gang, able, elsewhere } = groundOf(state, site, asked);
  const { wants, candidates, isPlain } = gang;
  // What ends on the uplinks opens starts too, and stands in no node's calendar.
  const triesAll = isPlain || withoutUplinks(asked.demand) !== undefined;
  const tries = triesAll
    ? startsToTry(state, [able, ...elsewhere.map(({ nodes }) => nodes)].flat(), asked).map((startMs) => ({
        startMs,
        nodes: able,
        site,
        candidates,
      }))
    : triesIn(state, able, gang, asked.starts);
  for (const { startMs, nodes, ...where } of tries) {
    const rooms = new Rooms(state, { startMs, endMs: endOf(startMs, asked.demand) }, { isPlain });
    const found = placeSurviving(rooms, nodes, { ...gang, ...where });
    if (found.kind === 'whole') {
      const { level, leafs, suit, packing, ...fit } = found;
      const judged = suit === undefined || packing === undefined ? {} : { suit, packing };
      const ground = { level, leafs, wants, candidates, ...judged };
      return { ...fit, ...(suit === undefined ? {} : { suit }), kind: 'fits', site, startMs, ground };
    }
  }
  return undefined;
}

/**
 * Whether counts leave any hope for the gang at the earliest start: a quick no, never a wrong one. What they rule out is
 * ruled out in every smaller place too.
 */
export function couldFit(state: State, site: FleetSite, asked: SiteQuestion): boolean {
  const { gang } = groundOf(state, site, asked);
  if (gang.isPlain) return true;
  const { demand, starts } = asked;
  const span = { startMs: starts.earliestMs, endMs: endOf(starts.earliestMs, demand) };
  const level = demand.together ?? 'site';
  return new Bounds(new Rooms(state, span), gang).hopeful(domainsKnown(level, level, site.nodes)).length > 0;
}

/**
 * Why none of some ways to settle the models fits into the site, said of the one of which most replicas fit at the
 * earliest start; of the first such.
 */
export function missAt(
  state: State,
  site: FleetSite,
  ways: readonly (readonly Want[])[],
  asked: Omit<SiteQuestion, 'wants'>,
): SiteMiss {
  const { earliestMs } = asked.starts;
  const nearest = ways
    .map((wants) => {
      const { gang, able } = groundOf(state, site, { ...asked, wants });
      return { gang, able, ...nearestIn(state, able, gang, earliestMs) };
    })
    .reduce<Nearest | undefined>((best, one) => (best && best.fit >= one.fit ? best : one), undefined);
  const miss = { kind: 'misses', site } as const;
  if (nearest === undefined) return { ...miss, replicasFit: 0, place: site.id, binding: 'gpu-model' };
  const { gang, able, fit, place } = nearest;
  return { ...miss, replicasFit: fit, place, binding: bindingOn(state, able, gang, earliestMs) };
}

/** Who could serve a gang at a site, and spares of it elsewhere. */
function groundOf(
  state: State,
  site: FleetSite,
  asked: SiteQuestion,
): {
  readonly gang: Gang;
  readonly able: readonly FleetNode[];
  readonly elsewhere: readonly Elsewhere[];
} {
  const wants = hardestFirst(asked.wants);
  const candidates = candidatesOf(state, site, wants, asked);
  const able = ableOf(site, wants, candidates);
  const elsewhere = elsewhereOf(state, site, wants, asked);
  const isPlain = asked.isPlain === true || isUnindexed(asked.demand);
  return {
    gang: {
      demand: asked.demand,
      wants,
      candidates,
      elsewhere,
      site,
      isPlain,
      isExhaustive: asked.isPlain === true,
    },
    able,
    elsewhere,
  };
}

/** The end of a placement that starts then; `never` when it is open-ended. */
export function endOf(startMs: number, demand: Demand): number {
  return demand.window.durationS === undefined ? never : startMs + demand.window.durationS * 1000;
}

function candidatesOf(
  { fleet }: State,
  site: FleetSite,
  wants: readonly Want[],
  { demand, floor, isPlain }: { readonly demand: Demand; readonly floor?: Speed; readonly isPlain?: boolean },
): Candidates {
  const how = { demand, ...(floor === undefined ? {} : { floor }) };
  if (isPlain !== true)
    return new Map(wants.map((want) => [want, candidatesAt(fleet, site, want, how)] as const));
  const isFast = (node: FleetNode, want: Want) =>
    floor === undefined || want.gpuCount === 0 || isAbove(node, floor);
  const fits = (node: FleetNode, want: Want) => fitnessOf(node, want, demand).kind === 'fits';
  return new Map(
    wants.map((want) => [
      want,
      new NodeSet(site.nodes.filter((node) => isFast(node, want) && fits(node, want))),
    ]),
  );
}

/** The nodes that could serve some want, in the order of the fleet. */
function ableOf(site: FleetSite, wants: readonly Want[], candidates: Candidates): readonly FleetNode[] {
  const [first, ...others] = wants.flatMap((want) => candidates.get(want) ?? []);
  if (first !== undefined && others.length === 0) return first.nodes;
  return site.nodes.filter((node) => wants.some((want) => candidates.get(want)?.has(node) === true));
}

/** Where the spares of a gang may stand that is to survive the loss of its site: nothing is moved for them. */
function elsewhereOf(
  state: State,
  site: FleetSite,
  wants: readonly Want[],
  {
    demand,
    open = [],
    floor,
  }: { readonly demand: Demand; readonly open?: readonly FleetSite[]; readonly floor?: Speed },
): readonly Elsewhere[] {
  const want = demand.survive?.loss === 'site' ? standInOf(wants, demand) : undefined;
  if (want === undefined) return [];
  const others = open.filter((other) => other !== site && !mustMove(other, demand));
  const fast = { demand, ...(floor === undefined ? {} : { floor }) };
  return cheapestFirst(others, want).map((other) => {
    const candidates = candidatesOf(state, other, [want], { ...fast, isPlain: true });
    return { nodes: candidates.get(want)?.nodes ?? [], candidates };
  });
}

/**
 * The starts at which room can first appear: the earliest, and every later instant at which something ends that
 * these nodes share anything with: the node, its rack, a limit, or a site that somebody wants alone. Any fit that
 * starts in between could start earlier, at one of these.
 */
function startsToTry(
  state: State,
  nodes: readonly FleetNode[],
  { demand, starts: { earliestMs, latestMs } }: { readonly demand: Demand; readonly starts: StartRange },
): readonly number[] {
  if (latestMs <= earliestMs) return [earliestMs];
  const ends = new Set([earliestMs]);
  const concerned = concernedBy(state, nodes);
  const sites = new Set(nodes.map((node) => node.site));
  for (const node of state.fleet.nodes) {
    for (const { endMs, alone } of state.calendar[node.index] ?? []) {
      const siteWide = sites.has(node.site) && (alone === 'site' || demand.isolation === 'site');
      if ((siteWide || concerned.has(node.index)) && endMs > earliestMs && endMs <= latestMs) ends.add(endMs);
    }
  }
  for (const endMs of edgeEnds(state, sites, demand))
    if (endMs > earliestMs && endMs <= latestMs) ends.add(endMs);
  return [...ends].toSorted((a, b) => a - b);
}

/** Indexes of the nodes that stand in one rack or draw on one limit with any of these. */
function concernedBy({ fleet }: State, nodes: readonly FleetNode[]): ReadonlySet<number> {
  const layout = layoutOf(fleet);
  const racks = new Set(nodes.flatMap((node) => node.rack ?? []));
  const limits = new Set(nodes.flatMap((node) => limitsOn(layout, node)));
  const around = [
    ...[...racks].flatMap((rack) => layout.racks.get(rack) ?? []),
    ...[...limits].flatMap((limit) => limit.nodes),
  ];
  return new Set([...nodes, ...around].map((node) => node.index));
}

type Nearest = {
  readonly gang: Gang;
  readonly able: readonly FleetNode[];
  readonly fit: number;
  readonly place: string;
};

/** How many replicas fit at a start, and where. */
function nearestIn(
  state: State,
  nodes: readonly FleetNode[],
  gang: Gang,
  startMs: number,
): { readonly fit: number; readonly place: string } {
  const { site, isPlain } = gang;
  const span = { startMs, endMs: endOf(startMs, gang.demand) };
  const found = placeSurviving(new Rooms(state, span, { isPlain }), nodes, { ...gang, isNearestAsked: true });
  return found.kind === 'partial'
    ? { fit: found.fit, place: found.place === '' ? site.id : found.place }
    : { fit: found.members.length, place: site.id };
}

/** Says what stood in the way at a start by taking obstacles away one after the other, on copies. */
function bindingOn(
  state: State,
  nodes: readonly FleetNode[],
  gang: Gang,
  startMs: number,
): SiteMiss['binding'] {
  const { isPlain } = gang;
  const span = { startMs, endMs: endOf(startMs, gang.demand) };
  let isHopeless: boolean | undefined;
  return bindingOf(state, gang.demand, (demand, ignored) => {
    if (ignored?.has('bookings') === false && (isHopeless ??= lacksFreeGpus(state, gang, span))) return false;
    const how = { isPlain, ...(ignored === undefined ? {} : { ignored }) };
    return placeSurviving(new Rooms(state, span, how), nodes, asking(gang, demand)).kind === 'whole';
  });
}

/** Whether free GPUs alone rule the gang out on the whole site: then it is no limit and no other tenant that does. */
function lacksFreeGpus(state: State, gang: Gang, span: TimeSpan): boolean {
  if (gang.isPlain) return false;
  const rooms = new Rooms(state, span, { ignored: new Set([...limitNames, 'isolation'] as const) });
  return new Bounds(rooms, gang).hopeful(domainsKnown('site', 'site', gang.site.nodes)).length === 0;
}

/** The gang as another demand for the same replicas asks for it. */
function asking(gang: Gang, demand: Demand): Gang {
  if (demand.parts === gang.demand.parts) return { ...gang, demand };
  const parts = new Map(demand.parts.map((part) => [part.name, wantedPart(part, demand)]));
  const pairs = gang.wants.map(
    (want) => [want, { ...want, part: parts.get(want.part.name) ?? want.part }] as const,
  );
  const candidates = pairs.flatMap(([want, as]) => {
    const nodes = gang.candidates.get(want);
    return nodes === undefined ? [] : [[as, nodes] as const];
  });
  return { ...gang, demand, wants: pairs.map(([, as]) => as), candidates: new Map(candidates) };
}

type Whole = (demand: Demand, ignored?: Ignored) => boolean;

function bindingOf(state: State, demand: Demand, whole: Whole): SiteMiss['binding'] {
  for (const { binding, without } of obstacles) {
    const freed = without(demand, state);
    if (freed !== undefined && whole(freed.demand, freed.ignored)) return binding;
  }
  const all = new Set(limitNames);
  if (whole(demand, all)) return limitThatBinds(state, demand, whole);
  return whole(demand, new Set([...all, 'bookings'])) ? 'free-over-window' : 'inventory';
}

/** The limit without which it fits; where it takes several, the last that has to go, from the rack outwards. */
function limitThatBinds({ fleet }: State, demand: Demand, whole: Whole): LimitName {
  const known = new Set(layoutOf(fleet).limits.map(({ name }) => name));
  const names = limitNames.filter((name) => known.has(name));
  const without = (ignored: readonly LimitName[]) => whole(demand, new Set(ignored));
  return (
    names.find((name) => without([name])) ??
    names.find((_, at) => without(names.slice(0, at + 1))) ??
    'site-power'
  );
}

type Obstacle = {
  readonly binding: 'topology' | 'uplink' | 'flows' | 'survive' | 'isolation' | 'power-cap';
  /** The demand without it, and what else to leave out of account; nothing where it is not asked for. */
  readonly without: (
    demand: Demand,
    state: State,
  ) => { readonly demand: Demand; readonly ignored?: Ignored } | undefined;
};

const obstacles: readonly Obstacle[] = [
  {
    binding: 'topology',
    without: ({ together, ...demand }) => (together === undefined ? undefined : { demand }),
  },
  { binding: 'uplink', without: droppedBy(withoutUplinks) },
  { binding: 'flows', without: droppedBy(withoutFlows) },
  {
    binding: 'survive',
    without: ({ survive, ...demand }) => (survive === undefined ? undefined : { demand }),
  },
  {
    binding: 'power-cap',
    without: ({ powerCapW, ...demand }) => (powerCapW === undefined ? undefined : { demand }),
  },
  {
    binding: 'isolation',
    without: ({ isolation, ...demand }, state) =>
      packedOf(state).isShared && (isolation ?? 'shared') === 'shared'
        ? undefined
        : { demand, ignored: new Set(['isolation'] as const) },
  },
  { binding: 'topology', without: looseOf },
];

/** The demand with no part kept together. */
function looseOf(demand: Demand): { readonly demand: Demand } | undefined {
  if (demand.parts.every(({ within }) => within === undefined)) return undefined;
  return { demand: { ...demand, parts: demand.parts.map(({ within: _within, ...part }) => part) } };
}

function droppedBy(dropped: (demand: Demand) => Demand | undefined): Obstacle['without'] {
  return (demand) => {
    const freed = dropped(demand);
    return freed === undefined ? undefined : { demand: freed };
  };
}

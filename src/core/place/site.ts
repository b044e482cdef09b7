import type { Demand } from '../../model/demand.ts';
import type { HeldBandwidth, Member, Transfer } from '../../model/placement.ts';
import { never } from '../calendar.ts';
import type { FleetNode, FleetSite } from '../inventory/fleet.ts';
import type { State } from '../state.ts';
import { type Ignored, Rooms } from './bench.ts';
import { edgeEnds, withoutFlows, withoutUplinks } from './fabric/demand.ts';
import type { Candidates } from './fill.ts';
import { fitnessOf } from './fitness.ts';
import { layoutOf, limitsOn } from './layout.ts';
import { isAbove, type Speed } from './merit.ts';
import { type LimitName, limitNames } from './power.ts';
import { cheapestFirst, type Elsewhere, type Gang, placeSurviving } from './spares.ts';
import { standInOf } from './stand-in.ts';
import { hardestFirst, type Want } from './want.ts';

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
  readonly bandwidth: readonly HeldBandwidth[];
  /** What has to arrive before the start. */
  readonly transfers?: readonly Transfer[];
};

export type SiteMiss = {
  readonly kind: 'misses';
  readonly site: FleetSite;
  readonly replicasFit: number;
  readonly place: string;
  /** What stopped the next replica at the earliest start. */
  readonly binding:
    | Obstacle['binding']
    | LimitName
    | 'gpu-model'
    | 'inventory'
    | 'free-over-window'
    | 'dataset';
};

/** The earliest start in the range at which the gang fits into the site, and where. */
export function searchSite(
  state: State,
  site: FleetSite,
  asked: {
    readonly demand: Demand;
    readonly wants: readonly Want[];
    readonly starts: StartRange;
    /** The open sites, where spares may stand when this one may be lost. */
    readonly open?: readonly FleetSite[];
    /** GPUs of slower nodes are left out. */
    readonly floor?: Speed;
    /** Only whether it fits is asked, not why not: that takes as long again. */
    readonly isTrial?: boolean;
  },
): SiteFit | SiteMiss {
  const wants = hardestFirst(asked.wants);
  const candidates = candidatesOf(site.nodes, wants, asked);
  const able = site.nodes.filter((node) => wants.some((want) => candidates.get(want)?.has(node) === true));
  const elsewhere = elsewhereOf(site, wants, asked);
  const gang = { demand: asked.demand, wants, candidates, elsewhere };
  const concerned = [...able, ...elsewhere.flatMap(({ nodes }) => nodes)];
  for (const startMs of startsToTry(state, concerned, asked)) {
    const rooms = new Rooms(state, { startMs, endMs: endOf(startMs, asked.demand) });
    const found = placeSurviving(rooms, able, gang);
    if (found.kind === 'whole') return { ...found, kind: 'fits', site, startMs };
  }
  if (asked.isTrial === true)
    return { kind: 'misses', site, replicasFit: 0, place: site.id, binding: 'inventory' };
  return missOf(state, site, able, gang, asked.starts.earliestMs);
}

/** The end of a placement that starts then; `never` when it is open-ended. */
export function endOf(startMs: number, demand: Demand): number {
  return demand.window.durationS === undefined ? never : startMs + demand.window.durationS * 1000;
}

function candidatesOf(
  nodes: readonly FleetNode[],
  wants: readonly Want[],
  { demand, floor }: { readonly demand: Demand; readonly floor?: Speed },
): Candidates {
  const isFast = (node: FleetNode, want: Want) =>
    floor === undefined || want.gpuCount === 0 || isAbove(node, floor);
  return new Map(
    wants.map((want) => [
      want,
      new Set(nodes.filter((node) => isFast(node, want) && fitnessOf(node, want, demand).kind === 'fits')),
    ]),
  );
}

/** Where the spares of a gang may stand that is to survive the loss of its site. */
function elsewhereOf(
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
  const others = open.filter((other) => other !== site);
  const fast = { demand, ...(floor === undefined ? {} : { floor }) };
  return cheapestFirst(others, want).map(({ nodes }) => {
    const candidates = candidatesOf(nodes, [want], fast);
    return { nodes: [...(candidates.get(want) ?? [])], candidates };
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

/** Says what stood in the way by taking obstacles away one after the other, on copies. */
function missOf(
  state: State,
  site: FleetSite,
  nodes: readonly FleetNode[],
  gang: Gang,
  startMs: number,
): SiteMiss {
  const span = { startMs, endMs: endOf(startMs, gang.demand) };
  const found = placeSurviving(new Rooms(state, span), nodes, gang);
  const fit =
    found.kind === 'partial'
      ? { fit: found.fit, place: found.place === '' ? site.id : found.place }
      : { fit: found.members.length, place: site.id };
  const whole = (on: State, demand: Demand, ignored?: Ignored) =>
    placeSurviving(new Rooms(on, span, ignored), nodes, { ...gang, demand }).kind === 'whole';
  return {
    kind: 'misses',
    site,
    replicasFit: fit.fit,
    place: fit.place,
    binding: bindingOf(state, gang.demand, whole),
  };
}

type Whole = (state: State, demand: Demand, ignored?: Ignored) => boolean;

function bindingOf(state: State, demand: Demand, whole: Whole): SiteMiss['binding'] {
  for (const { binding, without } of obstacles) {
    const freed = without(state, demand);
    if (freed !== undefined && whole(freed.state, freed.demand)) return binding;
  }
  const all = new Set(limitNames);
  if (whole(state, demand, all)) return limitThatBinds(state, demand, whole);
  const empty: State = { ...state, calendar: state.calendar.map(() => []), bandwidth: new Map() };
  return whole(empty, demand, all) ? 'free-over-window' : 'inventory';
}

/** The limit without which it fits; where it takes several, the last that has to go, from the rack outwards. */
function limitThatBinds({ fleet, ...state }: State, demand: Demand, whole: Whole): LimitName {
  const known = new Set(layoutOf(fleet).limits.map(({ name }) => name));
  const names = limitNames.filter((name) => known.has(name));
  const without = (ignored: readonly LimitName[]) => whole({ ...state, fleet }, demand, new Set(ignored));
  return (
    names.find((name) => without([name])) ??
    names.find((_, at) => without(names.slice(0, at + 1))) ??
    'site-power'
  );
}

type Obstacle = {
  readonly binding: 'topology' | 'uplink' | 'flows' | 'survive' | 'isolation' | 'power-cap';
  /** State and demand without it; nothing where it is not there. */
  readonly without: (
    state: State,
    demand: Demand,
  ) => { readonly state: State; readonly demand: Demand } | undefined;
};

const obstacles: readonly Obstacle[] = [
  {
    binding: 'topology',
    without: (state, { together, ...demand }) => (together === undefined ? undefined : { state, demand }),
  },
  { binding: 'uplink', without: droppedBy(withoutUplinks) },
  { binding: 'flows', without: droppedBy(withoutFlows) },
  {
    binding: 'survive',
    without: (state, { survive, ...demand }) => (survive === undefined ? undefined : { state, demand }),
  },
  {
    binding: 'power-cap',
    without: (state, { powerCapW, ...demand }) => (powerCapW === undefined ? undefined : { state, demand }),
  },
  {
    binding: 'isolation',
    without: (state, { isolation, ...demand }) => {
      const closed = state.calendar.some((holds) => holds.some(({ alone }) => alone !== 'shared'));
      if (!closed && (isolation ?? 'shared') === 'shared') return undefined;
      const calendar = state.calendar.map((holds) =>
        holds.map((hold) => ({ ...hold, alone: 'shared' as const })),
      );
      return { state: { ...state, calendar }, demand };
    },
  },
];

function droppedBy(dropped: (demand: Demand) => Demand | undefined): Obstacle['without'] {
  return (state, demand) => {
    const freed = dropped(demand);
    return freed === undefined ? undefined : { state, demand: freed };
  };
}

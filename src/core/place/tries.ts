import type { Demand } from '../../model/demand.ts';
import { dayMs } from '../../model/unit.ts';
import { domainsKnown } from '../index/domains.ts';
import { smallLimit } from '../index/headroom.ts';
import { levelOf, packedOf } from '../index/packed.ts';
import { endsIn, hopefulIn, type Hopeful } from '../index/starts.ts';
import type { Stretch } from '../index/stretches.ts';
import { wattsOf } from '../index/watts.ts';
import type { FleetNode, FleetSite } from '../inventory/fleet.ts';
import type { State } from '../state.ts';
import { Agenda } from './agenda.ts';
import type { Domain } from './domain.ts';
import type { Candidates } from './fill.ts';
import { type Layout, layoutOf, limitsOn } from './layout.ts';
import { NodeSet, unionOf } from './node-set.ts';
import { drawOf, type PowerLimit } from './power.ts';
import type { StartRange } from './site.ts';
import type { Gang } from './spares.ts';
import { heldBesideGpus, type Want } from './want.ts';

/** A start, and the part of a site outside of which the gang cannot stand then. */
export type Try = {
  readonly startMs: number;
  readonly nodes: readonly FleetNode[];
  readonly site: FleetSite;
  readonly candidates: Candidates;
};

/**
 * The starts to try at which free GPUs alone do not rule out a fit, in order, each with the domains that it is not
 * ruled out for. In one domain room first appears at the earliest start, or when something ends that its nodes share
 * anything with: any fit there that starts in between could start earlier, at one of these.
 */
export function* triesIn(
  state: State,
  able: readonly FleetNode[],
  gang: Gang,
  { earliestMs, latestMs }: StartRange,
): Generator<Try> {
  const { demand, wants, candidates, site } = gang;
  if (wants.some((want) => candidates.get(want)?.size === 0)) return;
  const whole = { nodes: able, site, candidates };
  yield { startMs: earliestMs, ...whole };
  if (latestMs <= earliestMs) return;
  const level = demand.together ?? 'site';
  const domains = domainsKnown(level, level, site.nodes);
  const mayBind = bindingOf(state, able, gang, { earliestMs, latestMs });
  const concerned = new Map<Domain, readonly number[]>();
  const concernedIn = (domain: Domain) => {
    const known = concerned.get(domain) ?? concernedBy(state, { domain, site, demand, mayBind });
    concerned.set(domain, known);
    return known;
  };
  const look: Look = {
    isEnd: ({ domain, starts: { fromMs } }) => {
      const { nodes } = aroundKnown(layoutOf(state.fleet), domain);
      return endsIn(packedOf(state), nodes, { fromMs, toMs: fromMs }).length > 0;
    },
    endsOf: ({ domain, starts }, fromMs) =>
      endsIn(packedOf(state), concernedIn(domain), { ...starts, fromMs }),
  };
  for (const starts of chunksOf(earliestMs, latestMs)) {
    const hopeful = hopefulAmong(state, domains, gang, starts);
    for (const [startMs, found] of inOrder(hopeful, look))
      yield { startMs, ...(found.length === domains.length ? whole : narrowed(gang, found)) };
  }
}

/** How far ahead a first look for later starts goes; each one after it goes four times as far. */
const firstChunkMs = 2 * dayMs;

/** What comes after the earliest start, piece by piece: most gangs fit soon. */
function* chunksOf(earliestMs: number, latestMs: number): Generator<Stretch> {
  let chunkMs = firstChunkMs;
  for (let atMs = earliestMs + 1; atMs <= latestMs; chunkMs *= 4) {
    const endMs = Math.min(latestMs, atMs + chunkMs);
    yield { fromMs: atMs, toMs: endMs };
    atMs = endMs + 1;
  }
}

function hopefulAmong(
  state: State,
  domains: readonly Domain[],
  { demand, wants, candidates }: Gang,
  starts: Stretch,
): readonly Hopeful[] {
  const want = wants.find(({ gpuCount }) => gpuCount > 0);
  const fitting = want === undefined ? undefined : candidates.get(want);
  if (want === undefined || fitting === undefined) return domains.map((domain) => ({ domain, starts }));
  const packed = packedOf(state);
  const watts = wattsOf(state.fleet);
  return hopefulIn(packed, domains, fitting, {
    want,
    asker: { tenant: packed.tenantNumber(demand.tenant), level: levelOf(demand.isolation) },
    starts,
    lengthMs: (demand.window.durationS ?? Infinity) * 1000,
    layout: layoutOf(state.fleet),
    mostW: (limit) => watts.mostW(state.calendar, limit),
  });
}

/** What ends around a stretch. */
type Look = {
  /** Whether something ends close by where the stretch begins. */
  readonly isEnd: (found: Hopeful) => boolean;
  /** Every instant of it from one on at which something ends that could keep the gang out. */
  readonly endsOf: (found: Hopeful, fromMs: number) => readonly number[];
};

/**
 * Every start with its domains, earliest first. Most stretches begin where something ends, and mostly the gang fits
 * then: only where it does not, all later ends in the stretch are looked up.
 */
function* inOrder(
  hopeful: readonly Hopeful[],
  { isEnd, endsOf }: Look,
): Generator<readonly [number, readonly Domain[]]> {
  const agenda = new Agenda();
  const begun = new Set<Hopeful>();
  const addEnds = (found: Hopeful, fromMs: number) => {
    for (const endMs of endsOf(found, fromMs)) agenda.add(endMs, found);
  };
  function* before(atMs: number): Generator<readonly [number, readonly Domain[]]> {
    for (let next = agenda.next(atMs); next !== undefined; next = agenda.next(atMs)) {
      const { startMs, found } = next;
      yield [startMs, found.map(({ domain }) => domain)];
      for (const one of found) if (begun.delete(one)) addEnds(one, startMs + 1);
    }
  }
  for (const found of hopeful.toSorted((a, b) => a.starts.fromMs - b.starts.fromMs)) {
    const { fromMs } = found.starts;
    yield* before(fromMs);
    if (isEnd(found)) {
      begun.add(found);
      agenda.add(fromMs, found);
    } else addEnds(found, fromMs);
  }
  yield* before(Infinity);
}

/** The gang's nodes as if the site had only these domains. */
function narrowed({ wants, candidates, site }: Gang, domains: readonly Domain[]): Omit<Try, 'startMs'> {
  const [first, second] = domains;
  const isOne = first !== undefined && second === undefined;
  const inside = new Map(
    wants.map((want) => {
      const fitting = candidates.get(want)?.inDomains(domains) ?? new NodeSet([]);
      return [want, fitting] as const;
    }),
  );
  return {
    nodes: unionOf([...inside.values()]),
    // Levels of a site and of a domain are known; those of some domains would have to be found out each time.
    site: isOne ? { ...site, nodes: first.nodes } : site,
    candidates: inside,
  };
}

/** Whether what is held under a limit and the gang together could pass it at some time: else it keeps nobody out. */
function bindingOf(
  { fleet, calendar }: State,
  able: readonly FleetNode[],
  { demand, wants }: Gang,
  { earliestMs, latestMs }: StartRange,
): (limit: PowerLimit) => boolean {
  const span = { startMs: earliestMs, endMs: latestMs + (demand.window.durationS ?? Infinity) * 1000 };
  const found = new Map<PowerLimit, boolean>();
  const watts = wattsOf(fleet);
  let mostW: number | undefined;
  return (limit) => {
    mostW ??= mostDrawn(able, wants);
    const leftW = limit.limitW - mostW;
    const isBinding = found.get(limit) ?? watts.passes(calendar, limit, { ...span, powerW: leftW });
    found.set(limit, isBinding);
    return isBinding;
  };
}

/** Watts that no choice of nodes for all replicas would pass. */
function mostDrawn(able: readonly FleetNode[], wants: readonly Want[]): number {
  const kinds = [...new Map(able.map((node) => [node.shape, node])).values()];
  return wants.reduce((sum, want) => {
    const draws = kinds.map((node) => drawOf(node, want, heldBesideGpus(node, want).cpuMilli));
    return sum + want.part.count * Math.max(0, ...draws);
  }, 0);
}

/** Nodes that stand in one rack with any of a domain, or draw on one small limit with it. */
type Around = { readonly nodes: readonly number[]; readonly large: readonly PowerLimit[] };

/** Neither layouts nor domains change. */
const known = new WeakMap<Layout, WeakMap<Domain, Around>>();

/** Indexes of the nodes whose holds can keep a gang out of a domain: all of the site where somebody wants it alone. */
function concernedBy(
  state: State,
  {
    domain,
    site,
    demand,
    mayBind,
  }: {
    readonly domain: Domain;
    readonly site: FleetSite;
    readonly demand: Demand;
    readonly mayBind: (limit: PowerLimit) => boolean;
  },
): readonly number[] {
  const { nodes, large } = aroundKnown(layoutOf(state.fleet), domain);
  const isSiteWide = demand.isolation === 'site' || packedOf(state).siteClosing > 0;
  const more = [
    ...(isSiteWide ? site.nodes : []),
    ...large.flatMap((limit) => (mayBind(limit) ? limit.nodes : [])),
  ];
  return more.length === 0 ? nodes : withOthers(nodes, more, state.fleet.nodes.length);
}

/** Indexes of nodes, and of those of `more` that are not among them, each once. */
function withOthers(
  nodes: readonly number[],
  more: readonly FleetNode[],
  nodeCount: number,
): readonly number[] {
  const isIn = new Uint8Array(nodeCount);
  const found = [...nodes];
  for (const index of nodes) isIn[index] = 1;
  for (const { index } of more) {
    if (isIn[index] === 1) continue;
    isIn[index] = 1;
    found.push(index);
  }
  return found;
}

function aroundKnown(layout: Layout, domain: Domain): Around {
  const byDomain = known.get(layout) ?? new WeakMap<Domain, Around>();
  known.set(layout, byDomain);
  const found = byDomain.get(domain) ?? aroundOf(layout, domain);
  byDomain.set(domain, found);
  return found;
}

function aroundOf(layout: Layout, { nodes }: Domain): Around {
  const racks = new Set(nodes.flatMap(({ rack }) => rack ?? []));
  const limits = [...new Set(nodes.flatMap((node) => limitsOn(layout, node)))];
  const [small, large] = [
    limits.filter((limit) => limit.nodes.length <= smallLimit),
    limits.filter((limit) => limit.nodes.length > smallLimit),
  ];
  const around = [
    ...nodes,
    ...[...racks].flatMap((rack) => layout.racks.get(rack) ?? []),
    ...small.flatMap((limit) => limit.nodes),
  ];
  return { nodes: [...new Set(around.map(({ index }) => index))], large };
}

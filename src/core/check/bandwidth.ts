import type { Demand } from '../../model/demand.ts';
import { siteOf } from '../../model/id.ts';
import { compareText } from '../../model/text.ts';
import type { Violation } from '../given.ts';
import { type Audit, broken, type Seat } from './audit.ts';
import { edgeLimit, mostHeld } from './edges.ts';
import { onDataNics } from './flows.ts';
import { onUplinks } from './uplinks.ts';
import { onWan } from './wan.ts';

/**
 * Exactly what uplink budgets and flows come to for the members is held, nothing for spares, each edge once and in
 * order, and with everything that others hold there it never passes what was recorded for the edge. At each site one pool
 * that holds the dataset carries all flows between it and the members there.
 */
export function* bandwidthHeld(whole: Audit): Generator<Violation> {
  const { bandwidth = [] } = whole.placement;
  if (bandwidth.length === 0 && !asksForBandwidth(whole)) return;
  const audit = { ...whole, seats: whole.seats.filter(({ isSpare }) => !isSpare) };
  yield* listed(bandwidth.map(({ fabric, edge }) => `${fabric} ${edge}`));
  const due = new Map<string, number>();
  for (const found of [...onUplinks(audit), ...onDataNics(audit)]) {
    if (found.kind === 'violation') yield found.violation;
    else due.set(found.edge, (due.get(found.edge) ?? 0) + found.mbps);
  }
  yield* ofPools(audit);
  yield* onWan(audit);
  for (const { fabric, edge, mbps } of bandwidth) {
    const wanted = due.get(`${fabric} ${edge}`) ?? 0;
    due.delete(`${fabric} ${edge}`);
    if (fabric !== 'storage' && fabric !== 'wan' && (mbps !== wanted || mbps === 0))
      yield broken('bandwidth', `${fabric} ${edge}: holds ${mbps} Mbit/s, ${wanted} are due`);
    yield* withinLimit(audit, `${fabric} ${edge}`, mbps);
  }
  for (const [edge, mbps] of due)
    if (mbps > 0) yield broken('bandwidth', `${edge}: holds nothing, ${mbps} Mbit/s are due`);
}

function asksForBandwidth({ demand: { flows = [], parts } }: Audit): boolean {
  return flows.length > 0 || parts.some(({ each }) => each.rdma?.uplinkMbps !== undefined);
}

/** A space sorts before every character of a path, so that fabric and edge compare as one text. */
function* listed(edges: readonly string[]): Generator<Violation> {
  for (const [at, edge] of edges.entries()) {
    const before = edges[at - 1];
    if (before !== undefined && compareText(before, edge) >= 0)
      yield broken('bandwidth', `${edge} is not in order, each edge once`);
  }
}

function* withinLimit({ state, startMs, endMs }: Audit, edge: string, mbps: number): Generator<Violation> {
  const limit = edgeLimit(state.fleet, edge);
  if (limit === undefined) {
    yield broken('bandwidth', `${edge}: what it carries is not recorded`);
    return;
  }
  const held = mostHeld(state, edge, startMs, endMs);
  if (held + mbps > limit)
    yield broken('bandwidth', `${edge}: Mbit/s held by others ${held}, asked for ${mbps}, limit ${limit}`);
}

function* ofPools({ state, demand, placement, seats }: Audit): Generator<Violation> {
  const held = (placement.bandwidth ?? []).filter(({ fabric }) => fabric === 'storage');
  const due = dueOfDataset(demand, seats);
  for (const [site, mbps] of due) {
    const pools = held.filter(({ edge }) => siteOf(edge) === site || due.size === 1);
    if (pools.length !== (mbps > 0 ? 1 : 0))
      yield broken('bandwidth', `${pools.length} storage pools are held for ${mbps} Mbit/s of the dataset`);
    for (const { edge, mbps: found } of pools)
      if (found !== mbps)
        yield broken('bandwidth', `storage ${edge}: holds ${found} Mbit/s, ${mbps} are due`);
  }
  for (const { edge } of held) {
    const holds = state.fleet.pools.get(edge)?.datasets?.some(({ id }) => id === demand.dataset) === true;
    if (!holds) yield broken('bandwidth', `storage ${edge}: does not hold the dataset`);
    if (!due.has(siteOf(edge))) yield broken('bandwidth', `storage ${edge}: not in the site of the members`);
  }
}

/** Mbit/s of the dataset by every site of the members. What flows to no member counts where all others are. */
function dueOfDataset({ flows = [] }: Demand, seats: readonly Seat[]): ReadonlyMap<string, number> {
  const due = new Map<string, number>(seats.map(({ node }) => [node.site, 0]));
  for (const { from, to, mbps } of flows) {
    if (from !== 'dataset' && to !== 'dataset') continue;
    const name = from === 'dataset' ? to : from;
    const [only, ...others] = due.keys();
    const site =
      seats.find(({ member }) => member.part === name)?.node.site ?? (others.length === 0 ? only : undefined);
    if (site !== undefined) due.set(site, (due.get(site) ?? 0) + mbps);
  }
  return due;
}

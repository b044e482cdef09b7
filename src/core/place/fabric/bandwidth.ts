import type { Demand } from '../../../model/demand.ts';
import { Path, siteOf } from '../../../model/id.ts';
import type { HeldBandwidth, Member } from '../../../model/placement.ts';
import { compareText } from '../../../model/text.ts';
import { edgeKey } from '../../calendar/edges.ts';
import { withoutFlows, withoutUplinks } from './demand.ts';
import type { EdgeRooms } from './edge-rooms.ts';
import { datasetEnd, flowsOnNodes } from './flows.ts';
import { uplinkDue, uplinkMbpsOf } from './uplink.ts';
import { sitesOfParts, wanOf } from './wan.ts';

/** Everything a whole gang holds on the edges of fabrics, by fabric and edge; nothing when one has not that much left. */
export function bandwidthOf(
  rooms: EdgeRooms,
  demand: Demand,
  members: readonly Member[],
): readonly HeldBandwidth[] | undefined {
  if (withoutUplinks(demand) === undefined && withoutFlows(demand) === undefined) return [];
  const due = [
    ...(uplinksOf(rooms, demand, members) ?? [undefined]),
    ...[...flowsOnNodes(demand, members)].map(([edge, mbps]): HeldBandwidth => ({
      fabric: 'data',
      edge,
      mbps,
    })),
    ...(poolsOf(rooms, demand, members) ?? [undefined]),
    ...(wanOf(rooms, demand, members) ?? [undefined]),
  ];
  const known = due.flatMap((entry) => entry ?? []);
  if (known.length < due.length) return undefined;
  const held = summed(known);
  return held.every(({ fabric, edge, mbps }) => mbps <= (rooms.left(fabric, edge) ?? -1)) ? held : undefined;
}

function uplinksOf(
  { fleet }: EdgeRooms,
  demand: Demand,
  members: readonly Member[],
): readonly HeldBandwidth[] | undefined {
  const held: HeldBandwidth[] = [];
  for (const { name } of demand.parts) {
    const uplinkMbps = uplinkMbpsOf(demand, name);
    if (uplinkMbps === 0) continue;
    const due = uplinkDue(
      fleet,
      uplinkMbps,
      members.filter(({ part }) => part === name),
    );
    if (due.kind === 'unknown') return undefined;
    for (const [edge, mbps] of due.held) held.push({ fabric: 'rdma', edge, mbps });
  }
  return held;
}

/** For each site whose parts the dataset flows from or to: its first pool, by id, that holds it and has that much left. */
function poolsOf(
  rooms: EdgeRooms,
  demand: Demand,
  members: readonly Member[],
): readonly HeldBandwidth[] | undefined {
  const held: HeldBandwidth[] = [];
  for (const [site, mbps] of datasetMbpsAt(demand, members)) {
    const pools = [...rooms.fleet.pools]
      .filter(([pool, { datasets = [] }]) => {
        return siteOf(pool) === site && datasets.some(({ id }) => id === demand.dataset);
      })
      .map(([pool]) => pool)
      .toSorted(compareText);
    const edge = pools.find((pool) => mbps <= (rooms.left('storage', pool) ?? -1));
    if (edge === undefined) return undefined;
    held.push({ fabric: 'storage', edge, mbps });
  }
  return held;
}

/** Mbit/s between the dataset and the parts at each site, where there are any. A part without members is where all are. */
function datasetMbpsAt({ flows = [] }: Demand, members: readonly Member[]): ReadonlyMap<string, number> {
  if (flows.length === 0) return new Map();
  const siteOfPart = sitesOfParts(members);
  const [only, ...more] = new Set(siteOfPart.values());
  const siteOfAll = more.length === 0 ? only : undefined;
  const sums = new Map<string, number>();
  for (const { from, to, mbps } of flows) {
    if (from !== datasetEnd && to !== datasetEnd) continue;
    const site = siteOfPart.get(from === datasetEnd ? to : from) ?? siteOfAll;
    if (site !== undefined && mbps > 0) sums.set(site, (sums.get(site) ?? 0) + mbps);
  }
  return sums;
}

/** One entry an edge, nothing that holds nothing. */
function summed(entries: readonly HeldBandwidth[]): readonly HeldBandwidth[] {
  const byKey = Map.groupBy(entries, ({ fabric, edge }) => edgeKey(fabric, edge));
  return [...byKey.values()]
    .flatMap(([first, ...others]): HeldBandwidth[] => {
      if (first === undefined) return [];
      const mbps = others.reduce((sum, entry) => sum + entry.mbps, first.mbps);
      return mbps === 0 ? [] : [{ fabric: first.fabric, edge: Path.parse(first.edge), mbps }];
    })
    .toSorted((a, b) => compareText(a.fabric, b.fabric) || compareText(a.edge, b.edge));
}

import type { Demand } from '../../../model/demand.ts';
import { Path, siteOf } from '../../../model/id.ts';
import type { HeldBandwidth, Member } from '../../../model/placement.ts';
import { compareText } from '../../../model/text.ts';
import { edgeKey } from '../../calendar/edges.ts';
import { withoutFlows, withoutUplinks } from './demand.ts';
import type { EdgeRooms } from './edge-rooms.ts';
import { datasetMbps, flowsOnNodes } from './flows.ts';
import { uplinkDue, uplinkMbpsOf } from './uplink.ts';

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
    ...(poolOf(rooms, demand, members) ?? [undefined]),
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

/** The first pool of the site, by id, that holds the dataset and has its flows left. */
function poolOf(
  rooms: EdgeRooms,
  demand: Demand,
  [first]: readonly Member[],
): readonly HeldBandwidth[] | undefined {
  const mbps = datasetMbps(demand);
  if (mbps === 0 || first === undefined) return [];
  const pools = [...rooms.fleet.pools]
    .filter(([pool, { datasets = [] }]) => {
      return siteOf(pool) === siteOf(first.node) && datasets.some(({ id }) => id === demand.dataset);
    })
    .map(([pool]) => pool)
    .toSorted(compareText);
  const edge = pools.find((pool) => mbps <= (rooms.left('storage', pool) ?? -1));
  return edge === undefined ? undefined : [{ fabric: 'storage', edge, mbps }];
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

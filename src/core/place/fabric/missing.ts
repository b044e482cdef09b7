import { type Demand, maySpan } from '../../../model/demand.ts';
import { type Path, siteOf } from '../../../model/id.ts';
import type { MissingFact } from '../../../model/refusal.ts';
import { compareText } from '../../../model/text.ts';
import type { Fleet, FleetNode, FleetSite } from '../../inventory/fleet.ts';
import type { State } from '../../state.ts';
import { capacityOf, dataMbps } from './edge-rooms.ts';
import { datasetMbps } from './flows.ts';
import { leafOfNic, uplinkMbpsOf } from './uplink.ts';

/** Facts about fabrics that nobody has stated and that a demand with budgets or flows needs at these sites. */
export function missingFabric(
  { fleet }: State,
  demand: Demand,
  sites: readonly FleetSite[],
): readonly MissingFact[] {
  const nodes = sites.flatMap((site) => site.nodes);
  return [
    ...(demand.parts.some(({ name }) => uplinkMbpsOf(demand, name) > 0) ? ofUplinks(fleet, nodes) : []),
    ...((demand.flows ?? []).length > 0
      ? missing(
          'speed of data NICs',
          nodes.filter((node) => dataMbps(node) === undefined).map(({ id }) => id),
        )
      : []),
    ...ofWan(fleet, demand, sites),
    ...(datasetMbps(demand) > 0 ? missing('speed of the storage pool', poolsOf(fleet, demand)) : []),
  ];
}

/** Of links among the sites, where parts may stand at different ones of them. */
function ofWan(fleet: Fleet, demand: Demand, sites: readonly FleetSite[]): MissingFact[] {
  const flows = demand.flows ?? [];
  if (!maySpan(demand) || flows.length === 0) return [];
  const ids = new Set(sites.map(({ id }) => id));
  const isAmong = (place: Path | undefined) => place !== undefined && ids.has(siteOf(place));
  const links = [...fleet.wanLinks].filter(([, { from, to }]) => isAmong(from) && isAmong(to));
  const isBound = flows.some(({ latencyMs }) => latencyMs !== undefined);
  const lacking = (attribute: 'mbps' | 'latencyMs') =>
    links.filter(([, facts]) => facts[attribute] === undefined).map(([id]) => id);
  return [
    ...missing('speed of the WAN link', lacking('mbps')),
    ...missing('latency of the WAN link', isBound ? lacking('latencyMs') : []),
  ];
}

function ofUplinks(fleet: Fleet, nodes: readonly FleetNode[]): MissingFact[] {
  const leafsByNode = nodes.map((node) => ({ id: node.id, leafs: leafsOf(node) }));
  const leafs = new Set(leafsByNode.flatMap((node) => node.leafs.flatMap((leaf) => leaf ?? [])));
  const spineOf = (leaf: Path) => fleet.leafs.get(leaf)?.spine;
  const spines = new Set([...leafs].flatMap((leaf) => spineOf(leaf) ?? []));
  const edges = [...leafs, ...(spines.size > 1 ? spines : [])];
  return [
    ...missing(
      'leaf',
      leafsByNode.filter((node) => node.leafs.includes(undefined)).map(({ id }) => id),
    ),
    ...missing('spine', spines.size === 0 ? [] : [...leafs].filter((leaf) => spineOf(leaf) === undefined)),
    ...missing(
      'uplinkMbps',
      edges.filter((edge) => capacityOf(fleet, 'rdma', edge) === undefined),
    ),
  ];
}

function leafsOf(node: FleetNode): readonly (Path | undefined)[] {
  const { nics } = node.shape;
  if (nics.every(({ rdma }) => rdma !== true)) return [node.leaf];
  return nics.flatMap((nic, index) => (nic.rdma === true ? [leafOfNic(node, index)] : []));
}

function poolsOf({ pools }: Fleet, { dataset }: Demand): readonly Path[] {
  return [...pools].flatMap(([pool, { mbps, datasets = [] }]) =>
    mbps === undefined && datasets.some(({ id }) => id === dataset) ? [pool] : [],
  );
}

function missing(attribute: string, subjects: readonly Path[]): MissingFact[] {
  const [example] = subjects.toSorted(compareText);
  if (example === undefined) return [];
  const fix = `import a source that states \`${attribute}\`, or leave the requirement out`;
  return [{ attribute, subjectCount: subjects.length, example, fix }];
}

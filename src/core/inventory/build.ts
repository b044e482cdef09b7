import type {
  GpuFacts,
  HallFacts,
  LeafFacts,
  NicFacts,
  NodeFacts,
  ShapeFacts,
  StoragePoolFacts,
} from '../../model/fact.ts';
import { type Path, parentOf, siteOf } from '../../model/id.ts';
import { placeAround } from '../../model/standing.ts';
import { compareText } from '../../model/text.ts';
import { type Mask, maskOf } from '../mask.ts';
import type { Claims } from './claims.ts';
import { suppliesOf, survivingPowerW } from './feeds.ts';
import type { Fleet, FleetNode, FleetRack, FleetSite } from './fleet.ts';
import { filledIn } from './machine-type.ts';
import { resolveKind } from './resolve.ts';
import { ShapeTable } from './shape.ts';

/** Merges everything that was claimed into the fleet that decisions read. */
export function buildFleet(claims: Claims): Fleet {
  const racks = racksOf(claims);
  const halls = resolveKind(claims, (fact) => (fact.kind === 'hall' ? fact.set : undefined));
  const leafs = resolveKind(claims, (fact) => (fact.kind === 'leaf' ? fact.set : undefined));
  const pools = resolveKind(claims, (fact) => (fact.kind === 'storage-pool' ? fact.set : undefined));
  const feeds = resolveKind(claims, (fact) => (fact.kind === 'feed' ? fact.set : undefined));
  const nodes = nodesOf(claims, { racks, halls, leafs, feeds });
  return {
    sites: sitesOf(claims, nodes, pools),
    racks,
    halls,
    loops: resolveKind(claims, (fact) => (fact.kind === 'loop' ? fact.set : undefined)),
    feeds,
    leafs,
    spines: resolveKind(claims, (fact) => (fact.kind === 'spine' ? fact.set : undefined)),
    wanLinks: resolveKind(claims, (fact) => (fact.kind === 'wan-link' ? fact.set : undefined)),
    pools,
    nodes,
    nodeById: new Map(nodes.map((node) => [node.id, node])),
    models: [...new Set(nodes.flatMap((node) => node.shape.models.map(({ model }) => model)))].toSorted(
      compareText,
    ),
  };
}

function racksOf(claims: Claims): ReadonlyMap<Path, FleetRack> {
  const racks = [...resolveKind(claims, (fact) => (fact.kind === 'rack' ? fact.set : undefined))].map(
    ([id, facts]): [Path, FleetRack] => [
      id,
      {
        id,
        site: siteOf(id),
        powerLimitW: survivingPowerW(id, facts),
        coolingLimitW: facts.coolingLimitW,
        facts,
      },
    ],
  );
  return new Map(racks);
}

/** What nodes stand in and hang on. */
type Around = {
  readonly racks: ReadonlyMap<Path, FleetRack>;
  readonly halls: ReadonlyMap<Path, HallFacts>;
  readonly leafs: ReadonlyMap<Path, LeafFacts>;
  readonly feeds: Fleet['feeds'];
};

function nodesOf(claims: Claims, around: Around): readonly FleetNode[] {
  const shapes = resolveKind(claims, (fact) => (fact.kind === 'shape' ? fact.set : undefined));
  const shapeByName = new Map([...shapes].map(([name, facts]): [string, ShapeFacts] => [name, facts]));
  const gpus = byNode(resolveKind(claims, (fact) => (fact.kind === 'gpu' ? fact.set : undefined)));
  const nics = byNode(resolveKind(claims, (fact) => (fact.kind === 'nic' ? fact.set : undefined)));
  const table = new ShapeTable();
  return [...resolveKind(claims, (fact) => (fact.kind === 'node' ? fact.set : undefined))].map(
    ([id, stated], index) => {
      const common = stated.shape === undefined ? undefined : shapeByName.get(stated.shape);
      const facts = rated(stated, common);
      const devices = {
        gpus: gpus.get(id) ?? new Map<number, GpuFacts>(),
        nics: nics.get(id) ?? new Map<number, NicFacts>(),
      };
      const shape = table.shapeOf(filledIn(facts, shapeByName), common, devices);
      return makeNode({
        index,
        id,
        facts,
        shape,
        units: common?.units,
        downMask: downMaskOf(devices.gpus),
        downNics: downOf(devices.nics),
        around,
      });
    },
  );
}

/** A node has the rating of its shape where nobody has stated its own. */
function rated(facts: NodeFacts, shape: ShapeFacts | undefined): NodeFacts {
  const nameplateW = facts.nameplateW ?? shape?.nameplateW;
  return nameplateW === undefined ? facts : { ...facts, nameplateW };
}

type NodeParts = {
  readonly index: number;
  readonly id: Path;
  readonly facts: NodeFacts;
  readonly shape: FleetNode['shape'];
  readonly units: number | undefined;
  readonly downMask: Mask;
  readonly downNics: ReadonlySet<number>;
  readonly around: Around;
};

function makeNode({ around, ...own }: NodeParts): FleetNode {
  const { id } = own;
  const facts = own.facts.rack === undefined ? own.facts : withOwnRack(id, own.facts);
  const places = ancestorsOf({ id, facts });
  const rack = places.find((place) => around.racks.has(place));
  return {
    ...own,
    facts,
    hostName: facts.hostName ?? id.replaceAll('/', '-'),
    site: siteOf(id),
    hall: places.find((place) => around.halls.has(place)),
    rack,
    leaf: facts.leaf,
    spine: facts.leaf === undefined ? undefined : around.leafs.get(facts.leaf)?.spine,
    island: facts.island,
    supplies: suppliesOf(rack === undefined ? undefined : around.racks.get(rack), facts.feeds, around.feeds),
    health: facts.health ?? 'unknown',
    schedulable: facts.schedulable ?? true,
  };
}

function ancestorsOf(node: Pick<FleetNode, 'id' | 'facts'>): Path[] {
  const around: Path[] = [];
  for (let place = placeAround(node); place !== undefined; place = parentOf(place)) around.push(place);
  return around;
}

/** A rack of another site than the path's is no place for it: the site is what prices, laws and links go by. */
function withOwnRack(id: Path, { rack, ...facts }: NodeFacts): NodeFacts {
  return rack === undefined || siteOf(rack) !== siteOf(id) ? facts : { ...facts, rack };
}

/** Devices end in their number: `…/gpu3` is GPU 3 of the node before it. */
function byNode<T>(devices: ReadonlyMap<Path, T>): ReadonlyMap<Path, Map<number, T>> {
  const grouped = new Map<Path, Map<number, T>>();
  for (const [id, facts] of devices) {
    const node = parentOf(id);
    const number = Number(/(?:gpu|nic)([0-9]+)$/.exec(id)?.[1]);
    if (node === undefined || !Number.isSafeInteger(number) || number > 31) continue;
    const known = grouped.get(node) ?? new Map<number, T>();
    grouped.set(node, known.set(number, facts));
  }
  return grouped;
}

function downMaskOf(gpus: ReadonlyMap<number, GpuFacts>): Mask {
  return maskOf([...gpus].flatMap(([index, gpu]) => (gpu.health === 'down' ? [index] : [])));
}

function downOf(nics: ReadonlyMap<number, NicFacts>): ReadonlySet<number> {
  return new Set([...nics].flatMap(([index, nic]) => (nic.health === 'down' ? [index] : [])));
}

function sitesOf(
  claims: Claims,
  nodes: readonly FleetNode[],
  pools: ReadonlyMap<Path, StoragePoolFacts>,
): readonly FleetSite[] {
  const facts = resolveKind(claims, (fact) => (fact.kind === 'site' ? fact.set : undefined));
  const bySite = Map.groupBy(nodes, (node) => node.site);
  return [...new Set([...facts.keys(), ...bySite.keys()])].toSorted(compareText).map((id) => ({
    id,
    facts: facts.get(id) ?? {},
    nodes: bySite.get(id) ?? [],
    datasets: new Set(
      [...pools]
        .filter(([pool]) => siteOf(pool) === id)
        .flatMap(([, pool]) => (pool.datasets ?? []).map((set) => set.id)),
    ),
  }));
}

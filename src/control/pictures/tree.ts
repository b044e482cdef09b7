import { peakOf } from '../../core/calendar/calendar.ts';
import type { Fleet, FleetNode } from '../../core/inventory/fleet.ts';
import { isWithin, parentOf, Path } from '../../model/id.ts';
import type { HealthCounts, PlacedNode, TreeRow } from '../../model/picture-view.ts';
import { compareText } from '../../model/text.ts';
import { holdsOn, placedNode, type Sight, sumCounts } from './placed-node.ts';

/** A place with everything in it. */
type Branch = { readonly id: Path; readonly places: Branch[]; readonly nodes: FleetNode[] };

/** Rows that a tree has without a depth: then it ends at the last level that keeps it this short. */
const rowLimit = 200;

/**
 * The places below `root`, or below every site, from the outside in. Without a depth it ends at the nodes, or above
 * them where that is too long; the devices of a node that was asked for itself are always there.
 */
export function treeRows(
  sight: Sight,
  { root, depth }: { readonly root: Path | undefined; readonly depth: number | undefined },
): { readonly rows: TreeRow[]; readonly depth: number } {
  const { fleet } = sight.state;
  const alone = root === undefined ? undefined : fleet.nodeById.get(root);
  const tops = root === undefined ? fleet.sites.map(({ id }) => id) : [root];
  const rows =
    alone === undefined
      ? tops.flatMap((top) => branchRows(sight, plant(fleet, top), 0))
      : [nodeRow(sight, alone, 0)];
  const levels = depth ?? (alone === undefined ? readableDepth(rows) : 2);
  const shown = cut(rows, levels);
  const reachesDevices = depth !== undefined || alone !== undefined;
  return { rows: reachesDevices ? withDevices(sight, shown, levels) : shown, depth: levels };
}

/** The last level of places and nodes that keeps the tree short; the first one at least. */
function readableDepth(rows: readonly TreeRow[]): number {
  const levels = Map.groupBy(rows, ({ depth }) => depth);
  let total = 0;
  let depth = 1;
  for (const [level, list] of [...levels].toSorted(([a], [b]) => a - b)) {
    total += list.length;
    if (total > rowLimit) break;
    depth = level + 1;
  }
  return depth;
}

/** Leaves out the rows below a depth, and counts them at the row that stands above them. */
function cut(rows: readonly TreeRow[], depth: number): TreeRow[] {
  const kept: TreeRow[] = [];
  for (const row of rows) {
    const last = kept.at(-1);
    if (row.depth < depth) kept.push(row);
    else if (last !== undefined) {
      const hiddenCount = last.hiddenCount + 1 + row.hiddenCount;
      kept[kept.length - 1] = { ...last, hiddenCount };
    }
  }
  return kept;
}

/** Puts the devices of nodes below them, where the depth reaches so far. */
function withDevices(sight: Sight, rows: readonly TreeRow[], depth: number): TreeRow[] {
  return rows.flatMap((row) => {
    const node = row.kind === 'node' ? sight.state.fleet.nodeById.get(row.id) : undefined;
    if (node === undefined || row.depth + 1 >= depth) return [row];
    return [{ ...row, hiddenCount: 0 }, ...deviceRows(sight, node, row.depth + 1)];
  });
}

/** Sorts halls, racks and nodes under the place that contains them. A node stands in its rack, else in its path. */
function plant(fleet: Fleet, top: Path): Branch {
  const root: Branch = { id: top, places: [], nodes: [] };
  const known = new Map<Path, Branch>([[top, root]]);
  const branchOf = (id: Path): Branch => {
    const there = known.get(id);
    if (there !== undefined) return there;
    const branch: Branch = { id, places: [], nodes: [] };
    known.set(id, branch);
    branchOf(parentOf(id) ?? top).places.push(branch);
    return branch;
  };
  for (const id of [...fleet.halls.keys(), ...fleet.racks.keys()]) if (isWithin(id, top)) branchOf(id);
  for (const node of fleet.nodes) {
    const home = homeOf(node);
    if (isWithin(home, top)) branchOf(home).nodes.push(node);
  }
  return root;
}

/** The rack that a node stands in, where it is one of its own site; else what its path says. */
function homeOf(node: FleetNode): Path {
  const inSite = node.rack !== undefined && isWithin(node.rack, node.site);
  return (inSite ? node.rack : undefined) ?? parentOf(node.id) ?? node.site;
}

function branchRows(sight: Sight, branch: Branch, depth: number): TreeRow[] {
  const places = branch.places.toSorted((a, b) => compareText(a.id, b.id));
  const below = [
    ...places.flatMap((place) => branchRows(sight, place, depth + 1)),
    ...branch.nodes.map((node) => nodeRow(sight, node, depth + 1)),
  ];
  const inside = below.filter((row) => row.depth === depth + 1);
  return [placeRow(sight, branch, depth, inside), ...below];
}

/** A place is the sum of the rows right below it. */
function placeRow(sight: Sight, branch: Branch, depth: number, inside: readonly TreeRow[]): TreeRow {
  const { fleet } = sight.state;
  const { id } = branch;
  const name = fleet.sites.find((site) => site.id === id)?.facts.name;
  return {
    id,
    depth,
    kind: kindOf(fleet, id),
    ...(name === undefined ? {} : { name }),
    nodeCount: inside.reduce((sum, row) => sum + row.nodeCount, 0),
    gpus: sumCounts(inside.map(({ gpus }) => gpus)),
    gpuModels: [...new Set(inside.flatMap(({ gpuModels }) => gpuModels))].toSorted(compareText),
    power: powerOf(sight, branch, inside),
    health: sumHealth(inside.map(({ health }) => health)),
    heldBy: [...new Set(inside.flatMap(({ heldBy }) => heldBy))].toSorted(compareText),
    hiddenCount: 0,
  };
}

function powerOf(sight: Sight, branch: Branch, inside: readonly TreeRow[]): TreeRow['power'] {
  const limitW = limitOf(sight.state.fleet, branch.id);
  const holds = nodesOf(branch).flatMap((node) => holdsOn(sight, node));
  const drawing = inside.filter(({ nodeCount }) => nodeCount > 0);
  const known = drawing.flatMap(({ power }) => power.mostW ?? []);
  return {
    heldW: peakOf(holds, sight.span.fromMs, ({ powerW }) => powerW),
    ...(known.length < drawing.length || known.length === 0
      ? {}
      : { mostW: known.reduce((sum, watts) => sum + watts, 0) }),
    ...(limitW === undefined ? {} : { limitW }),
  };
}

function nodesOf({ places, nodes }: Branch): readonly FleetNode[] {
  return [...places.flatMap(nodesOf), ...nodes];
}

function kindOf(fleet: Fleet, id: Path): TreeRow['kind'] {
  if (fleet.racks.has(id)) return 'rack';
  if (fleet.halls.has(id)) return 'hall';
  return parentOf(id) === undefined ? 'site' : 'place';
}

function limitOf({ racks, halls, sites }: Fleet, id: Path): number | undefined {
  return (
    racks.get(id)?.powerLimitW ??
    halls.get(id)?.powerBudgetW ??
    sites.find((site) => site.id === id)?.facts.powerBudgetW
  );
}

function nodeRow(sight: Sight, node: FleetNode, depth: number): TreeRow {
  const placed = placedNode(sight, node);
  const { heldW, mostW } = placed.power;
  return {
    id: node.id,
    depth,
    kind: 'node',
    ...(isMadeOf(node.hostName, node.id) ? {} : { name: node.hostName }),
    nodeCount: 1,
    gpus: placed.gpus,
    gpuModels: placed.gpuModels,
    power: { heldW, ...(mostW === undefined ? {} : { mostW }) },
    health: healthOf(placed),
    heldBy: placed.heldBy,
    hiddenCount: node.shape.gpus.length + node.shape.nics.length,
  };
}

/** Whether a host name is segments of the path and nothing else: `fra1-r11-n01` says no more than `fra1/h1/r11/n01`. */
function isMadeOf(hostName: string, id: Path): boolean {
  let rest = `-${hostName}`;
  for (const segment of id.split('/'))
    if (rest === `-${segment}` || rest.startsWith(`-${segment}-`)) rest = rest.slice(segment.length + 1);
  return rest === '';
}

function deviceRows(sight: Sight, node: FleetNode, depth: number): TreeRow[] {
  return [...gpuRows(node, placedNode(sight, node), depth), ...nicRows(node, depth)];
}

const noGpus = { total: 0, free: 0, reserved: 0, unavailable: 0 };

function deviceRow(node: FleetNode, name: string, depth: number): Omit<TreeRow, 'kind'> {
  return {
    id: Path.parse(`${node.id}/${name}`),
    depth,
    nodeCount: 0,
    gpus: noGpus,
    gpuModels: [],
    power: { heldW: 0 },
    health: sumHealth([]),
    heldBy: [],
    hiddenCount: 0,
  };
}

function gpuRows(node: FleetNode, { seats }: PlacedNode, depth: number): TreeRow[] {
  return seats.map(({ index, use, heldBy }): TreeRow => {
    const { model } = node.shape.gpus[index] ?? {};
    const what = model ?? 'GPU of unknown model';
    return { ...deviceRow(node, `gpu${index}`, depth), kind: 'gpu', what, use, heldBy };
  });
}

function nicRows(node: FleetNode, depth: number): TreeRow[] {
  return node.shape.nics.map((nic, index): TreeRow => {
    const rail = nic.rail === undefined ? '' : `, rail ${nic.rail}`;
    const what = `${nic.rdma === true ? 'RDMA ' : ''}${nic.kind ?? 'NIC'}${rail}`;
    return { ...deviceRow(node, `nic${index}`, depth), kind: 'nic', what };
  });
}

function healthOf({ health, schedulable }: PlacedNode): HealthCounts {
  return { ...sumHealth([]), [health]: 1, cordoned: schedulable ? 0 : 1 };
}

function sumHealth(all: readonly HealthCounts[]): HealthCounts {
  const sum = { healthy: 0, degraded: 0, down: 0, unknown: 0, cordoned: 0 };
  for (const each of all) {
    sum.healthy += each.healthy;
    sum.degraded += each.degraded;
    sum.down += each.down;
    sum.unknown += each.unknown;
    sum.cordoned += each.cordoned;
  }
  return sum;
}

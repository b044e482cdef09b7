import { never } from '../../core/calendar/calendar.ts';
import { edgeKey } from '../../core/calendar/edges.ts';
import type { FleetNode } from '../../core/inventory/fleet.ts';
import type { Path } from '../../model/id.ts';
import type { FabricPicture, Leaf, PlacedNode, Uplink } from '../../model/picture-view.ts';
import { compareText } from '../../model/text.ts';
import { holdersOf, lacking, placedNode, type Sight, sumCounts } from './placed-node.ts';

/** What a fabric picture is of: a place, the leafs that it shows, and the nodes. */
export type FabricScope = {
  readonly id: Path;
  readonly nodes: readonly FleetNode[];
  /** Leafs that are shown though nothing may hang on them. */
  readonly leafs: readonly Path[];
  /** Shows no other leafs that the nodes may hang on with other rails. */
  readonly isNarrow: boolean;
  readonly spines: readonly Path[];
};

/** Spines with their leafs with their nodes, and what is held of each way up. */
export function fabricPicture(sight: Sight, scope: FabricScope): FabricPicture {
  const { fleet } = sight.state;
  const placed = scope.nodes.map((node) => ({ node, view: placedNode(sight, node) }));
  const leafs = leafViews(sight, scope, placed);
  const spineOf = (leaf: Leaf) => fleet.leafs.get(leaf.id)?.spine;
  const bySpine = Map.groupBy(leafs, spineOf);
  const spines = new Set([...scope.spines, ...leafs.flatMap((leaf) => spineOf(leaf) ?? [])]);
  return {
    kind: 'fabric',
    id: scope.id,
    gpus: sumCounts(placed.map(({ view }) => view.gpus)),
    holders: holdersOf(sight, scope.nodes),
    unknown: unknownOf(leafs, scope.nodes, (leaf) => spineOf(leaf) !== undefined),
    spines: [...spines].toSorted(compareText).map((id) => ({
      id,
      uplink: uplinkOf(sight, id, fleet.spines.get(id)?.uplinkMbps),
      leafs: bySpine.get(id) ?? [],
    })),
    leafs: bySpine.get(undefined) ?? [],
    unattached: placed.flatMap(({ node, view }) => (leafsOf(node).length === 0 ? [view] : [])),
    nodeCount: scope.nodes.length,
  };
}

type Placed = { readonly node: FleetNode; readonly view: PlacedNode };

/** The leafs of the scope in the order of their ids, each with the nodes that hang on it. */
function leafViews(sight: Sight, scope: FabricScope, placed: readonly Placed[]): readonly Leaf[] {
  const byLeaf = new Map<Path, Placed[]>(scope.leafs.map((id) => [id, []]));
  for (const each of placed)
    for (const id of leafsOf(each.node)) {
      const there = byLeaf.get(id);
      if (there !== undefined) there.push(each);
      else if (!scope.isNarrow) byLeaf.set(id, [each]);
    }
  return [...byLeaf]
    .toSorted(([a], [b]) => compareText(a, b))
    .map(([id, nodes]) => ({
      id,
      uplink: uplinkOf(sight, id, sight.state.fleet.leafs.get(id)?.uplinkMbps),
      nodes: nodes.map(({ node, view }) => ({ ...view, rails: railsOn(node, id) })),
    }));
}

/** The leafs that a node hangs on, by itself or by its NICs. */
export function leafsOf(node: FleetNode): readonly Path[] {
  const own = node.shape.nics.flatMap(({ leaf }) => leaf ?? []);
  return [...new Set([...own, ...(node.leaf === undefined ? [] : [node.leaf])])];
}

function railsOn(node: FleetNode, leaf: Path): number[] {
  const here = node.shape.nics.filter((nic) => nic.leaf === leaf);
  return [...new Set(here.flatMap(({ rail }) => rail ?? []))].toSorted((a, b) => a - b);
}

function uplinkOf({ state, span }: Sight, id: Path, limitMbps: number | undefined): Uplink {
  const holds = state.bandwidth.get(edgeKey('rdma', id)) ?? [];
  const overlapping = holds.filter(({ startMs, endMs }) => startMs < span.toMs && endMs > span.fromMs);
  const starts = overlapping.map(({ startMs }) => Math.max(startMs, span.fromMs));
  const levels = starts.map((atMs) =>
    overlapping
      .filter(({ startMs, endMs }) => startMs <= atMs && atMs < Math.min(endMs, never))
      .reduce((sum, { mbps }) => sum + mbps, 0),
  );
  return { ...(limitMbps === undefined ? {} : { limitMbps }), heldMbps: Math.max(0, ...levels) };
}

function unknownOf(
  leafs: readonly Leaf[],
  nodes: readonly FleetNode[],
  hasSpine: (leaf: Leaf) => boolean,
): string[] {
  const spineless = leafs.filter((leaf) => !hasSpine(leaf)).length;
  const unlimited = leafs.filter(({ uplink }) => uplink.limitMbps === undefined).length;
  const all = leafs.length === 1 ? 'the leaf' : 'the leafs';
  const some = (count: number) => (count === leafs.length ? all : `${count} of ${leafs.length} leafs`);
  return [
    ...(leafs.length === 0
      ? ['any leaf switch']
      : lacking(nodes, 'the leaf', (node) => leafsOf(node).length > 0)),
    ...(spineless === 0 ? [] : [`the spine of ${some(spineless)}`]),
    ...(unlimited === 0 ? [] : [`the uplink capacity of ${some(unlimited)}`]),
  ];
}

import { never } from '../../core/calendar/calendar.ts';
import { edgeKey } from '../../core/calendar/edges.ts';
import type { FleetNode } from '../../core/inventory/fleet.ts';
import type { Path } from '../../model/id.ts';
import type { FabricPicture, Leaf, Uplink } from '../../model/picture-view.ts';
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
  const ids = new Set([...scope.leafs, ...(scope.isNarrow ? [] : scope.nodes.flatMap(leafsOf))]);
  const leafs = [...ids].toSorted(compareText).map((id) => leafOf(sight, id, scope.nodes));
  const spineOf = (leaf: Leaf) => fleet.leafs.get(leaf.id)?.spine;
  const spines = new Set([...scope.spines, ...leafs.flatMap((leaf) => spineOf(leaf) ?? [])]);
  const unattached = scope.nodes.filter((node) => leafsOf(node).length === 0);
  const placed = scope.nodes.map((node) => placedNode(sight, node));
  return {
    kind: 'fabric',
    id: scope.id,
    gpus: sumCounts(placed.map(({ gpus }) => gpus)),
    holders: holdersOf(sight, scope.nodes),
    unknown: unknownOf(sight, leafs, scope.nodes),
    spines: [...spines].toSorted(compareText).map((id) => ({
      id,
      uplink: uplinkOf(sight, id, fleet.spines.get(id)?.uplinkMbps),
      leafs: leafs.filter((leaf) => spineOf(leaf) === id),
    })),
    leafs: leafs.filter((leaf) => spineOf(leaf) === undefined),
    unattached: unattached.map((node) => placedNode(sight, node)),
    nodeCount: scope.nodes.length,
  };
}

/** The leafs that a node hangs on, by itself or by its NICs. */
export function leafsOf(node: FleetNode): readonly Path[] {
  const own = node.shape.nics.flatMap(({ leaf }) => leaf ?? []);
  return [...new Set([...own, ...(node.leaf === undefined ? [] : [node.leaf])])];
}

function leafOf(sight: Sight, id: Path, nodes: readonly FleetNode[]): Leaf {
  return {
    id,
    uplink: uplinkOf(sight, id, sight.state.fleet.leafs.get(id)?.uplinkMbps),
    nodes: nodes
      .filter((node) => leafsOf(node).includes(id))
      .map((node) => ({ ...placedNode(sight, node), rails: railsOn(node, id) })),
  };
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

function unknownOf({ state }: Sight, leafs: readonly Leaf[], nodes: readonly FleetNode[]): string[] {
  const spineless = leafs.filter(({ id }) => state.fleet.leafs.get(id)?.spine === undefined).length;
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

import type { Demand } from '../../../model/demand.ts';
import type { Path } from '../../../model/id.ts';
import type { Member } from '../../../model/placement.ts';
import type { Fleet, FleetNode, NodeShape } from '../../inventory/fleet.ts';
import { type Mask, maskOf } from '../../mask.ts';

/** Uplink budget of a part in Mbit/s; 0 when it asks for none. */
export function uplinkMbpsOf({ parts }: Demand, name: string): number {
  return parts.find((part) => part.name === name)?.each.rdma?.uplinkMbps ?? 0;
}

/** What a part holds of uplinks, by leaf or spine, and on how many leafs one rail of it stands. */
export type UplinkDue =
  | { readonly kind: 'known'; readonly held: ReadonlyMap<Path, number>; readonly leafs: number }
  | { readonly kind: 'unknown'; readonly attribute: 'leaf' | 'spine' };

/**
 * What the members of one part hold of uplinks. On one node, or where each of its rails stays under one leaf: nothing.
 * Else each leaf holds `uplinkMbps × rails that leave it / rails`, rounded up: all of it where a leaf serves all
 * rails. Spines hold the same for the rails that stand on several. Members that use different rails on different
 * nodes, or whose rails are not known, count as one rail. Leafs without a spine are fine as long as all are.
 */
export function uplinkDue(fleet: Fleet, uplinkMbps: number, members: readonly Member[]): UplinkDue {
  const nothing: UplinkDue = { kind: 'known', held: new Map(), leafs: 1 };
  if (new Set(members.map(({ node }) => node)).size <= 1) return nothing;
  const leafsByRail = leafsOf(fleet, members);
  if (leafsByRail === undefined) return { kind: 'unknown', attribute: 'leaf' };
  const spinesByRail: Set<Path>[] = [];
  for (const leafs of leafsByRail) {
    const spines = new Set([...leafs].map((leaf) => fleet.leafs.get(leaf)?.spine));
    const known = new Set([...spines].flatMap((spine) => spine ?? []));
    if (known.size > 0 && known.size < spines.size) return { kind: 'unknown', attribute: 'spine' };
    spinesByRail.push(known);
  }
  const held = new Map([...shares(uplinkMbps, leafsByRail), ...shares(uplinkMbps, spinesByRail)]);
  return { kind: 'known', held, leafs: Math.max(...leafsByRail.map(({ size }) => size)) };
}

/** The NICs of a node that could serve a part, each with its rail and leaf: those of rails alone, else all. */
export function leafOfNic(node: FleetNode, nic: number): Path | undefined {
  return node.shape.nics[nic]?.leaf ?? node.leaf;
}

function shares(uplinkMbps: number, placesByRail: readonly ReadonlySet<Path>[]): [Path, number][] {
  const crossing = new Map<Path, number>();
  for (const places of placesByRail)
    if (places.size > 1) for (const place of places) crossing.set(place, (crossing.get(place) ?? 0) + 1);
  return [...crossing].map(([place, rails]) => [
    place,
    Math.ceil((uplinkMbps * rails) / placesByRail.length),
  ]);
}

/** Whether all that a node has hangs on one leaf, as no NIC says anything else. */
export function hangsWhole({ leaf, shape }: FleetNode): boolean {
  return leaf !== undefined && !namesLeafs(shape);
}

/** Whether some NIC says on which leaf it hangs. Shapes never change: each is looked at once. */
export function namesLeafs(shape: NodeShape): boolean {
  const isNaming = naming.get(shape) ?? shape.nics.some(({ leaf }) => leaf !== undefined);
  naming.set(shape, isNaming);
  return isNaming;
}

const naming = new WeakMap<NodeShape, boolean>();

/** For every rail the leafs that it stands on; nothing when one of them is not recorded. */
function leafsOf({ nodeById }: Fleet, members: readonly Member[]): readonly ReadonlySet<Path>[] | undefined {
  const alike = sameRails(nodeById, members);
  const byRail = new Map<number | undefined, Set<Path>>();
  let last: Hung | undefined;
  for (const { node: id, nics } of members) {
    const node = nodeById.get(id);
    if (node === undefined) return undefined;
    if (isSaidBy(last, node, nics)) continue;
    last = { node, nics };
    const ports =
      nics.length === 0
        ? [{ rail: undefined, leaf: node.leaf }]
        : nics.map((nic) => ({ rail: node.shape.nics[nic]?.rail, leaf: leafOfNic(node, nic) }));
    for (const { rail, leaf } of ports) {
      if (leaf === undefined) return undefined;
      const key = alike ? rail : undefined;
      byRail.set(key, (byRail.get(key) ?? new Set()).add(leaf));
    }
  }
  return [...byRail.values()];
}

type Hung = { readonly node: FleetNode; readonly nics: readonly number[] };

/** Whether a member stands on the leafs of another one, rail by rail, so that there is nothing new to say of it. */
function isSaidBy(before: Hung | undefined, node: FleetNode, nics: readonly number[]): boolean {
  return (
    before !== undefined &&
    hangsWhole(node) &&
    before.node.leaf === node.leaf &&
    before.node.shape === node.shape &&
    before.nics.length === nics.length &&
    nics.every((nic, at) => nic === before.nics[at])
  );
}

/** Whether the members use the same known rails on every node. */
function sameRails(nodeById: Fleet['nodeById'], members: readonly Member[]): boolean {
  const nicsByNode = new Map<Path, readonly number[]>();
  for (const { node, nics } of members) {
    const before = nicsByNode.get(node);
    nicsByNode.set(node, before === undefined ? nics : [...before, ...nics]);
  }
  let first: string | undefined;
  for (const [id, nics] of nicsByNode) {
    const rails = railsUsed(nodeById.get(id), nics);
    first ??= rails;
    if (rails === undefined || rails !== first) return false;
  }
  return true;
}

/** The numbers of the rails, in order, as text; nothing when one is not known. */
export function railsUsed(node: FleetNode | undefined, nics: readonly number[]): string | undefined {
  if (node === undefined || nics.length === 0) return undefined;
  if (nics.some((nic) => nic > 31)) return railsText(node.shape, nics);
  const known = railTexts.get(node.shape) ?? new Map<Mask, string | undefined>();
  if (known.size === 0) railTexts.set(node.shape, known);
  const mask = maskOf(nics);
  if (!known.has(mask)) known.set(mask, railsText(node.shape, nics));
  return known.get(mask);
}

/** By the shape of the node and the mask of its NICs. */
const railTexts = new WeakMap<NodeShape, Map<Mask, string | undefined>>();

function railsText({ nics: all }: NodeShape, nics: readonly number[]): string | undefined {
  const rails = new Set<number>();
  for (const nic of nics) {
    const rail = all[nic]?.rail;
    if (rail === undefined) return undefined;
    rails.add(rail);
  }
  return [...rails].toSorted((a, b) => a - b).join(' ');
}

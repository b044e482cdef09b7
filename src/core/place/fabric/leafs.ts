import type { Demand } from '../../../model/demand.ts';
import type { Path } from '../../../model/id.ts';
import type { Member } from '../../../model/placement.ts';
import { compareText } from '../../../model/text.ts';
import type { Fleet, FleetNode } from '../../inventory/fleet.ts';
import type { Bench } from '../bench.ts';
import type { Rooms } from '../rooms.ts';
import type { Want } from '../want.ts';
import { choosesNics, rdmaNics } from './nics.ts';
import { hangsWhole, leafOfNic, uplinkDue } from './uplink.ts';

/** Puts as many replicas of a part as fit on these nodes, whatever its uplinks. */
export type Fill = (bench: Bench, nodes: readonly FleetNode[], want: Want) => Member[];

/** At most so many sets of leafs are tried for one number of leafs. */
const trialLimit = 128;

/**
 * Puts a part with an uplink budget on the fewest leafs: one that holds it all with least to spare, else ever larger
 * sets of leafs that have the budget left, those under one spine first. The bench then holds its uplinks. When no
 * set holds all of it, as much as one leaf takes.
 */
export function fillByLeaf(bench: Bench, nodes: readonly FleetNode[], want: Want, fill: Fill): Member[] {
  const groups = groupsOf(nodes, want)
    .map((group) => grouped(bench, group, want, fill))
    .filter(({ fit }) => fit > 0)
    .toSorted(byRoom);
  const found = alone(groups, want) ?? together(bench, groups, want, fill) ?? groups[0];
  if (found === undefined) return [];
  const { members } = found;
  bench.adopt(found.trial);
  const due = uplinkDue(bench.fabric.rooms.fleet, bench.fabric.uplinkMbps(want), members);
  if (due.kind === 'known') bench.fabric.takeUplinks(due.held, due.leafs);
  return members;
}

type Sizes = { readonly sizeOn: (node: FleetNode) => number; readonly needed: number };

/**
 * The nodes that may serve a part with an uplink budget: those on leafs that have it left, and those whose leafs alone
 * have room for all of it, by count, so that it needs none. `sizeOn` is what a node has room for, `needed` all of it.
 * By the index of the node: 1 where it may.
 */
export function onUsableLeafs(
  bench: Bench,
  nodes: readonly FleetNode[],
  want: Want,
  sizes: Sizes,
): Uint8Array {
  const isUsable = new Uint8Array(bench.fabric.rooms.fleet.nodes.length);
  if (nodes.every(hangsWhole)) {
    const leafs = usableLeafs(bench, nodes, want, sizes);
    for (const { index, leaf } of nodes) if (leaf !== undefined && leafs.has(leaf)) isUsable[index] = 1;
    return isUsable;
  }
  for (const group of groupsOf(nodes, want)) {
    let size = 0;
    for (const node of group.nodes) size += sizes.sizeOn(node);
    if (size < sizes.needed && !hasBudget(bench, group, want)) continue;
    for (const { index } of group.nodes) isUsable[index] = 1;
  }
  return isUsable;
}

/** The same of leafs, where all nodes hang on one each: those need not be grouped. */
function usableLeafs(
  { fabric }: Bench,
  nodes: readonly FleetNode[],
  want: Want,
  { sizeOn, needed }: Sizes,
): ReadonlySet<Path> {
  const sizes = new Map<Path, number>();
  for (const node of nodes)
    if (node.leaf !== undefined) sizes.set(node.leaf, (sizes.get(node.leaf) ?? 0) + sizeOn(node));
  const mbps = fabric.uplinkMbps(want);
  const usable = [...sizes].filter(([leaf, size]) => size >= needed || fabric.left('rdma', leaf) >= mbps);
  return new Set(usable.map(([leaf]) => leaf));
}

/** Nodes whose rails hang on the same leafs. */
type Group = {
  readonly key: string;
  readonly nodes: readonly FleetNode[];
  /** How many of a node's NICs hang on each; nothing when one of the leafs is not recorded. */
  readonly leafs: ReadonlyMap<Path, number> | undefined;
};

/** What stands on some nodes in a copy of the bench. */
type Trial = { readonly trial: Bench; readonly members: Member[] };

type Room = Group & Trial & { readonly fit: number; readonly spare: number; readonly capLeftW: number };

function groupsOf(nodes: readonly FleetNode[], want: Want): readonly Group[] {
  type Growing = Group & { readonly nodes: FleetNode[] };
  const groups = new Map<string, Growing>();
  const byLeaf = new Map<Path | undefined, Growing>();
  // Nodes of one shape under one leaf stand beside each other: what is known of one is known of the next.
  let last: { readonly node: FleetNode; readonly group: Growing } | undefined;
  for (const node of nodes) {
    if (last !== undefined && node.leaf === last.node.leaf && node.shape === last.node.shape) {
      last.group.nodes.push(node);
      continue;
    }
    last = undefined;
    const isWhole = hangsWhole(node);
    const known = isWhole ? byLeaf.get(node.leaf) : undefined;
    if (known !== undefined) {
      known.nodes.push(node);
      last = { node, group: known };
      continue;
    }
    const { key, leafs } = hungOn(node, want);
    const group = groups.get(key) ?? { key, nodes: [], leafs };
    group.nodes.push(node);
    groups.set(key, group);
    if (!isWhole) continue;
    byLeaf.set(node.leaf, group);
    last = { node, group };
  }
  return [...groups.values()].toSorted((a, b) => compareText(a.key, b.key));
}

/** A node with a rail on an unknown leaf is a group for itself. */
function hungOn(node: FleetNode, want: Want): Pick<Group, 'key' | 'leafs'> {
  if (node.leaf !== undefined && hangsWhole(node))
    return { key: `leaf ${node.leaf}`, leafs: new Map([[node.leaf, 1]]) };
  const ports = portsOf(node, want);
  const leafs = new Map<Path, number>();
  for (const { leaf } of ports) {
    if (leaf === undefined) return { key: `unknown ${node.id}`, leafs: undefined };
    leafs.set(leaf, (leafs.get(leaf) ?? 0) + 1);
  }
  const [only] = leafs.keys();
  if (leafs.size === 1) return { key: `leaf ${only}`, leafs };
  const rails = ports.map(({ rail, leaf }) => `${rail ?? '?'}:${leaf}`).toSorted(compareText);
  return { key: `rails ${rails.join(' ')}`, leafs };
}

function portsOf(
  node: FleetNode,
  { part }: Want,
): readonly { rail?: number | undefined; leaf: Path | undefined }[] {
  const nics = choosesNics(part.each)
    ? rdmaNics(node.shape, part.each)
    : [...new Set(node.shape.railOf.flatMap((nic) => nic ?? []))];
  if (nics.length === 0) return [{ leaf: node.leaf }];
  return nics.map((nic) => ({ rail: node.shape.nics[nic]?.rail, leaf: leafOfNic(node, nic) }));
}

/** Domains of several levels have the same leafs, so what an empty bench puts on the nodes of one is remembered. */
function grouped(bench: Bench, group: Group, want: Want, fill: Fill): Room {
  const rooms = bench.isUntouched ? roomsOf(bench, want) : undefined;
  const before = rooms?.get(group.key);
  if (before !== undefined && isSameNodes(before.nodes, group.nodes)) return before;
  const trial = bench.fork();
  const members = fill(trial, group.nodes, want);
  const spare = group.nodes.reduce((sum, node) => sum + trial.freeGpus(node, want), 0);
  const room = { ...group, trial, members, fit: members.length, spare, capLeftW: trial.capLeftW };
  rooms?.set(group.key, room);
  return room;
}

/** By the rooms and the demand of an empty bench, by want, and by the key of the group. */
const known = new WeakMap<Rooms, WeakMap<Demand, WeakMap<Want, Map<string, Room>>>>();

function roomsOf({ rooms, demand }: Bench, want: Want): Map<string, Room> {
  const byDemand = known.get(rooms) ?? new WeakMap<Demand, WeakMap<Want, Map<string, Room>>>();
  known.set(rooms, byDemand);
  const byWant = byDemand.get(demand) ?? new WeakMap<Want, Map<string, Room>>();
  byDemand.set(demand, byWant);
  const byKey = byWant.get(want) ?? new Map<string, Room>();
  byWant.set(want, byKey);
  return byKey;
}

function isSameNodes(a: readonly FleetNode[], b: readonly FleetNode[]): boolean {
  return a.length === b.length && a.every((node, at) => node === b[at]);
}

function byRoom(a: Room, b: Room): number {
  return b.fit - a.fit || a.spare - b.spare || compareText(a.key, b.key);
}

/** The group that holds the whole part: where the gang draws least, then with least to spare. */
function alone(groups: readonly Room[], { part }: Want): Room | undefined {
  const [best] = groups
    .filter(({ fit }) => fit >= part.count)
    .toSorted((a, b) => b.capLeftW - a.capLeftW || a.spare - b.spare || compareText(a.key, b.key));
  return best;
}

/** The smallest set of groups that holds the part and has its uplinks left; under one spine where there is such. */
function together(bench: Bench, groups: readonly Room[], want: Want, fill: Fill): Trial | undefined {
  const able = groups.filter((group) => hasBudget(bench, group, want));
  const scopes = [...bySpine(bench.fabric.rooms.fleet, able).values(), able];
  const { count } = want.part;
  const found = new Map<readonly Room[], Trial>();
  const holds = (set: readonly Room[]) => {
    const trial = held(bench, set, want, fill);
    if (trial !== undefined) found.set(set, trial);
    return trial !== undefined;
  };
  for (let size = 2; size <= able.length; size++) {
    for (const scope of scopes) {
      const first = firstSet(scope, size, count, holds);
      if (first !== undefined) return found.get(tightened(first, scope, count, holds));
    }
  }
  return undefined;
}

/** A quick no. Groups whose leafs have not even the share of a part with all rails in use cannot be left. */
function hasBudget(bench: Bench, { leafs }: Pick<Group, 'leafs'>, want: Want): boolean {
  if (leafs === undefined) return false;
  const total = [...leafs.values()].reduce((sum, count) => sum + count, 0);
  const mbps = bench.fabric.uplinkMbps(want);
  return [...leafs].some(
    ([leaf, count]) => bench.fabric.left('rdma', leaf) >= Math.ceil((mbps * count) / total),
  );
}

function bySpine({ leafs }: Fleet, groups: readonly Room[]): ReadonlyMap<string, readonly Room[]> {
  const spines = (group: Room) =>
    [
      ...new Set(
        [...(group.leafs ?? new Map<Path, number>()).keys()].map((leaf) => leafs.get(leaf)?.spine ?? ''),
      ),
    ]
      .toSorted(compareText)
      .join(' ');
  return Map.groupBy(groups, spines);
}

/** The first set of so many groups, in the order of their room, that holds the part. */
function firstSet(
  groups: readonly Room[],
  size: number,
  count: number,
  holds: (set: readonly Room[]) => boolean,
): readonly Room[] | undefined {
  let trials = 0;
  for (const set of setsOf(groups, size, count)) {
    if (holds(set)) return set;
    if (++trials >= trialLimit) return undefined;
  }
  return undefined;
}

/** Sets of so many groups that could hold `count`, the roomiest first. `groups` come by room, the roomiest first. */
function* setsOf(groups: readonly Room[], size: number, count: number): Generator<readonly Room[]> {
  if (size === 0) {
    if (count <= 0) yield [];
    return;
  }
  for (let at = 0; at + size <= groups.length; at++) {
    const most = groups.slice(at, at + size).reduce((sum, { fit }) => sum + fit, 0);
    const first = groups[at];
    if (first === undefined || most < count) return;
    for (const rest of setsOf(groups.slice(at + 1), size - 1, count - first.fit)) yield [first, ...rest];
  }
}

/** The same set with its last group changed for the one with least room that will do. */
function tightened(
  set: readonly Room[],
  scope: readonly Room[],
  count: number,
  holds: (set: readonly Room[]) => boolean,
): readonly Room[] {
  const rest = set.slice(0, -1);
  const left = count - rest.reduce((sum, { fit }) => sum + fit, 0);
  const tighter = scope
    .filter((group) => group.fit >= left && !rest.includes(group))
    .toSorted((a, b) => a.fit - b.fit || a.spare - b.spare || compareText(a.key, b.key))
    .slice(0, trialLimit);
  for (const group of tighter) {
    if (set.includes(group)) return set;
    const tight = [...rest, group];
    if (holds(tight)) return tight;
  }
  return set;
}

/** The part on a set of groups; nothing where it does not fit or the leafs have not its uplinks left. */
function held(bench: Bench, set: readonly Room[], want: Want, fill: Fill): Trial | undefined {
  const trial = bench.fork();
  const members = fill(trial, inFleetOrder(set), want);
  if (members.length < want.part.count) return undefined;
  const due = uplinkDue(bench.fabric.rooms.fleet, bench.fabric.uplinkMbps(want), members);
  const isLeft =
    due.kind === 'known' && [...due.held].every(([edge, mbps]) => mbps <= bench.fabric.left('rdma', edge));
  return isLeft ? { trial, members } : undefined;
}

function inFleetOrder(set: readonly Room[]): readonly FleetNode[] {
  return set.flatMap(({ nodes }) => nodes).toSorted((a, b) => a.index - b.index);
}

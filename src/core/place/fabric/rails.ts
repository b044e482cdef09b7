import type { Path } from '../../../model/id.ts';
import type { Member } from '../../../model/placement.ts';
import type { FleetNode } from '../../inventory/fleet.ts';
import type { Bench } from '../bench.ts';
import type { Want } from '../want.ts';
import type { Fill } from './leafs.ts';
import { hangsWhole, leafOfNic, railsUsed } from './uplink.ts';

/**
 * Puts a part down so that its replicas use the same rails on every node, where its nodes hang on several leafs and
 * the same nodes can serve it that way; else as the fill would.
 */
export function fillEvenRails(bench: Bench, nodes: readonly FleetNode[], want: Want, fill: Fill): Member[] {
  if (!mayDiffer(nodes, want)) return fill(bench, nodes, want);
  const usual = bench.fork();
  const members = fill(usual, nodes, want);
  const nics = nicsByNode(members);
  const used = nodes.filter(({ id }) => nics.has(id));
  const choices = choicesOf(used, nics);
  if (choices.length > 1 && onSeveralLeafs(used, nics))
    for (const rails of choices) {
      const trial = bench.fork();
      const railed = fill(trial, used, { ...want, rails });
      if (!sameNodes(railed, members)) continue;
      bench.adopt(trial);
      return railed;
    }
  bench.adopt(usual);
  return members;
}

/** With whole nodes, or under one leaf, there is nothing to choose. */
function mayDiffer(nodes: readonly FleetNode[], { part, gpuCount }: Want): boolean {
  if (part.each.rdma === undefined || part.count === 1) return false;
  const isSplit = nodes.some(({ shape }) => shape.gpus.length > gpuCount);
  return isSplit && !underOneLeaf(nodes);
}

/** Leafs of single NICs may differ from rail to rail, so they are looked at only where there are members. */
function underOneLeaf(nodes: readonly FleetNode[]): boolean {
  const [first] = nodes;
  return nodes.every((node) => node.leaf === first?.leaf && hangsWhole(node));
}

/** The NICs of all members on a node, by its id. */
type Nics = ReadonlyMap<Path, readonly number[]>;

function nicsByNode(members: readonly Member[]): Nics {
  const byNode = new Map<Path, number[]>();
  for (const { node, nics } of members) {
    const known = byNode.get(node);
    if (known === undefined) byNode.set(node, [...nics]);
    else known.push(...nics);
  }
  return byNode;
}

/** The sets of rails that some node of the part uses; empty when one is not known. */
function choicesOf(used: readonly FleetNode[], nics: Nics): readonly ReadonlySet<number>[] {
  const texts = new Set<string>();
  for (const node of used) {
    const text = railsUsed(node, nics.get(node.id) ?? []);
    if (text === undefined) return [];
    texts.add(text);
  }
  return [...texts].map((text) => new Set(text.split(' ').map(Number)));
}

function onSeveralLeafs(used: readonly FleetNode[], nics: Nics): boolean {
  const leafs = new Set<Path | undefined>();
  for (const node of used) for (const nic of nics.get(node.id) ?? []) leafs.add(leafOfNic(node, nic));
  return leafs.size > 1;
}

/** As many replicas on every node. */
function sameNodes(a: readonly Member[], b: readonly Member[]): boolean {
  if (a.length !== b.length) return false;
  const counts = countsOf(a);
  return countsOf(b)
    .entries()
    .every(([node, count]) => counts.get(node) === count);
}

function countsOf(members: readonly Member[]): ReadonlyMap<Path, number> {
  const counts = new Map<Path, number>();
  for (const { node } of members) counts.set(node, (counts.get(node) ?? 0) + 1);
  return counts;
}

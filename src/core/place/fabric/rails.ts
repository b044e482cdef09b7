import type { Member } from '../../../model/placement.ts';
import { compareText } from '../../../model/text.ts';
import type { FleetNode } from '../../inventory/fleet.ts';
import type { Bench } from '../bench.ts';
import type { Want } from '../want.ts';
import type { Fill } from './leafs.ts';
import { leafOfNic, railsUsed } from './uplink.ts';

/**
 * Puts a part down so that its replicas use the same rails on every node, where its nodes hang on several leafs and
 * the same nodes can serve it that way; else as the fill would.
 */
export function fillEvenRails(bench: Bench, nodes: readonly FleetNode[], want: Want, fill: Fill): Member[] {
  if (!mayDiffer(nodes, want)) return fill(bench, nodes, want);
  const members = fill(bench.fork(), nodes, want);
  const used = nodes.filter(({ id }) => members.some(({ node }) => node === id));
  const choices = choicesOf(used, members);
  if (choices.length < 2 || !onSeveralLeafs(used, members)) return fill(bench, nodes, want);
  for (const rails of choices) {
    const railed = { ...want, rails };
    if (sameNodes(fill(bench.fork(), used, railed), members)) return fill(bench, used, railed);
  }
  return fill(bench, nodes, want);
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
  return nodes.every(
    ({ leaf, shape }) =>
      leaf !== undefined && leaf === first?.leaf && shape.nics.every((nic) => nic.leaf === undefined),
  );
}

/** The sets of rails that some node of the part uses; empty when one is not known. */
function choicesOf(used: readonly FleetNode[], members: readonly Member[]): readonly ReadonlySet<number>[] {
  const texts = used.map((node) => railsUsed(node, nicsOn(node, members)));
  if (texts.includes(undefined)) return [];
  return [...new Set(texts.flatMap((text) => text ?? []))].map(
    (text) => new Set(text.split(' ').map(Number)),
  );
}

function onSeveralLeafs(used: readonly FleetNode[], members: readonly Member[]): boolean {
  const leafs = used.flatMap((node) => nicsOn(node, members).map((nic) => leafOfNic(node, nic)));
  return new Set(leafs).size > 1;
}

function nicsOn({ id }: FleetNode, members: readonly Member[]): readonly number[] {
  return members.flatMap(({ node, nics }) => (node === id ? nics : []));
}

/** As many replicas on every node. */
function sameNodes(a: readonly Member[], b: readonly Member[]): boolean {
  return nodesOf(a).join(' ') === nodesOf(b).join(' ');
}

function nodesOf(members: readonly Member[]): readonly string[] {
  return members.map(({ node }) => node).toSorted(compareText);
}

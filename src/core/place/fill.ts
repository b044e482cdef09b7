import type { Path } from '../../model/id.ts';
import type { Member } from '../../model/placement.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import type { Bench } from './bench.ts';
import { domainsOn, placeOn } from './domain.ts';
import { fillByLeaf } from './fabric/leafs.ts';
import { fillEvenRails } from './fabric/rails.ts';
import type { NodeSet } from './node-set.ts';
import type { Want } from './want.ts';

/** Nodes that could serve each want, whatever the calendar says. */
export type Candidates = ReadonlyMap<Want, NodeSet>;

/**
 * Puts all parts of a gang on these nodes, or as many replicas as fit. The gang fits exactly when there are as
 * many members as replicas were asked for.
 */
export function fillGang(
  bench: Bench,
  nodes: readonly FleetNode[],
  wants: readonly Want[],
  candidates: Candidates,
): Member[] {
  return wants.flatMap((want) => {
    const able = nodes.filter((node) => candidates.get(want)?.has(node) === true);
    return want.part.within === undefined
      ? fillPart(bench, able, want)
      : fillWithin(bench, want, domainsOn(want.part.within, able));
  });
}

/** All replicas of one part in one domain: the one that holds them and has least to spare. */
function fillWithin(
  bench: Bench,
  want: Want,
  domains: readonly { readonly nodes: readonly FleetNode[] }[],
): Member[] {
  let best: Filled | undefined;
  for (const domain of domains) {
    const trial = bench.fork();
    const members = fillPart(trial, domain.nodes, want);
    const fit = members.length;
    const capLeftW = trial.capLeftW;
    const { wear } = trial;
    const { leafs } = trial.fabric;
    const spare = spareIn(trial, domain.nodes, want);
    const filled = { trial, members, fit, leafs, capLeftW, wear, spare };
    if (best === undefined || isBetter(filled, best)) best = filled;
  }
  if (best === undefined) return [];
  bench.adopt(best.trial);
  return best.members;
}

type Filled = {
  readonly trial: Bench;
  readonly members: Member[];
  readonly fit: number;
  readonly leafs: number;
  readonly capLeftW: number;
  readonly wear: number;
  readonly spare: number;
};

function isBetter(a: Filled, b: Filled): boolean {
  if (a.fit !== b.fit) return a.fit > b.fit;
  if (a.leafs !== b.leafs) return a.leafs < b.leafs;
  if (a.wear !== b.wear) return a.wear < b.wear;
  return a.capLeftW === b.capLeftW ? a.spare < b.spare : a.capLeftW > b.capLeftW;
}

/** What stays free for the want's model: the measure of a tight fit. CPU parts would strand the GPUs beside them. */
export function spareIn(bench: Bench, nodes: readonly FleetNode[], want: Want): number {
  return nodes.reduce(
    (sum, node) => sum + (want.gpuCount === 0 ? node.shape.gpus.length : bench.freeGpus(node, want)),
    0,
  );
}

type Choice = {
  readonly node: FleetNode;
  readonly fit: number;
  readonly free: number;
  /** What the slices of one replica spoil. */
  readonly wear: number;
  /** Watts of one replica where the gang has a cap on them. */
  readonly scarceW: number;
};

/** Puts a part down by leafs where it has an uplink budget, and on the same rails of every node where it can. */
function fillPart(bench: Bench, nodes: readonly FleetNode[], want: Want): Member[] {
  return bench.fabric.uplinkMbps(want) > 0
    ? fillByLeaf(bench, nodes, want, fillEvenly)
    : fillEvenly(bench, nodes, want);
}

function fillEvenly(bench: Bench, nodes: readonly FleetNode[], want: Want): Member[] {
  return fillEvenRails(bench, nodes, want, fillNodes);
}

/**
 * Fills the fullest fits first: nodes that take most replicas, then for the rest the node that holds all of it
 * with least to spare. CPU parts keep off GPU nodes while others have room. Under a cap on watts the nodes that
 * draw least come before all that.
 */
function fillNodes(bench: Bench, nodes: readonly FleetNode[], want: Want): Member[] {
  const { count, apart } = want.part;
  const most = apart === undefined ? count : 1;
  const choices = nodes
    .map((node): Choice => ({
      node,
      fit: bench.capacity(node, want, most),
      free: bench.freeGpus(node, want),
      wear: bench.wearOf(node, want),
      scarceW: bench.scarceW(node, want),
    }))
    .filter(({ fit }) => fit > 0)
    .toSorted((a, b) => preference(a, b, want));
  return putAll(bench, choices, want);
}

function preference(a: Choice, b: Choice, want: Want): number {
  const gpuNode = (choice: Choice) => Number(want.gpuCount === 0 && choice.node.shape.gpus.length > 0);
  return (
    a.scarceW - b.scarceW ||
    gpuNode(a) - gpuNode(b) ||
    a.wear - b.wear ||
    b.fit - a.fit ||
    a.free - b.free ||
    a.node.index - b.node.index
  );
}

function putAll(bench: Bench, choices: readonly Choice[], want: Want): Member[] {
  const { count, apart } = want.part;
  const members: Member[] = [];
  const usedDomains = new Set<Path>();
  const rest = [...choices];
  while (members.length < count && rest.length > 0) {
    const [choice] = rest.splice(nextIndex(rest, count - members.length), 1);
    if (choice === undefined) break;
    const domain = apart === undefined ? undefined : placeOn(apart, choice.node);
    if (apart !== undefined && (domain === undefined || usedDomains.has(domain))) continue;
    const wanted = Math.min(apart === undefined ? choice.fit : 1, count - members.length);
    const put = putSome(bench, choice.node, want, { from: members.length, wanted });
    if (domain !== undefined && put.length > 0) usedDomains.add(domain);
    members.push(...put);
  }
  return members;
}

/** The first choice, or, once one node can take all that is left, the one that does so with least to spare. */
function nextIndex(choices: readonly Choice[], left: number): number {
  const first = choices[0];
  if (first === undefined || first.fit < left) return 0;
  let best = 0;
  for (const [index, choice] of choices.entries()) {
    const tightest = choices[best];
    if (tightest === undefined || choice.fit < left) break;
    if (choice.scarceW > first.scarceW || choice.wear > first.wear) break;
    if (choice.free < tightest.free) best = index;
  }
  return best;
}

function putSome(
  bench: Bench,
  node: FleetNode,
  want: Want,
  { from, wanted }: { readonly from: number; readonly wanted: number },
): Member[] {
  const members: Member[] = [];
  while (members.length < wanted) {
    const member = bench.put(node, want, from + members.length);
    if (member === undefined) break;
    members.push(member);
  }
  return members;
}

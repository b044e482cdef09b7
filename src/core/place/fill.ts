import { isInNode } from '../../model/demand.ts';
import type { Path } from '../../model/id.ts';
import type { Member } from '../../model/placement.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import type { Bench } from './bench.ts';
import { placeOn } from './domain.ts';
import { fillByLeaf } from './fabric/leafs.ts';
import { fillEvenRails } from './fabric/rails.ts';
import type { NodeSet } from './node-set.ts';
import { spotsOn } from './spots.ts';
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
      : fillWithin(bench, spotsOn(want.part.within, able, want));
  });
}

/** All replicas of one part in one domain: the one that holds them and has least to spare. */
function fillWithin(bench: Bench, domains: readonly { nodes: readonly FleetNode[]; want: Want }[]): Member[] {
  let best: Filled | undefined;
  for (const { nodes, want } of domains) {
    const trial = bench.fork();
    const members = fillPart(trial, nodes, want);
    const fit = members.length;
    const capLeftW = trial.capLeftW;
    const { wear } = trial;
    const { leafs } = trial.fabric;
    const spare = spareIn(trial, nodes, want);
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
  /** What is put there, where it may use a part of the node only. */
  readonly inside?: Want;
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
  const choices = isInNode(apart)
    ? spotsOn(apart, nodes, want).flatMap(({ nodes: [node], want: inside }) =>
        node === undefined ? [] : [{ ...choiceOf(bench, node, inside, most), inside }],
      )
    : nodes.map((node) => choiceOf(bench, node, want, most));
  return putAll(
    bench,
    choices.filter(({ fit }) => fit > 0).toSorted((a, b) => preference(a, b, want)),
    want,
  );
}

function choiceOf(bench: Bench, node: FleetNode, want: Want, most: number): Choice {
  return {
    node,
    fit: bench.capacity(node, want, most),
    free: bench.freeGpus(node, want),
    wear: bench.wearOf(node, want),
    scarceW: bench.scarceW(node, want),
  };
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
    const { node, inside } = choice;
    const domain = apart === undefined || inside !== undefined ? undefined : placeOn(apart, node);
    const isElsewhere = domain === undefined ? inside !== undefined : !usedDomains.has(domain);
    if (apart !== undefined && !isElsewhere) continue;
    const wanted = Math.min(apart === undefined ? choice.fit : 1, count - members.length);
    const put = putSome(bench, node, inside ?? want, { from: members.length, wanted });
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

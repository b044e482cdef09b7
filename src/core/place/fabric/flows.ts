import type { Demand } from '../../../model/demand.ts';
import type { Path } from '../../../model/id.ts';
import type { Member } from '../../../model/placement.ts';

/** The end of a flow that stands for the demand's main dataset. No part is meant by it. */
export const datasetEnd = 'dataset';

/** Ends of flows that are neither a part nor the dataset, in the order of the demand; each once. */
export function unknownEnds(demand: Demand): readonly string[] {
  const known = new Set(knownEnds(demand));
  return [...new Set((demand.flows ?? []).flatMap(({ from, to }) => [from, to]))].filter(
    (end) => !known.has(end),
  );
}

export function knownEnds({ parts, dataset }: Demand): readonly string[] {
  const names = parts.map(({ name }) => name).filter((name) => name !== datasetEnd);
  return dataset === undefined ? names : [...names, datasetEnd];
}

/** Mbit/s between the dataset's pool and the parts. */
export function datasetMbps({ flows = [] }: Demand): number {
  return flows.reduce((sum, { from, to, mbps }) => {
    return from === datasetEnd || to === datasetEnd ? sum + mbps : sum;
  }, 0);
}

/**
 * What the flows put on the data NICs of each node, both directions together. Every `from` replica sends its
 * even share of `mbps` evenly to all `to` replicas: with f of F and t of T on a node, f(T − t) + t(F − f) of the
 * F × T pairs cross its NICs, rounded up for each flow; pairs on one node are free. All that goes to or comes from
 * the dataset crosses them. `members` are the whole gang: of an elastic part those that it got.
 */
export function flowsOnNodes(demand: Demand, members: readonly Member[]): ReadonlyMap<Path, number> {
  const held = new Map<Path, number>();
  for (const [node, own] of Map.groupBy(members, (member) => member.node)) {
    let sum = 0;
    for (const flow of demand.flows ?? []) sum += crossing(flow, own, members);
    if (sum > 0) held.set(node, sum);
  }
  return held;
}

type Flow = NonNullable<Demand['flows']>[number];

function crossing({ from, to, mbps }: Flow, own: readonly Member[], all: readonly Member[]): number {
  const [sending, senders] = [countOf(from, own), countOf(from, all)];
  const [receiving, receivers] = [countOf(to, own), countOf(to, all)];
  if (from === datasetEnd) return shareOf(mbps, receiving, receivers);
  if (to === datasetEnd) return shareOf(mbps, sending, senders);
  const pairs = sending * (receivers - receiving) + receiving * (senders - sending);
  return shareOf(mbps, pairs, senders * receivers);
}

function countOf(name: string, members: readonly Member[]): number {
  return members.filter(({ part }) => part === name).length;
}

/** The most that one replica puts on the NICs of its node: all that it talks to stands elsewhere. */
export function mostOfReplica({ parts, flows = [] }: Demand, name: string): number {
  const count = parts.find((part) => part.name === name)?.count ?? 1;
  const ends = flows.flatMap(({ from, to, mbps }) => [from, to].map((end) => ({ end, mbps })));
  return ends.reduce((sum, { end, mbps }) => (end === name ? sum + shareOf(mbps, 1, count) : sum), 0);
}

/**
 * The least that a part puts on the NICs of a node that holds some of its replicas, but not all: with f of F there
 * and t of the T it talks to, f(T − t) + t(F − f) is at least T. Flows inside the part are left out.
 */
export function leastBeside({ parts, flows = [] }: Demand, name: string): number {
  const count = parts.find((part) => part.name === name)?.count ?? 1;
  return flows
    .filter(({ from, to }) => from !== to && (from === name || to === name))
    .reduce((sum, { mbps }) => sum + shareOf(mbps, 1, count), 0);
}

/** `mbps × part / whole`, rounded up; nothing between none. The product may pass 2^53. */
function shareOf(mbps: number, part: number, whole: number): number {
  if (whole === 0) return 0;
  return Number((BigInt(mbps) * BigInt(part) + BigInt(whole) - 1n) / BigInt(whole));
}

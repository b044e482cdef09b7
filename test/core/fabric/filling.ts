import { Bench } from '../../../src/core/place/bench.ts';
import type { Fill } from '../../../src/core/place/fabric/leafs.ts';
import { Rooms } from '../../../src/core/place/rooms.ts';
import type { Demand } from '../../../src/model/demand.ts';
import type { Member } from '../../../src/model/placement.ts';
import { hourMs, t0, type World } from '../fleet.ts';

/** An empty bench for an hour from `t0` on. */
export function benchFor({ state }: World, asked: Demand): Bench {
  return new Bench(new Rooms(state, { startMs: t0, endMs: t0 + hourMs }), asked);
}

/** The plainest way to fill nodes: each as full as it gets, in the order of the fleet. */
export const inTurn: Fill = (bench, nodes, want) => {
  const members: Member[] = [];
  for (const node of nodes)
    while (members.length < want.part.count) {
      const member = bench.put(node, want, members.length);
      if (member === undefined) break;
      members.push(member);
    }
  return members;
};

/** One replica on every node. */
export const oneEach: Fill = (bench, nodes, want) =>
  nodes.slice(0, want.part.count).flatMap((node, at) => bench.put(node, want, at) ?? []);

/** Replicas by node: `r1/n01×2`, in the order in which they were put down. */
export function nodesOf(members: readonly Member[]): string[] {
  const nodes = Map.groupBy(members, ({ node }) => node.split('/').slice(-2).join('/'));
  return [...nodes].map(([node, own]) => (own.length === 1 ? node : `${node}×${own.length}`));
}

import type { Demand } from '../../model/demand.ts';
import { type Audit, broken, type Seat } from './audit.ts';
import type { Due } from './uplinks.ts';

/**
 * What the flows owe on the data NICs of every node. A flow is spread evenly over all pairs of its replicas; each pair
 * on two nodes counts on both, a pair on one node on none. The dataset stands on no node. Rounded up once for each
 * flow and node.
 */
export function* onDataNics({ demand, seats }: Audit): Generator<Due> {
  const known = new Set(demand.parts.map(({ name }) => name));
  known.delete('dataset');
  if (demand.dataset !== undefined) known.add('dataset');
  for (const flow of demand.flows ?? []) {
    for (const end of [flow.from, flow.to])
      if (!known.has(end))
        yield { kind: 'violation', violation: broken('flows', `\`${end}\` is no end of a flow here`) };
    for (const [node, own] of Map.groupBy(seats, (seat) => seat.node))
      yield { kind: 'due', edge: `data ${node.id}`, mbps: owed(demand, flow, own) };
  }
}

function owed(
  { parts }: Demand,
  { from, to, mbps }: NonNullable<Demand['flows']>[number],
  own: readonly Seat[],
): number {
  const count = (name: string) => {
    const part = parts.find((entry) => entry.name === name);
    return {
      here: name === 'dataset' ? 0 : own.filter(({ member }) => member.part === name).length,
      all: name === 'dataset' ? 1 : (part?.count ?? 1),
    };
  };
  const [senders, receivers] = [count(from), count(to)];
  // Pairs with one end here: all pairs that touch the node, less twice those that do not leave it.
  const touching = senders.here * receivers.all + senders.all * receivers.here;
  const leaving = BigInt(touching - 2 * senders.here * receivers.here);
  const pairs = BigInt(senders.all * receivers.all);
  const exact = BigInt(mbps) * leaving;
  return Number(exact / pairs) + (exact % pairs > 0n ? 1 : 0);
}

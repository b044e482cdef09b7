import type { Demand } from '../../model/demand.ts';
import { type Audit, broken, type Seat } from './audit.ts';
import type { Due } from './uplinks.ts';

/**
 * What the flows owe on the data NICs of every node. A flow is spread evenly over all pairs of the replicas that there
 * are, also where an elastic part has fewer than it asked for; each pair on two nodes counts on both, a pair on one node on none. The dataset stands on no node. Rounded up once for each
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
      yield { kind: 'due', edge: `data ${node.id}`, mbps: owed(flow, own, seats) };
  }
}

function owed(
  { from, to, mbps }: NonNullable<Demand['flows']>[number],
  own: readonly Seat[],
  seats: readonly Seat[],
): number {
  const count = (name: string) =>
    name === 'dataset' ? { here: 0, all: 1 } : { here: among(own, name), all: among(seats, name) };
  const [senders, receivers] = [count(from), count(to)];
  // Pairs with one end here: all pairs that touch the node, less twice those that do not leave it.
  const touching = senders.here * receivers.all + senders.all * receivers.here;
  const leaving = BigInt(touching - 2 * senders.here * receivers.here);
  const pairs = BigInt(senders.all * receivers.all);
  if (pairs === 0n) return 0;
  const exact = BigInt(mbps) * leaving;
  return Number(exact / pairs) + (exact % pairs > 0n ? 1 : 0);
}

function among(seats: readonly Seat[], name: string): number {
  return seats.filter(({ member }) => member.part === name).length;
}

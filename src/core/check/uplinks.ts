import type { Path } from '../../model/id.ts';
import type { Violation } from '../given.ts';
import { type Audit, broken, type Seat } from './audit.ts';

/** Mbit/s due on an edge, or why it cannot be said. */
export type Due =
  | { readonly kind: 'due'; readonly edge: string; readonly mbps: number }
  | { readonly kind: 'violation'; readonly violation: Violation };

/**
 * What the parts owe on uplinks. A part on one node owes nothing. Else, rail by rail: a rail on one leaf owes nothing,
 * one on several owes each of them an equal part of the budget, as many parts as there are rails; the same for
 * spines. Rails count by themselves only where every node uses the same ones; otherwise all are one.
 */
export function* onUplinks({ state: { fleet }, demand, seats }: Audit): Generator<Due> {
  for (const { name, each } of demand.parts) {
    const mbps = each.rdma?.uplinkMbps ?? 0;
    const own = seats.filter(({ part }) => part?.name === name);
    if (mbps === 0 || new Set(own.map(({ node }) => node.id)).size < 2) continue;
    const rails = railsOf(own);
    const owed = new Map<string, number>();
    const notes = new Set<string>();
    for (const leafs of rails.values()) {
      if (leafs.has(undefined)) notes.add(`\`${name}\`: the leaf switch of some members is not recorded`);
      const known = [...leafs].flatMap((leaf) => leaf ?? []);
      const spines = new Set(known.map((leaf) => fleet.leafs.get(leaf)?.spine));
      if (spines.size > 1 && spines.has(undefined))
        notes.add(`\`${name}\`: the spine of some of its leaf switches is not recorded`);
      for (const places of [known, [...spines].flatMap((spine) => spine ?? [])])
        if (places.length > 1) for (const place of places) owed.set(place, (owed.get(place) ?? 0) + 1);
    }
    for (const note of notes) yield { kind: 'violation', violation: broken('uplink', note) };
    for (const [place, count] of owed) {
      const exact = BigInt(mbps) * BigInt(count) + BigInt(rails.size - 1);
      yield { kind: 'due', edge: `rdma ${place}`, mbps: Number(exact / BigInt(rails.size)) };
    }
  }
}

type Port = { readonly rail: number | undefined; readonly leaf: Path | undefined };

function railsOf(seats: readonly Seat[]): ReadonlyMap<string, ReadonlySet<Path | undefined>> {
  const named = Map.groupBy(
    seats.flatMap((seat) => portsOf(seat).map((port) => ({ ...port, node: seat.node.id }))),
    ({ node }) => node,
  );
  const sets = [...named.values()].map((ports) => new Set(ports.map(({ rail }) => rail)));
  const [first = new Set<number | undefined>()] = sets;
  const alike = sets.every((set) => !set.has(undefined) && set.symmetricDifference(first).size === 0);
  const rails = new Map<string, Set<Path | undefined>>();
  for (const { rail, leaf } of [...named.values()].flat()) {
    const key = alike ? String(rail) : 'all';
    rails.set(key, (rails.get(key) ?? new Set()).add(leaf));
  }
  return rails;
}

/** Without numbered NICs all that is known is the leaf of the node. */
function portsOf({ member, node }: Seat): readonly Port[] {
  if (member.nics.length === 0) return [{ rail: undefined, leaf: node.leaf }];
  return member.nics.map((number) => {
    const nic = node.shape.nics[number];
    return { rail: nic?.rail, leaf: nic?.leaf ?? node.leaf };
  });
}

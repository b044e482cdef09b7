import { guaranteedCount, type Part } from '../../model/demand.ts';
import type { Violation } from '../given.ts';
import { type Audit, broken, named } from './audit.ts';

/**
 * The gang is whole: for every part each replica once, nothing beside them, on nodes that exist. An elastic part may
 * lack its last replicas, down to the number that is guaranteed.
 */
export function* gangWhole({ state, demand, placement }: Audit): Generator<Violation> {
  const replicas = new Map<string, number[]>(demand.parts.map((part) => [part.name, []]));
  if (replicas.size < demand.parts.length)
    yield broken('gang', `${demand.parts.length} parts share ${replicas.size} names`);
  for (const member of placement.members) {
    const seen = replicas.get(member.part);
    if (seen === undefined) yield broken('gang', `${named(member)} belongs to no part`);
    else seen.push(member.replica);
    if (!state.fleet.nodeById.has(member.node))
      yield broken('node-known', `${named(member)}: the inventory has no such node`);
  }
  for (const part of demand.parts) yield* partWhole(part, replicas.get(part.name) ?? []);
}

function* partWhole(part: Part, replicas: readonly number[]): Generator<Violation> {
  const seen = new Set<number>();
  for (const replica of replicas) {
    if (seen.has(replica)) yield broken('gang', `\`${part.name}\` ${replica} is there twice`);
    if (replica < 0 || replica >= part.count)
      yield broken('gang', `\`${part.name}\` ${replica} is beyond the ${part.count} replicas asked for`);
    seen.add(replica);
  }
  const due = Math.max(guaranteedCount(part), Math.min(part.count, seen.size));
  const missing = Array.from({ length: due }, (_, i) => i).filter((replica) => !seen.has(replica));
  if (missing.length > 0)
    yield broken(
      'gang',
      `\`${part.name}\` lacks ${missing.length} of ${due} replicas, the first is ${missing[0]}`,
    );
}

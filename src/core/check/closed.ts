import type { Violation } from '../given.ts';
import { type Audit, broken, named, until } from './audit.ts';

/** Nothing runs on a node while it is closed to everybody: what is held for no tenant is held whole. */
export function* nodesOpen({ seats }: Audit): Generator<Violation> {
  for (const { member, holds } of seats)
    for (const { holder, startMs, endMs } of holds.filter(({ tenant }) => tenant === undefined))
      yield broken(
        'maintenance',
        `${named(member)}: ${holder} closes the node from ${startMs} ${until(endMs)}`,
      );
}

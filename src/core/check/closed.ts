import type { Hold } from '../calendar/calendar.ts';
import type { Violation } from '../given.ts';
import { type Audit, broken, named, until } from './audit.ts';

/** Nothing runs on a node while it is closed to everybody: what is held for no tenant is held whole, or device by device. */
export function* nodesOpen({ seats }: Audit): Generator<Violation> {
  for (const { member, holds } of seats)
    for (const { holder, startMs, endMs } of holds.filter(isWhole))
      yield broken(
        'maintenance',
        `${named(member)}: ${holder} closes the node from ${startMs} ${until(endMs)}`,
      );
}

function isWhole({ tenant, devicesOnly }: Hold): boolean {
  return tenant === undefined && devicesOnly !== true;
}

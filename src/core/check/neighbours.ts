import type { Violation } from '../given.ts';
import { type Audit, broken, named, until } from './audit.ts';

/** Nobody else on the nodes when the tenant wants them alone; nothing on nodes that another tenant holds alone. */
export function* neighbours({ demand, seats }: Audit): Generator<Violation> {
  for (const { member, holds } of seats) {
    for (const hold of holds.filter(({ tenant }) => tenant !== demand.tenant)) {
      if (demand.isolation === 'node')
        yield broken(
          'isolation',
          `${named(member)}: ${hold.contract} of another tenant holds it ${until(hold.endMs)}`,
        );
      if (hold.alone)
        yield broken(
          'isolation',
          `${named(member)}: ${hold.contract} holds the node alone ${until(hold.endMs)}`,
        );
    }
  }
}

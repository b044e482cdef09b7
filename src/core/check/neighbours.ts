import type { Isolation } from '../../model/demand.ts';
import type { Hold } from '../calendar/calendar.ts';
import type { Violation } from '../given.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import { type Audit, broken, holdsIn, named, until } from './audit.ts';
import { runningOf } from './running.ts';
import { standing } from './standing.ts';

/**
 * Nobody else in the node, rack or site that the tenant wants alone; nothing where another tenant wants to be
 * alone. What holds something on a node is in it, in its rack and in its site.
 */
export function* neighbours(audit: Audit): Generator<Violation> {
  const { demand, seats } = audit;
  const asked = demand.isolation ?? 'shared';
  const others = strangersOf(audit);
  for (const { member, node } of seats) {
    if (asked === 'rack' && node.rack === undefined)
      yield broken('isolation', `${named(member)}: its rack is not recorded`);
    for (const other of others) {
      const { holder, alone, endMs } = other.hold;
      if (meet(asked, node, other.node))
        yield broken(
          'isolation',
          `${named(member)}: ${holder} of another tenant holds ${inWords('it', asked, node)} ${until(endMs)}`,
        );
      if (meet(alone, node, other.node))
        yield broken(
          'isolation',
          `${named(member)}: ${holder} holds ${inWords('the node', alone, node)} alone ${until(endMs)}`,
        );
    }
  }
}

type Stranger = { readonly node: FleetNode; readonly hold: Hold };

/**
 * What other tenants hold in the window at the sites that are used: of each contract on each node one hold for each
 * level at which it is alone, which a change may have moved.
 */
function strangersOf({ state, demand, seats, startMs, endMs }: Audit): readonly Stranger[] {
  const sites = new Set(seats.map(({ node }) => node.site));
  const own = new Set(seats.map(({ node }) => node.id));
  const wantsAlone = (demand.isolation ?? 'shared') !== 'shared';
  const around = wantsAlone
    ? [...sites].flatMap((at) =>
        standing(state.fleet, { kind: 'site', id: at, isThere: ({ site }) => site === at }),
      )
    : new Set([...seats.map(({ node }) => node), ...runningOf(state).closing]);
  return [...around]
    .filter(({ site }) => sites.has(site))
    .flatMap((node) => {
      const holds = holdsIn(state, node, startMs, endMs).filter(
        ({ tenant, alone }) =>
          tenant !== undefined &&
          tenant !== demand.tenant &&
          (own.has(node.id) || alone !== 'shared' || wantsAlone),
      );
      return [...new Map(holds.map((hold) => [`${hold.holder} ${hold.alone}`, hold])).values()].map(
        (hold) => ({
          node,
          hold,
        }),
      );
    });
}

/** Whether two nodes lie in one place of a level. A node whose rack is not recorded shares it with no other. */
function meet(level: Isolation, a: FleetNode, b: FleetNode): boolean {
  switch (level) {
    case 'shared':
      return false;
    case 'node':
      return a.id === b.id;
    case 'rack':
      return a.id === b.id || (a.rack !== undefined && a.rack === b.rack);
    case 'site':
      return a.site === b.site;
    default:
      return level satisfies never;
  }
}

function inWords(itself: string, level: Isolation, { site, rack }: FleetNode): string {
  if (level === 'site') return `site ${site}`;
  return level === 'rack' && rack !== undefined ? `rack ${rack}` : itself;
}

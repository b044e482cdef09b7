import type { Contract } from '../../model/contract.ts';
import type { HeldBandwidth, Placement } from '../../model/placement.ts';
import type { Lens } from './lens.ts';
import type { Seen } from './seen.ts';
import type { Glance } from './windows.ts';

/** What a placement holds on the data NICs of nodes: the edge is the node. */
export function dataHeld({ bandwidth = [] }: Placement): readonly HeldBandwidth[] {
  return bandwidth.filter(({ fabric }) => fabric === 'data');
}

const unseen = 'counters say what was used, not what was to be had';

/**
 * Flows on data NICs, by the speed of their links and what went over them. Links that carry less than was promised break the
 * promise. It is kept where there was room for all of it beside what was used, or nobody else is there to use it; in
 * between counters do not tell whose use it was.
 */
export function flowsOf({ demand, placement }: Contract, lens: Lens): Seen {
  const held = dataHeld(placement);
  const linked = held.filter(({ edge }) =>
    lens.windows.some((at) => lens.at(edge, 'data-link-mbps', at) !== undefined),
  );
  if (linked.length === 0) return { unmeasured: unseen };
  const isAlone = demand.isolation !== undefined && demand.isolation !== 'shared';
  const shown = held.map(({ edge, mbps }) => ({
    edge,
    mbps,
    glances: lens.windows.map((window): Glance => {
      const link = lens.at(edge, 'data-link-mbps', window);
      if (link === undefined) return undefined;
      if (link < mbps) return 'broken';
      const used = lens.at(edge, 'data-used-mbps', window);
      return isAlone || (used !== undefined && link - used >= mbps) ? 'kept' : undefined;
    }),
  }));
  const slow = shown.filter(({ glances }) => glances.includes('broken'));
  const [worst] = slow;
  const why =
    worst === undefined
      ? usedText(held, lens)
      : `: ${worst.edge} carries ${leastOf(lens, worst.edge) ?? 0} of ${worst.mbps} Mbit/s`;
  return {
    glances: lens.windows.map((window): Glance => {
      const each = shown.map(({ glances }) => glances[window]);
      if (each.includes('broken')) return 'broken';
      return each.every((glance) => glance === 'kept') ? 'kept' : undefined;
    }),
    delivered: `links of ${held.length - slow.length} of ${held.length} nodes carry their flows${why}`,
    places: slow.map(({ edge }) => edge),
  };
}

/** The most that went over one node, and how much is promised there. */
function usedText(held: readonly HeldBandwidth[], lens: Lens): string {
  const each = held.flatMap(({ edge, mbps }) => {
    const most = lens.highest(lens.windows.map((window) => lens.at(edge, 'data-used-mbps', window)));
    return most === undefined ? [] : [{ edge, mbps, most }];
  });
  const [first, ...rest] = each;
  if (first === undefined) return '; what was used is not known';
  const busiest = rest.reduce((a, b) => (b.most > a.most ? b : a), first);
  const link = leastOf(lens, busiest.edge);
  const of = link === undefined ? '' : ` of ${link}`;
  return `; ${busiest.edge} used ${busiest.most}${of} Mbit/s at most, ${busiest.mbps} promised`;
}

function leastOf(lens: Lens, edge: string): number | undefined {
  const known = lens.windows.flatMap((window) => lens.at(edge, 'data-link-mbps', window) ?? []);
  return known.length === 0 ? undefined : known.reduce((least, value) => Math.min(least, value));
}

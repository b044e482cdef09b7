import type { Domain } from '../place/domain.ts';
import type { NodeSet } from '../place/node-set.ts';
import { emptyFits } from './empty-fits.ts';
import { overlapsOf } from './overlaps.ts';
import type { Packed } from './packed.ts';
import { endOfHolds, firstReaching } from './reaching.ts';
import { endAt, startAt } from './rows.ts';
import { type Stretch, Stretches } from './stretches.ts';
import { type Sought, sweepOf } from './sweep.ts';

/** A domain with a stretch of starts at which it may have room. */
export type Hopeful = { readonly domain: Domain; readonly starts: Stretch };

/**
 * The domains with the stretches of starts at which they have enough free GPUs for all replicas of a want, for the
 * whole length: outside of them the want cannot be placed there, whatever else is asked for. `fitting` are the nodes
 * that could serve a replica, whatever the calendar says. The domains must be an array that lives as long as the fleet.
 */
export function hopefulIn(
  packed: Packed,
  domains: readonly Domain[],
  fitting: NodeSet,
  sought: Sought,
): readonly Hopeful[] {
  const { want, starts } = sought;
  const { count } = want.part;
  const empty = emptyFits(domains, want, fitting);
  if (empty.most < count) return [];
  const sweep = sweepOf(packed, fitting, sought);
  const inside = new Stretches();
  return domains.flatMap((domain, at) => {
    if ((empty.fits[at] ?? 0) < count) return [];
    inside.clear();
    sweep.addIn(fitting.inDomains([domain]).nodes, inside);
    return overlapsOf(count, inside, starts).map((stretch) => ({ domain, starts: stretch }));
  });
}

/** Every instant of a stretch at which something ends on one of these nodes, in order, each once. */
export function endsIn(
  packed: Packed,
  nodes: readonly number[],
  { fromMs, toMs }: Stretch,
): readonly number[] {
  const { rows } = packed;
  const found: number[] = [];
  for (const node of nodes) {
    const to = endOfHolds(packed, node);
    for (let at = firstReaching(packed, node, fromMs - 1); at < to && startAt(rows, at) <= toMs; at++) {
      const endMs = endAt(rows, at);
      if (endMs >= fromMs && endMs <= toMs) found.push(endMs);
    }
  }
  return [...new Set(Float64Array.from(found).toSorted())];
}

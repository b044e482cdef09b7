import { sizeOf } from '../mask.ts';
import type { Domain } from '../place/domain.ts';
import type { NodeSet } from '../place/node-set.ts';
import { usableGpus, type Want } from '../place/want.ts';
import { takingOf } from './taking.ts';

type EmptyFits = {
  /** By domain. */
  readonly fits: Float64Array;
  /** The largest of them. */
  readonly most: number;
};

const known = new WeakMap<NodeSet, Map<string, WeakMap<readonly Domain[], EmptyFits>>>();

/**
 * How many replicas of a want domains could hold at most were nothing held anywhere. It depends on no calendar, so it is
 * found out once. Both the nodes that could serve the want and the domains must live as long as the fleet.
 */
export function emptyFits(domains: readonly Domain[], want: Want, candidates: NodeSet): EmptyFits {
  const byWant = known.get(candidates) ?? new Map<string, WeakMap<readonly Domain[], EmptyFits>>();
  known.set(candidates, byWant);
  const key = `${takingOf(want)} ${want.part.apart === undefined}`;
  const byDomains = byWant.get(key) ?? new WeakMap<readonly Domain[], EmptyFits>();
  byWant.set(key, byDomains);
  const found = byDomains.get(domains) ?? counted(domains, want, candidates);
  byDomains.set(domains, found);
  return found;
}

function counted(domains: readonly Domain[], want: Want, candidates: NodeSet): EmptyFits {
  const fits = Float64Array.from(domains, ({ nodes }) => {
    let sum = 0;
    for (const node of nodes) {
      if (!candidates.has(node)) continue;
      if (want.part.apart !== undefined) sum++;
      else sum += want.gpuCount === 0 ? Infinity : Math.floor(sizeOf(usableGpus(node, want)) / want.gpuCount);
    }
    return sum;
  });
  return { fits, most: fits.reduce((most, fit) => Math.max(most, fit), 0) };
}

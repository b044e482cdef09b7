import type { Demand } from '../../model/demand.ts';
import type { Price } from '../../model/placement.ts';
import type { FleetSite } from '../inventory/fleet.ts';
import type { StartRange } from './site.ts';
import { isSliced, type Want } from './want.ts';

/**
 * Whether a way to settle the models cannot be better at a site than what was found there, because it costs more
 * wherever it stands: for whoever looks at the price first, or has found the earliest start that there is.
 */
export function isDearer(
  site: FleetSite,
  wants: readonly Want[],
  found: { readonly price: Price; readonly startMs: number },
  { demand, starts }: { readonly demand: Demand; readonly starts: StartRange },
): boolean {
  const { objective = 'cheapest' } = demand;
  const byPrice = objective === 'cheapest' || (objective === 'soonest' && found.startMs <= starts.earliestMs);
  return byPrice && lowestPrice(site, wants) > (found.price.microEurPerHour ?? Infinity);
}

/** What the members of a way cost an hour at least; without end where one of them has no price. Slices count as free. */
function lowestPrice({ facts }: FleetSite, wants: readonly Want[]): number {
  return wants.reduce((sum, want) => {
    const { count, each } = want.part;
    if (isSliced(want)) return sum;
    if (want.model === undefined)
      return (
        sum + (facts.cpuPriceMicroEurPerHour ?? Infinity) * count * Math.ceil((each.cpuMilli ?? 0) / 1000)
      );
    return sum + (facts.gpuPrices?.[want.model] ?? Infinity) * count * want.gpuCount;
  }, 0);
}

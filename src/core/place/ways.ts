import type { Demand } from '../../model/demand.ts';
import type { Price } from '../../model/placement.ts';
import type { FleetSite } from '../inventory/fleet.ts';
import type { StartRange } from './site.ts';
import { isSliced, type Want } from './want.ts';

/** What was found so far. */
type Rival = { readonly startMs: number; readonly price: Price };

type Asked = { readonly demand: Demand; readonly starts: StartRange };

/**
 * The starts at which a way to settle the models could be as good at a site as what was found, or better; nothing where
 * it is at none. Only what is asked about first is compared: the price, then the start, or the other way round. Where a
 * budget or data that moves comes before that, all starts are left.
 */
export function startsLeft(
  site: FleetSite,
  wants: readonly Want[],
  found: Rival | undefined,
  { demand, starts }: Asked,
): StartRange | undefined {
  const { objective = 'cheapest' } = demand;
  if (found === undefined || !isCompared(demand)) return starts;
  const dearer = lowestPrice(site, wants) - (found.price.microEurPerHour ?? Infinity) || 0;
  if (objective === 'cheapest' && dearer !== 0) return dearer > 0 ? undefined : starts;
  const latestMs = Math.min(starts.latestMs, dearer > 0 ? found.startMs - 1 : found.startMs);
  return latestMs < starts.earliestMs ? undefined : { ...starts, latestMs };
}

/**
 * Whether a way to settle the models could at best be as good as what was found by what is asked about first, and only
 * at the start of that. Where it is tied it stands behind or before it by how tightly it fits alone.
 */
export function couldOnlyTie(
  site: FleetSite,
  wants: readonly Want[],
  found: Rival | undefined,
  { demand, starts }: Asked,
): boolean {
  if (found === undefined || !isCompared(demand) || found.startMs !== starts.earliestMs) return false;
  return (lowestPrice(site, wants) - (found.price.microEurPerHour ?? Infinity) || 0) === 0;
}

function isCompared({ objective = 'cheapest', budget, dataset }: Demand): boolean {
  return (
    budget === undefined && dataset === undefined && (objective === 'cheapest' || objective === 'soonest')
  );
}

/** Those first that cost least; of equals those that came first. */
export function cheapestWaysFirst(
  site: FleetSite,
  ways: readonly (readonly Want[])[],
): readonly (readonly Want[])[] {
  const priced = ways.map((wants) => ({ wants, price: lowestPrice(site, wants) }));
  return priced.toSorted((a, b) => a.price - b.price || 0).map(({ wants }) => wants);
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

import type { Demand, Part } from '../../../model/demand.ts';
import type { FleetSite } from '../../inventory/fleet.ts';
import { datasetEnd } from '../fabric/flows.ts';
import { countedReplicas, isCounted } from '../survival.ts';

/**
 * What of a demand concerns some of its parts, as a demand of its own: with the flows among them and with the dataset,
 * and with as many of them left after a loss as it takes for the whole. What only the whole can say is left out: its
 * budget, and what it takes to survive the loss of a site.
 */
export function demandOf(demand: Demand, parts: readonly Part[]): Demand {
  const { flows = [], survive: _survive, budget: _budget, ...rest } = demand;
  const ends = new Set([datasetEnd, ...parts.map(({ name }) => name)]);
  const own = flows.filter(({ from, to }) => ends.has(from) && ends.has(to));
  const survive = surviveOf(demand, parts);
  return {
    ...rest,
    parts: [...parts],
    ...(own.length === 0 ? {} : { flows: own }),
    ...(survive === undefined ? {} : { survive }),
  };
}

/** A loss takes only what stands at one site: all that count elsewhere are left anyway. */
function surviveOf(demand: Demand, parts: readonly Part[]): Demand['survive'] {
  const { survive } = demand;
  if (survive === undefined || survive.loss === 'site') return undefined;
  const own = parts.filter((part) => isCounted(part, demand));
  const elsewhere = countedReplicas(demand) - countedReplicas({ ...demand, parts: own });
  const membersLeft = survive.membersLeft - elsewhere;
  return own.length === 0 || membersLeft <= 0 ? undefined : { ...survive, membersLeft };
}

/** The same at a site that is open to them: what holds of all of the site need not be asked for again. */
export function demandAt(site: FleetSite, demand: Demand, parts: readonly Part[]): Demand {
  const here = demandOf(
    demand,
    parts.map(({ where, siteKind: _kind, latencyMsByRegion: _regions, ...part }) =>
      where === undefined || where.some((place) => place === site.id) ? part : { ...part, where },
    ),
  );
  return { ...here, together: 'site' };
}

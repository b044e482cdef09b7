import type { Placement } from '../../../src/model/placement.ts';
import { type Details, type World, world } from '../fleet.ts';

const eur = 1_000_000;

const prices = (h100: number) => ({
  gpuPrices: { H100: h100 * eur, L4: h100 * eur },
  cpuPriceMicroEurPerHour: 10_000,
});

/** A Slurm site, a cloud and an edge, each joined to the first by one link. */
export const facts: Details = {
  sites: {
    hpc: { kind: 'datacentre', latencyMsByRegion: { munich: 12 }, ...prices(3) },
    cloud: { kind: 'cloud', latencyMsByRegion: { munich: 90 }, ...prices(2) },
    edge: { kind: 'edge', latencyMsByRegion: { munich: 2 }, ...prices(1) },
  },
  wanLinks: {
    'hpc/wan-cloud': { from: 'hpc', to: 'cloud', mbps: 10_000, latencyMs: 80 },
    'hpc/wan-edge': { from: 'hpc', to: 'edge', mbps: 1000, latencyMs: 7 },
  },
};

export const racks = [
  'hpc/h1/r1 2×8 H100 nordma cpu64 mem512 gpuw700 basew800',
  'cloud/h1/c1 2×8 H100 nordma cpu64 mem512 gpuw700 basew800',
  'edge/e1 2×2 L4 nordma cpu16 mem64 gpuw70 basew100',
] as const;

/** The three sites, with whatever else is said about them. */
export function threeSites(...more: readonly (string | Details)[]): World {
  return world(...racks, facts, ...more);
}

/** `train@hpc infer@edge`: the sites of each part, in the order of the members. */
export function sitesOf({ members }: Pick<Placement, 'members'>): string {
  const sites = new Map<string, Set<string>>();
  for (const { part, node } of members)
    sites.set(part, (sites.get(part) ?? new Set()).add(node.split('/', 1).join()));
  return [...sites].map(([part, at]) => `${part}@${[...at].join('+')}`).join(' ');
}

import type { InventorySummary } from '../model/inventory-view.ts';
import { fenced } from './fence.ts';

/** Where and when a model is: the clock, and every name it may use. Data, like any tool result. */
export function bearings(
  { snapshot, sites, tenants, flavors }: InventorySummary,
  hide: (content: unknown) => unknown,
): string {
  const known = {
    now: snapshot.at,
    sites: sites.map(({ id, name, country, zone }) => ({ id, name, country, zone })),
    tenants: tenants.map(({ id, name, zone, regimes }) => ({ id, name, zone, regimes })),
    gpuModels: [...new Set(flavors.map(({ model }) => model))],
  };
  return fenced('inventory_summary', hide(known));
}

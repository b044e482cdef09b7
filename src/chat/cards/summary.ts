import type { InventorySummary } from '../../model/inventory-view.ts';
import { countOf, formatWatts } from './amount.ts';
import { flavorTable } from './flavors.ts';
import { columnsOf, type Line, type Room, span, wrap } from './line.ts';
import { section } from './section.ts';
import { answerEnd } from './snapshot.ts';
import { type Row, table } from './table.ts';

type Site = InventorySummary['sites'][number];
type Tenant = InventorySummary['tenants'][number];
type Rack = NonNullable<InventorySummary['racks']>[number];

/** The fleet: sites, classes of capacity, tenants, and racks where they were asked for. */
export function summaryCard(summary: InventorySummary, room: Room): Line[] {
  return [
    ...wrap([span(title(summary), 'strong')], columnsOf(room)),
    ...siteTable(summary.sites, room),
    ...section('Capacity', flavorTable(summary.flavors, room), room),
    ...section('Tenants', tenantTable(summary.tenants, room), room),
    ...section('Racks', rackTable(summary.racks ?? [], room), room),
    ...answerEnd(summary, room),
  ];
}

function title({ sites }: InventorySummary): string {
  const free = sites.reduce((sum, { gpus }) => sum + gpus.free, 0);
  const total = sites.reduce((sum, { gpus }) => sum + gpus.total, 0);
  return `Inventory: ${countOf(sites.length, 'site')}, ${countOf(total, 'GPU')}, ${free} free`;
}

function siteTable(sites: readonly Site[], room: Room): Line[] {
  const columns = [
    { title: 'site', priority: 1, narrowTo: 8 },
    { title: 'name', priority: 3, narrowTo: 10 },
    { title: 'country', priority: 2 },
    { title: 'kind', priority: 4 },
    { title: 'operator', priority: 7, narrowTo: 10 },
    { title: 'nodes', priority: 5, align: 'right' as const },
    { title: 'racks', priority: 6, align: 'right' as const },
    { title: 'free', priority: 1, align: 'right' as const },
    { title: 'reserved', priority: 1, align: 'right' as const },
    { title: 'unavailable', priority: 1, align: 'right' as const },
    { title: 'GPUs', priority: 1, align: 'right' as const },
  ];
  return table(columns, sites.map(siteRow), room);
}

function siteRow({ gpus, ...site }: Site): Row {
  return [
    span(site.id, 'accent'),
    span(site.name ?? ''),
    span(site.country ?? 'unknown'),
    span(site.kind ?? ''),
    span(site.operator ?? ''),
    span(String(site.nodeCount)),
    span(String(site.rackCount)),
    span(String(gpus.free), gpus.free > 0 ? 'good' : 'dim'),
    span(String(gpus.reserved)),
    span(String(gpus.unavailable), gpus.unavailable > 0 ? 'warn' : undefined),
    span(String(gpus.total)),
  ];
}

function tenantTable(tenants: readonly Tenant[], room: Room): Line[] {
  const columns = [
    { title: 'tenant', priority: 1, narrowTo: 10 },
    { title: 'name', priority: 3, narrowTo: 10 },
    { title: 'zone', priority: 2, narrowTo: 10 },
    { title: 'regimes', priority: 1, narrowTo: 10 },
  ];
  return table(columns, tenants.map(tenantRow), room);
}

function tenantRow({ id, name, zone, regimes }: Tenant): Row {
  return [span(id), span(name), span(zone), span(regimes.join(', ') || 'none')];
}

function rackTable(racks: readonly Rack[], room: Room): Line[] {
  const columns = [
    { title: 'rack', priority: 1, narrowTo: 10 },
    { title: 'power reserved', priority: 1, align: 'right' as const },
    { title: 'power limit', priority: 1, align: 'right' as const },
    { title: 'cooling limit', priority: 2, align: 'right' as const },
  ];
  if (racks.every(({ units }) => units === undefined)) return table(columns, racks.map(rackRow), room);
  const spaced = [...columns, { title: 'free units', priority: 3, align: 'right' as const }];
  const rows = racks.map((rack) => [...rackRow(rack), span(unitsText(rack))]);
  return table(spaced, rows, room);
}

function unitsText({ units, freeUnits }: Rack): string {
  return units === undefined ? 'unknown' : `${freeUnits ?? 'unknown'} of ${units}`;
}

function rackRow(rack: Rack): Row {
  return [
    span(rack.id),
    span(formatWatts(rack.powerReservedW)),
    span(limitText(rack.powerLimitW)),
    span(limitText(rack.coolingLimitW)),
  ];
}

function limitText(watts: number | undefined): string {
  return watts === undefined ? 'unknown' : formatWatts(watts);
}

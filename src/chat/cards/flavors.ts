import type { FlavorView } from '../../model/inventory-view.ts';
import { eurOrUnknown, formatMib } from './amount.ts';
import { type Line, type Room, span } from './line.ts';
import { type Row, table } from './table.ts';

/** One row for each GPU model at each site: what is there, what is free, what it costs. */
export function flavorTable(flavors: readonly FlavorView[], room: Room): Line[] {
  const columns = [
    { title: 'site', priority: 1, narrowTo: 8 },
    { title: 'model', priority: 1, narrowTo: 10 },
    { title: 'free', priority: 1, align: 'right' as const },
    { title: 'GPUs', priority: 1, align: 'right' as const },
    { title: 'nodes', priority: 5, align: 'right' as const },
    { title: 'memory', priority: 6, align: 'right' as const },
    { title: 'link', priority: 2, narrowTo: 12 },
    { title: 'RDMA', priority: 3 },
    { title: 'a GPU hour', priority: 4, align: 'right' as const },
  ];
  return table(columns, flavors.map(flavorRow), room);
}

function flavorRow(flavor: FlavorView): Row {
  const { gpus, gpuMemoryMib, microEurPerGpuHour, gpusPerNode } = flavor;
  return [
    span(flavor.site),
    span(flavor.model),
    span(String(gpus.free), gpus.free > 0 ? 'good' : 'dim'),
    span(String(gpus.total)),
    span(`${flavor.nodeCount} x ${gpusPerNode.join('/') || '?'}`),
    span(gpuMemoryMib === undefined ? 'unknown' : formatMib(gpuMemoryMib)),
    span(flavor.islandGpus > 1 ? `${flavor.link}, ${flavor.islandGpus} GPUs` : flavor.link),
    span(flavor.rdma),
    span(eurOrUnknown(microEurPerGpuHour)),
  ];
}

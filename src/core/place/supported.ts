import type { Demand, Part } from '../../model/demand.ts';

/** Levels on which a gang can be kept together or apart. The others need fabrics that are not read yet. */
const levels: ReadonlySet<string> = new Set(['site', 'hall', 'rack', 'leaf', 'node']);

/** The first thing a demand asks for that this core does not decide yet, in words; nothing when it decides all. */
export function unsupported(demand: Demand): string | undefined {
  if (demand.flows !== undefined && demand.flows.length > 0) return 'bandwidth between parts (`flows`)';
  if (demand.guarantee === 'elastic' && demand.survive !== undefined)
    return 'survival with `guarantee: elastic` (`survive`)';
  if (demand.together !== undefined && !levels.has(demand.together))
    return `\`together: ${demand.together}\``;
  for (const part of demand.parts) {
    const feature = unsupportedPart(part);
    if (feature !== undefined) return `${feature} in part \`${part.name}\``;
  }
  return undefined;
}

function unsupportedPart({ each, within, apart }: Part): string | undefined {
  if (within !== undefined && !levels.has(within)) return `\`within: ${within}\``;
  if (apart !== undefined && !levels.has(apart)) return `\`apart: ${apart}\``;
  if (each.gpus?.slice !== undefined) {
    const { link, linkMbps } = each.gpus;
    if (link !== undefined || linkMbps !== undefined)
      return 'an accelerator link between slices of GPUs (`slice` with `link` or `linkMbps`)';
    if (each.rdma !== undefined) return 'RDMA for slices of GPUs (`slice` with `rdma`)';
    if (each.align !== undefined) return 'alignment of slices of GPUs (`slice` with `align`)';
  }
  if (each.align !== undefined && each.gpus === undefined) return 'alignment without GPUs (`align`)';
  if (each.rdma?.uplinkMbps !== undefined) return 'uplink bandwidth (`uplinkMbps`)';
  if ((each.rdma?.nicsPerGpu ?? 1) > 1) return 'more than one NIC for a GPU (`nicsPerGpu`)';
  if (each.rdma !== undefined && each.gpus === undefined) return 'RDMA without GPUs';
  if (each.gpus === undefined && each.cpuMilli === undefined)
    return 'a replica without GPUs and without `cpuMilli`';
  return undefined;
}

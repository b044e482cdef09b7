import type { Demand, Part } from '../../model/demand.ts';
import { datasetEnd } from './fabric/flows.ts';

/** Levels inside a node: replicas are kept under one by `align`, and gangs are never kept on them. */
const insideNode: ReadonlySet<string> = new Set(['numa', 'pcie-root']);

/** The first thing a demand asks for that this core does not decide yet, in words; nothing when it decides all. */
export function unsupported(demand: Demand): string | undefined {
  if ((demand.flows ?? []).some(({ from, to }) => from === datasetEnd && to === datasetEnd))
    return 'a flow from the dataset to itself (`flows`)';
  if (demand.guarantee === 'elastic' && demand.survive !== undefined)
    return 'survival with `guarantee: elastic` (`survive`)';
  if (demand.together !== undefined && insideNode.has(demand.together))
    return `a gang inside a node (\`together: ${demand.together}\`); \`align\` keeps each replica so`;
  for (const part of demand.parts) {
    const feature = unsupportedPart(part);
    if (feature !== undefined) return `${feature} in part \`${part.name}\``;
  }
  return undefined;
}

function unsupportedPart({ each, within, apart }: Part): string | undefined {
  if (within !== undefined && insideNode.has(within))
    return `replicas inside a node (\`within: ${within}\`, \`align\` keeps each replica so)`;
  if (apart !== undefined && insideNode.has(apart))
    return `replicas apart inside a node (\`apart: ${apart}\`)`;
  if (each.gpus?.slice !== undefined) {
    const { link, linkMbps } = each.gpus;
    if (link !== undefined || linkMbps !== undefined)
      return 'an accelerator link between slices of GPUs (`slice` with `link` or `linkMbps`)';
    if (each.rdma !== undefined) return 'RDMA for slices of GPUs (`slice` with `rdma`)';
    if (each.align !== undefined) return 'alignment of slices of GPUs (`slice` with `align`)';
  }
  if (each.align !== undefined && each.gpus === undefined) return 'alignment without GPUs (`align`)';
  if ((each.rdma?.nicsPerGpu ?? 1) > 1 && each.gpus === undefined)
    return 'NICs for each GPU without GPUs (`nicsPerGpu`)';
  if (each.gpus === undefined && each.cpuMilli === undefined)
    return 'a replica without GPUs and without `cpuMilli`';
  return undefined;
}

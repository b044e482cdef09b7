import { alignmentOf, type Demand, type LevelInNode, maySpan, type Part } from '../../model/demand.ts';
import { datasetEnd } from './fabric/flows.ts';

/** The first thing a demand asks for that this core does not decide yet, in words; nothing when it decides all. */
export function unsupported(demand: Demand): string | undefined {
  if ((demand.flows ?? []).some(({ from, to }) => from === datasetEnd && to === datasetEnd))
    return 'a flow from the dataset to itself (`flows`)';
  if (demand.guarantee === 'elastic' && demand.survive !== undefined && maySpan(demand))
    return 'to survive a loss (`survive`) with extras (`guarantee: elastic`) in parts that may stand at different sites';
  for (const part of demand.parts) {
    const feature = unsupportedPart(part, alignmentOf(part, demand));
    if (feature !== undefined) return `${feature} in part \`${part.name}\``;
  }
  return undefined;
}

function unsupportedPart({ each }: Part, align: LevelInNode | undefined): string | undefined {
  const { slice, link, linkMbps } = each.gpus ?? {};
  if (slice?.kind === 'mig' && (link ?? linkMbps) !== undefined)
    return 'an accelerator link between MIG instances, which have none (`slice` with `link` or `linkMbps`)';
  if (slice !== undefined && linkMbps !== undefined)
    return 'link bandwidth for shares of GPUs, which share that too (`slice` with `linkMbps`)';
  if (align !== undefined && each.gpus === undefined)
    return `alignment without GPUs (\`align\`, or kept inside a ${align === 'numa' ? 'NUMA node' : 'PCIe root'})`;
  if ((each.rdma?.nicsPerGpu ?? 1) > 1 && each.gpus === undefined)
    return 'NICs for each GPU without GPUs (`nicsPerGpu`)';
  if (each.gpus === undefined && each.cpuMilli === undefined)
    return 'a replica without GPUs and without `cpuMilli`';
  return undefined;
}

import type { Demand, Part } from '../../model/demand.ts';

/** Something a demand asks for beyond its replicas, and the demand that does not ask for it. */
export type Requirement = {
  readonly name: string;
  /** What giving it up means, in words; nothing where that is no offer to make. */
  readonly change?: string;
  /** Nothing when the demand does not ask for it. */
  readonly without: (demand: Demand) => Demand | undefined;
};

/** In the order in which people usually give way, but for the window, which is the dearest to search without. */
export const requirements: readonly Requirement[] = [
  ofParts('gpu-model', 'another GPU model', ({ each: { gpus, ...each }, ...part }) => {
    if (gpus?.models === undefined) return undefined;
    const { models: _models, ...others } = gpus;
    return { ...part, each: { ...each, gpus: others } };
  }),
  {
    name: 'where',
    change: 'anywhere the rules allow',
    without: ({ where, ...demand }) => (where === undefined ? undefined : demand),
  },
  ofParts('site-of-part', 'with all parts at one site, wherever it is', (asked) => {
    const { where, siteKind, latencyMsByRegion, ...part } = asked;
    return where === undefined && siteKind === undefined && latencyMsByRegion === undefined
      ? undefined
      : part;
  }),
  {
    name: 'together',
    change: 'not kept so close together',
    without: ({ together, ...demand }) =>
      together === undefined || together === 'site' ? undefined : demand,
  },
  ofParts('within', 'replicas of a part not kept together', ({ within, ...part }) =>
    within === undefined ? undefined : part,
  ),
  ofParts('apart', 'replicas of a part not kept apart', ({ apart, ...part }) =>
    apart === undefined ? undefined : part,
  ),
  ofParts('uplink', 'without an uplink budget', ({ each: { rdma, ...each }, ...part }) => {
    if ((rdma?.uplinkMbps ?? 0) === 0 || rdma === undefined) return undefined;
    const { uplinkMbps: _uplinkMbps, ...others } = rdma;
    return { ...part, each: { ...each, rdma: others } };
  }),
  ofParts('nics-per-gpu', 'one RDMA NIC for each GPU', ({ each: { rdma, ...each }, ...part }) => {
    if ((rdma?.nicsPerGpu ?? 1) === 1 || rdma === undefined) return undefined;
    const { nicsPerGpu: _nicsPerGpu, ...others } = rdma;
    return { ...part, each: { ...each, rdma: others } };
  }),
  {
    name: 'flows',
    change: 'without bandwidth for its flows',
    without: ({ flows, ...demand }) => ((flows ?? []).length === 0 ? undefined : demand),
  },
  ofParts('rdma', 'without RDMA', ({ each: { rdma, ...each }, ...part }) =>
    rdma === undefined ? undefined : { ...part, each },
  ),
  ofParts('accelerator-link', 'without an accelerator link', ({ each: { gpus, ...each }, ...part }) => {
    if (gpus === undefined || (gpus.link === undefined && gpus.linkMbps === undefined)) return undefined;
    const { link: _link, linkMbps: _linkMbps, ...others } = gpus;
    return { ...part, each: { ...each, gpus: others } };
  }),
  ofParts('align', 'without alignment', ({ each: { align, ...each }, ...part }) =>
    align === undefined ? undefined : { ...part, each },
  ),
  {
    name: 'survive',
    change: 'without surviving a loss',
    without: ({ survive, ...demand }) => (survive === undefined ? undefined : demand),
  },
  {
    name: 'isolation',
    change: 'beside other tenants',
    without: ({ isolation, ...demand }) => ((isolation ?? 'shared') === 'shared' ? undefined : demand),
  },
  {
    name: 'power-cap',
    change: 'without the power cap',
    without: ({ powerCapW, ...demand }) => (powerCapW === undefined ? undefined : demand),
  },
  {
    name: 'avoid',
    change: 'also in the places it avoids',
    without: ({ avoid, ...demand }) => ((avoid ?? []).length === 0 ? undefined : demand),
  },
  ofParts('gpu-memory', 'with any GPU memory', ({ each: { gpus, ...each }, ...part }) => {
    if (gpus?.memoryMib === undefined) return undefined;
    const { memoryMib: _memoryMib, ...others } = gpus;
    return { ...part, each: { ...each, gpus: others } };
  }),
  ofParts('cpu', 'without cores beside its GPUs', ({ each: { cpuMilli, ...each }, ...part }) =>
    (cpuMilli ?? 0) === 0 || each.gpus === undefined
      ? undefined
      : { ...part, each: { ...each, cpuMilli: 0 } },
  ),
  ofParts('memory', 'without memory', ({ each: { memoryMib, ...each }, ...part }) =>
    (memoryMib ?? 0) === 0 ? undefined : { ...part, each: { ...each, memoryMib: 0 } },
  ),
  ofParts('storage', 'without local storage', ({ each: { storageGib, ...each }, ...part }) =>
    (storageGib ?? 0) === 0 ? undefined : { ...part, each },
  ),
  {
    name: 'latency',
    change: 'however far from its users',
    without: ({ latencyMsByRegion, ...demand }) => (latencyMsByRegion === undefined ? undefined : demand),
  },
  {
    name: 'dataset',
    change: 'without its dataset beside it',
    without: ({ dataset, flows = [], ...demand }) => {
      if (dataset === undefined) return undefined;
      const others = flows.filter(({ from, to }) => from !== 'dataset' && to !== 'dataset');
      return others.length === 0 ? demand : { ...demand, flows: others };
    },
  },
  {
    name: 'budget',
    change: 'beyond the budget',
    without: ({ budget, ...demand }) => (budget === undefined ? undefined : demand),
  },
];

function ofParts(
  name: string,
  change: string | undefined,
  freed: (part: Part) => Part | undefined,
): Requirement {
  return {
    name,
    ...(change === undefined ? {} : { change }),
    without: (demand) => {
      if (demand.parts.every((part) => freed(part) === undefined)) return undefined;
      return { ...demand, parts: demand.parts.map((part) => freed(part) ?? part) };
    },
  };
}

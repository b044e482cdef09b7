import { alignmentOf, type Demand, isInNode, type LevelInNode } from '../../model/demand.ts';
import type { Term } from '../../model/placement.ts';

/** What a contract promises of devices, cores and memory inside nodes: for each replica, and for those kept together. */
export function alignment(demand: Demand): Term[] {
  const { parts, together } = demand;
  const levels = new Set(parts.flatMap((part) => alignmentOf(part, demand) ?? []));
  return [
    ...(['numa', 'pcie-root'] as const)
      .filter((level) => levels.has(level))
      .map((level) =>
        termOf(`GPUs, their RDMA NICs, cores and memory of a replica under one ${inWords(level)}`),
      ),
    ...(isInNode(together) ? [termOf(`the whole gang under one ${inWords(together)} of one node`)] : []),
    ...parts.flatMap(({ name, within }) =>
      isInNode(within) ? [termOf(`all replicas of ${name} under one ${inWords(within)} of one node`)] : [],
    ),
    ...parts.flatMap(({ name, apart }) =>
      isInNode(apart) ? [termOf(`no two replicas of ${name} under one ${inWords(apart)}`)] : [],
    ),
  ];
}

function termOf(promise: string): Term {
  return {
    kind: 'alignment',
    promise,
    strength: 'guaranteed',
    heldAs: "devices of one group, and cores and memory out of its NUMA node's share",
    enforcedBy: 'choice of devices; CPU sets once an engine binds it',
    measuredBy: 'topology in the inventory',
  };
}

function inWords(level: LevelInNode): string {
  return level === 'numa' ? 'NUMA node' : 'PCIe root';
}

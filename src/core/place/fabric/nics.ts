import type { ReplicaNeed } from '../../../model/demand.ts';
import type { NicFacts } from '../../../model/fact.ts';
import type { FleetNode, NodeShape } from '../../inventory/fleet.ts';
import { indexesOf, type Mask } from '../../mask.ts';

/** RDMA NICs of one replica: `nicsPerGpu` for each GPU or slice, one without GPUs, none when it asks for none. */
export function nicCountOf({ rdma, gpus }: ReplicaNeed): number {
  if (rdma === undefined) return 0;
  return gpus === undefined ? 1 : gpus.count * (rdma.nicsPerGpu ?? 1);
}

/**
 * Whether the NICs are chosen one by one, as they are for slices, of which several may share a rail. With one NIC for a
 * whole GPU it is that of its rail, known or only counted.
 */
export function choosesNics({ rdma, gpus }: ReplicaNeed): boolean {
  if (rdma === undefined) return false;
  return gpus === undefined || gpus.slice !== undefined || (rdma.nicsPerGpu ?? 1) > 1;
}

/** The RDMA NICs of a shape that are fast enough, whoever holds them. */
export function rdmaNics({ nics }: NodeShape, { rdma }: ReplicaNeed): readonly number[] {
  const least = rdma?.nicMbps ?? 0;
  return nics.flatMap((nic, index) =>
    nic.rdma === true && (least === 0 || (nic.mbps ?? -1) >= least) ? [index] : [],
  );
}

/** How many replicas the free NICs of a node serve; endlessly many where NICs are not chosen one by one. */
export function nicCapacity(node: FleetNode, each: ReplicaNeed, taken: ReadonlySet<number>): number {
  if (!choosesNics(each)) return Infinity;
  const free = rdmaNics(node.shape, each).filter((nic) => !taken.has(nic));
  return Math.floor(free.length / nicCountOf(each));
}

/**
 * NICs for the chosen GPUs (those of its slices, one by one), each with as many of its own as asked for, in rounds: its rail, else one on its PCIe
 * switch, else of its PCIe root, else of its NUMA node, else any; the lowest number of each kind. With alignment only
 * NICs of the GPUs' own group. A replica without GPUs takes one that is no GPU's rail, if there is one. In order;
 * nothing when there are not enough.
 */
export function chooseNics(
  node: FleetNode,
  each: ReplicaNeed,
  gpus: readonly number[],
  taken: ReadonlySet<number>,
): number[] | undefined {
  const { shape } = node;
  const free = new Set(rdmaNics(shape, each).filter((nic) => !taken.has(nic) && !node.downNics.has(nic)));
  const seats = gpus.length === 0 ? [undefined] : gpus;
  const chosen: number[] = [];
  for (let round = 0; round * seats.length < nicCountOf(each); round++) {
    for (const gpu of seats) {
      const nic = nearest(shape, gpu, each.align, free);
      if (nic === undefined) return undefined;
      free.delete(nic);
      chosen.push(nic);
    }
  }
  return chosen.toSorted((a, b) => a - b);
}

/** Whether a group of GPUs that a replica is aligned to has as many free NICs beside it as the replica asks for. */
export function nicsReach(
  { shape }: FleetNode,
  each: ReplicaNeed,
  group: Mask,
  taken: ReadonlySet<number>,
): boolean {
  if (!choosesNics(each)) return true;
  const attribute = each.align === 'pcie-root' ? 'pcieRoot' : 'numaNode';
  const [gpu = 0] = indexesOf(group);
  const place = shape.gpus[gpu]?.[attribute];
  const beside = rdmaNics(shape, each).filter(
    (nic) => !taken.has(nic) && shape.nics[nic]?.[attribute] === place,
  );
  return beside.length >= nicCountOf(each);
}

/** The attribute without which nobody can say which NICs are near which GPUs. */
export function unknownNicLayout({ gpus, nics }: NodeShape, each: ReplicaNeed): string | undefined {
  if (nics.length === 0) return 'rdma NICs';
  if (nics.some(({ rdma }) => rdma === undefined)) return 'NIC rdma';
  const rdma = nics.filter((nic) => nic.rdma === true);
  if ((each.rdma?.nicMbps ?? 0) > 0 && rdma.some(({ mbps }) => mbps === undefined)) return 'NIC speed';
  if (each.gpus === undefined) return undefined;
  if (!gpus.every(isLocated)) return 'numaNode';
  return rdma.every(isLocated) ? undefined : 'NIC numaNode';
}

function isLocated({ pcieSwitch, numaNode }: Pick<NicFacts, 'pcieSwitch' | 'numaNode'>): boolean {
  return pcieSwitch !== undefined || numaNode !== undefined;
}

function nearest(
  shape: NodeShape,
  gpu: number | undefined,
  align: ReplicaNeed['align'],
  free: ReadonlySet<number>,
): number | undefined {
  let best: { readonly nic: number; readonly rank: number } | undefined;
  for (const nic of free) {
    const rank = gpu === undefined ? Number(shape.railOf.includes(nic)) : rankOf(shape, gpu, nic, align);
    if (rank !== undefined && (best === undefined || rank < best.rank)) best = { nic, rank };
  }
  return best?.nic;
}

/** Smaller is nearer; nothing when alignment forbids it. */
function rankOf(
  { gpus, nics, railOf }: NodeShape,
  gpu: number,
  nic: number,
  align: ReplicaNeed['align'],
): number | undefined {
  const [own, other]: [NicFacts | undefined, NicFacts | undefined] = [gpus[gpu], nics[nic]];
  const isShared = (attribute: 'pcieSwitch' | 'pcieRoot' | 'numaNode') =>
    own?.[attribute] !== undefined && own[attribute] === other?.[attribute];
  if (align === 'numa' && !isShared('numaNode')) return undefined;
  if (align === 'pcie-root' && !isShared('pcieRoot')) return undefined;
  if (railOf[gpu] === nic) return 0;
  const shared = (['pcieSwitch', 'pcieRoot', 'numaNode'] as const).findIndex(isShared);
  return shared < 0 ? 4 : shared + 1;
}

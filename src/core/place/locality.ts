import type { LevelInNode } from '../../model/demand.ts';
import type { NicFacts } from '../../model/fact.ts';
import { type Hold, peakOf } from '../calendar/calendar.ts';
import { noUses } from '../calendar/slices.ts';
import type { FleetNode, NodeShape } from '../inventory/fleet.ts';
import { both, indexesOf, type Mask, maskOf, sizeOf } from '../mask.ts';
import { choosesNics, nicsReach } from './fabric/nics.ts';
import { chooseSlices } from './slice.ts';
import { type Beside, heldBesideGpus, isSliced, usableGpus, type Want } from './want.ts';

type Align = NonNullable<Want['part']['each']['align']>;

/** GPUs under one NUMA node or PCIe root, and the NUMA node whose cores and memory go with them. */
type Locality = { readonly gpus: Mask; readonly numaNode: number | undefined };

/** Cores and memory that an aligned replica takes from a NUMA node. */
export type Pinned = Pick<Beside, 'cpuMilli' | 'memoryMib'> & { readonly numaNode: number | undefined };

const attributes = { numa: 'numaNode', 'pcie-root': 'pcieRoot' } as const;

/** The groups an aligned want may choose its GPUs from; nothing when it did not ask for alignment. */
function localitiesOf({ shape }: FleetNode, { part }: Want): readonly Locality[] | undefined {
  const { align, rdma } = part.each;
  if (align === undefined) return undefined;
  return groupsKnown(shape, align, rdma !== undefined && !choosesNics(part.each));
}

/** GPUs under one NUMA node or PCIe root of a node, group by group. */
export function groupsInside({ shape }: FleetNode, level: LevelInNode): readonly Mask[] {
  return groupsKnown(shape, level, false).map(({ gpus }) => gpus);
}

function groupsKnown(shape: NodeShape, align: Align, withNics: boolean): readonly Locality[] {
  const key = `${align} ${withNics}`;
  const known = found.get(shape) ?? new Map<string, readonly Locality[]>();
  found.set(shape, known);
  const localities = known.get(key) ?? groupsOf(shape, align, withNics);
  known.set(key, localities);
  return localities;
}

/** Equal nodes share a shape, and shapes never change: each is looked at once. */
const found = new WeakMap<NodeShape, Map<string, readonly Locality[]>>();

function groupsOf(shape: NodeShape, align: Align, withNics: boolean): readonly Locality[] {
  const groups = new Map<string, { gpus: Mask; numaNode: number | undefined }>();
  for (const [index, gpu] of shape.gpus.entries()) {
    const place = gpu[attributes[align]];
    if (place === undefined || (withNics && nicPlace(shape, index, align) !== place)) continue;
    const key = `${place} ${gpu.numaNode}`;
    const group = groups.get(key) ?? { gpus: 0, numaNode: gpu.numaNode };
    groups.set(key, { ...group, gpus: (group.gpus | (1 << index)) >>> 0 });
  }
  return [...groups.values()];
}

/** The NUMA node of all these GPUs; nothing when it is not recorded or not one. */
export function numaNodeOf({ gpus }: NodeShape, chosen: Mask): number | undefined {
  const places = new Set(indexesOf(chosen).map((index) => gpus[index]?.numaNode));
  const [only] = places;
  return places.size === 1 ? only : undefined;
}

/** What is taken of a node already: by others, and by the gang itself. */
export type Taken = {
  readonly held: readonly Hold[];
  readonly own: readonly Pinned[];
  readonly startMs: number;
  readonly nicsTaken: ReadonlySet<number>;
};

/** The groups that still have what an aligned replica holds beside its GPUs; nothing when it did not ask for any. */
export function alignedGroups(
  node: FleetNode,
  want: Want,
  taken: Taken,
  beside: Beside,
): readonly Mask[] | undefined {
  return localitiesOf(node, want)
    ?.filter((locality) => hasShare(node, locality, beside, taken))
    .filter((locality) => nicsReach(node, want.part.each, locality.gpus, taken.nicsTaken))
    .map((locality) => locality.gpus);
}

/**
 * Whether cores and memory are left in the share of a locality's NUMA node, beside what others and the gang
 * itself have pinned there. What is pinned to a NUMA node that nobody has recorded counts against every one.
 */
function hasShare(node: FleetNode, locality: Locality, beside: Beside, taken: Taken): boolean {
  const isThere = (numaNode: number | undefined) =>
    numaNode === undefined || locality.numaNode === undefined || numaNode === locality.numaNode;
  const held = taken.held.filter((entry) => isThere(numaNodeOf(node.shape, touchedBy(entry))));
  const own = taken.own.filter(({ numaNode }) => isThere(numaNode));
  return (['cpuMilli', 'memoryMib'] as const).every((amount) => {
    const pinned = own.reduce((sum, entry) => sum + entry[amount], 0);
    const others = peakOf(held, taken.startMs, (entry) => entry[amount]);
    return beside[amount] + pinned + others <= shareOf(node.shape, amount);
  });
}

/** GPUs that a hold has whole or in part. */
function touchedBy({ gpus, slices = [] }: Hold): Mask {
  return (gpus | maskOf(slices.map(({ gpu }) => gpu))) >>> 0;
}

/** What keeps a node from ever aligning a want, or the attribute without which nobody can tell. */
export function misalignment(node: FleetNode, want: Want): { readonly unknown?: string } | undefined {
  const { align, rdma, gpus } = want.part.each;
  const localities = localitiesOf(node, want);
  if (align === undefined || localities === undefined) return undefined;
  const { shape } = node;
  if (shape.numaNodes === undefined) return { unknown: 'numaNodes' };
  const beside = heldBesideGpus(node, want);
  if (beside.cpuMilli > shareOf(shape, 'cpuMilli') || beside.memoryMib > shareOf(shape, 'memoryMib'))
    return {};
  const linked = gpus?.link !== undefined || gpus?.linkMbps !== undefined;
  const usable = usableGpus(node, want);
  const islands = linked ? shape.islands : [usable];
  const fits = localities.some(
    (locality) =>
      nicsReach(node, want.part.each, locality.gpus, node.downNics) &&
      islands.some((island) => isRoomIn(node, want, both(both(locality.gpus, island), usable))),
  );
  if (fits) return undefined;
  const attribute = attributes[align];
  if (indexesOf(usable).some((index) => shape.gpus[index]?.[attribute] === undefined))
    return { unknown: attribute };
  const nicUnknown =
    rdma !== undefined && indexesOf(usable).some((index) => nicPlace(shape, index, align) === undefined);
  return nicUnknown ? { unknown: `NIC ${attribute}` } : {};
}

/** Whether these GPUs of an empty node are enough for one replica. */
function isRoomIn(node: FleetNode, want: Want, gpus: Mask): boolean {
  if (!isSliced(want)) return sizeOf(gpus) >= want.gpuCount;
  return chooseSlices(node, want, { gpus, partly: noUses }) !== undefined;
}

function nicPlace({ railOf, nics }: NodeShape, gpu: number, align: Align): number | undefined {
  const rail = railOf[gpu];
  const nic: NicFacts | undefined = rail === undefined ? undefined : nics[rail];
  return nic?.[attributes[align]];
}

/** A NUMA node's share of the node's cores or memory. Unknown amounts hold nothing, so they have 0 to give. */
function shareOf(shape: NodeShape, amount: 'cpuMilli' | 'memoryMib'): number {
  return Math.floor((shape[amount] ?? 0) / (shape.numaNodes ?? 1));
}

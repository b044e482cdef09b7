import type { NodeFacts } from '../../model/fact.ts';
import { pciAddressOf } from '../../model/pci.ts';
import { compareText } from '../../model/text.ts';
import type { Gap } from '../gpu-reading.ts';
import { bitsOf, sizeOfBits } from './bits.ts';
import { type HwlocObject, type HwlocTopology, placeOf } from './tree.ts';

/** A NUMA node, under the number of the operating system. */
type NumaNode = {
  readonly osIndex: number;
  readonly cpuset: bigint;
  readonly cpuCount: number;
  readonly memoryMib: number;
  /** `DRAM`, `HBM`, `NVM` and the like, where hwloc knows. */
  readonly kind: string | undefined;
  /** The GPU whose memory it is: its PCI address, or nothing more than that it is one. */
  readonly gpu: string | undefined;
};

/** The NUMA nodes of a machine by what they hold. */
export type NumaNodes = {
  /** Those whose cores and memory can be promised together. */
  readonly withCpus: readonly NumaNode[];
  /** HBM, CXL and other memory beside the cores of another node. */
  readonly memoryOnly: readonly NumaNode[];
  readonly ofGpus: readonly NumaNode[];
};

/**
 * Tells NUMA nodes with CPUs from those that are only memory. hwloc gives every NUMA node a cpuset: that of the object
 * it is attached to. Nodes with CPUs never overlap on Linux, so of several over the same CPUs one has them: that
 * over the fewest, and of equal ones DRAM, then the lowest number (the kernel numbers nodes with CPUs first).
 * Nodes with neither CPUs nor memory, which GB200 has for instances of its GPUs, are none.
 */
export function numaNodesOf({ objects }: HwlocTopology): NumaNodes {
  const all = objects.filter(({ type }) => type === 'NUMANode').flatMap(numaNodeOf);
  const ofGpus = all.filter(({ gpu }) => gpu !== undefined);
  const [withCpus, memoryOnly]: [NumaNode[], NumaNode[]] = [[], []];
  let taken = 0n;
  for (const node of all.filter(({ gpu }) => gpu === undefined).toSorted(nearestFirst)) {
    const isFree = node.cpuset !== 0n && (node.cpuset & taken) === 0n;
    if (isFree) withCpus.push(node);
    else if (node.memoryMib > 0) memoryOnly.push(node);
    if (isFree) taken |= node.cpuset;
  }
  return { withCpus: withCpus.toSorted((a, b) => a.osIndex - b.osIndex), memoryOnly, ofGpus };
}

/** The numbers of the objects that a device is local to, as `hwloc-calc` answers with `--po`. */
export function localityOf(
  { objects }: HwlocTopology,
  device: HwlocObject,
): {
  readonly numa: readonly number[];
  readonly packages: readonly number[];
  readonly pus: readonly number[];
} {
  const { cpuset = 0n } = placeOf(device);
  const numbers = (wanted: string) =>
    objects
      .filter(({ type, cpuset: own = 0n }) => type === wanted && (own & cpuset) !== 0n)
      .flatMap(({ osIndex }) => osIndex ?? []);
  return { numa: numbers('NUMANode'), packages: numbers('Package'), pus: numbers('PU') };
}

/** Cores, memory and NUMA nodes of the whole machine, and why one of them stays open. */
export type CpuReading = {
  readonly cpuMilli: NodeFacts['cpuMilli'];
  readonly memoryMib: NodeFacts['memoryMib'];
  readonly numaNodes: NodeFacts['numaNodes'];
  readonly gaps: readonly Gap[];
};

/** A core is a hardware thread, as everywhere in Berth: what Kubernetes counts as a CPU. */
export function readCpu(topology: HwlocTopology, nodes: NumaNodes): CpuReading {
  const pus = topology.objects.filter(({ type }) => type === 'PU').length;
  const hidden = hiddenCpus(topology);
  const memoryMib = [...nodes.withCpus, ...nodes.memoryOnly].reduce((sum, node) => sum + node.memoryMib, 0);
  const uneven = hidden ?? unevenness(topology, nodes);
  const isCounted = uneven === undefined && nodes.withCpus.length > 0;
  return {
    cpuMilli: hidden === undefined && pus > 0 ? pus * 1000 : undefined,
    memoryMib: memoryMib > 0 ? memoryMib : undefined,
    numaNodes: isCounted ? nodes.withCpus.length : undefined,
    gaps: [
      ...(hidden === undefined ? [] : [{ attribute: 'cpuMilli', why: hidden }]),
      ...(isCounted
        ? []
        : [{ attribute: 'numaNodes', why: uneven ?? 'the file lists no NUMA node with CPUs' }]),
    ],
  };
}

/** Inside a job's cpuset, hwloc leaves out the CPUs that the job may not use. */
function hiddenCpus({ machine }: HwlocTopology): string | undefined {
  const sets = ['complete_cpuset', 'cpuset', 'allowed_cpuset'].map(
    (name) => bitsOf(machine.attributes.get(name) ?? 'none') ?? machine.cpuset ?? 0n,
  );
  const [complete = 0n, seen = 0n, allowed = 0n] = sets;
  const left = sizeOfBits(seen & allowed);
  const all = sizeOfBits(complete);
  return left === all
    ? undefined
    : `${all - left} of ${all} hardware threads are offline or outside of the cpuset it was read in`;
}

/** The kernel keeps a little of each NUMA node's memory; beyond a 32nd, a NUMA node's even share would not be there. */
function unevenness({ objects }: HwlocTopology, { withCpus, memoryOnly }: NumaNodes): string | undefined {
  const pus = objects.reduce((all, { type, cpuset = 0n }) => (type === 'PU' ? all | cpuset : all), 0n);
  const threads = withCpus.map(({ cpuset }) => sizeOfBits(pus & cpuset));
  const memory = withCpus.map((node) => memoryBeside(node, memoryOnly));
  const shared = memoryOnly.find((extra) => !withCpus.some((node) => isBeside(extra, node)));
  const names = withCpus.map(({ osIndex }) => osIndex).join(', ');
  if (new Set(threads).size > 1)
    return `NUMA nodes ${names} have ${threads.join(', ')} hardware threads: an even share of each is not there`;
  if ((Math.max(...memory) - Math.min(...memory)) * 32 > Math.max(...memory))
    return `NUMA nodes ${names} have ${memory.join(', ')} MiB of memory: an even share of each is not there`;
  if (shared !== undefined)
    return `the memory of NUMA node ${shared.osIndex} belongs to none of NUMA nodes ${names} alone`;
  return undefined;
}

function memoryBeside(node: NumaNode, memoryOnly: readonly NumaNode[]): number {
  const beside = memoryOnly.filter((memory) => isBeside(memory, node));
  return beside.reduce((sum, { memoryMib }) => sum + memoryMib, node.memoryMib);
}

function isBeside(memory: NumaNode, node: NumaNode): boolean {
  return memory.cpuset !== 0n && (memory.cpuset & ~node.cpuset) === 0n;
}

function numaNodeOf({ osIndex, cpuset, subtype, infos, attributes }: HwlocObject): NumaNode[] {
  if (osIndex === undefined) return [];
  const bytes = Number(attributes.get('local_memory') ?? 0);
  const address = infos.get('PCIBusID');
  const isOfGpu = address !== undefined || /GPUMemory/u.test(subtype ?? '');
  return [
    {
      osIndex,
      cpuset: cpuset ?? 0n,
      cpuCount: sizeOfBits(cpuset ?? 0n),
      memoryMib: Number.isSafeInteger(bytes) ? Math.floor(bytes / 2 ** 20) : 0,
      kind: subtype,
      gpu: isOfGpu ? (pciAddressOf(address ?? '') ?? '') : undefined,
    },
  ];
}

function nearestFirst(a: NumaNode, b: NumaNode): number {
  return (
    a.cpuCount - b.cpuCount ||
    Number((a.kind ?? 'DRAM') !== 'DRAM') - Number((b.kind ?? 'DRAM') !== 'DRAM') ||
    a.osIndex - b.osIndex ||
    compareText(a.kind ?? '', b.kind ?? '')
  );
}

import type { GpuFacts, NicFacts } from '../../model/fact.ts';
import { compareText } from '../../model/text.ts';
import { railsOf } from '../device-place.ts';
import type { Gap } from '../gpu-reading.ts';
import type { NumaNodes } from './cpu.ts';
import { gpuOf, type HwlocGpu, uncountedGpus } from './gpu.ts';
import { nicsOf } from './nic.ts';
import { type Place, placesOf } from './place.ts';
import type { DeviceReading } from './reading.ts';
import { addressOf, type HwlocObject, type HwlocTopology } from './tree.ts';
import { virtualSign } from './virtual.ts';

export type Devices = {
  readonly gpus: readonly DeviceReading<GpuFacts>[];
  readonly nics: readonly DeviceReading<NicFacts>[];
  /** How many there are of each; nothing where the file lists no PCI devices, or more than a node can have. */
  readonly gpuCount: number | undefined;
  readonly rdmaNicCount: number | undefined;
  /** Whether all GPUs are products without a connector for links. */
  readonly areLinkless: boolean;
  /** The sign that the machine is virtual, if there is one. */
  readonly virtual: string | undefined;
  readonly gaps: readonly Gap[];
  readonly assumptions: readonly string[];
};

/** What facts can carry. */
const maxGpus = 32;
const maxNics = 64;

/** GPUs in the order of their PCI addresses; RDMA NICs in that order, then the other NICs. */
export function readDevices(topology: HwlocTopology, numa: NumaNodes): Devices {
  const pci = topology.objects.filter(({ type }) => type === 'PCIDev').toSorted(byAddress);
  const withMemory = new Set(numa.ofGpus.flatMap(({ gpu }) => gpu ?? []));
  const gpus = pci.flatMap((object) => gpuOf(topology, object, withMemory) ?? []);
  const nics = nicsOf(topology, pci).toSorted(rdmaFirst);
  const virtual = virtualSign(
    topology,
    gpus.map(({ object }) => object),
  );
  const read = located(
    { gpus: gpus.slice(0, maxGpus), nics: nics.slice(0, maxNics) },
    { numa, virtual, twice: repeated(pci) },
  );
  return {
    ...read,
    gpuCount: pci.length > 0 && gpus.length <= maxGpus ? gpus.length : undefined,
    rdmaNicCount: nics.length <= maxNics ? rdmaNicCount(nics) : undefined,
    areLinkless: gpus.length > 0 && gpus.every(({ link }) => link === 'none'),
    virtual,
    gaps: [
      ...(pci.length > 0 ? [] : [{ attribute: 'gpuCount', why: 'the file lists no PCI devices' }]),
      ...tooMany('gpuCount', 'GPUs', gpus.length, maxGpus),
      ...tooMany('nics', 'NICs', nics.length, maxNics),
      ...uncountedGpus(topology, new Set(gpus.map(({ object }) => object))).map((why) => ({
        attribute: 'gpuCount',
        why,
      })),
      ...virtualGaps(virtual),
      ...unsaid(read),
    ],
    assumptions: gpus.flatMap(({ assumption }) => assumption ?? []),
  };
}

type Read = { readonly gpus: readonly HwlocGpu[]; readonly nics: readonly DeviceReading<NicFacts>[] };
type Around = {
  readonly numa: NumaNodes;
  readonly virtual: string | undefined;
  /** Addresses that stand on several devices of the file. */
  readonly twice: ReadonlySet<string>;
};

/** Adds to each device its address, where it hangs, and to NICs the rail that follows. */
function located({ gpus, nics }: Read, { numa, virtual, twice }: Around): Pick<Devices, 'gpus' | 'nics'> {
  const places = placesOf(
    [...gpus, ...nics].map(({ object }) => object),
    numa,
    virtual,
  );
  const ofNics = places.slice(gpus.length);
  const rails = railsOf(
    places.slice(0, gpus.length).map(({ derived }) => derived.pcieSwitch),
    nics.map(({ derived }, index) => ({ rdma: derived.rdma, pcieSwitch: ofNics[index]?.derived.pcieSwitch })),
  );
  return {
    gpus: gpus.map((gpu, index) => placed<GpuFacts>(gpu, places[index], twice)),
    nics: nics.map((nic, index) => onRail(placed<NicFacts>(nic, ofNics[index], twice), rails[index])),
  };
}

function placed<T extends GpuFacts | NicFacts>(
  { object, stated, derived, gaps }: DeviceReading<T>,
  place: Place | undefined,
  twice: ReadonlySet<string>,
): DeviceReading<T> {
  const pciAddress = addressOf(object);
  const isOwn = pciAddress !== undefined && !twice.has(pciAddress);
  const why =
    pciAddress === undefined
      ? 'the file gives none'
      : `${pciAddress} stands on more than one device of the file`;
  return {
    object,
    stated: { ...stated, pciAddress: isOwn ? pciAddress : undefined },
    derived: { ...derived, ...place?.derived },
    gaps: [...gaps, ...(place?.gaps ?? []), ...(isOwn ? [] : [{ attribute: 'pciAddress', why }])],
  };
}

function onRail(nic: DeviceReading<NicFacts>, rail: number | undefined): DeviceReading<NicFacts> {
  const { derived, gaps } = nic;
  const isApart = derived.rdma === true && rail === undefined && derived.pcieRoot !== undefined;
  const why = 'no GPU that still lacks a NIC shares its PCIe switch';
  return {
    ...nic,
    derived: { ...derived, rail },
    gaps: isApart ? [...gaps, { attribute: 'rail', why }] : gaps,
  };
}

function repeated(pci: readonly HwlocObject[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const address of pci.flatMap((object) => addressOf(object) ?? [])) {
    if (seen.has(address)) twice.add(address);
    seen.add(address);
  }
  return twice;
}

function rdmaNicCount(nics: Devices['nics']): number | undefined {
  const rdma = nics.map(({ derived }) => derived.rdma);
  return rdma.length === 0 || rdma.includes(undefined) ? undefined : rdma.filter((is) => is === true).length;
}

function tooMany(attribute: string, what: string, count: number, most: number): readonly Gap[] {
  return count <= most ? [] : [{ attribute, why: `${count} ${what}; only the first ${most} are read` }];
}

/** hwloc seldom knows the size of a GPU's memory, and never the speed of a port. */
function unsaid({ gpus, nics }: Pick<Devices, 'gpus' | 'nics'>): readonly Gap[] {
  const unsized = gpus.flatMap(({ stated }, index) => (stated.memoryMib === undefined ? [index] : []));
  const rdma = nics.flatMap(({ derived, stated }) => (derived.rdma === true ? [stated.name ?? '?'] : []));
  return [
    ...(unsized.length === 0
      ? []
      : [{ attribute: 'gpuMemoryMib', why: `hwloc gives no size for GPUs ${unsized.join(', ')}` }]),
    ...(rdma.length === 0
      ? []
      : [{ attribute: 'mbps', why: `hwloc gives no speed of ports: ${rdma.join(', ')}` }]),
  ];
}

function virtualGaps(virtual: string | undefined): readonly Gap[] {
  if (virtual === undefined) return [];
  return ['pcieRoot', 'pcieSwitch'].map((attribute) => ({
    attribute,
    why: `a virtual machine (${virtual}): what shares a PCIe switch or root in its host is hidden`,
  }));
}

function byAddress(a: HwlocObject, b: HwlocObject): number {
  return (
    compareText(addressOf(a) ?? '', addressOf(b) ?? '') ||
    compareText(nameBelow(a), nameBelow(b)) ||
    compareText(a.attributes.get('pci_type') ?? '', b.attributes.get('pci_type') ?? '')
  );
}

function nameBelow({ children }: HwlocObject): string {
  return children
    .map(({ name = '' }) => name)
    .toSorted(compareText)
    .join(' ');
}

function rdmaFirst(a: DeviceReading<NicFacts>, b: DeviceReading<NicFacts>): number {
  return Number(b.derived.rdma === true) - Number(a.derived.rdma === true);
}

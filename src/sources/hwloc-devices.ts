import type { GpuFacts, NicFacts } from '../model/fact.ts';
import { cleanText, compareText } from '../model/text.ts';
import { numbered, railsOf } from './device-place.ts';
import { type GpuModel, gpuModel } from './gpu-model.ts';
import type { Gap } from './gpu-reading.ts';
import type { NumaNodes } from './hwloc-cpu.ts';
import { nicOf, type NicReading } from './hwloc-nic.ts';
import { addressOf, type HwlocObject, type HwlocTopology, kindOf, pciTypeOf, placeOf } from './hwloc-tree.ts';
import { virtualSign } from './hwloc-virtual.ts';

/** One GPU or NIC: what the file says, what follows from where it stands, and what stays open. */
export type DeviceReading<T> = {
  readonly object: HwlocObject;
  readonly stated: T;
  readonly derived: T;
  readonly gaps: readonly Gap[];
};

export type Devices = {
  readonly gpus: readonly DeviceReading<GpuFacts>[];
  readonly nics: readonly DeviceReading<NicFacts>[];
  readonly gaps: readonly Gap[];
  readonly assumptions: readonly string[];
  /** The sign that the machine is virtual, if there is one. */
  readonly virtual: string | undefined;
  /** How many there are of each; nothing where the file lists no PCI devices, or more than a node can have. */
  readonly gpuCount: number | undefined;
  readonly rdmaNicCount: number | undefined;
};

/** What facts can carry. */
const maxGpus = 32;
const maxNics = 64;

/** GPUs in the order of their PCI addresses; RDMA NICs in that order, then the other NICs. */
export function readDevices(topology: HwlocTopology, numa: NumaNodes): Devices {
  const pci = topology.objects.filter(({ type }) => type === 'PCIDev').toSorted(byAddress);
  const ofMemory = new Set(numa.ofGpus.flatMap(({ gpu }) => gpu ?? []));
  const gpus = pci.filter((object) => isGpu(topology, object, ofMemory));
  const nics = pci.flatMap((object) => nicOf(topology, object) ?? []).toSorted(rdmaFirst);
  const virtual = virtualSign(topology, gpus);
  const around = placesOf(numa, virtual, [...gpus, ...nics.map(({ object }) => object)]);
  const shown = gpus.slice(0, maxGpus).map((object) => ({ object, place: around(object) }));
  const rails = railsOf(
    shown.map(({ place }) => place.derived.pcieSwitch),
    nics.map(({ object, derived }) => ({
      rdma: derived.rdma,
      ...switchOf(around(object)),
    })),
  );
  const twice = repeated(pci);
  const readings = {
    gpus: shown.map(({ object, place }) => gpuReading(topology, object, place, twice)),
    nics: nics
      .slice(0, maxNics)
      .map((nic, index) => nicReading(nic, around(nic.object), rails[index], twice)),
  };
  return {
    ...readings,
    gaps: [
      ...(pci.length > 0 ? [] : [{ attribute: 'gpuCount', why: 'the file lists no PCI devices' }]),
      ...tooMany('gpuCount', 'GPUs', gpus.length, maxGpus),
      ...tooMany('nics', 'NICs', nics.length, maxNics),
      ...adaptersLeftOut(topology, pci, new Set(gpus)),
      ...virtualGap(virtual),
      ...sizesLeftOut(readings),
    ],
    assumptions: gpus.flatMap((object) => modelOf(topology, object)?.assumption ?? []),
    virtual,
    gpuCount: pci.length > 0 && gpus.length <= maxGpus ? gpus.length : undefined,
    rdmaNicCount: nics.length <= maxNics ? rdmaNicCount(readings.nics) : undefined,
  };
}

type Place = {
  readonly derived: Pick<GpuFacts, 'numaNode' | 'pcieRoot' | 'pcieSwitch'>;
  readonly gaps: readonly Gap[];
};

/** Where each device hangs: its NUMA node, root and switch, as numbers that all devices of the machine share. */
function placesOf(
  numa: NumaNodes,
  virtual: string | undefined,
  devices: readonly HwlocObject[],
): (object: HwlocObject) => Place {
  const paths = devices.map(pathOf);
  const roots = numbered(paths.map(({ root }) => root));
  const switches = numbered(paths.map(({ port, hasSwitch }) => (hasSwitch ? port : undefined)));
  const found = new Map(
    devices.map((object, index): [HwlocObject, Place] => {
      const near = numaNodeOf(object, numa, virtual);
      const tree = { pcieRoot: roots[index], pcieSwitch: switches[index] };
      const isOrphan = virtual === undefined && tree.pcieRoot === undefined;
      return [
        object,
        {
          derived: { ...near.set, ...(virtual === undefined ? tree : {}) },
          gaps: [
            ...near.gaps,
            ...(isOrphan ? [{ attribute: 'pcieRoot', why: 'the file shows no host bridge above it' }] : []),
          ],
        },
      ];
    }),
  );
  return (object) => found.get(object) ?? { derived: {}, gaps: [] };
}

function switchOf({ derived }: Place): { readonly pcieSwitch: number | undefined } {
  return { pcieSwitch: derived.pcieSwitch };
}

/**
 * The bridges above a device. The host bridge is its root. Below that stands a root port, a link to one card: only when
 * more bridges follow is there a switch, and what hangs on one root port with it shares that switch, however many
 * stages it has.
 */
function pathOf(object: HwlocObject): {
  readonly root: string | undefined;
  readonly port: string | undefined;
  readonly hasSwitch: boolean;
} {
  const bridges: HwlocObject[] = [];
  for (let at = object.parent; at?.type === 'Bridge'; at = at.parent) bridges.push(at);
  const host = bridges.find(({ attributes }) => attributes.get('bridge_type')?.startsWith('0-'));
  const ports = bridges.filter((bridge) => bridge !== host);
  const port = ports.at(-1);
  return {
    root: host?.attributes.get('bridge_pci')?.toLowerCase(),
    port: port === undefined ? undefined : addressOf(port),
    hasSwitch: ports.length > 1,
  };
}

/** The NUMA node with CPUs that the device is local to. Never one of several. */
function numaNodeOf(
  object: HwlocObject,
  { withCpus }: NumaNodes,
  virtual: string | undefined,
): { readonly set: Pick<GpuFacts, 'numaNode'>; readonly gaps: readonly Gap[] } {
  const { cpuset = 0n } = placeOf(object);
  const near = withCpus.filter((node) => (node.cpuset & cpuset) !== 0n).map(({ osIndex }) => osIndex);
  const [only, ...others] = near;
  if (only === undefined) return openPlace('the file shows no NUMA node with CPUs around it');
  if (others.length > 0)
    return openPlace(`hwloc shows it beside all of NUMA nodes ${near.join(', ')}, at none of them`);
  if (virtual !== undefined && withCpus.length === 1)
    return openPlace('the virtual machine shows one NUMA node, whatever its host has');
  return { set: { numaNode: only }, gaps: [] };
}

function openPlace(why: string) {
  return { set: {}, gaps: [{ attribute: 'numaNode', why }] };
}

/** Compute devices by their OS device or their class: 3D controller, other display controller, processing accelerator. */
function isGpu(topology: HwlocTopology, object: HwlocObject, ofMemory: ReadonlySet<string>): boolean {
  const { pciClass, vendor } = pciTypeOf(object);
  if (computeDevicesOf(topology, object).length > 0) return true;
  if (ofMemory.has(addressOf(object) ?? 'none')) return true;
  return accelerators.has(pciClass) && makers.has(vendor);
}

const accelerators = new Set(['0302', '0380', '1200']);

/** NVIDIA, AMD, Intel and Habana, by their PCI vendor numbers. */
const makers = new Set(['10de', '1002', '8086', '1da3']);

/** What tools of the vendors say about a GPU, the best source first. `card0` alone is a screen. */
function computeDevicesOf(topology: HwlocTopology, { children }: HwlocObject): readonly HwlocObject[] {
  return children
    .filter((child) => child.type === 'OSDev' && kindOf(topology, child) === 'gpu')
    .filter(({ infos }) => productOf(infos) !== undefined && infos.get('OpenCLDeviceType') !== 'CPU')
    .toSorted((a, b) => rankOf(a) - rankOf(b) || compareText(a.name ?? '', b.name ?? ''));
}

const tools = ['nvml', 'rsmi', 'cuda', 'ze', 'opencl'];

function rankOf({ name = '' }: HwlocObject): number {
  const rank = tools.findIndex((tool) => name.startsWith(tool));
  return rank < 0 ? tools.length : rank;
}

function productOf(infos: ReadonlyMap<string, string>): string | undefined {
  return infos.get('GPUModel') ?? infos.get('LevelZeroModel');
}

function gpuReading(
  topology: HwlocTopology,
  object: HwlocObject,
  place: Place,
  twice: ReadonlySet<string>,
): DeviceReading<GpuFacts> {
  const infos = new Map(
    computeDevicesOf(topology, object)
      .toReversed()
      .flatMap((device) => [...device.infos]),
  );
  const named = modelOf(topology, object);
  const model = named === undefined ? {} : { model: named.model };
  const memoryMib = memoryOf(infos);
  const { pciAddress, gaps } = ownAddress(object, twice);
  return {
    object,
    stated: {
      ...(named?.isStated === true ? model : {}),
      memoryMib,
      uuid: worded(infos.get('NVIDIAUUID') ?? infos.get('AMDUUID') ?? infos.get('LevelZeroUUID')),
      serial: worded(
        infos.get('NVIDIASerial') ?? infos.get('AMDSerial') ?? infos.get('LevelZeroSerialNumber'),
      ),
      pciAddress,
    },
    derived: { ...(named?.isStated === true ? {} : model), ...place.derived },
    gaps: [
      ...place.gaps,
      ...gaps,
      ...(named === undefined ? [{ attribute: 'model', why: unnamed(object) }] : []),
    ],
  };
}

type Named = Pick<GpuModel, 'model' | 'link'> & { readonly isStated: boolean; readonly assumption?: string };

/** The product as a tool of its maker names it, else as the PCI database does in brackets: `GA100 [A100 SXM4 80GB]`. */
function modelOf(topology: HwlocTopology, object: HwlocObject): Named | undefined {
  const [device] = computeDevicesOf(topology, object);
  const stated = device === undefined ? undefined : productOf(device.infos);
  const product = stated ?? /\[([^\]]+)\]/u.exec(object.infos.get('PCIDevice') ?? '')?.[1];
  const found = product === undefined ? undefined : gpuModel(product);
  if (product === undefined || found === undefined) return undefined;
  const { model, link, inferred } = found;
  return {
    model,
    ...(link === undefined ? {} : { link }),
    isStated: stated !== undefined && inferred === undefined,
    ...(inferred === undefined
      ? {}
      : { assumption: `\`${cleanText(product, 80)}\` is read as ${model}: ${inferred}` }),
  };
}

function unnamed(object: HwlocObject): string {
  const { vendor, device } = pciTypeOf(object);
  const text = object.infos.get('PCIDevice');
  const name = text === undefined ? '' : `, \`${cleanText(text, 80)}\``;
  return `no tool of its maker was asked when the file was made; PCI device ${vendor}:${device}${name}`;
}

/** Sizes in KiB: with the unit in XML 3, without it in XML 2. */
function memoryOf(infos: ReadonlyMap<string, string>): number | undefined {
  const names = ['RSMIVRAMSize', 'CUDAGlobalMemorySize', 'LevelZeroHBMSize', 'OpenCLGlobalMemorySize'];
  const text = names.flatMap((name) => infos.get(name) ?? [])[0];
  const kib = Number(/^(\d{1,15})(?:KiB)?$/u.exec(text ?? '')?.[1] ?? 0);
  return kib >= 1024 ? Math.floor(kib / 1024) : undefined;
}

function nicReading(
  { object, stated, derived, gaps }: NicReading,
  place: Place,
  rail: number | undefined,
  twice: ReadonlySet<string>,
): DeviceReading<NicFacts> {
  const own = ownAddress(object, twice);
  const isRdma = derived.rdma === true;
  const isApart = isRdma && rail === undefined && place.derived.pcieRoot !== undefined;
  return {
    object,
    stated: { ...stated, pciAddress: own.pciAddress },
    derived: { ...derived, ...place.derived, rail },
    gaps: [
      ...gaps,
      ...place.gaps,
      ...own.gaps,
      ...(isApart
        ? [{ attribute: 'rail', why: 'no GPU that still lacks a NIC shares its PCIe switch' }]
        : []),
    ],
  };
}

/** An address that stands on two devices names neither. */
function ownAddress(
  object: HwlocObject,
  twice: ReadonlySet<string>,
): { readonly pciAddress: string | undefined; readonly gaps: readonly Gap[] } {
  const pciAddress = addressOf(object);
  if (pciAddress === undefined)
    return { pciAddress, gaps: [{ attribute: 'pciAddress', why: 'the file gives none' }] };
  if (!twice.has(pciAddress)) return { pciAddress, gaps: [] };
  const why = `${pciAddress} stands on more than one device of the file`;
  return { pciAddress: undefined, gaps: [{ attribute: 'pciAddress', why }] };
}

function repeated(pci: readonly HwlocObject[]): ReadonlySet<string> {
  const addresses = pci.flatMap((object) => addressOf(object) ?? []);
  return new Set(addresses.filter((address, index) => addresses.indexOf(address) !== index));
}

function rdmaNicCount(nics: Devices['nics']): number | undefined {
  const rdma = nics.map(({ derived }) => derived.rdma);
  return rdma.length === 0 || rdma.includes(undefined) ? undefined : rdma.filter((is) => is === true).length;
}

function tooMany(attribute: string, what: string, count: number, most: number): readonly Gap[] {
  if (count <= most) return [];
  return [{ attribute, why: `${count} ${what}; only the first ${most} are read` }];
}

/** Graphics adapters of GPU makers may be GPUs that no tool was asked about; those of others are consoles. */
function adaptersLeftOut(
  topology: HwlocTopology,
  pci: readonly HwlocObject[],
  gpus: ReadonlySet<HwlocObject>,
): readonly Gap[] {
  const adapters = pci.filter((object) => {
    const { pciClass, vendor } = pciTypeOf(object);
    return pciClass === '0300' && (vendor === '10de' || vendor === '1002') && !gpus.has(object);
  });
  const loose = topology.objects.filter(
    (object) => object.type === 'OSDev' && rankOf(object) < tools.length && placeOf(object) === object.parent,
  );
  return [
    ...adapters.map((object) => ({
      attribute: 'gpuCount',
      why: `the graphics adapter ${addressOf(object) ?? 'without an address'} is not counted: no compute tool shows it`,
    })),
    ...loose
      .filter(({ infos }) => infos.get('OpenCLDeviceType') !== 'CPU')
      .map(({ name = '' }) => ({
        attribute: 'gpuCount',
        why: `\`${cleanText(name, 40)}\` is no PCI device and is not counted`,
      })),
  ];
}

/** hwloc seldom knows the size of a GPU's memory, and never the speed of a port. */
function sizesLeftOut({ gpus, nics }: Pick<Devices, 'gpus' | 'nics'>): readonly Gap[] {
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

function virtualGap(virtual: string | undefined): readonly Gap[] {
  if (virtual === undefined) return [];
  return ['pcieRoot', 'pcieSwitch'].map((attribute) => ({
    attribute,
    why: `a virtual machine (${virtual}): what shares a PCIe switch or root in its host is hidden`,
  }));
}

function worded(text: string | undefined): string | undefined {
  const clean = cleanText(text ?? '');
  return clean === '' ? undefined : clean;
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

function rdmaFirst(a: NicReading, b: NicReading): number {
  return Number(b.isRdma) - Number(a.isRdma);
}

import type { GpuFacts, LinkKind } from '../../model/fact.ts';
import { cleanText, compareText } from '../../model/text.ts';
import { gpuModel } from '../gpu-model.ts';
import type { DeviceReading } from './reading.ts';
import { addressOf, type HwlocObject, type HwlocTopology, kindOf, pciTypeOf, placeOf } from './tree.ts';

export type HwlocGpu = DeviceReading<GpuFacts> & {
  /** What joins such GPUs, where the product alone decides it. */
  readonly link: LinkKind | undefined;
  readonly assumption: string | undefined;
};

/** A GPU: a PCI device that a compute tool shows, that has NUMA nodes of its own, or of a class that only GPUs have. */
export function gpuOf(
  topology: HwlocTopology,
  object: HwlocObject,
  withMemory: ReadonlySet<string>,
): HwlocGpu | undefined {
  const tools = computeDevicesOf(topology, object);
  const { pciClass, vendor } = pciTypeOf(object);
  const isOne = tools.length > 0 || withMemory.has(addressOf(object) ?? 'none');
  if (!isOne && !(accelerators.has(pciClass) && makers.has(vendor))) return undefined;
  const infos = new Map(tools.toReversed().flatMap((device) => [...device.infos]));
  const named = modelOf(tools[0], object);
  const model = named === undefined ? {} : { model: named.model };
  return {
    object,
    stated: { ...(named?.isStated === true ? model : {}), memoryMib: memoryOf(infos), ...identityOf(infos) },
    derived: named?.isStated === true ? {} : model,
    gaps: named === undefined ? [{ attribute: 'model', why: unnamed(object) }] : [],
    link: named?.link,
    assumption: named?.assumption,
  };
}

/** GPUs that cannot be counted: screens that may be more, and devices of compute tools that are not on PCI. */
export function uncountedGpus(topology: HwlocTopology, gpus: ReadonlySet<HwlocObject>): readonly string[] {
  const screens = topology.objects.filter((object) => {
    const { pciClass, vendor } = pciTypeOf(object);
    return pciClass === '0300' && (vendor === '10de' || vendor === '1002') && !gpus.has(object);
  });
  const loose = topology.objects.filter(
    (object) => object.type === 'OSDev' && isCompute(topology, object) && placeOf(object) === object.parent,
  );
  return [
    ...screens.map(
      (object) =>
        `the graphics adapter ${addressOf(object) ?? 'without an address'} is not counted: no compute tool shows it`,
    ),
    ...loose.map(({ name = '' }) => `\`${cleanText(name, 40)}\` is no PCI device and is not counted`),
  ];
}

/** 3D controllers, other display controllers and processing accelerators. */
const accelerators = new Set(['0302', '0380', '1200']);

/** NVIDIA, AMD, Intel and Habana, by their PCI vendor numbers. */
const makers = new Set(['10de', '1002', '8086', '1da3']);

/** What tools of the vendors say about a GPU, the best source first. `card0` alone is a screen. */
function computeDevicesOf(topology: HwlocTopology, { children }: HwlocObject): readonly HwlocObject[] {
  return children
    .filter((child) => child.type === 'OSDev' && isCompute(topology, child))
    .toSorted((a, b) => rankOf(a) - rankOf(b) || compareText(a.name ?? '', b.name ?? ''));
}

function isCompute(topology: HwlocTopology, device: HwlocObject): boolean {
  const { infos } = device;
  return (
    kindOf(topology, device) === 'gpu' &&
    productOf(infos) !== undefined &&
    infos.get('OpenCLDeviceType') !== 'CPU'
  );
}

const tools = ['nvml', 'rsmi', 'cuda', 'ze', 'opencl'];

function rankOf({ name = '' }: HwlocObject): number {
  const rank = tools.findIndex((tool) => name.startsWith(tool));
  return rank < 0 ? tools.length : rank;
}

function productOf(infos: ReadonlyMap<string, string>): string | undefined {
  return infos.get('GPUModel') ?? infos.get('LevelZeroModel');
}

type Named = {
  readonly model: string;
  readonly link: LinkKind | undefined;
  readonly isStated: boolean;
  readonly assumption: string | undefined;
};

/** The product as a tool of its maker names it, else as the PCI database does in brackets: `GA100 [A100 SXM4 80GB]`. */
function modelOf(device: HwlocObject | undefined, object: HwlocObject): Named | undefined {
  const stated = device === undefined ? undefined : productOf(device.infos);
  const product = stated ?? /\[([^\]]+)\]/u.exec(object.infos.get('PCIDevice') ?? '')?.[1];
  const found = product === undefined ? undefined : gpuModel(product);
  if (product === undefined || found === undefined) return undefined;
  const { model, link, inferred } = found;
  const assumption =
    inferred === undefined ? undefined : `\`${cleanText(product, 80)}\` is read as ${model}: ${inferred}`;
  return { model, link, isStated: stated !== undefined && inferred === undefined, assumption };
}

function unnamed(object: HwlocObject): string {
  const { vendor, device } = pciTypeOf(object);
  const text = object.infos.get('PCIDevice');
  const name = text === undefined ? '' : `, \`${cleanText(text, 80)}\``;
  return `no tool of its maker was asked when the file was made; PCI device ${vendor}:${device}${name}`;
}

function identityOf(infos: ReadonlyMap<string, string>): Pick<GpuFacts, 'uuid' | 'serial'> {
  const first = (...names: readonly string[]) => worded(names.flatMap((name) => infos.get(name) ?? [])[0]);
  return {
    uuid: first('NVIDIAUUID', 'AMDUUID', 'LevelZeroUUID'),
    serial: first('NVIDIASerial', 'AMDSerial', 'LevelZeroSerialNumber'),
  };
}

/** Sizes in KiB: with the unit in XML 3, without it in XML 2. */
function memoryOf(infos: ReadonlyMap<string, string>): number | undefined {
  const names = ['RSMIVRAMSize', 'CUDAGlobalMemorySize', 'LevelZeroHBMSize', 'OpenCLGlobalMemorySize'];
  const text = names.flatMap((name) => infos.get(name) ?? [])[0];
  const kib = Number(/^(\d{1,15})(?:KiB)?$/u.exec(text ?? '')?.[1] ?? 0);
  return kib >= 1024 ? Math.floor(kib / 1024) : undefined;
}

function worded(text: string | undefined): string | undefined {
  const clean = cleanText(text ?? '');
  return clean === '' ? undefined : clean;
}

import { canonicalJson } from '../../model/canonical.ts';
import type { GpuFacts, NicFacts, NodeFacts, ShapeFacts } from '../../model/fact.ts';
import { compareText } from '../../model/text.ts';
import { firstBits, type Mask, maskOf } from '../mask.ts';
import type { Known, NodeShape } from './fleet.ts';
import { wattsOf } from './power.ts';

/** Single devices that were described one by one: they count more than the node's or the shape's word. */
export type DeviceOverlay = {
  readonly gpus: ReadonlyMap<number, GpuFacts>;
  readonly nics: ReadonlyMap<number, NicFacts>;
};

/**
 * Makes shapes and shares equal ones, so that a fleet of ten thousand nodes holds a handful. What changes
 * from card to card (serial numbers, health) does not belong to the shape.
 */
export class ShapeTable {
  readonly #known = new Map<string, NodeShape>();

  shapeOf(node: NodeFacts, shape: ShapeFacts | undefined, devices: DeviceOverlay): NodeShape {
    const gpus = gpusOf(node, shape, devices.gpus);
    const watts = wattsOf({
      node,
      basePowerW: node.basePowerW ?? shape?.basePowerW,
      gpuPowerW: node.gpuPowerW ?? highestPowerW(gpus),
      gpus: gpus.map((_, index) => ({ ...pick('measuredW', devices.gpus.get(index)?.measuredW) })),
    });
    const parts = {
      gpus,
      nics: nicsOf(shape, devices.nics),
      ...pick('cpuMilli', node.cpuMilli ?? shape?.cpuMilli),
      ...pick('memoryMib', node.memoryMib ?? shape?.memoryMib),
      ...pick('storageGib', node.storageGib ?? shape?.storageGib),
      ...pick('numaNodes', node.numaNodes ?? shape?.numaNodes),
      link: node.link ?? shape?.link ?? 'unknown',
      ...pick('linkMbps', node.linkMbps ?? shape?.linkMbps),
      ...pick('basePowerW', watts.basePowerW),
      ...pick('gpuPowerW', watts.gpuPowerW),
      ...pick('rdmaNicCount', node.rdmaNicCount),
      sharing: node.sharing ?? 'none',
    } as const;
    const key = canonicalJson(parts);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const made = build(parts);
    this.#known.set(key, made);
    return made;
  }
}

type Parts = {
  readonly gpus: readonly GpuFacts[];
  readonly nics: readonly NicFacts[];
  readonly cpuMilli?: number;
  readonly memoryMib?: number;
  readonly storageGib?: number;
  readonly numaNodes?: number;
  readonly link: NodeShape['link'];
  readonly linkMbps?: number;
  readonly basePowerW?: number;
  readonly gpuPowerW?: number;
  readonly rdmaNicCount?: number;
  readonly sharing: NonNullable<NodeFacts['sharing']>;
};

function build(parts: Parts): NodeShape {
  const { gpus, nics } = parts;
  const railOf = gpus.map((_, index) => railOfGpu(gpus, index, nics));
  return {
    gpus,
    nics,
    models: modelsOf(gpus),
    cpuMilli: parts.cpuMilli,
    memoryMib: parts.memoryMib,
    storageGib: parts.storageGib,
    link: parts.link,
    linkMbps: parts.linkMbps,
    islands: islandsOf(gpus, parts.link),
    numaNodes: parts.numaNodes,
    numa: numaOf(gpus),
    rdma: rdmaOf(parts, railOf),
    railOf,
    basePowerW: parts.basePowerW,
    gpuPowerW: parts.gpuPowerW,
    whole: wholeOf(parts.sharing),
    sharing: parts.sharing,
  };
}

function pick<K extends string, V>(name: K, value: V | undefined): { [key in K]?: V } {
  const picked: { [key in K]?: V } = {};
  if (value !== undefined) picked[name] = value;
  return picked;
}

function gpusOf(
  node: NodeFacts,
  shape: ShapeFacts | undefined,
  overlay: ReadonlyMap<number, GpuFacts>,
): GpuFacts[] {
  const listed = shape?.gpus ?? [];
  const highest = Math.max(-1, ...overlay.keys());
  const count = Math.min(32, Math.max(node.gpuCount ?? listed.length, highest + 1));
  return Array.from({ length: count }, (_, index) => {
    return {
      ...pick('model', node.gpuModel),
      ...pick('memoryMib', node.gpuMemoryMib),
      ...listed[index],
      ...withoutIdentity(overlay.get(index) ?? {}),
    };
  });
}

/** What tells one card from the next, or changes from day to day, is no part of a shape. */
const individual = new Set([
  'uuid',
  'serial',
  'pciAddress',
  'name',
  'guid',
  'mac',
  'measuredW',
  'health',
  'healthReason',
]);

function withoutIdentity<T extends GpuFacts | NicFacts>(device: T): T {
  const common = { ...device };
  for (const name of individual) Reflect.deleteProperty(common, name);
  return common;
}

function highestPowerW(gpus: readonly GpuFacts[]): number | undefined {
  const known = gpus.flatMap(({ powerW }) => powerW ?? []);
  return known.length === 0 ? undefined : Math.max(...known);
}

function nicsOf(shape: ShapeFacts | undefined, overlay: ReadonlyMap<number, NicFacts>): NicFacts[] {
  const listed = shape?.nics ?? [];
  const count = Math.max(listed.length, Math.max(-1, ...overlay.keys()) + 1);
  return Array.from({ length: count }, (_, index) => {
    return { ...listed[index], ...withoutIdentity(overlay.get(index) ?? {}) };
  });
}

function modelsOf(gpus: readonly GpuFacts[]): NodeShape['models'] {
  const byModel = new Map<string, { mask: Mask; memoryMib: number | undefined }>();
  for (const [index, gpu] of gpus.entries()) {
    if (gpu.model === undefined) continue;
    const known = byModel.get(gpu.model);
    const memoryMib = Math.min(known?.memoryMib ?? Infinity, gpu.memoryMib ?? Infinity);
    byModel.set(gpu.model, {
      mask: ((known?.mask ?? 0) | (1 << index)) >>> 0,
      memoryMib: Number.isFinite(memoryMib) ? memoryMib : undefined,
    });
  }
  return [...byModel]
    .map(([model, rest]) => ({ model, ...rest }))
    .toSorted((a, b) => compareText(a.model, b.model));
}

/** Link domains as numbered by the source; all GPUs of the node when it only says that they are linked. */
function islandsOf(gpus: readonly GpuFacts[], link: NodeShape['link']): readonly Mask[] {
  if (gpus.length === 0) return [];
  const numbered = groupsOf(gpus, (gpu) => gpu.island);
  if (numbered.length > 0) return numbered;
  if (link === 'unknown') return [];
  return link === 'none' ? gpus.map((_, index) => maskOf([index])) : [firstBits(gpus.length)];
}

function numaOf(gpus: readonly GpuFacts[]): readonly Mask[] {
  return groupsOf(gpus, (gpu) => gpu.numaNode);
}

function groupsOf(
  gpus: readonly GpuFacts[],
  numberOf: (gpu: GpuFacts) => number | undefined,
): readonly Mask[] {
  const groups = new Map<number, Mask>();
  for (const [index, gpu] of gpus.entries()) {
    const number = numberOf(gpu);
    if (number !== undefined) groups.set(number, ((groups.get(number) ?? 0) | (1 << index)) >>> 0);
  }
  return [...groups].toSorted(([a], [b]) => a - b).map(([, mask]) => mask);
}

/**
 * A GPU's rail is the RDMA NIC on its own PCIe switch, else the NIC whose rail has the GPU's number. GPUs that
 * share a switch share out its NICs in order.
 */
function railOfGpu(gpus: readonly GpuFacts[], index: number, nics: readonly NicFacts[]): number | undefined {
  const rdma = nics.flatMap((nic, number) =>
    nic.rdma === true && nic.rail !== undefined ? [{ nic, number }] : [],
  );
  const own = gpus[index]?.pcieSwitch;
  const besides = rdma.filter(({ nic }) => own !== undefined && nic.pcieSwitch === own);
  const turn = gpus.slice(0, index).filter(({ pcieSwitch }) => pcieSwitch === own).length;
  const beside = besides[turn % Math.max(1, besides.length)];
  return (beside ?? rdma.find(({ nic }) => nic.rail === index))?.number;
}

function rdmaOf(parts: Parts, railOf: readonly (number | undefined)[]): Known {
  if (parts.gpus.length === 0) return parts.nics.some((nic) => nic.rdma === true) ? 'yes' : 'unknown';
  if (railOf.every((nic) => nic !== undefined)) return 'yes';
  if (parts.rdmaNicCount !== undefined) return parts.rdmaNicCount >= parts.gpus.length ? 'yes' : 'no';
  const isOpen = parts.gpus.some(
    (gpu, index) => railOf[index] === undefined && parts.nics.some((nic) => mayServe(nic, gpu)),
  );
  return parts.nics.length > 0 && !isOpen ? 'no' : 'unknown';
}

/** Nobody has said that this NIC is not the GPU's rail. */
function mayServe({ rdma, rail, pcieSwitch }: NicFacts, gpu: GpuFacts): boolean {
  if (rdma === undefined) return true;
  const isElsewhere =
    pcieSwitch !== undefined && gpu.pcieSwitch !== undefined && pcieSwitch !== gpu.pcieSwitch;
  return rdma && rail === undefined && !isElsewhere;
}

function wholeOf(sharing: Parts['sharing']): Known {
  if (sharing === 'none') return 'yes';
  return sharing === 'unknown' ? 'unknown' : 'no';
}

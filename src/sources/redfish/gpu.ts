import type { GpuFacts, NodeFacts } from '../../model/fact.ts';
import { pciAddressOf } from '../../model/pci.ts';
import { cleanText } from '../../model/text.ts';
import { type GpuModel, gpuModel } from '../gpu-model.ts';
import type { Gap } from '../gpu-reading.ts';
import { at, listAt, numberAt, textAt } from '../json-value.ts';
import { defaultText, gpuPowerDefault } from '../netbox/power-default.ts';
import { known } from '../observation.ts';
import { healthFacts } from './health.ts';
import { type Machine, serialOf, uuidOf } from './machine.ts';
import { peakOf, wattsOf } from './power.ts';
import type { Resource } from './resource.ts';

/** One GPU of a machine, and what stays open about it. */
type GpuDevice = {
  readonly resource: Resource;
  readonly stated: GpuFacts;
  readonly derived: GpuFacts;
  readonly assumed: GpuFacts;
  readonly gaps: readonly Gap[];
};

export type GpuDevices = {
  readonly gpus: readonly GpuDevice[];
  /** What follows for the whole machine. */
  readonly node: NodeFacts;
  readonly gaps: readonly Gap[];
  readonly assumptions: readonly string[];
};

const maxGpus = 32;

/** The processors of the type `GPU`, of the system and of its GPU boards, in the order of their names. */
export function readGpus(machine: Machine): GpuDevices {
  const { present, absent } = processorsOf(machine);
  const found = present.filter(({ value }) => textAt(value, 'ProcessorType') === 'GPU');
  const isWhole = absent === 0;
  if (found.length === 0) return withoutGpus(machine, isWhole);
  const why = uncountable(found);
  if (why !== undefined) return nothing({ attribute: 'gpuCount', why });
  const serials = found.map((gpu) => serialOf(gpu));
  const gpus = found.map((gpu) => deviceOf(machine, gpu, serials));
  return {
    gpus,
    node: nodeFacts(machine, found, gpus),
    gaps: [...(isWhole ? [] : [missing(absent)]), ...sharingGaps(found), ...islandGaps(found)],
    assumptions: gpus.flatMap(({ assumed, derived, stated }) =>
      assumptionsOf(stated.model ?? derived.model, assumed),
    ),
  };
}

function processorsOf({ tree, system, boards }: Machine) {
  const systems = [system, ...boards];
  const processors = systems.flatMap((owner) => tree.inside(owner, 'Processor'));
  const named = systems.flatMap((owner) => {
    const collection = tree.linked(owner, 'Processors');
    return collection === undefined
      ? []
      : listAt(collection.value, 'Members').map((link) => textAt(link, '@odata.id'));
  });
  return {
    present: processors.filter(({ value }) => textAt(value, 'Status', 'State') !== 'Absent'),
    absent: named.filter((path) => tree.at(path) === undefined).length,
  };
}

function missing(count: number): Gap {
  return {
    attribute: 'gpuCount',
    why: `${count} processors are named and not in the files: some may be GPUs`,
  };
}

function nothing(...gaps: readonly Gap[]): GpuDevices {
  return { gpus: [], node: {}, gaps, assumptions: [] };
}

/** No GPU is a statement only where the processors are listed whole, and nothing on the bus looks like one. */
function withoutGpus(machine: Machine, isWhole: boolean): GpuDevices {
  const { tree, system, boards, chassis } = machine;
  const others = [system, ...boards]
    .flatMap((owner) => tree.inside(owner, 'Processor'))
    .filter(({ value }) => textAt(value, 'ProcessorType') === 'Accelerator').length;
  const onBus = chassis
    .flatMap((part) => tree.inside(part, 'PCIeFunction'))
    .filter(({ value }) => textAt(value, 'DeviceClass') === 'ProcessingAccelerators').length;
  if (others + onBus > 0)
    return nothing({
      attribute: 'gpuCount',
      why: `${others + onBus} accelerators are listed, and none of them as a processor of the type GPU`,
    });
  const collection = tree.linked(system, 'Processors');
  if (collection === undefined)
    return nothing({ attribute: 'gpuCount', why: 'the processors are not in the files' });
  return isWhole ? { ...nothing(), node: { gpuCount: 0 } } : nothing(missing(1));
}

/** Why the processors cannot be taken for as many GPUs. */
function uncountable(found: readonly Resource[]): string | undefined {
  if (found.length > maxGpus) return `${found.length} GPUs in one machine: more than ${maxGpus} are not read`;
  const dies = found.filter(({ value }) => /\bMI2[05]0X?\b|\bMCM\b/iu.test(productText(value)));
  if (dies.length === 0) return undefined;
  return `${found.length} processors of \`${cleanText(productText(dies[0]?.value), 60)}\`, a card of two: whether they are ${found.length} GPUs or ${Math.ceil(found.length / 2)} is not said`;
}

function productText(value: unknown): string {
  return [textAt(value, 'Model'), textAt(value, 'Name')].join(' ');
}

function deviceOf(machine: Machine, gpu: Resource, serials: readonly (string | undefined)[]): GpuDevice {
  const product = productOf(gpu);
  const model = typeof product === 'string' ? undefined : product;
  const serial = serialOf(gpu);
  const isOwn = serial !== undefined && serials.filter((other) => other === serial).length === 1;
  const powerW = powerOf(machine, gpu);
  const fallback = powerW === undefined && model !== undefined ? gpuPowerDefault(model.model) : undefined;
  const memoryMib = memoryOf(machine, gpu);
  return {
    resource: gpu,
    stated: known({
      ...(model?.inferred === undefined ? known({ model: model?.model }) : {}),
      serial: isOwn ? serial : undefined,
      memoryMib,
      powerW,
      measuredW: measuredOf(machine, gpu),
      pciAddress: addressOf(machine, serial),
      ...healthFacts(gpu.value),
    }),
    derived: known({ uuid: uuidFor(gpu), ...(model?.inferred === undefined ? {} : { model: model.model }) }),
    assumed: fallback === undefined ? {} : { powerW: fallback.powerW },
    gaps: [
      ...(typeof product === 'string' ? [{ attribute: 'model', why: product }] : []),
      ...(serial === undefined || isOwn
        ? []
        : [{ attribute: 'serial', why: `\`${serial}\` is stated for several GPUs: a board’s number` }]),
      ...(memoryMib === undefined ? [{ attribute: 'memoryMib', why: 'stated as 0, or not at all' }] : []),
      ...(powerW === undefined && fallback === undefined
        ? [{ attribute: 'powerW', why: 'no rating is stated' }]
        : []),
    ],
  };
}

/** The product under Berth's name, or why nobody can know it. A part number is no model. */
function productOf({ value }: Resource): GpuModel | string {
  const parts = ['PartNumber', 'SKU', 'SparePartNumber'].map((key) => textAt(value, key));
  const texts = [textAt(value, 'Model'), textAt(value, 'Name')].flatMap((text) => text ?? []);
  const named = texts.find((text) => !parts.includes(text) && isProduct(text));
  if (named !== undefined) return gpuModel(named) ?? 'the product has no name';
  const [text] = texts;
  return text === undefined
    ? 'neither model nor name is stated'
    : `\`${cleanText(text, 60)}\` is a part number or a slot, and names no product`;
}

/** Products have a word of letters, then digits: `H100`, `MI300X`, `L40S`. Slots are called `GPU1`. */
function isProduct(text: string): boolean {
  return text
    .split(/[\s_/()-]+/u)
    .some((word) => /^[A-Za-z]{1,3}\d{1,4}[A-Za-z]{0,3}$/u.test(word) && !/^(?:gpu|cpu|pci)/iu.test(word));
}

/** NVIDIA's tools write the same UUID with a prefix. */
function uuidFor({ value }: Resource): string | undefined {
  const uuid = uuidOf(textAt(value, 'UUID'));
  if (uuid === undefined) return undefined;
  return /nvidia/iu.test(textAt(value, 'Manufacturer') ?? '') ? `GPU-${uuid}` : uuid;
}

function memoryOf({ tree }: Machine, gpu: Resource): number | undefined {
  const own = numberAt(gpu.value, 'MemorySummary', 'TotalMemorySizeMiB');
  const linked = tree
    .links(gpu, 'Links', 'Memory')
    .reduce((sum, { value }) => sum + (numberAt(value, 'CapacityMiB') ?? 0), 0);
  return [own, linked].find(
    (mib) => mib !== undefined && Number.isInteger(mib) && mib > 0 && mib < 16_777_216,
  );
}

/** The most it draws: the highest limit that may be set. */
function powerOf({ tree }: Machine, gpu: Resource): number | undefined {
  const metrics = tree.linked(gpu, 'EnvironmentMetrics');
  const chassis = tree.linked(gpu, 'Links', 'Chassis');
  const limits = [
    numberAt(gpu.value, 'MaxTDPWatts'),
    numberAt(gpu.value, 'TDPWatts'),
    numberAt(metrics?.value, 'PowerLimitWatts', 'AllowableMax'),
    numberAt(chassis?.value, 'MaxPowerWatts'),
  ].flatMap((watts) => (watts !== undefined && watts <= 20_000 ? (wattsOf(watts) ?? []) : []));
  return limits.length === 0 ? undefined : Math.max(...limits);
}

function measuredOf(machine: Machine, gpu: Resource): number | undefined {
  return peakOf(machine, machine.tree.linked(gpu, 'EnvironmentMetrics'));
}

/** HPE tells bus numbers in resources of its own, tied to the processor by its serial number. */
function addressOf({ tree }: Machine, serial: string | undefined): string | undefined {
  const device = tree
    .ofType('HpeServerDevice')
    .find(({ value }) => serial !== undefined && textAt(value, 'SerialNumber') === serial);
  const [function0, ...others] = device === undefined ? [] : tree.links(device, 'DeviceInstances');
  if (function0 === undefined || others.length > 0) return undefined;
  const numbers = ['SegmentNumber', 'BusNumber', 'DeviceNumber', 'FunctionNumber'].map((key) =>
    numberAt(function0.value, key),
  );
  const [segment = 0, bus, slot, fn] = numbers;
  if (bus === undefined || slot === undefined || fn === undefined) return undefined;
  return pciAddressOf(`${hex(segment)}:${hex(bus)}:${hex(slot)}.${fn}`);
}

function hex(number: number): string {
  return number.toString(16).padStart(2, '0');
}

function nodeFacts({ tree }: Machine, found: readonly Resource[], gpus: readonly GpuDevice[]): NodeFacts {
  const joined = found.every((gpu) =>
    tree
      .inside(gpu, 'Port')
      .some(
        ({ value }) => textAt(value, 'PortProtocol') === 'NVLink' && textAt(value, 'LinkStatus') === 'LinkUp',
      ),
  );
  const links = new Set(gpus.map((gpu) => linkOf(gpu)));
  const [byModel] = links;
  const link = joined ? 'nvlink' : links.size === 1 ? byModel : undefined;
  const isPartitioned = found.some((gpu) => isMig(gpu));
  return known({ link, sharing: isPartitioned ? ('unknown' as const) : undefined });
}

function linkOf({ stated, derived }: GpuDevice) {
  const name = stated.model ?? derived.model;
  return name === undefined ? undefined : gpuModel(name)?.link;
}

function isMig({ value }: Resource): boolean {
  return at(value, 'Oem', 'Nvidia', 'MIGModeEnabled') === true;
}

function sharingGaps(found: readonly Resource[]): readonly Gap[] {
  const count = found.filter((gpu) => isMig(gpu)).length;
  return count === 0
    ? []
    : [{ attribute: 'sharing', why: `MIG is on for ${count} GPUs: how they are divided is not said` }];
}

/** The chassis of a rack-scale NVLink fabric is told, how the fabric is partitioned is not. */
function islandGaps(found: readonly Resource[]): readonly Gap[] {
  const chassis = found.map(({ value }) =>
    textAt(value, 'Oem', 'Nvidia', 'MNNVLinkTopology', 'ChassisSerialNumber'),
  );
  const [first] = chassis;
  if (first === undefined || chassis.some((serial) => serial !== first)) return [];
  return [
    {
      attribute: 'island',
      why: `in the NVLink chassis \`${cleanText(first, 60)}\`: which of its trays form one domain is not said`,
    },
  ];
}

function assumptionsOf(model: string | undefined, assumed: GpuFacts): readonly string[] {
  const fallback = model === undefined || assumed.powerW === undefined ? undefined : gpuPowerDefault(model);
  return model === undefined || fallback === undefined ? [] : [defaultText(`a GPU \`${model}\``, fallback)];
}

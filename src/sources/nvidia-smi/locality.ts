import type { GpuFacts, NicFacts } from '../../model/fact.ts';
import type { Gap } from '../gpu-reading.ts';
import { linkGroups, splitWhy } from '../link-groups.ts';
import type { MatrixDevice, Relation, TopologyMatrix } from './topology.ts';

/** What a matrix says about one device, by how sure it is. */
type PlacedDevice = {
  readonly device: MatrixDevice;
  readonly stated: GpuFacts | NicFacts;
  readonly derived: GpuFacts | NicFacts;
  readonly assumed: NicFacts;
  readonly gaps: readonly Gap[];
};

export type Locality = {
  readonly devices: readonly PlacedDevice[];
  /** `nvlink` when the matrix shows some; nothing when it shows none, which proves nothing. */
  readonly link?: 'nvlink';
  readonly gaps: readonly Gap[];
  readonly assumptions: readonly string[];
};

/**
 * What a matrix tells of locality. Islands are groups of GPUs that all have direct NVLink to each other. A PCIe
 * switch is what `PIX` and `PXB` stay below, a PCIe root what `PHB` stays below (legend of nvidia-smi). Where no NIC is
 * nearer to any GPU than `SYS`, nothing is said about switches and roots: it may be the machine, or what a
 * virtual machine is shown of it.
 */
export function localityOf(matrix: TopologyMatrix, isVirtual: boolean): Locality {
  const gpus = matrix.devices.filter(({ kind }) => kind === 'gpu');
  const islands = islandsOf(matrix, gpus);
  const places = placesOf(matrix, gpus, isVirtual);
  const numa = numaOf(matrix, gpus);
  const rails = railsOf(matrix.devices, places.switches);
  const devices = matrix.devices.map((device): PlacedDevice => {
    const { stated, derived, gap }: NumaReading = numa.get(device) ?? {};
    const rail = rails.numbers.get(device);
    return {
      device,
      stated: {
        ...(device.kind === 'nic' && device.isNamed ? { name: device.name } : {}),
        ...(stated === undefined ? {} : { numaNode: stated }),
      },
      derived: {
        ...(device.kind === 'nic' ? { rdma: true } : {}),
        ...(derived === undefined ? {} : { numaNode: derived }),
        ...numbered('island', islands.numbers.get(device)),
        ...numbered('pcieSwitch', places.switches.get(device)),
        ...numbered('pcieRoot', places.roots.get(device)),
      },
      assumed: numbered('rail', rail),
      gaps: gap === undefined ? [] : [{ attribute: 'numaNode', why: gap }],
    };
  });
  return {
    devices,
    ...(islands.numbers.size > 0 ? { link: 'nvlink' as const } : {}),
    gaps: [
      ...islands.gaps,
      ...places.gaps,
      ...rails.gaps,
      ...coreGaps(gpus),
      ...disputes(matrix),
      ...missingRows(matrix),
    ],
    assumptions: [...rdmaAssumption(matrix.devices), ...rails.assumptions],
  };
}

type Numbers = ReadonlyMap<MatrixDevice, number>;

function numbered<K extends string>(name: K, value: number | undefined): { [key in K]?: number } {
  const set: { [key in K]?: number } = {};
  if (value !== undefined) set[name] = value;
  return set;
}

/** Groups in which every pair has direct NVLink, filled from the lowest GPU on. */
function islandsOf(
  matrix: TopologyMatrix,
  gpus: readonly MatrixDevice[],
): { numbers: Numbers; gaps: readonly Gap[] } {
  const linked = (a: MatrixDevice, b: MatrixDevice) => matrix.relationOf(a, b) === 'NV';
  if (!gpus.some((a) => gpus.some((b) => a !== b && linked(a, b)))) return withoutNvlink(gpus);
  const { groups, isSplit } = linkGroups(gpus, linked);
  return {
    numbers: numbersOf(groups),
    gaps: isSplit ? [{ attribute: 'island', why: splitWhy('NVLink') }] : [],
  };
}

function withoutNvlink(gpus: readonly MatrixDevice[]): { numbers: Numbers; gaps: readonly Gap[] } {
  const why =
    'the matrix shows no NVLink: either there is none, or it was made with `topo -mp`, which leaves it out';
  return { numbers: new Map(), gaps: gpus.length < 2 ? [] : [{ attribute: 'link', why }] };
}

function numbersOf(groups: readonly (readonly MatrixDevice[])[]): Map<MatrixDevice, number> {
  return new Map(
    groups.flatMap((group, number) => group.map((device): [MatrixDevice, number] => [device, number])),
  );
}

const belowSwitch: readonly Relation[] = ['PIX', 'PXB'];
const belowRoot: readonly Relation[] = ['PIX', 'PXB', 'PHB'];

function placesOf(
  matrix: TopologyMatrix,
  gpus: readonly MatrixDevice[],
  isVirtual: boolean,
): { switches: Numbers; roots: Numbers; gaps: readonly Gap[] } {
  if (isVirtual)
    return openEverywhere('a virtual machine: what it is shown of PCIe need not be how the machine is built');
  const nics = matrix.devices.filter(({ kind }) => kind === 'nic');
  const near = (a: MatrixDevice, b: MatrixDevice) => {
    const relation = matrix.relationOf(a, b);
    return relation !== undefined && relation !== 'SYS' && relation !== 'NV';
  };
  const others = [...nics, ...gpus];
  if (!gpus.some((gpu) => others.some((other) => other !== gpu && near(gpu, other))))
    return openEverywhere(
      `${nics.length === 0 ? 'the matrix has no NIC' : 'every NIC is SYS from every GPU'} and shows no PCIe below NVLink: which share a switch or a root cannot be known from it`,
    );
  const switches = groupedBy(matrix, belowSwitch);
  const roots = groupedBy(matrix, belowRoot);
  return { switches: switches.numbers, roots: roots.numbers, gaps: openPlaces(switches.open, roots.open) };
}

function openEverywhere(why: string): { switches: Numbers; roots: Numbers; gaps: readonly Gap[] } {
  const gaps = ['pcieSwitch', 'pcieRoot'].map((attribute) => ({ attribute, why }));
  return { switches: new Map(), roots: new Map(), gaps };
}

function openPlaces(noSwitch: readonly MatrixDevice[], noRoot: readonly MatrixDevice[]): Gap[] {
  return [...openGap('pcieSwitch', noSwitch), ...openGap('pcieRoot', noRoot)];
}

function openGap(attribute: string, devices: readonly MatrixDevice[]): Gap[] {
  const why = `NVLink or a missing cell hides how ${devices.map(({ name }) => name).join(', ')} hang on PCIe`;
  return devices.length === 0 ? [] : [{ attribute, why: why.slice(0, 300) }];
}

/**
 * Devices joined by `within`, numbered from the first on. A group has a number only where no cell leaves open that it
 * shares one with another, and none of its own pairs says that they are farther apart.
 */
function groupedBy(
  matrix: TopologyMatrix,
  within: readonly Relation[],
): { numbers: Numbers; open: readonly MatrixDevice[] } {
  let groups: (readonly MatrixDevice[])[] = [];
  const joined = (a: MatrixDevice, b: MatrixDevice) => isOneOf(within, matrix.relationOf(a, b));
  for (const device of matrix.devices) {
    const touches = (group: readonly MatrixDevice[]) => group.some((other) => joined(device, other));
    groups = [...groups.filter((group) => !touches(group)), [...groups.filter(touches).flat(), device]];
  }
  const isApart = (a: MatrixDevice, b: MatrixDevice) => {
    const relation = matrix.relationOf(a, b);
    return relation !== undefined && relation !== 'NV' && !within.includes(relation);
  };
  const isClear = (group: readonly MatrixDevice[]) =>
    !group.some((a) => group.some((b) => a !== b && isApart(a, b))) &&
    groups.every((other) => other === group || group.some((a) => other.some((b) => isApart(a, b))));
  const order = new Map(matrix.devices.map((device, index) => [device, index]));
  const first = (group: readonly MatrixDevice[]) =>
    Math.min(...group.map((device) => order.get(device) ?? 0));
  const ordered = groups.toSorted((a, b) => first(a) - first(b));
  return {
    numbers: numbersOf(ordered.filter(isClear)),
    open: ordered.filter((group) => !isClear(group)).flat(),
  };
}

function isOneOf(relations: readonly Relation[], relation: Relation | undefined): boolean {
  return relation !== undefined && relations.includes(relation);
}

const noNumaColumn = 'this format of nvidia-smi has no NUMA column';

type NumaReading = { readonly stated?: number; readonly derived?: number; readonly gap?: string };

/** The column for GPUs; for NICs the node of the GPUs that are nearer than SYS. */
function numaOf(
  matrix: TopologyMatrix,
  gpus: readonly MatrixDevice[],
): ReadonlyMap<MatrixDevice, NumaReading> {
  const column = new Map(gpus.map((gpu) => [gpu, columnOf(matrix, gpu)]));
  const contradicts = (a: MatrixDevice, b: MatrixDevice) => {
    const [one, other] = [column.get(a)?.stated, column.get(b)?.stated];
    const relation = matrix.relationOf(a, b);
    if (a === b || one === undefined || other === undefined) return false;
    return one === other ? relation === 'SYS' : isOneOf([...belowRoot, 'NODE'], relation);
  };
  const disputed = new Set(gpus.filter((a) => gpus.some((b) => contradicts(a, b))));
  const gap = 'the NUMA column and the relations of the matrix contradict each other';
  const ofGpus = new Map(gpus.map((gpu) => [gpu, disputed.has(gpu) ? { gap } : (column.get(gpu) ?? {})]));
  const nics = matrix.devices.filter(({ kind }) => kind === 'nic');
  return new Map<MatrixDevice, NumaReading>([
    ...ofGpus,
    ...nics.map((nic): [MatrixDevice, NumaReading] => [nic, besideGpus(matrix, nic, ofGpus)]),
  ]);
}

function columnOf(matrix: TopologyMatrix, { cpus, numa }: MatrixDevice): NumaReading {
  if (!matrix.hasNuma) return { gap: noNumaColumn };
  if (cpus === undefined || cpus === 'N/A')
    return { gap: 'the column CPU Affinity is empty, as inside a job that may use other CPUs only' };
  if (numa === undefined || numa === 'N/A') return { gap: 'the column NUMA Affinity is empty' };
  if (/^\d{1,3}$/u.test(numa)) return { stated: Number(numa) };
  return {
    gap: `NUMA Affinity is a list (${numa.slice(0, 60)}): it counts memory of GPUs as nodes, and does not say which node is near`,
  };
}

function besideGpus(
  matrix: TopologyMatrix,
  nic: MatrixDevice,
  gpus: ReadonlyMap<MatrixDevice, NumaReading>,
): NumaReading {
  if (!matrix.hasNuma) return { gap: noNumaColumn };
  const near = [...gpus].filter(([gpu]) => isOneOf([...belowRoot, 'NODE'], matrix.relationOf(nic, gpu)));
  const nodes = new Set(near.map(([, { stated }]) => stated));
  const [only] = nodes;
  if (near.length === 0) return { gap: 'it is not nearer to any GPU than SYS, and NICs have no NUMA column' };
  return nodes.size === 1 && only !== undefined
    ? { derived: only }
    : { gap: 'the GPUs near it do not agree on one NUMA node' };
}

/** A NIC below one switch with a GPU serves its rail, as rail-optimised fabrics are cabled: GPU 3 on rail 3. */
function railsOf(
  devices: readonly MatrixDevice[],
  switches: Numbers,
): { numbers: Numbers; gaps: readonly Gap[]; assumptions: readonly string[] } {
  const numbers = new Map<MatrixDevice, number>();
  const gaps: Gap[] = [];
  for (const place of new Set(switches.values())) {
    const below = devices.filter((device) => switches.get(device) === place);
    const gpus = below.filter(({ kind }) => kind === 'gpu');
    const nics = below.filter(({ kind }) => kind === 'nic');
    if (gpus.length === 0) continue;
    if (nics.length > gpus.length) {
      const why = `${nics.map(({ name }) => name).join(', ')} share a switch with fewer GPUs: which of them serves a GPU is not said`;
      gaps.push({ attribute: 'rail', why: why.slice(0, 300) });
      continue;
    }
    for (const [index, nic] of nics.entries()) {
      const gpu = gpus[index];
      if (gpu !== undefined) numbers.set(nic, gpu.number);
    }
  }
  const assumption =
    'a NIC below one PCIe switch with a GPU is taken for its rail, which has the number of the GPU';
  return { numbers, gaps, assumptions: numbers.size === 0 ? [] : [assumption] };
}

function rdmaAssumption(devices: readonly MatrixDevice[]): string[] {
  return devices.some(({ kind }) => kind === 'nic')
    ? ['NICs of `nvidia-smi topo` are RDMA devices: it lists no others']
    : [];
}

/** Threads of one core may stand side by side or in two ranges: the column counts no cores. */
function coreGaps(gpus: readonly MatrixDevice[]): Gap[] {
  const isListed = gpus.some(({ cpus }) => cpus !== undefined && /\d/u.test(cpus));
  const why =
    'CPU Affinity lists hardware threads, odd and even or in two ranges, and inside a job only its own: cores are not counted from it';
  return isListed ? [{ attribute: 'cpuMilli', why }] : [];
}

function disputes({ disputed }: TopologyMatrix): Gap[] {
  const pairs = disputed.map(([a, b]) => `${a} and ${b}`).join(', ');
  const why = `the two cells of a pair differ: ${pairs}`;
  return disputed.length === 0 ? [] : [{ attribute: 'topology', why: why.slice(0, 300) }];
}

function missingRows({ devices }: TopologyMatrix): Gap[] {
  const missing = devices.filter(({ hasRow }) => !hasRow).map(({ name }) => name);
  const why = `the matrix is cut off: it has columns, but no whole rows, for ${missing.join(', ')}`;
  return missing.length === 0 ? [] : [{ attribute: 'topology', why: why.slice(0, 300) }];
}

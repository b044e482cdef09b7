import { Fact } from '../../src/model/fact.ts';

/**
 * A rack in one line, as facts: `fra1/h1/r1 4×8 H100 nvlink rdma` is four nodes of eight H100, `edge/x 3 cpu32`
 * three nodes of 32 cores. The first segment is the site, the last the rack, what stands between are halls.
 *
 * Words after that, in any order: `nvlink`, `xgmi`, `nolink` (nothing said: unknown); `rdma` (a 400G rail for each
 * GPU), `nordma`; `island4` GPUs in a link domain; `link900` Gbit/s; `cpu128` cores and `mem1024` GiB of a node;
 * `disk100` GiB of local storage; `numa2` NUMA nodes and `roots4` PCIe roots that share out GPUs and rails in turn;
 * `gpumem80` GiB of a GPU; `gpuw700` and `basew1600` watts; `leaf` (one for the rack); `shared` (time slices);
 * `mig` (GPUs that can be partitioned) or `nomig`.
 */
export function rackFacts(line: string, firstNode: number): Fact[] {
  const [place = '', ...words] = line.split(/\s+/);
  const rack = parseRack(line, words);
  const shape = `${place.replaceAll('/', '-')}-${firstNode}`;
  const segments = place.split('/');
  const around = segments.map((_, at) => segments.slice(0, at + 1).join('/'));
  return [
    ...around.map((subject, at) => fact(kindOf(at, around.length), subject, {})),
    fact('shape', shape, shapeOf(rack)),
    ...Array.from({ length: rack.nodes }, (_, at) =>
      fact('node', `${place}/n${String(firstNode + at).padStart(2, '0')}`, {
        shape,
        ...(rack.leaf ? { leaf: `${segments[0]}/leaf-${segments.at(-1)}` } : {}),
        ...(rack.shared ? { sharing: 'time-slicing' } : {}),
        ...(rack.nodeGpuW === undefined ? {} : { gpuPowerW: rack.nodeGpuW }),
      }),
    ),
  ];
}

/** How many nodes a line stands for. */
export function nodeCountOf(line: string): number {
  return parseRack(line, line.split(/\s+/).slice(1)).nodes;
}

/** A fact as a source would state it. */
export function fact(kind: Fact['kind'], subject: string, set: object): Fact {
  return Fact.parse({ kind, subject, set, confidence: 'stated', origin: { file: 'fleet.yaml' } });
}

type Rack = {
  nodes: number;
  gpus: number;
  model?: string;
  link?: string;
  rdma?: boolean;
  leaf: boolean;
  shared: boolean;
  island?: number;
  linkMbps?: number;
  cpuMilli?: number;
  memoryMib?: number;
  storageGib?: number;
  numaNodes?: number;
  roots?: number;
  gpuMemoryMib?: number;
  migCapable?: boolean;
  nodeGpuW?: number;
  basePowerW?: number;
};

function parseRack(line: string, [size = '', ...words]: readonly string[]): Rack {
  const [nodes, gpus = 0] = size.split('×').map(Number);
  if (nodes === undefined || !Number.isInteger(nodes) || !Number.isInteger(gpus))
    throw new Error(`\`${size}\` in \`${line}\` is no size such as 4×8`);
  const rack: Rack = { nodes, gpus, leaf: false, shared: false };
  for (const word of words) if (!readWord(rack, word)) throw new Error(`\`${word}\` in \`${line}\``);
  return rack;
}

function readWord(rack: Rack, word: string): boolean {
  const [, name = '', digits] = /^([a-z]+)([0-9]+)?$/.exec(word) ?? [];
  const amount = Number(digits);
  switch (name) {
    case 'nvlink':
    case 'xgmi':
      rack.link = name;
      break;
    case 'nolink':
      rack.link = 'none';
      break;
    case 'rdma':
    case 'nordma':
      rack.rdma = name === 'rdma';
      break;
    case 'mig':
    case 'nomig':
      rack.migCapable = name === 'mig';
      break;
    case 'leaf':
    case 'shared':
      rack[name] = true;
      break;
    case 'island':
      rack.island = amount;
      break;
    case 'link':
      rack.linkMbps = amount * 1000;
      break;
    case 'cpu':
      rack.cpuMilli = amount * 1000;
      break;
    case 'mem':
      rack.memoryMib = amount * 1024;
      break;
    case 'disk':
      rack.storageGib = amount;
      break;
    case 'numa':
      rack.numaNodes = amount;
      break;
    case 'roots':
      rack.roots = amount;
      break;
    case 'gpumem':
      rack.gpuMemoryMib = amount * 1024;
      break;
    case 'gpuw':
      rack.nodeGpuW = amount;
      break;
    case 'basew':
      rack.basePowerW = amount;
      break;
    default:
      if (!/^[A-Z]/.test(word)) return false;
      rack.model = word;
  }
  return true;
}

function shapeOf({
  gpus,
  model,
  link,
  rdma,
  island,
  linkMbps,
  gpuMemoryMib,
  migCapable,
  ...rack
}: Rack): object {
  const each = Array.from({ length: gpus }, (_, at) => at);
  return {
    gpus: each.map((at) => ({
      ...(model === undefined ? {} : { model }),
      ...(gpuMemoryMib === undefined ? {} : { memoryMib: gpuMemoryMib }),
      ...(migCapable === undefined ? {} : { migCapable }),
      ...(island === undefined ? {} : { island: Math.floor(at / island) }),
      ...localityOf(rack, at, gpus),
    })),
    ...(link === undefined ? {} : { link }),
    ...(linkMbps === undefined ? {} : { linkMbps }),
    ...(rdma === true
      ? { nics: each.map((rail) => ({ rdma, rail, mbps: 400_000, ...localityOf(rack, rail, gpus) })) }
      : {}),
    ...(rdma === false ? { nics: [{ kind: 'ethernet', rdma, mbps: 100_000 }] } : {}),
    ...(rack.cpuMilli === undefined ? {} : { cpuMilli: rack.cpuMilli }),
    ...(rack.memoryMib === undefined ? {} : { memoryMib: rack.memoryMib }),
    ...(rack.storageGib === undefined ? {} : { storageGib: rack.storageGib }),
    ...(rack.numaNodes === undefined ? {} : { numaNodes: rack.numaNodes }),
    ...(rack.basePowerW === undefined ? {} : { basePowerW: rack.basePowerW }),
  };
}

/** The first GPUs belong to the first NUMA node, and so on. */
function localityOf(
  { numaNodes, roots }: Pick<Rack, 'numaNodes' | 'roots'>,
  at: number,
  gpus: number,
): object {
  return {
    ...(numaNodes === undefined ? {} : { numaNode: Math.floor((at * numaNodes) / gpus) }),
    ...(roots === undefined ? {} : { pcieRoot: Math.floor((at * roots) / gpus) }),
  };
}

function kindOf(at: number, depth: number): Fact['kind'] {
  if (at === 0) return 'site';
  return at === depth - 1 ? 'rack' : 'hall';
}

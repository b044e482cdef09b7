import type { Fact, GpuFacts, NicFacts, Origin } from '../../model/fact.ts';
import type { Path } from '../../model/id.ts';
import { cleanText } from '../../model/text.ts';
import { numbered, railsOf } from '../device-place.ts';
import { fileName, reportProgress } from '../evidence.ts';
import { gpuModel } from '../gpu-model.ts';
import type { Gap } from '../gpu-reading.ts';
import { amdProduct } from '../kubernetes/amd.ts';
import { devicePath, machinesOf } from '../machine.ts';
import { type Findings, known, noFindings, observation } from '../observation.ts';
import type { Source } from '../source.ts';
import { ToldOnce } from '../told-once.ts';
import { childrenNamed } from '../xml.ts';
import { readNcclLinks } from './link.ts';
import { type NcclDevice, type NcclSystem, readSystem } from './tree.ts';

/**
 * GPUs, NICs and the switches and NUMA nodes they hang on, as NCCL and RCCL write them down, or as clouds publish them
 * for a machine type. A file names no machine: `--node` does, several times for several machines of one type.
 */
export const nccl: Source = {
  name: 'nccl',
  title: 'NCCL and RCCL topologies',
  howTo:
    'NCCL_TOPO_DUMP_FILE=topo.xml all_reduce_perf -g 8    (or the file of your cloud for the machine type)',
  parse(evidence, context) {
    const findings = noFindings();
    const told = new ToldOnce();
    for (const [index, file] of evidence.entries()) {
      reportProgress(context, index, evidence.length);
      const system = readSystem(file);
      const reading = readDevices(system);
      for (const machine of new Set(machinesOf(file, context, undefined)))
        addMachine(machine, { system, reading, told }, findings);
    }
    reportProgress(context, evidence.length, evidence.length);
    return observation('nccl', evidence, context, findings);
  },
};

type Device<T> = {
  readonly line: number;
  readonly stated: T;
  readonly derived: T;
  readonly gaps: readonly Gap[];
};

type Reading = {
  readonly gpus: readonly Device<GpuFacts>[];
  readonly nics: readonly Device<NicFacts>[];
  readonly derived: Extract<Fact, { kind: 'node' }>['set'];
  readonly gaps: readonly Gap[];
  readonly assumptions: readonly string[];
};

/** What facts can carry. */
const maxGpus = 32;
const maxNics = 64;

function addMachine(
  machine: Path,
  {
    system,
    reading,
    told,
  }: { readonly system: NcclSystem; readonly reading: Reading; readonly told: ToldOnce },
  findings: Findings,
): void {
  const file = fileName(system.evidence);
  const about = (line: number): Origin => ({ file, line });
  const origin = about(system.root.line);
  const facts: Fact[] = [
    { kind: 'node', subject: machine, set: reading.derived, confidence: 'derived', origin },
  ];
  const gaps = reading.gaps.map((gap) => ({ subject: machine, ...gap, origin }));
  for (const [index, { line, stated, derived, ...gpu }] of reading.gpus.entries()) {
    const at = { subject: devicePath(machine, 'gpu', index), origin: about(line) };
    facts.push({ kind: 'gpu', ...at, set: stated, confidence: 'stated' });
    if (Object.keys(derived).length > 0)
      facts.push({ kind: 'gpu', ...at, set: derived, confidence: 'derived' });
    gaps.push(...gpu.gaps.map((gap) => ({ ...gap, ...at })));
  }
  for (const [index, { line, stated, derived, ...nic }] of reading.nics.entries()) {
    const at = { subject: devicePath(machine, 'nic', index), origin: about(line) };
    facts.push({ kind: 'nic', ...at, set: stated, confidence: 'stated' });
    if (Object.keys(derived).length > 0)
      facts.push({ kind: 'nic', ...at, set: derived, confidence: 'derived' });
    gaps.push(...nic.gaps.map((gap) => ({ ...gap, ...at })));
  }
  if (!told.isNew(machine, facts, system.evidence)) return;
  findings.facts.push(...facts);
  findings.unknown.push(...gaps);
  for (const assumption of reading.assumptions) findings.assumptions.add(assumption);
}

/** GPUs and NICs in the order of their PCI addresses, with the NIC of each GPU's rail where they share a switch. */
function readDevices(system: NcclSystem): Reading {
  const gpus = system.gpus.slice(0, maxGpus);
  const nics = system.nics.slice(0, maxNics);
  const switches = numbered([...gpus, ...nics].map(({ onSwitch }) => onSwitch));
  const ofNics = switches.slice(gpus.length);
  const rails = railsOf(
    switches.slice(0, gpus.length),
    nics.map((nic, index) => ({ rdma: rdmaOf(nic), pcieSwitch: ofNics[index] })),
  );
  const links = readNcclLinks(gpus);
  return {
    gpus: gpus.map((gpu, index) =>
      gpuReading(gpu, { pcieSwitch: switches[index], island: links.islandOf[index] }),
    ),
    nics: nics.map((nic, index) => nicReading(nic, { pcieSwitch: ofNics[index], rail: rails[index] })),
    derived: known({ link: links.link, linkMbps: links.linkMbps }),
    gaps: [...system.gaps, ...links.gaps, ...alwaysOpen, ...leftOut(system)],
    assumptions: [...gpus.map((gpu) => modelOf(gpu)?.assumption), links.note].flatMap((note) => note ?? []),
  };
}

/** What no such file holds, however long it is. */
const alwaysOpen: readonly Gap[] = [
  { attribute: 'gpuCount', why: 'NCCL writes down the devices that its job used; others may be there' },
  { attribute: 'numaNodes', why: 'NCCL writes down only NUMA nodes that have devices' },
  { attribute: 'pcieRoot', why: 'NCCL writes down PCIe switches, not the roots they hang on' },
];

function leftOut({ gpus, nics }: NcclSystem): readonly Gap[] {
  return [
    ...(gpus.length > maxGpus
      ? [{ attribute: 'gpuCount', why: `${gpus.length} GPUs; only the first ${maxGpus} are read` }]
      : []),
    ...(nics.length > maxNics
      ? [{ attribute: 'nics', why: `${nics.length} NICs; only the first ${maxNics} are read` }]
      : []),
  ];
}

function gpuReading(gpu: NcclDevice, place: Pick<GpuFacts, 'pcieSwitch' | 'island'>): Device<GpuFacts> {
  const named = modelOf(gpu);
  return {
    line: gpu.element.line,
    stated: known({ pciAddress: gpu.pciAddress, numaNode: gpu.numaNode }),
    derived: known({ ...place, model: named?.model }),
    gaps: [...placeGaps(gpu), ...(named === undefined ? [{ attribute: 'model', why: unnamed(gpu) }] : [])],
  };
}

/** AMD's device ids name products; NVIDIA's files name a generation (`sm`) that several products share. */
function modelOf({
  vendor,
  device,
}: NcclDevice): { readonly model: string; readonly assumption: string } | undefined {
  const product = vendor === '1002' ? amdProduct(device) : undefined;
  const model = product === undefined ? undefined : gpuModel(product)?.model;
  return model === undefined
    ? undefined
    : { model, assumption: `the PCI device ${vendor}:${device} is read as ${model}` };
}

function unnamed({ element, vendor, device }: NcclDevice): string {
  const gpu = element.children.find(({ name }) => name === 'gpu');
  const chip = gpu?.attributes.get('gcn') ?? gpu?.attributes.get('sm');
  const seen = [
    ...(device === '' ? [] : [`PCI device ${vendor}:${device}`]),
    ...(chip === undefined ? [] : [`generation ${cleanText(chip, 20)}`]),
  ];
  return `NCCL names no product${seen.length === 0 ? '' : `, only ${seen.join(', ')}`}`;
}

function nicReading(nic: NcclDevice, place: Pick<NicFacts, 'pcieSwitch' | 'rail'>): Device<NicFacts> {
  const [net, ...others] = netsOf(nic);
  const rdma = rdmaOf(nic);
  const name = net?.attributes.get('name');
  return {
    line: nic.element.line,
    stated: known({
      name: name === undefined ? undefined : cleanText(name),
      mbps: speedOf(net?.attributes.get('speed')),
      pciAddress: nic.pciAddress,
      numaNode: nic.numaNode,
    }),
    derived: known({ ...place, rdma, kind: kindOf(nic, rdma) }),
    gaps: [
      ...placeGaps(nic),
      ...(rdma === undefined
        ? [{ attribute: 'rdma', why: 'the file does not say that RDMA works over it' }]
        : []),
      ...(net === undefined ? [{ attribute: 'mbps', why: 'the file gives no speed' }] : []),
      ...(others.length === 0
        ? []
        : [{ attribute: 'ports', why: `${others.length} more ports of the same device are not read` }]),
    ],
  };
}

/** Ports; NCCL lists one again for collectives in the network (`coll`). */
function netsOf({ element }: NcclDevice) {
  const nics = element.name === 'nic' ? [element] : childrenNamed(element, 'nic');
  return nics
    .flatMap((nic) => childrenNamed(nic, 'net'))
    .filter(({ attributes }) => attributes.get('coll') !== '1');
}

/** InfiniBand, EFA, ports that GPUs write to directly, and names that only RDMA devices have. Never a plain no. */
function rdmaOf(nic: NcclDevice): true | undefined {
  const isEfa = nic.vendor === '1d0f' && nic.device.startsWith('efa');
  const isSeen = netsOf(nic).some(
    ({ attributes }) =>
      attributes.get('gdr') === '1' ||
      /^(?:mlx\d|bnxt_re|irdma|rdmap|rocep|ibp|hfi\d|efa)/u.test(attributes.get('name') ?? ''),
  );
  return nic.pciClass === '0207' || isEfa || isSeen ? true : undefined;
}

function kindOf({ pciClass, vendor }: NcclDevice, rdma: true | undefined): NicFacts['kind'] {
  if (pciClass === '0207') return 'infiniband';
  if (pciClass !== '0200') return undefined;
  return rdma === true && vendor !== '1d0f' ? 'roce' : 'ethernet';
}

/** NCCL's speeds are in Mbit/s. */
function speedOf(text: string | undefined): number | undefined {
  const mbps = text !== undefined && /^\d{1,9}$/u.test(text) ? Number(text) : 0;
  return mbps > 0 ? mbps : undefined;
}

function placeGaps({ numaNode, pciAddress }: NcclDevice): readonly Gap[] {
  return [
    ...(numaNode === undefined
      ? [{ attribute: 'numaNode', why: 'the file gives no NUMA node around it' }]
      : []),
    ...(pciAddress === undefined
      ? [{ attribute: 'pciAddress', why: 'the file gives none that can be read' }]
      : []),
  ];
}

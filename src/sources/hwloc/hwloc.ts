import type { Fact, GpuFacts, NicFacts, NodeFacts, Origin, Unknown } from '../../model/fact.ts';
import type { Path } from '../../model/id.ts';
import { cleanText, compareText } from '../../model/text.ts';
import { fileName, invalidFile, reportProgress } from '../evidence.ts';
import type { Gap } from '../gpu-reading.ts';
import { devicePath, machinesOf } from '../machine.ts';
import { known, noFindings, observation } from '../observation.ts';
import type { ImportContext, Source } from '../source.ts';
import { ToldOnce } from '../told-once.ts';
import { type NumaNodes, numaNodesOf, readCpu } from './cpu.ts';
import { type Devices, readDevices } from './devices.ts';
import { type LinkReading, readLinks } from './link.ts';
import type { DeviceReading } from './reading.ts';
import { type HwlocTopology, readTopology } from './tree.ts';

/**
 * Machines as hwloc sees them from inside: cores and NUMA nodes, GPUs and NICs with the switch, root and NUMA node that
 * they hang on, and who is linked to whom. One file a machine; its host name stands in the file, or comes with
 * `--node`.
 */
export const hwloc: Source = {
  name: 'hwloc',
  title: 'hwloc topologies',
  howTo: 'lstopo --of xml machine.xml    (on the machine itself, with hwloc 2 or 3)',
  parse(evidence, context) {
    const findings = noFindings();
    const told = new ToldOnce();
    for (const [index, file] of evidence.entries()) {
      reportProgress(context, index, evidence.length);
      const topology = readTopology(file);
      const machine = machineOf(topology, context);
      const { facts, unknown, assumptions } = readMachine(topology, machine);
      if (!told.isNew(machine, facts, file)) continue;
      findings.facts.push(...facts);
      findings.unknown.push(...unknown);
      for (const assumption of assumptions) findings.assumptions.add(assumption);
    }
    reportProgress(context, evidence.length, evidence.length);
    return observation('hwloc', evidence, context, findings);
  },
};

/** Host names that every fresh machine has. */
const nameless = /^(?:localhost|\(none\)$|unknown$)/iu;

/** One file speaks of one machine: UUIDs and serial numbers of its cards cannot be those of another. */
function machineOf({ evidence, infos }: HwlocTopology, context: ImportContext): Path {
  const name = hostNameOf(infos);
  const [machine, ...others] = machinesOf(evidence, context, name);
  if (others.length === 0) return machine;
  throw invalidFile(
    evidence,
    `speaks of one machine, and \`--node\` names ${others.length + 1}`,
    'import the file of each machine by itself',
  );
}

function hostNameOf(infos: ReadonlyMap<string, string>): string | undefined {
  const name = infos.get('HostName') ?? '';
  return name === '' || nameless.test(name) ? undefined : cleanText(name);
}

function readMachine(topology: HwlocTopology, machine: Path) {
  const numa = numaNodesOf(topology);
  const devices = readDevices(topology, numa);
  const links = readLinks(
    topology,
    devices.gpus.map(({ object }) => object),
    devices.areLinkless,
  );
  const about = new Writing(topology);
  about.node(machine, nodeReading(topology, { numa, devices, links }));
  for (const [index, gpu] of devices.gpus.entries())
    about.gpu(devicePath(machine, 'gpu', index), gpu, links.islandOf[index]);
  for (const [index, nic] of devices.nics.entries()) about.nic(devicePath(machine, 'nic', index), nic);
  const assumptions = [...assumptionsOf(topology, numa, devices), ...links.assumptions];
  return { facts: about.facts, unknown: about.unknown, assumptions };
}

type Parts = { readonly numa: NumaNodes; readonly devices: Devices; readonly links: LinkReading };

type NodeReading = {
  readonly stated: NodeFacts;
  readonly derived: NodeFacts;
  readonly assumed: NodeFacts;
  readonly gaps: readonly Gap[];
};

function nodeReading(topology: HwlocTopology, { numa, devices, links }: Parts): NodeReading {
  const { infos } = topology;
  const cpu = readCpu(topology, numa);
  const isFlat = devices.virtual !== undefined && cpu.numaNodes === 1;
  const flat = {
    attribute: 'numaNodes',
    why: 'the virtual machine shows one NUMA node, whatever its host has',
  };
  return {
    stated: {
      hostName: hostNameOf(infos),
      serial: identifying(infos.get('DMIProductSerial')),
      systemUuid: identifying(infos.get('DMIProductUUID'))?.toLowerCase(),
      machine: makerAndModel(infos),
    },
    derived: {
      numaNodes: isFlat ? undefined : cpu.numaNodes,
      gpuCount: devices.gpuCount,
      rdmaNicCount: devices.rdmaNicCount,
      link: links.link,
      linkMbps: links.linkMbps,
    },
    assumed: { cpuMilli: cpu.cpuMilli, memoryMib: cpu.memoryMib },
    gaps: [...cpu.gaps, ...links.gaps, ...devices.gaps, ...(isFlat ? [flat] : [])],
  };
}

/** Makers leave words and zeros where a number was to be filled in. */
function identifying(text: string | undefined): string | undefined {
  const clean = cleanText(text ?? '').trim();
  const isFiller =
    /^(?:[0\s.-]*|none|n\/a|unknown|not .*|to be .*|default string|system serial.*|0?123456789)$/iu;
  return isFiller.test(clean) ? undefined : clean;
}

function makerAndModel(infos: ReadonlyMap<string, string>): string | undefined {
  const words = ['DMISysVendor', 'DMIProductName', 'PlatformModel'].flatMap(
    (name) => identifying(infos.get(name)) ?? [],
  );
  const [maker = '', model = ''] = words;
  const text = model === '' || model.startsWith(maker) ? model || maker : `${maker} ${model}`;
  return text === '' ? undefined : cleanText(text);
}

/** What the reader takes for granted, and what of the file it leaves aside on purpose. */
function assumptionsOf(
  { infos, version }: HwlocTopology,
  { withCpus, memoryOnly, ofGpus }: NumaNodes,
  { assumptions, virtual }: Devices,
): readonly string[] {
  const described = infos.get('SyntheticDescription');
  return [
    ...assumptions,
    'cores and memory seen by hwloc are all of the machine: a source that says what work may have counts before it',
    ...(ofGpus.length === 0
      ? []
      : [
          `NUMA nodes ${numbersOf(ofGpus)} are the memory of GPUs: no place for cores, and no memory of the machine`,
        ]),
    ...(memoryOnly.length === 0
      ? []
      : [
          `NUMA nodes ${numbersOf(memoryOnly)} have memory${kindsOf(memoryOnly)} and no CPUs: counted as memory, not as NUMA nodes`,
        ]),
    ...(version === 2
      ? []
      : [
          'hwloc XML 3: tools of hwloc 2, such as those of Debian 12, refuse the file; Berth reads it itself',
        ]),
    ...(virtual === undefined || withCpus.length < 2
      ? []
      : ['the NUMA nodes of a virtual machine are those that its hypervisor shows']),
    ...(described === undefined
      ? []
      : [`the topology was made from \`${cleanText(described, 80)}\`, not read on a machine`]),
  ];
}

function numbersOf(nodes: NumaNodes['ofGpus']): string {
  const numbers = nodes.map(({ osIndex }) => osIndex);
  return numbers.toSorted((a, b) => a - b).join(', ');
}

/** What kind of memory it is, where hwloc knows: ` (HBM)`. */
function kindsOf(nodes: NumaNodes['memoryOnly']): string {
  const kinds = [...new Set(nodes.flatMap(({ kind }) => kind ?? []))].toSorted(compareText);
  return kinds.length === 0 ? '' : ` (${cleanText(kinds.join(', '), 60)})`;
}

/** Writes readings down as facts and gaps, with the line that each was read on. */
class Writing {
  readonly facts: Fact[] = [];
  readonly unknown: Unknown[] = [];
  readonly #file: string;
  readonly #line: number;
  /** Nothing of a machine that somebody made up was read on one. */
  readonly #isMade: boolean;

  constructor({ evidence, machine, infos }: HwlocTopology) {
    this.#file = fileName(evidence);
    this.#line = machine.line;
    this.#isMade = infos.has('SyntheticDescription');
  }

  node(subject: Path, { stated, derived, assumed, gaps }: NodeReading): void {
    const origin = this.#at(this.#line);
    this.#add({ kind: 'node', subject, set: known(stated), confidence: 'stated', origin });
    this.#add({ kind: 'node', subject, set: known(derived), confidence: 'derived', origin });
    this.#add({ kind: 'node', subject, set: known(assumed), confidence: 'assumed', origin });
    this.#gaps(subject, gaps, origin);
  }

  gpu(
    subject: Path,
    { object, stated, derived, gaps }: DeviceReading<GpuFacts>,
    island: number | undefined,
  ): void {
    const origin = this.#at(object.line);
    this.#add({ kind: 'gpu', subject, set: known(stated), confidence: 'stated', origin });
    this.#add({ kind: 'gpu', subject, set: known({ ...derived, island }), confidence: 'derived', origin });
    this.#gaps(subject, gaps, origin);
  }

  nic(subject: Path, { object, stated, derived, gaps }: DeviceReading<NicFacts>): void {
    const origin = this.#at(object.line);
    this.#add({ kind: 'nic', subject, set: known(stated), confidence: 'stated', origin });
    this.#add({ kind: 'nic', subject, set: known(derived), confidence: 'derived', origin });
    this.#gaps(subject, gaps, origin);
  }

  /** A device of which nothing is known is still there: its first fact is written even when empty. */
  #add(fact: Fact): void {
    const isFirst = !this.facts.some(({ kind, subject }) => kind === fact.kind && subject === fact.subject);
    if (!isFirst && Object.keys(fact.set).length === 0) return;
    this.facts.push(this.#isMade ? { ...fact, confidence: 'assumed' } : fact);
  }

  #gaps(subject: Path, gaps: readonly Gap[], origin: Origin): void {
    for (const { attribute, why } of gaps)
      this.unknown.push({ subject, attribute, why: cleanText(why, 300), origin });
  }

  #at(line: number): Origin {
    return { file: this.#file, line };
  }
}

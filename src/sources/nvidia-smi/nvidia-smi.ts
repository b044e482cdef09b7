import { type NodeFacts, type Origin, unplaced } from '../../model/fact.ts';
import { type Path, siteOf } from '../../model/id.ts';
import { cleanText } from '../../model/text.ts';
import { DeviceTable } from '../device-table.ts';
import { fileName, invalidFile, reportProgress } from '../evidence.ts';
import { gpuModel } from '../gpu-model.ts';
import type { Gap } from '../gpu-reading.ts';
import { machinesOf } from '../machine.ts';
import { type Findings, known, noFindings, observation } from '../observation.ts';
import { pathOf, segmentOf } from '../path.ts';
import type { Evidence, ImportContext, Source } from '../source.ts';
import { childrenNamed, readXml, textAt, type XmlElement } from '../xml.ts';
import { type CardReading, type CardText, readCard } from './card.ts';
import { readCsv } from './csv.ts';
import { localityOf } from './locality.ts';
import { type Part, partsOf } from './parts.ts';
import { readMatrix, type TopologyMatrix } from './topology.ts';
import { cardTextOf, migDevicesOf, readLog } from './xml.ts';

/**
 * What nvidia-smi says on one machine: the matrix of `topo -m`, the XML and the text of `-q`, tables of `--query-gpu`,
 * `-L`, and files with several of them. Files imported together are about the same machine.
 */
export const nvidiaSmi: Source = {
  name: 'nvidia-smi',
  title: 'nvidia-smi',
  howTo: 'nvidia-smi -q -x > n01.xml; nvidia-smi topo -m > n01.txt (both with --node n01)',
  parse(evidence, context) {
    const machine = new Machine();
    for (const [index, file] of evidence.entries()) {
      reportProgress(context, index, evidence.length);
      readFile(file, machine);
    }
    reportProgress(context, evidence.length, evidence.length);
    return observation('nvidia-smi', evidence, context, findingsOf(machine, evidence, context));
  },
};

type Card = { readonly number: number; readonly reading: CardReading; readonly origin: Origin };

/** Everything that the files say about the one machine they are of. */
class Machine {
  readonly devices = new DeviceTable();
  readonly cards: Card[] = [];
  readonly matrices: { readonly matrix: TopologyMatrix; readonly evidence: Evidence }[] = [];
  readonly assumptions = new Set<string>();
  readonly gaps: { readonly gap: Gap; readonly origin: Origin }[] = [];
  hostName: { readonly name: string; readonly origin: Origin } | undefined;
  driver: { readonly version: string; readonly origin: Origin } | undefined;
  /** How many GPUs a tool says there are, where it says so beside listing them. */
  attached: { readonly count: number; readonly origin: Origin } | undefined;
}

function readFile(evidence: Evidence, machine: Machine): void {
  const { parts, skipped } = partsOf(evidence);
  for (const part of parts) readPart(evidence, part, machine);
  if (skipped.length > 0)
    machine.assumptions.add(
      cleanText(`not read in \`${fileName(evidence)}\`: ${[...new Set(skipped)].join(', ')}`, 300),
    );
}

function readPart(evidence: Evidence, part: Part, machine: Machine): void {
  switch (part.kind) {
    case 'xml':
      return readTree(evidence, readXml(evidence, part.text, ['nvidia_smi_log']), machine);
    case 'log':
      return readTree(evidence, readLog(part.text, part.line), machine);
    case 'table':
      return readTable(evidence, part, machine);
    case 'list':
      return readList(evidence, part, machine);
    case 'matrix': {
      const matrix = readMatrix(evidence, part.text, part.line);
      if (matrix !== undefined) machine.matrices.push({ matrix, evidence });
      return undefined;
    }
  }
}

function readTree(evidence: Evidence, root: XmlElement, machine: Machine): void {
  const origin = { file: fileName(evidence), line: root.line };
  const gpus = childrenNamed(root, 'gpu');
  const version = textAt(root, 'driver_version');
  if (version !== undefined && /\d/u.test(version))
    machine.driver = { version: cleanText(version, 60), origin };
  const attached = textAt(root, 'attached_gpus');
  if (attached !== undefined && /^\d{1,4}$/u.test(attached))
    machine.attached = { count: Number(attached), origin };
  if (gpus.length === 0 && machine.attached?.count !== 0)
    throw invalidFile(evidence, 'lists no GPU', 'check that the file is whole', { line: root.line });
  for (const [number, gpu] of gpus.entries()) {
    const at = { file: origin.file, line: gpu.line };
    addCard(machine, evidence, { number, origin: at, text: withId(gpu) });
    addMigDevices(machine, number, gpu, at);
  }
}

/** The address stands in the element's id, and once more below. */
function withId(gpu: XmlElement): CardText {
  const text = cardTextOf(gpu);
  return (field) => (field === 'pci' ? [...text(field), gpu.attributes.get('id') ?? ''] : text(field));
}

/** Neither XML nor log name the profiles of instances. */
function addMigDevices(machine: Machine, number: number, gpu: XmlElement, origin: Origin): void {
  const { length } = migDevicesOf(gpu);
  const why = `it has ${length} MIG device${length === 1 ? '' : 's'} whose profiles are not named here; \`nvidia-smi -L\` names them`;
  if (length > 0) machine.devices.miss('gpu', number, { attribute: 'migProfile', why }, origin);
}

function readTable(evidence: Evidence, part: Part, machine: Machine): void {
  const rows = readCsv(evidence, part.text, part.line);
  for (const row of rows) {
    const origin = { file: fileName(evidence), line: row.line };
    if (row.driver !== undefined) machine.driver = { version: row.driver, origin };
    if (row.count !== undefined) machine.attached = { count: row.count, origin };
    if (row.hostName !== undefined) addHost(machine, evidence, row.hostName, origin);
    if (!row.isNumbered)
      machine.assumptions.add('rows of a table without the column `index` are numbered in their order');
    addCard(machine, evidence, { number: row.number, origin, text: row.text });
  }
}

function addHost(machine: Machine, evidence: Evidence, name: string, origin: Origin): void {
  if (machine.hostName !== undefined && machine.hostName.name !== name)
    throw invalidFile(
      evidence,
      `is of the machine \`${cleanText(name, 80)}\`, but others are of \`${cleanText(machine.hostName.name, 80)}\``,
      'import the files of one machine at a time',
      origin.line === undefined ? {} : { line: origin.line },
    );
  machine.hostName = { name, origin };
}

function addCard(
  machine: Machine,
  evidence: Evidence,
  { number, origin, text }: { readonly number: number; readonly origin: Origin; readonly text: CardText },
): void {
  const reading = readCard(text);
  machine.cards.push({ number, reading, origin });
  machine.devices.say('gpu', number, reading.stated, { confidence: 'stated', origin, evidence });
  machine.devices.say('gpu', number, reading.derived, { confidence: 'derived', origin, evidence });
  for (const gap of reading.gaps) machine.devices.miss('gpu', number, gap, origin);
  for (const assumption of reading.assumptions) machine.assumptions.add(assumption);
}

/** `nvidia-smi -L`: the only place that names the profiles of MIG instances. */
function readList(evidence: Evidence, part: Part, machine: Machine): void {
  const profiles = new Map<number, { readonly names: Set<string>; readonly origin: Origin }>();
  let number: number | undefined;
  for (const [index, line] of part.text.split(/\r?\n/u).entries()) {
    const origin = { file: fileName(evidence), line: part.line + index };
    const [, gpu, product, uuid] = /^GPU (\d{1,4}): (.+) \(UUID: ([^)]*)\)\s*$/u.exec(line) ?? [];
    if (gpu !== undefined && product !== undefined) {
      number = Number(gpu);
      addListed(machine, evidence, { number, product, uuid: uuid ?? '', origin });
    }
    const profile = /^\s+MIG (\S+)\s+Device/u.exec(line)?.[1];
    if (number === undefined || profile === undefined) continue;
    const listed = profiles.get(number) ?? { names: new Set<string>(), origin };
    profiles.set(number, listed);
    listed.names.add(cleanText(profile, 40));
  }
  for (const [gpu, { names, origin }] of profiles) addProfiles(machine, evidence, { gpu, names, origin });
}

function addListed(
  { devices }: Machine,
  evidence: Evidence,
  { number, product, uuid, origin }: { number: number; product: string; uuid: string; origin: Origin },
): void {
  const named = gpuModel(product);
  const isMasked = /^(?:GPU-)?[0-]*$/u.test(uuid);
  const confidence = named?.inferred === undefined ? ('stated' as const) : ('derived' as const);
  if (named !== undefined)
    devices.say('gpu', number, { model: named.model }, { confidence, origin, evidence });
  if (!isMasked)
    devices.say('gpu', number, { uuid: cleanText(uuid) }, { confidence: 'stated', origin, evidence });
}

/** A card whose instances all have one profile has that; one with several is described by no single one. */
function addProfiles(
  { devices }: Machine,
  evidence: Evidence,
  { gpu, names, origin }: { gpu: number; names: ReadonlySet<string>; origin: Origin },
): void {
  const [only] = names;
  if (names.size === 1 && only !== undefined) {
    devices.say('gpu', gpu, { migProfile: only }, { confidence: 'stated', origin, evidence });
    return;
  }
  const why = `its MIG instances have several profiles: ${[...names].join(', ')}`.slice(0, 300);
  devices.miss('gpu', gpu, { attribute: 'migProfile', why }, origin);
}

function findingsOf(machine: Machine, evidence: readonly Evidence[], context: ImportContext): Findings {
  const findings = noFindings();
  const [first] = evidence;
  if (first === undefined) return findings;
  const hasNvlink = addLocality(machine);
  const node = nodeOf(machine, hasNvlink);
  const paths = machinesOf(first, context, machine.hostName?.name);
  if (paths.length > 1 && machine.devices.isIndividual)
    throw invalidFile(first, 'names single cards, which stand in one machine only', 'pass one `--node`');
  for (const path of paths) addMachine(findings, machine, { path, node });
  for (const assumption of machine.assumptions) findings.assumptions.add(assumption);
  return findings;
}

/** True where a matrix shows NVLink, false where one of several GPUs shows none. */
function addLocality(machine: Machine): boolean | undefined {
  const isVirtual = machine.cards.some(({ reading }) => reading.isVirtual);
  let hasNvlink: boolean | undefined;
  for (const { matrix, evidence } of machine.matrices) {
    const origin = { file: fileName(evidence), line: matrix.line };
    const locality = localityOf(matrix, isVirtual);
    for (const { device, stated, derived, assumed, gaps } of locality.devices) {
      const at = { file: origin.file, line: device.line };
      const { kind, number } = device;
      machine.devices.say(kind, number, stated, { confidence: 'stated', origin: at, evidence });
      machine.devices.say(kind, number, derived, { confidence: 'derived', origin: at, evidence });
      machine.devices.say(kind, number, assumed, { confidence: 'assumed', origin: at, evidence });
      for (const gap of gaps) machine.devices.miss(kind, number, gap, at);
    }
    for (const gap of locality.gaps) machine.gaps.push({ gap, origin });
    for (const assumption of locality.assumptions) machine.assumptions.add(assumption);
    if (locality.link === 'nvlink') hasNvlink = true;
    else if (locality.gaps.some(({ attribute }) => attribute === 'link')) hasNvlink ??= false;
  }
  return hasNvlink;
}

type NodeReading = { readonly stated: NodeFacts; readonly derived: NodeFacts; readonly gaps: readonly Gap[] };

function nodeOf(machine: Machine, hasNvlink: boolean | undefined): NodeReading {
  const listed = machine.devices.count('gpu');
  const attached = machine.attached?.count ?? listed;
  const link = linkOf(machine, hasNvlink);
  const sharing = sharingOf(machine.cards);
  const why = `nvidia-smi counts ${attached} GPUs, but the file lists ${listed}`;
  return {
    stated: known({
      ...(attached > 32 ? {} : { gpuCount: Math.max(attached, listed) }),
      ...(machine.driver === undefined ? {} : { driver: machine.driver.version }),
      ...(machine.hostName === undefined ? {} : { hostName: cleanText(machine.hostName.name) }),
    }),
    derived: { ...link.facts, ...sharing.facts },
    gaps: [
      ...link.gaps,
      ...sharing.gaps,
      ...(attached > listed ? [{ attribute: 'gpus', why }] : []),
      ...machine.devices.surplus.map(({ kind, count }) => ({
        attribute: `${kind}s`,
        why: `${count} ${kind.toUpperCase()}s: more than 32 are not read`,
      })),
    ],
  };
}

type NodePart = { readonly facts: NodeFacts; readonly gaps: readonly Gap[] };

/** The matrix where there is one; else what the product is built with, but not in a virtual machine. */
function linkOf({ cards, devices }: Machine, hasNvlink: boolean | undefined): NodePart {
  if (hasNvlink === true) return { facts: { link: 'nvlink' }, gaps: [] };
  const links = new Set(cards.map(({ reading }) => reading.link));
  const [only] = links;
  if (links.size !== 1 || only === undefined) return { facts: {}, gaps: [] };
  if (only === 'none') return { facts: { link: 'none' }, gaps: [] };
  const isShown = hasNvlink !== false;
  const isSplit = devices.count('gpu') > 1 && cards.some(({ reading }) => reading.isVirtual);
  if (isShown && !isSplit) return { facts: { link: 'nvlink' }, gaps: [] };
  const why = isShown
    ? 'a virtual machine with several GPUs: whether their NVLink was passed on is not said; `nvidia-smi topo -m` shows it'
    : 'the product has NVLink, but the matrix shows none: made with `topo -mp`, which leaves it out, or the links are down';
  return { facts: {}, gaps: [{ attribute: 'link', why }] };
}

/** MIG is a mode of each card; what the node offers is decided elsewhere. */
function sharingOf(cards: readonly Card[]): NodePart {
  const last = new Map(
    cards.flatMap(({ number, reading }) =>
      reading.mig === undefined ? [] : [[number, reading.mig] as const],
    ),
  );
  const modes = new Set(last.values());
  if (modes.has('changing')) return { facts: { sharing: 'unknown' }, gaps: [] };
  if (!modes.has('on')) return { facts: {}, gaps: [] };
  const on = [...last].flatMap(([number, mode]) => (mode === 'on' ? [`gpu${number}`] : []));
  const why =
    `${on.join(', ')} in MIG mode, the others not: whole GPUs are not promised on such a node`.slice(0, 300);
  return { facts: { sharing: 'mig-mixed' }, gaps: modes.has('off') ? [{ attribute: 'sharing', why }] : [] };
}

function addMachine(
  findings: Findings,
  machine: Machine,
  { path, node }: { readonly path: Path; readonly node: NodeReading },
): void {
  const origin = machine.attached?.origin ?? machine.cards[0]?.origin ?? firstOrigin(machine);
  const domain = domainOf(machine, path);
  const about = { kind: 'node', subject: path, origin } as const;
  findings.facts.push({ ...about, set: node.stated, confidence: 'stated' });
  const derived = { ...node.derived, ...domain.facts };
  if (Object.keys(derived).length > 0) findings.facts.push({ ...about, set: derived, confidence: 'derived' });
  findings.facts.push(...machine.devices.facts(path));
  const gaps = [
    ...[...node.gaps, ...domain.gaps].map((gap) => ({ subject: path, gap, origin })),
    ...linkGaps(machine, node).map((more) => ({ subject: path, ...more })),
    ...machine.devices.gaps(path),
  ];
  for (const { subject, gap, origin: at } of gaps)
    findings.unknown.push({ subject, attribute: gap.attribute, why: cleanText(gap.why, 300), origin: at });
}

/** What a matrix leaves open counts no longer where the cards answer it. */
function linkGaps({ gaps }: Machine, { derived, gaps: own }: NodeReading) {
  const isAnswered = derived.link !== undefined || own.some(({ attribute }) => attribute === 'link');
  return gaps.filter(({ gap }) => gap.attribute !== 'link' || !isAnswered);
}

function firstOrigin({ matrices }: Machine): Origin {
  const [first] = matrices;
  return first === undefined ? { file: '' } : { file: fileName(first.evidence), line: first.matrix.line };
}

/** An NVLink domain over several machines has the same name on all of them: by site, so the site must be known. */
function domainOf({ cards }: Machine, path: Path): NodePart {
  const domains = new Set(cards.flatMap(({ reading }) => reading.domain ?? []));
  const [only] = domains;
  if (only === undefined) return { facts: {}, gaps: [] };
  if (domains.size > 1)
    return openIsland(`its GPUs are in several NVLink domains: ${[...domains].join(', ')}`);
  if (siteOf(path) === unplaced)
    return openIsland(
      `NVLink domain \`${cleanText(only, 100)}\`: which site it is in is not said; pass \`--site\``,
    );
  return { facts: { island: pathOf(siteOf(path), segmentOf(`nvlink-${only}`)) }, gaps: [] };
}

function openIsland(why: string): NodePart {
  return { facts: {}, gaps: [{ attribute: 'island', why }] };
}

import type { GpuFacts, NodeFacts, Origin } from '../../model/fact.ts';
import type { Path } from '../../model/id.ts';
import { pciAddressOf } from '../../model/pci.ts';
import { cleanText } from '../../model/text.ts';
import { DeviceTable } from '../device-table.ts';
import { fileName, invalidFile, reportProgress } from '../evidence.ts';
import { gpuModel } from '../gpu-model.ts';
import type { Gap } from '../gpu-reading.ts';
import { linkGroups, splitWhy } from '../link-groups.ts';
import { machinesOf } from '../machine.ts';
import { type Findings, known, noFindings, observation } from '../observation.ts';
import type { Evidence, ImportContext, Source } from '../source.ts';
import { pairKey, type RocmPair, type RocmReading, readRocm } from './reading.ts';

/**
 * What rocm-smi says on one machine: `-a --json` with its human keys, and the matrices of `--showtopo`. What joins two
 * GPUs is read from the link type alone: the hop count is 1 everywhere on many machines, and the weight is a
 * distance without a unit.
 */
export const rocmSmi: Source = {
  name: 'rocm-smi',
  title: 'rocm-smi',
  howTo: 'rocm-smi -a --json > n01.json; rocm-smi --showtopo > n01.txt (both with --node n01)',
  parse(evidence, context) {
    const machine = new Machine();
    for (const [index, file] of evidence.entries()) {
      reportProgress(context, index, evidence.length);
      addReading(machine, file, readRocm(file));
    }
    reportProgress(context, evidence.length, evidence.length);
    return observation('rocm-smi', evidence, context, findingsOf(machine, evidence, context));
  },
};

type NodeGap = { readonly gap: Gap; readonly origin: Origin };

class Machine {
  readonly devices = new DeviceTable();
  readonly assumptions = new Set<string>();
  readonly gaps: NodeGap[] = [];
  readonly partitions = new Map<number, string>();
  node: { stated: NodeFacts; derived: NodeFacts; origin: Origin | undefined } = {
    stated: {},
    derived: {},
    origin: undefined,
  };
}

function addReading(machine: Machine, evidence: Evidence, reading: RocmReading): void {
  const file = fileName(evidence);
  for (const [number, { line, fields }] of reading.cards) {
    const origin = { file, line };
    const { stated, derived, gaps, partition } = readCard(fields);
    machine.node.origin ??= origin;
    machine.devices.say('gpu', number, stated, { confidence: 'stated', origin, evidence });
    machine.devices.say('gpu', number, derived, { confidence: 'derived', origin, evidence });
    for (const gap of gaps) machine.devices.miss('gpu', number, gap, origin);
    if (partition !== undefined) machine.partitions.set(number, partition);
  }
  const driver = reading.system.get('driver version');
  if (driver !== undefined) machine.node.stated = { ...machine.node.stated, driver: cleanText(driver, 60) };
  if (reading.pairs.size > 0) addLinks(machine, evidence, reading);
}

type Fields = ReadonlyMap<string, string>;
type CardReading = {
  readonly stated: GpuFacts;
  readonly derived: GpuFacts;
  readonly gaps: readonly Gap[];
  readonly partition: string | undefined;
};

/** Human keys of ROCm 4 to 7. The highest of several readings of the draw counts. */
function readCard(fields: Fields): CardReading {
  const named = modelOf(fields);
  const numa = fields.get('(topology) numa node');
  const serial = given(fields, 'serial number');
  const pciAddress = pciAddressOf(given(fields, 'pci bus') ?? '');
  const bytes = Number(/^\d{1,15}$/u.exec(given(fields, 'vram total memory (b)') ?? '')?.[0] ?? Number.NaN);
  const measuredW = wattsOf(fields, [
    'average graphics package power (w)',
    'current socket graphics package power (w)',
  ]);
  const powerW = wattsOf(fields, ['max graphics package power (w)']);
  const unique = /^0x([0-9a-f]{1,16})$/iu.exec(given(fields, 'unique id') ?? '')?.[1];
  return {
    stated: known({
      ...(named !== undefined && named.inferred === undefined ? { model: named.model } : {}),
      ...(serial === undefined ? {} : { serial: cleanText(serial) }),
      ...(pciAddress === undefined ? {} : { pciAddress }),
      ...(Number.isNaN(bytes) ? {} : { memoryMib: Math.floor(bytes / 2 ** 20) }),
      ...(measuredW === undefined ? {} : { measuredW }),
      ...(powerW === undefined ? {} : { powerW }),
      ...(numa !== undefined && /^\d{1,3}$/u.test(numa) ? { numaNode: Number(numa) } : {}),
    }),
    derived: known({
      ...(named?.inferred === undefined ? {} : { model: named.model }),
      // The ROCm runtime names a card by this number, in 16 digits (rocminfo).
      ...(unique === undefined ? {} : { uuid: `GPU-${unique.toLowerCase().padStart(16, '0')}` }),
    }),
    gaps: gapsOf(fields, named !== undefined),
    partition: partitionOf(fields),
  };
}

function given(fields: Fields, key: string): string | undefined {
  const text = fields.get(key)?.trim();
  return text === undefined || /^(?:N\/?A|None|unknown|)$/iu.test(text) ? undefined : text;
}

function wattsOf(fields: Fields, keys: readonly string[]): number | undefined {
  const values = keys.flatMap((key) => {
    const text = given(fields, key) ?? '';
    return /^\d{1,6}(?:\.\d{1,6})?$/u.test(text) ? [Math.ceil(Number(text))] : [];
  });
  return values.length === 0 ? undefined : Math.max(...values);
}

/** The product stands in one of several keys, at times in brackets behind a code name; ids in hex are no names. */
function modelOf(fields: Fields) {
  const names = ['market name', 'card series', 'device name', 'card model'].flatMap(
    (key) => given(fields, key) ?? [],
  );
  const name = names.find((text) => !/^0x[0-9a-f]+$/iu.test(text));
  return name === undefined ? undefined : gpuModel(/\[(.+)\]/u.exec(name)?.[1] ?? name);
}

function gapsOf(fields: Fields, isNamed: boolean): Gap[] {
  const numa = fields.get('(topology) numa node');
  const id = given(fields, 'device id');
  const isCard = fields.size > 2;
  return [
    ...(numa === undefined || /^\d{1,3}$/u.test(numa)
      ? []
      : [{ attribute: 'numaNode', why: `rocm-smi says \`${cleanText(numa, 20)}\`` }]),
    ...(isCard && !isNamed
      ? [
          {
            attribute: 'model',
            why: `no key names the product; the device id is \`${cleanText(id ?? 'not given', 20)}\``,
          },
        ]
      : []),
    ...(isCard ? [{ attribute: 'health', why: 'rocm-smi reports no health' }] : []),
  ];
}

/** Partitions of one card are listed as cards of their own. */
function partitionOf(fields: Fields): string | undefined {
  const text = given(fields, 'compute partition');
  return text === undefined || /^spx$/iu.test(text) ? undefined : cleanText(text, 20);
}

function addLinks(machine: Machine, evidence: Evidence, { cards, pairs }: RocmReading): void {
  const numbers = [...cards.keys()].toSorted((a, b) => a - b);
  const origin = { file: fileName(evidence), line: Math.min(...[...cards.values()].map(({ line }) => line)) };
  const pair = (a: number, b: number): RocmPair => pairs.get(pairKey(a, b)) ?? {};
  machine.assumptions.add(
    'hop counts of rocm-smi are not used, as they are 1 on many machines: the link type tells XGMI from PCIe',
  );
  const isTyped = numbers.every((a) => numbers.every((b) => a === b || isType(pair(a, b).type)));
  if (!isTyped) {
    const why =
      'the link type of some pair is missing or illegible; hops and weights do not tell XGMI from PCIe';
    machine.gaps.push({ gap: { attribute: 'link', why }, origin });
    return;
  }
  if (numbers.length < 2) return;
  const linked = (a: number, b: number) => pair(a, b).type === 'XGMI';
  const { groups, isSplit } = linkGroups(numbers, linked);
  const link = groups.some((group) => group.length > 1) ? ('xgmi' as const) : ('none' as const);
  machine.node.derived = { ...machine.node.derived, link };
  if (isSplit) machine.gaps.push({ gap: { attribute: 'island', why: splitWhy('XGMI') }, origin });
  const farther = fartherThanPcie(numbers, pair);
  if (farther !== undefined) machine.gaps.push({ gap: { attribute: 'topology', why: farther }, origin });
  if (link === 'none') return;
  for (const [island, group] of groups.entries())
    for (const number of group)
      machine.devices.say('gpu', number, { island }, { confidence: 'derived', origin, evidence });
}

function isType(type: string | undefined): boolean {
  return type === 'XGMI' || type === 'PCIE';
}

/** XGMI is nearer than PCIe. Where a weight says otherwise, somebody is wrong. */
function fartherThanPcie(
  numbers: readonly number[],
  pair: (a: number, b: number) => RocmPair,
): string | undefined {
  const all = numbers.flatMap((a) => numbers.filter((b) => a < b).map((b) => ({ a, b, ...pair(a, b) })));
  const weighed = all.flatMap(({ weight, ...rest }) =>
    weight !== undefined && /^\d{1,6}$/u.test(weight) ? [{ ...rest, weight: Number(weight) }] : [],
  );
  const nearest = Math.min(...weighed.filter(({ type }) => type === 'PCIE').map(({ weight }) => weight));
  const odd = weighed.find(({ type, weight }) => type === 'XGMI' && weight >= nearest);
  return odd === undefined
    ? undefined
    : `GPU${odd.a} and GPU${odd.b} are joined by XGMI at weight ${odd.weight}, no nearer than PCIe at ${nearest}`;
}

function findingsOf(machine: Machine, evidence: readonly Evidence[], context: ImportContext): Findings {
  const findings = noFindings();
  const [first] = evidence;
  if (first === undefined) return findings;
  const paths = machinesOf(first, context, undefined);
  if (paths.length > 1 && machine.devices.isIndividual)
    throw invalidFile(first, 'names single cards, which stand in one machine only', 'pass one `--node`');
  for (const path of paths) addMachine(findings, machine, path);
  for (const assumption of machine.assumptions) findings.assumptions.add(assumption);
  return findings;
}

function addMachine(findings: Findings, machine: Machine, subject: Path): void {
  const { node, devices } = machine;
  const origin = node.origin ?? { file: '' };
  const count = devices.count('gpu');
  const parts = partitionGaps(machine);
  const isWhole = parts.length === 0 && count <= 32;
  const about = { kind: 'node', subject, origin } as const;
  findings.facts.push({
    ...about,
    set: { ...node.stated, ...(isWhole ? { gpuCount: count } : {}) },
    confidence: 'stated',
  });
  const derived: NodeFacts = {
    ...node.derived,
    ...(parts.length === 0 ? {} : { sharing: 'unknown' as const }),
  };
  if (Object.keys(derived).length > 0) findings.facts.push({ ...about, set: derived, confidence: 'derived' });
  findings.facts.push(...devices.facts(subject));
  const surplus = devices.surplus.map(({ kind, count: many }) => ({
    gap: { attribute: `${kind}s`, why: `${many} GPUs: more than 32 are not read` },
    origin,
  }));
  const gaps = [...machine.gaps, ...parts.map((gap) => ({ gap, origin })), ...surplus];
  for (const more of [...gaps.map((gap) => ({ subject, ...gap })), ...devices.gaps(subject)])
    findings.unknown.push({
      subject: more.subject,
      attribute: more.gap.attribute,
      why: cleanText(more.gap.why, 300),
      origin: more.origin,
    });
}

function partitionGaps({ partitions }: Machine): Gap[] {
  const [first] = partitions;
  if (first === undefined) return [];
  const why = `gpu${first[0]} is in compute partition mode ${first[1]}: what is listed are parts of cards`;
  return ['gpuCount', 'sharing'].map((attribute) => ({ attribute, why }));
}

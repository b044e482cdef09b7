import { pciAddressOf } from '../../model/pci.ts';
import { cleanText } from '../../model/text.ts';
import { invalidFile, readText } from '../evidence.ts';
import { wrongFormat } from '../format.ts';
import type { Evidence } from '../source.ts';
import { childrenNamed, readXml, type XmlElement } from '../xml.ts';
import { bitsOf } from './bits.ts';

/** One object of the tree, whatever its type. */
export type HwlocObject = {
  /** `Machine`, `Package`, `NUMANode`, `Core`, `PU`, `Bridge`, `PCIDev`, `OSDev` and others. */
  readonly type: string;
  readonly name: string | undefined;
  readonly subtype: string | undefined;
  readonly osIndex: number | undefined;
  readonly cpuset: bigint | undefined;
  /** Other attributes as they stand there. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly infos: ReadonlyMap<string, string>;
  readonly parent: HwlocObject | undefined;
  readonly children: readonly HwlocObject[];
  readonly line: number;
};

/** A matrix of distances or bandwidths; objects by `TYPE:GP_INDEX`. */
export type HwlocMatrix = {
  readonly name: string;
  readonly objects: readonly string[];
  /** Row by row; fewer or more than objects squared where the file is damaged. */
  readonly values: readonly number[];
  readonly line: number;
};

export type HwlocTopology = {
  readonly evidence: Evidence;
  readonly version: 2 | 3;
  readonly machine: HwlocObject;
  /** Every object, parents before children, in the order of the file: that of hwloc's logical numbers. */
  readonly objects: readonly HwlocObject[];
  /** Of the machine and, in XML 3, of the topology. */
  readonly infos: ReadonlyMap<string, string>;
  readonly matrices: readonly HwlocMatrix[];
};

/** Far above the objects of any machine: 1,792 hardware threads with their cores and caches make some 10,000. */
const maxObjects = 100_000;
/** As many as Linux can have (NODES_SHIFT). */
const maxNumaNodes = 1024;

export type OsDeviceKind = 'storage' | 'gpu' | 'network' | 'rdma' | 'other';

const expected = 'XML of hwloc: `lstopo --of xml machine.xml`';

/**
 * Reads XML 2 and 3 of hwloc (format: hwloc2.dtd and hwloc/topology-xml.c of open-mpi/hwloc). Both have the same tree;
 * what differs are the numbers of OS device types and where infos stand.
 */
export function readTopology(evidence: Evidence): HwlocTopology {
  const text = readText(evidence);
  if (!/<topology[\s>]/u.test(text)) throw wrongFormat(evidence, text, 'hwloc', expected);
  const root = readXml(evidence, text, ['topology']);
  const version = versionOf(evidence, root);
  const objects: HwlocObject[] = [];
  const [machine, second] = childrenNamed(root, 'object').map((child) => grow(child, undefined, objects));
  if (machine?.type !== 'Machine' || second !== undefined)
    throw invalidFile(evidence, 'does not hold one machine', `expected: ${expected}`, { line: root.line });
  const numaNodes = objects.filter(({ type }) => type === 'NUMANode').length;
  if (objects.length > maxObjects || numaNodes > maxNumaNodes)
    throw invalidFile(
      evidence,
      `holds ${objects.length} objects and ${numaNodes} NUMA nodes, more than a machine has`,
      `expected: ${expected}`,
    );
  const matrices = root.children.filter(({ name }) => name.startsWith('distances2')).map(matrixOf);
  return {
    evidence,
    version,
    machine,
    objects,
    infos: new Map([...infosOf(root), ...machine.infos]),
    matrices,
  };
}

/**
 * What an OS device is. XML 2 numbers the kinds, XML 3 has a bit for each: 5 is a co-processor in the one, and storage
 * that is also a GPU in the other.
 */
export function kindOf({ version }: HwlocTopology, { attributes }: HwlocObject): OsDeviceKind {
  const number = Number(attributes.get('osdev_type') ?? Number.NaN);
  if (version === 2) return kindsOf2.get(number) ?? 'other';
  return kindsOf3.find(([bit]) => (number & bit) !== 0)?.[1] ?? 'other';
}

const kindsOf2: ReadonlyMap<number, OsDeviceKind> = new Map([
  [0, 'storage'],
  [1, 'gpu'],
  [2, 'network'],
  [3, 'rdma'],
  [5, 'gpu'],
]);

/** What says more stands first: an OpenFabrics device has the network bit too. */
const kindsOf3: readonly (readonly [number, OsDeviceKind])[] = [
  [32, 'rdma'],
  [16, 'network'],
  [4 | 8, 'gpu'],
  [1, 'storage'],
];

/** The nearest object around a device that is no I/O: what the device is local to. */
export function placeOf(object: HwlocObject): HwlocObject {
  let at = object;
  while (isIo(at) && at.parent !== undefined) at = at.parent;
  return at;
}

function isIo({ type }: HwlocObject): boolean {
  return type === 'Bridge' || type === 'PCIDev' || type === 'OSDev' || type === 'Misc';
}

/** The PCI address of a PCI device or of a bridge that is one. */
export function addressOf({ attributes }: HwlocObject): string | undefined {
  return pciAddressOf(attributes.get('pci_busid') ?? '');
}

/** Class, vendor and device of a PCI device, each of four hexadecimal digits: `0302 [10de:1db8]`. */
export function pciTypeOf({ attributes }: HwlocObject): {
  readonly pciClass: string;
  readonly vendor: string;
  readonly device: string;
} {
  const [, pciClass = '', vendor = '', device = ''] =
    /^([0-9a-f]{4}) \[([0-9a-f]{4}):([0-9a-f]{4})\]/iu.exec(attributes.get('pci_type') ?? '') ?? [];
  return {
    pciClass: pciClass.toLowerCase(),
    vendor: vendor.toLowerCase(),
    device: device.toLowerCase(),
  };
}

function versionOf(evidence: Evidence, root: XmlElement): 2 | 3 {
  const stated = root.attributes.get('version') ?? '1';
  const major = Number(/^(\d{1,3})(?:\.\d+)?$/u.exec(stated)?.[1] ?? Number.NaN);
  if (major === 2 || major === 3) return major;
  throw invalidFile(
    evidence,
    `is hwloc XML of version ${cleanText(stated, 20)}; Berth reads 2 and 3`,
    'export it again with hwloc 2 or 3: `lstopo --of xml machine.xml`',
    { line: root.line },
  );
}

function grow(element: XmlElement, parent: HwlocObject | undefined, all: HwlocObject[]): HwlocObject {
  const { attributes, line } = element;
  const children: HwlocObject[] = [];
  const object: HwlocObject = {
    type: attributes.get('type') ?? '',
    name: attributes.get('name'),
    subtype: attributes.get('subtype'),
    osIndex: wholeNumber(attributes.get('os_index')),
    cpuset: bitsOf(attributes.get('cpuset') ?? 'none'),
    attributes,
    infos: infosOf(element),
    parent,
    children,
    line,
  };
  all.push(object);
  for (const child of childrenNamed(element, 'object')) children.push(grow(child, object, all));
  return object;
}

const noInfos: ReadonlyMap<string, string> = new Map();

function infosOf(element: XmlElement): ReadonlyMap<string, string> {
  const infos = childrenNamed(element, 'info');
  if (infos.length === 0) return noInfos;
  return new Map(
    infos.flatMap(({ attributes }) => {
      const [name, value] = [attributes.get('name'), attributes.get('value')];
      return name === undefined || value === undefined ? [] : [[name, value.trim()] as const];
    }),
  );
}

function matrixOf(element: XmlElement): HwlocMatrix {
  const type = element.attributes.get('type');
  const words = (name: string) =>
    childrenNamed(element, name).flatMap(({ text }) => text.split(/\s+/u).filter((word) => word !== ''));
  return {
    name: element.attributes.get('name') ?? '',
    objects: words('indexes').map((word) => (type === undefined ? word : `${type}:${word}`)),
    values: words('u64values').map(Number),
    line: element.line,
  };
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/u.test(text) ? Number(text) : undefined;
}

import { pciAddressOf } from '../../model/pci.ts';
import { cleanText, compareText } from '../../model/text.ts';
import { invalidFile, readText } from '../evidence.ts';
import { wrongFormat } from '../format.ts';
import type { Gap } from '../gpu-reading.ts';
import type { Evidence } from '../source.ts';
import { childrenNamed, readXml, type XmlElement } from '../xml.ts';

/** A GPU or NIC where it stands in the tree. */
export type NcclDevice = {
  /** The `pci` element, or the `nic` of a device that is none. */
  readonly element: XmlElement;
  readonly pciAddress: string | undefined;
  /** Four digits of the class, and vendor and device where the file names them: `0302`, `10de`, `20b0`. */
  readonly pciClass: string;
  readonly vendor: string;
  readonly device: string;
  readonly numaNode: number | undefined;
  /** The outermost switch it hangs on. */
  readonly onSwitch: string | undefined;
};

export type NcclSystem = {
  readonly evidence: Evidence;
  readonly root: XmlElement;
  readonly gpus: readonly NcclDevice[];
  readonly nics: readonly NcclDevice[];
  readonly gaps: readonly Gap[];
};

const expected = 'a topology file of NCCL or RCCL, as `NCCL_TOPO_DUMP_FILE=topo.xml` writes it';

/**
 * Reads the topology XML of NCCL (version 1) and RCCL (version 2): `system > cpu > pci > … > gpu | nic > net`. Formats:
 * src/graph/xml.cc of NVIDIA/nccl and ROCm/rccl. Of the PCIe tree it holds the switches and no root ports.
 */
export function readSystem(evidence: Evidence): NcclSystem {
  const text = readText(evidence);
  if (!/<system[\s>]/u.test(text)) throw wrongFormat(evidence, text, 'nccl', expected);
  const root = readXml(evidence, text, ['system']);
  refuseUnknown(evidence, root);
  const found: Found = { gpus: [], nics: [], gaps: [] };
  for (const cpu of childrenNamed(root, 'cpu'))
    visit(cpu, { numaNode: numaNodeOf(cpu), onSwitch: undefined }, found);
  const gpus = found.gpus.toSorted(byAddress);
  const nics = found.nics.toSorted(byAddress);
  return { evidence, root, gpus, nics, gaps: found.gaps };
}

function refuseUnknown(evidence: Evidence, root: XmlElement): void {
  const version = root.attributes.get('version') ?? '';
  if (version !== '1' && version !== '2')
    throw invalidFile(
      evidence,
      `is NCCL topology XML of version \`${cleanText(version, 20)}\`; Berth reads 1 and 2`,
      `expected: ${expected}`,
      { line: root.line },
    );
  const hosts = new Set(
    childrenNamed(root, 'cpu').flatMap(({ attributes }) => attributes.get('host_hash') ?? []),
  );
  if (hosts.size < 2) return;
  throw invalidFile(
    evidence,
    `holds ${hosts.size} machines that one job used together, without saying which device is on which machine by name`,
    'write the file of each machine with a job on that machine alone',
    { line: root.line },
  );
}

type Found = { readonly gpus: NcclDevice[]; readonly nics: NcclDevice[]; readonly gaps: Gap[] };
type Around = Pick<NcclDevice, 'numaNode' | 'onSwitch'>;

function visit(parent: XmlElement, around: Around, found: Found): void {
  for (const nic of childrenNamed(parent, 'nic')) {
    if (parent.name === 'cpu') found.nics.push(deviceOf(nic, around));
  }
  for (const pci of childrenNamed(parent, 'pci')) visitPci(pci, around, found);
}

function visitPci(pci: XmlElement, around: Around, found: Found): void {
  const device = deviceOf(pci, around);
  const has = (name: string) => pci.children.some((child) => child.name === name);
  if (has('gpu') || /^(?:03|12)/u.test(device.pciClass)) found.gpus.push(device);
  else if (has('nic') || device.pciClass.startsWith('02')) found.nics.push(device);
  else if (device.pciClass === '0604' || has('pci')) {
    const name = device.pciAddress ?? pci.attributes.get('busid') ?? `line ${pci.line}`;
    visit(pci, { ...around, onSwitch: around.onSwitch ?? name }, found);
  } else found.gaps.push({ attribute: 'devices', why: unread(pci, device) });
}

function unread({ attributes }: XmlElement, { pciClass }: NcclDevice): string {
  const address = cleanText(attributes.get('busid') ?? 'without an address', 30);
  return `the device ${address} of class \`${cleanText(pciClass, 10)}\` is neither GPU, NIC nor switch`;
}

function deviceOf(element: XmlElement, around: Around): NcclDevice {
  const hex = (name: string) =>
    /^0x([0-9a-f]{4,6})$/iu.exec(element.attributes.get(name) ?? '')?.[1]?.toLowerCase() ?? '';
  return {
    element,
    pciAddress: pciAddressOf(element.attributes.get('busid') ?? ''),
    pciClass: hex('class').slice(0, 4),
    vendor: hex('vendor'),
    device: hex('device'),
    ...around,
  };
}

/** NCCL writes -1 where the system does not say, as in many virtual machines. */
function numaNodeOf({ attributes }: XmlElement): number | undefined {
  const text = attributes.get('numaid') ?? '';
  return /^\d{1,4}$/u.test(text) && Number(text) < 4096 ? Number(text) : undefined;
}

function byAddress(a: NcclDevice, b: NcclDevice): number {
  return compareText(a.pciAddress ?? '~', b.pciAddress ?? '~') || compareText(nameOf(a), nameOf(b));
}

function nameOf({ element }: NcclDevice): string {
  return element.children
    .flatMap((child) => child.children.map(({ attributes }) => attributes.get('name') ?? ''))
    .join(' ');
}

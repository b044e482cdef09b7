import type { Evidence } from '../../src/sources/source.ts';
import { file } from './given.ts';

/** Small hwloc files for tests: objects as text, put into a machine. */

/** `object('Package', 'os_index="0"', …)`. Infos and child objects are children. */
export function object(type: string, attributes: string, ...children: readonly string[]): string {
  return `<object type="${type}" ${attributes}>${children.join('\n')}</object>`;
}

export function info(name: string, value: string): string {
  return `<info name="${name}" value="${value}"/>`;
}

/** A socket with one NUMA node of 64 GiB and two threads: CPUs `2n` and `2n+1` for socket `n`. */
export function socket(number: number, ...children: readonly string[]): string {
  const cpuset = setOf(2 * number, 2 * number + 1);
  const cpus = [2 * number, 2 * number + 1].map((cpu) =>
    object('Core', `cpuset="${setOf(cpu)}"`, object('PU', `os_index="${cpu}" cpuset="${setOf(cpu)}"`)),
  );
  return object(
    'Package',
    `os_index="${number}" cpuset="${cpuset}"`,
    numaNode(number, cpuset),
    ...cpus,
    ...children,
  );
}

export function numaNode(osIndex: number, cpuset: string, more = '', ...children: readonly string[]): string {
  return object(
    'NUMANode',
    `os_index="${osIndex}" cpuset="${cpuset}" local_memory="${64 * 2 ** 30}" ${more}`,
    ...children,
  );
}

export function setOf(...cpus: readonly number[]): string {
  return `0x${cpus.reduce((bits, cpu) => bits | (1 << cpu), 0).toString(16)}`;
}

/** A host bridge over a range of buses: `3a-3d`. */
export function hostBridge(buses: string, ...children: readonly string[]): string {
  return object('Bridge', `bridge_type="0-1" bridge_pci="0000:[${buses}]"`, ...children);
}

/** A PCI bridge: a root port, or a port of a switch. */
export function port(address: string, ...children: readonly string[]): string {
  return object(
    'Bridge',
    `bridge_type="1-1" pci_busid="${address}" pci_type="0604 [1000:c030] [0000:0000] 00"`,
    ...children,
  );
}

/** A GPU that NVML was asked about, with the `gp_index` of its OS device. */
export function gpu(address: string, gpIndex: number, model = 'NVIDIA A100-SXM4-80GB'): string {
  const device = object(
    'OSDev',
    `name="nvml${gpIndex}" osdev_type="5" gp_index="${gpIndex}"`,
    info('GPUModel', model),
    info('NVIDIAUUID', `GPU-${gpIndex}`),
  );
  return object('PCIDev', `pci_busid="${address}" pci_type="0302 [10de:20b2] [10de:1463] a1"`, device);
}

/** A ConnectX port with its OpenFabrics device. */
export function hca(address: string, name: string, ...infos: readonly string[]): string {
  return object(
    'PCIDev',
    `pci_busid="${address}" pci_type="0207 [15b3:1021] [15b3:0041] 00"`,
    object('OSDev', `name="${name}" osdev_type="3"`, ...infos),
  );
}

/** Bandwidths in MB/s between GPUs by their `gp_index`, row by row. */
export function nvlinks(
  gpIndexes: readonly number[],
  rows: readonly (readonly number[])[],
  name = 'NVLinkBandwidth',
): string {
  const indexes = gpIndexes.map((index) => `OSDev:${index}`).join(' ');
  const values = rows.map((row) => `<u64values length="1">${row.join(' ')} </u64values>`).join('');
  return `<distances2hetero nbobjs="${gpIndexes.length}" kind="25" name="${name}"><indexes length="1">${indexes} </indexes>${values}</distances2hetero>`;
}

type Around = { readonly version?: string; readonly attributes?: string; readonly after?: readonly string[] };

/** A whole file about the machine `n1`. */
export function machine(
  children: readonly string[],
  { version = '2.0', attributes, after = [] }: Around = {},
): Evidence {
  const whole = attributes ?? 'cpuset="0xf" complete_cpuset="0xf" allowed_cpuset="0xf"';
  const body = object('Machine', `os_index="0" ${whole}`, info('HostName', 'n1'), ...children);
  return file('n1.xml', `<topology version="${version}">\n${body}\n${after.join('\n')}\n</topology>`);
}

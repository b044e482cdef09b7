import type { NodeFacts } from '../../model/fact.ts';
import { pciAddressOf } from '../../model/pci.ts';
import type { Gap } from '../gpu-reading.ts';
import { islandsNote, islandsOf, meshWhy } from '../link-islands.ts';
import type { XmlElement } from '../xml.ts';
import type { NcclDevice } from './tree.ts';

export type NcclLinks = {
  readonly link: NodeFacts['link'];
  readonly linkMbps: number | undefined;
  readonly islandOf: readonly (number | undefined)[];
  readonly gaps: readonly Gap[];
  /** What the links do not join, where that is not everything. */
  readonly note: string | undefined;
};

/**
 * Mbit/s of one link, both directions, by `sm` (NVLink) or `gcn` (xGMI). NVLink: hwloc/topology-nvml.c of open-mpi/hwloc
 * has 20 GB/s of one direction for version 1, 25 for 2 to 4 and 50 for 5. MI300X: 896 GB/s over 7 links. Bridges of
 * workstation cards (`sm` 86) are slower than their version and are left open.
 */
const linkMbpsByChip: ReadonlyMap<string, number> = new Map([
  ['60', 320_000],
  ['70', 400_000],
  ['80', 400_000],
  ['90', 400_000],
  ['100', 800_000],
  ['103', 800_000],
  ['gfx942', 1_024_000],
]);

/** Who is linked to whom, and how fast, from the `nvlink` and `xgmi` elements of the GPUs. */
export function readNcclLinks(gpus: readonly NcclDevice[]): NcclLinks {
  const ends = gpus.map(endsOf);
  if (gpus.length === 0) return { ...nothing, gaps: [] };
  if (ends.every(({ links }) => links.length === 0))
    return open(
      'the file names no links: NCCL finds them when it runs, and files of clouds leave that to it',
    );
  if (ends.some(({ gpu }) => gpu === undefined))
    return open('only some of the GPUs say what they are linked to');
  const { islandOf, meshes } = islandsOf(gpus.length, (a, b) => isLinked(gpus, ends, a, b));
  const linkMbps = slowestOf(ends);
  return {
    link: ends.some(({ links }) => links.some(({ name }) => name === 'nvlink')) ? 'nvlink' : 'xgmi',
    linkMbps,
    islandOf,
    note: islandsNote(islandOf),
    gaps: [
      ...(meshes.length > 0 ? [{ attribute: 'island', why: meshWhy(meshes) }] : []),
      ...(linkMbps === undefined ? [{ attribute: 'linkMbps', why: speedWhy(ends) }] : []),
    ],
  };
}

const nothing = { link: undefined, linkMbps: undefined, islandOf: [], note: undefined };

function speedWhy(ends: readonly Ends[]): string {
  return ends.some(({ linkCount }) => linkCount === 0)
    ? 'a GPU of the file has no link'
    : 'the file counts links, and the speed of one of such GPUs is not known';
}

function open(why: string): NcclLinks {
  return { ...nothing, gaps: [{ attribute: 'link', why }] };
}

type Ends = {
  readonly gpu: XmlElement | undefined;
  readonly links: readonly XmlElement[];
  /** Addresses of linked GPUs. */
  readonly targets: ReadonlySet<string>;
  /** Linked to an NVSwitch: like NCCL, all of them are taken as one. */
  readonly isSwitched: boolean;
  readonly linkCount: number;
};

function endsOf({ element }: NcclDevice): Ends {
  const gpu = element.children.find(({ name }) => name === 'gpu');
  const links = (gpu?.children ?? []).filter(
    (child) =>
      (child.name === 'nvlink' || child.name === 'xgmi') && !isToCpu(child) && countOfLinks(child) > 0,
  );
  return {
    gpu,
    links,
    targets: new Set(links.flatMap(({ attributes }) => pciAddressOf(attributes.get('target') ?? '') ?? [])),
    isSwitched: links.some(({ attributes }) => attributes.get('tclass')?.startsWith('0x0680') === true),
    linkCount: links.reduce((sum, link) => sum + countOfLinks(link), 0),
  };
}

/** On POWER, NVLink also joins GPUs to the CPU, whose class is that of a PCI bridge. */
function isToCpu({ attributes }: XmlElement): boolean {
  return attributes.get('tclass')?.startsWith('0x0604') === true;
}

function countOfLinks({ attributes }: XmlElement): number {
  const text = attributes.get('count') ?? '';
  return /^\d{1,3}$/u.test(text) ? Number(text) : 0;
}

function isLinked(gpus: readonly NcclDevice[], ends: readonly Ends[], a: number, b: number): boolean {
  const [from, to] = [ends[a], ends[b]];
  if (from?.isSwitched === true && to?.isSwitched === true) return true;
  return (
    from?.targets.has(gpus[b]?.pciAddress ?? 'none') === true ||
    to?.targets.has(gpus[a]?.pciAddress ?? 'none') === true
  );
}

/** The GPU with the slowest links, all of its links together; nothing where a chip is not in the table. */
function slowestOf(ends: readonly Ends[]): number | undefined {
  const speeds = ends.map(({ gpu, linkCount }) => {
    const chip = gpu?.attributes.get('gcn') ?? gpu?.attributes.get('sm') ?? '';
    return linkCount * (linkMbpsByChip.get(chip) ?? 0);
  });
  const slowest = Math.min(...speeds);
  return slowest > 0 ? slowest : undefined;
}

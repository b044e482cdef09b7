import type { NodeFacts } from '../../model/fact.ts';
import type { Gap } from '../gpu-reading.ts';
import { islandsNote, islandsOf, meshWhy } from '../link-islands.ts';
import { type HwlocMatrix, type HwlocObject, type HwlocTopology, pciTypeOf } from './tree.ts';

/** What a matrix of link bandwidths says about the GPUs of a machine. */
export type LinkReading = {
  readonly link: NodeFacts['link'];
  readonly linkMbps: number | undefined;
  /** By GPU; empty when no matrix says. */
  readonly islandOf: readonly (number | undefined)[];
  readonly gaps: readonly Gap[];
  readonly assumptions: readonly string[];
};

const nothing = { link: undefined, linkMbps: undefined, islandOf: [], assumptions: [] };

const kinds: ReadonlyMap<string, NonNullable<NodeFacts['link']>> = new Map([
  ['NVLinkBandwidth', 'nvlink'],
  ['XGMIBandwidth', 'xgmi'],
]);

/** The most objects of a matrix: far above the GPUs and switches of a machine. */
const maxObjects = 1024;

/**
 * Islands and speed of accelerator links. The matrices are over GPUs, NVSwitches and, on POWER, CPU packages, in MB/s of
 * one direction. A link to a CPU joins no GPUs. All NVSwitches of a machine are taken as one, as hwloc itself
 * (HWLOC_DISTANCES_TRANSFORM_MERGE_SWITCH_PORTS) and NCCL do: the links between switches are visible to neither.
 */
export function readLinks(
  topology: HwlocTopology,
  gpus: readonly HwlocObject[],
  areLinkless: boolean,
): LinkReading {
  const found = topology.matrices.flatMap((matrix) => {
    const kind = kinds.get(matrix.name);
    return kind === undefined ? [] : [{ matrix, kind }];
  });
  const [first] = found;
  if (gpus.length === 0) return { ...nothing, gaps: [] };
  if (first === undefined && areLinkless) return { ...nothing, link: 'none', gaps: [] };
  if (first === undefined)
    return {
      ...nothing,
      gaps: [{ attribute: 'link', why: 'the file holds no matrix of NVLink or xGMI bandwidths' }],
    };
  const { matrix, kind } = first;
  const damage = found.length > 1 ? 'the file holds several matrices of link bandwidths' : damageOf(matrix);
  if (damage !== undefined) return { ...nothing, gaps: [{ attribute: 'link', why: damage }] };
  return linksOf(kind, new Wiring(topology, matrix, gpus), gpus.length);
}

function linksOf(kind: NonNullable<NodeFacts['link']>, wiring: Wiring, count: number): LinkReading {
  const numbers = Array.from({ length: count }, (_, gpu) => gpu);
  const absent = numbers.filter((gpu) => !wiring.isListed(gpu));
  if (absent.length > 0) {
    const why = `GPUs ${absent.join(', ')} do not stand in the matrix of link bandwidths`;
    return { ...nothing, gaps: [{ attribute: 'link', why }] };
  }
  const { islandOf, meshes } = islandsOf(count, (a, b) => wiring.isLinked(a, b));
  const slowest = Math.min(...numbers.map((gpu) => wiring.megabytesOf(gpu)));
  const speed = kind === 'nvlink' ? nvlinkMbps(slowest) : undefined;
  return {
    link: kind,
    linkMbps: speed,
    islandOf,
    gaps: [
      ...(meshes.length > 0 ? [{ attribute: 'island', why: meshWhy(meshes) }] : []),
      ...(speed === undefined ? [{ attribute: 'linkMbps', why: speedWhy(kind) }] : []),
    ],
    assumptions: [wiring.note, islandsNote(islandOf)].flatMap((note) => note ?? []),
  };
}

/** All links of one GPU, both directions: how makers state it, 2,400,000 Mbit/s for the V100. */
function nvlinkMbps(megabytes: number): number | undefined {
  const mbps = megabytes * 8 * 2;
  return mbps > 0 && Number.isSafeInteger(mbps) ? mbps : undefined;
}

function speedWhy(kind: NodeFacts['link']): string {
  return kind === 'xgmi'
    ? 'hwloc writes 100 GB/s for every xGMI link, whatever it carries'
    : 'a GPU of the matrix has no link';
}

function damageOf({ objects, values }: HwlocMatrix): string | undefined {
  if (objects.length > maxObjects) return `the matrix of link bandwidths is over ${objects.length} objects`;
  if (values.length !== objects.length ** 2)
    return `the matrix of link bandwidths over ${objects.length} objects has ${values.length} values`;
  const isSound = values.every((value) => Number.isSafeInteger(value) && value >= 0);
  return isSound ? undefined : 'the matrix of link bandwidths holds values that are no bandwidths';
}

/** Who is linked to whom, from a sound matrix. */
class Wiring {
  readonly #size: number;
  readonly #values: readonly number[];
  /** The row of each GPU. */
  readonly #rows: readonly (number | undefined)[];
  readonly #switches: readonly number[];

  constructor({ objects }: HwlocTopology, matrix: HwlocMatrix, gpus: readonly HwlocObject[]) {
    const byKey = new Map(
      objects.map((object) => [`${object.type}:${object.attributes.get('gp_index') ?? ''}`, object]),
    );
    const listed = matrix.objects.map((key) => byKey.get(key));
    this.#size = listed.length;
    this.#values = matrix.values;
    const rowOf = (gpu: HwlocObject) =>
      listed.findIndex((object) => object === gpu || object?.parent === gpu);
    this.#rows = gpus.map(rowOf).map((row) => (row < 0 ? undefined : row));
    this.#switches = listed.flatMap((object, row) => (isSwitch(object) ? [row] : []));
  }

  /** What is taken for granted of the switches. */
  get note(): string | undefined {
    const count = this.#switches.length;
    return count < 2 ? undefined : `${count} NVSwitches are taken as one that reaches all`;
  }

  isListed(gpu: number): boolean {
    return this.#rows[gpu] !== undefined;
  }

  isLinked(a: number, b: number): boolean {
    const [from, to] = [this.#rows[a], this.#rows[b]];
    if (this.#value(from, to) > 0 && this.#value(to, from) > 0) return true;
    return this.#isSwitched(from) && this.#isSwitched(to);
  }

  /** MB/s of one direction, to other GPUs and to switches. */
  megabytesOf(gpu: number): number {
    const own = this.#rows[gpu];
    const ends = new Set([...this.#rows.flatMap((row) => row ?? []), ...this.#switches]);
    return [...ends].filter((row) => row !== own).reduce((sum, row) => sum + this.#value(own, row), 0);
  }

  #isSwitched(row: number | undefined): boolean {
    return this.#switches.some((other) => this.#value(row, other) > 0);
  }

  #value(from: number | undefined, to: number | undefined): number {
    if (from === undefined || to === undefined) return 0;
    return this.#values[from * this.#size + to] ?? 0;
  }
}

/** An NVSwitch: so called, or a bridge of NVIDIA that is none of PCIe's. */
function isSwitch(object: HwlocObject | undefined): boolean {
  if (object?.type !== 'PCIDev') return false;
  const { pciClass, vendor } = pciTypeOf(object);
  return object.subtype === 'NVSwitch' || (pciClass === '0680' && vendor === '10de');
}

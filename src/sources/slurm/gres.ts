import { cleanText } from '../../model/text.ts';
import { type GpuModel, gpuModel } from '../gpu-model.ts';
import { expandHostlist } from './hostlist.ts';
import type { SlurmRecord } from './record.ts';

/** GPUs of one type as a `Gres` text counts them. */
type GresGpus = { readonly type: string | undefined; readonly count: number };

/** What a `Gres` text says: GPUs by type, and the names of what else there is. */
export type Gres = {
  readonly gpus: readonly GresGpus[];
  readonly others: readonly string[];
  /** Parts of the text that cannot be read. */
  readonly broken: readonly string[];
};

/**
 * A list such as `gpu:h100:8(S:0-1),nic:2`, `gpu:4`, `gpu:tesla:no_consume:2` or `gpu:h100:3(IDX:0-2)`. Counts may
 * end in K, M, G (1,024 each). Source: gres.conf(5), slurm.conf(5) `Gres`.
 */
export function readGres(text: string): Gres {
  const gpus: GresGpus[] = [];
  const others = new Set<string>();
  const broken: string[] = [];
  const bare = text.replaceAll(/\([^)]*\)/gu, '').trim();
  if (/^(?:N\/A|NA|none)?$/iu.test(bare)) return { gpus, others: [], broken };
  for (const item of bare.split(',')) {
    const [name = '', ...more] = item.trim().split(':');
    const words = more.filter((word) => word !== 'no_consume');
    const count = countOf(words.at(-1) ?? '');
    if (name.toLowerCase() !== 'gpu') others.add(cleanText(name, 40));
    else if (words.length <= 1 && (count !== undefined || words.length === 0))
      gpus.push({ type: undefined, count: count ?? 1 });
    else if (words.length === 2 && count !== undefined) gpus.push({ type: words[0], count });
    else broken.push(cleanText(item, 60));
  }
  return { gpus, others: [...others].filter((name) => name !== ''), broken };
}

function countOf(text: string): number | undefined {
  const [, digits, unit = ''] = /^(\d{1,9})([kmg]?)$/iu.exec(text) ?? [];
  return digits === undefined
    ? undefined
    : Number(digits) * 1024 ** ' kmg'.indexOf(unit.toLowerCase() || ' ');
}

/** GPUs in a list of trackable resources: `cpu=4,gres/gpu=8,gres/gpu:h100=8`. Nothing where it does not count them. */
export function gpusInTres(text: string): number | undefined {
  const count = /(?:^|,)gres\/gpu=(\d{1,6})(?:,|$)/u.exec(text)?.[1];
  if (count !== undefined) return Number(count);
  const typed = [...text.matchAll(/(?:^|,)gres\/gpu:[^=,]+=(\d{1,6})/gu)];
  return typed.length === 0 ? undefined : typed.reduce((sum, [, digits]) => sum + Number(digits), 0);
}

/** A type that names a slice of a GPU (`1g.10gb`, `h100_3g.40gb`), not a GPU. */
export function isMigType(type: string | undefined): boolean {
  return type !== undefined && /\dg\.\d+gb/iu.test(type);
}

/** The model behind a type. Slurm's own detection gives vendors' names, operators what they like. */
export function modelOfType(type: string | undefined): GpuModel | undefined {
  return type === undefined ? undefined : gpuModel(type);
}

/** Devices of one line of `gres.conf`. */
export type GresLine = {
  readonly record: SlurmRecord;
  /** The nodes it names; all of them where it names none. */
  readonly nodes: readonly string[] | undefined;
  readonly type: string | undefined;
  readonly files: readonly string[];
  readonly count: number | undefined;
  /** Core numbers as ranges, lowest first. */
  readonly cores: readonly (readonly [number, number])[];
  /** Links to each GPU of the node, in the order of their numbers; -1 for itself. */
  readonly links: readonly number[] | undefined;
  readonly autoDetect: string | undefined;
  readonly multiple: boolean;
  /** What of the line cannot be read. */
  readonly broken: readonly string[];
};

/** A line about GPUs, or about how they are found. Nothing for other resources. */
export function readGresLine(record: SlurmRecord): GresLine | undefined {
  const field = (name: string) => record.fields.get(name);
  const name = field('name')?.toLowerCase();
  const autoDetect = field('autodetect')?.toLowerCase();
  if (name !== undefined && name !== 'gpu') return undefined;
  const broken: string[] = [];
  const listed = (text: string | undefined, what: string) => {
    const { names, why } = expandHostlist(text ?? '');
    if (why !== undefined) broken.push(`${what} ${why}`);
    return names ?? [];
  };
  const nodes = field('nodename') === undefined ? undefined : listed(field('nodename'), 'NodeName');
  const files = listed(field('file') ?? field('multiplefiles'), 'File');
  const ranges = rangesOf(field('cores') ?? field('cpus'));
  if (ranges === undefined) broken.push('Cores is no list of numbers');
  return {
    record,
    nodes,
    type: field('type'),
    files,
    count: countOf(field('count') ?? ''),
    cores: ranges ?? [],
    links: linksOf(field('links')),
    autoDetect: name === undefined || autoDetect !== undefined ? (autoDetect ?? 'on') : undefined,
    multiple: field('multiplefiles') !== undefined,
    broken,
  };
}

function rangesOf(text: string | undefined): readonly (readonly [number, number])[] | undefined {
  if (text === undefined) return [];
  const ranges: [number, number][] = [];
  for (const range of text.replaceAll(/[[\]]/gu, '').split(',')) {
    const [, low, high = low] = /^\s*(\d{1,6})(?:-(\d{1,6}))?\s*$/u.exec(range) ?? [];
    if (low === undefined || Number(high) < Number(low)) return undefined;
    ranges.push([Number(low), Number(high)]);
  }
  return ranges.toSorted(([a], [b]) => a - b);
}

function linksOf(text: string | undefined): readonly number[] | undefined {
  if (text === undefined || !/^\s*-?\d+(?:\s*,\s*-?\d+)*\s*$/u.test(text)) return undefined;
  return text.split(',').map(Number);
}

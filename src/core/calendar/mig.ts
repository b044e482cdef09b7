import type { GpuFacts } from '../../model/fact.ts';
import { type Mask, maskOf } from '../mask.ts';

/** A kind of MIG instance: how much it takes of a GPU, and the memory slices on which it may begin. */
export type MigProfile = {
  readonly name: string;
  /** Slices of the GPU's compute and of its memory. */
  readonly compute: number;
  readonly memory: number;
  readonly starts: readonly number[];
  /** Has the media engines, which only one instance of a GPU can have. */
  readonly media: boolean;
};

/** GPUs that can be cut in the same ways. */
export type MigClass = {
  readonly family: string;
  readonly memoryGb: number;
  readonly computeSlices: number;
  readonly memorySlices: number;
  readonly profiles: ReadonlyMap<string, MigProfile>;
};

type Cut = Omit<MigProfile, 'name'>;

/** Legal starts as the driver's placement listing prints them for A100-40, H100-80 and H100 NVL. */
const eighths: readonly Cut[] = [
  { compute: 1, memory: 1, starts: [0, 1, 2, 3, 4, 5, 6], media: false },
  { compute: 1, memory: 1, starts: [0, 1, 2, 3, 4, 5, 6], media: true },
  { compute: 1, memory: 2, starts: [0, 2, 4, 6], media: false },
  { compute: 2, memory: 2, starts: [0, 2, 4], media: false },
  { compute: 3, memory: 4, starts: [0, 4], media: false },
  { compute: 4, memory: 4, starts: [0], media: false },
  { compute: 7, memory: 8, starts: [0], media: false },
];

const quarters: readonly Cut[] = [
  { compute: 1, memory: 1, starts: [0, 1, 2, 3], media: false },
  { compute: 1, memory: 1, starts: [0, 1, 2, 3], media: true },
  { compute: 2, memory: 2, starts: [0, 2], media: false },
  { compute: 2, memory: 2, starts: [0, 2], media: true },
  { compute: 4, memory: 4, starts: [0], media: false },
];

/** Profile names in the order of the cuts: NVIDIA MIG User Guide, supported profiles; mig-parted's default lists. */
const classes: readonly MigClass[] = [
  classOf('A30', 24, '1g.6gb 1g.6gb+me 2g.12gb 2g.12gb+me 4g.24gb'),
  classOf('A100', 40, '1g.5gb 1g.5gb+me 1g.10gb 2g.10gb 3g.20gb 4g.20gb 7g.40gb'),
  classOf('A100', 80, '1g.10gb 1g.10gb+me 1g.20gb 2g.20gb 3g.40gb 4g.40gb 7g.80gb'),
  classOf('H100', 80, '1g.10gb 1g.10gb+me 1g.20gb 2g.20gb 3g.40gb 4g.40gb 7g.80gb'),
  classOf('H100', 94, '1g.12gb 1g.12gb+me 1g.24gb 2g.24gb 3g.47gb 4g.47gb 7g.94gb'),
  classOf('H200', 141, '1g.18gb 1g.18gb+me 1g.35gb 2g.35gb 3g.71gb 4g.71gb 7g.141gb'),
  classOf('B200', 180, '1g.23gb 1g.23gb+me 1g.45gb 2g.45gb 3g.90gb 4g.90gb 7g.180gb'),
];

/** Tools report a GPU's memory up to this much beside its name's figure in GiB. */
const toleranceMib = 2048;

/**
 * How a GPU can be cut: by the family and memory in its name (`H100-SXM-80GB`), else by its family and recorded
 * memory. `unknown` when its family comes in several sizes and nobody has said which; nothing for models whose
 * profiles are not listed here.
 */
export function migClassOf(gpu: GpuFacts): MigClass | 'unknown' | undefined {
  const known = found.get(gpu);
  if (known !== undefined) return known === 'none' ? undefined : known;
  const migClass = classFor(gpu);
  found.set(gpu, migClass ?? 'none');
  return migClass;
}

/** Facts never change, and equal nodes share theirs. */
const found = new WeakMap<GpuFacts, MigClass | 'unknown' | 'none'>();

function classFor(gpu: GpuFacts): MigClass | 'unknown' | undefined {
  const [family = '', ...words] = (gpu.model ?? '').toUpperCase().split('-');
  const sizes = classes.filter((known) => known.family === family);
  const named = words.map((word) => /^([0-9]+)GB$/.exec(word)?.[1]).find((digits) => digits !== undefined);
  const byName = sizes.find(({ memoryGb }) => String(memoryGb) === named);
  if (byName !== undefined || sizes.length === 0) return byName;
  const { memoryMib } = gpu;
  if (memoryMib !== undefined)
    return sizes.find(({ memoryGb }) => Math.abs(memoryMib - memoryGb * 1024) <= toleranceMib);
  if (named !== undefined) return undefined;
  return sizes.length === 1 ? sizes[0] : 'unknown';
}

/** A profile by its name, where the GPU has it: `1g.10gb` means another cut on an A100-40 than on an A100-80. */
export function profileOf(gpu: GpuFacts, name: string): MigProfile | undefined {
  const migClass = migClassOf(gpu);
  return migClass === undefined || migClass === 'unknown' ? undefined : migClass.profiles.get(name);
}

/** The memory slices that an instance takes from `start` on. */
export function slotOf({ memory }: Pick<MigProfile, 'memory'>, start: number): Mask {
  return maskOf(Array.from({ length: memory }, (_, at) => start + at));
}

/** The profiles that still have a legal start on a GPU, the largest first and then by name. */
export function freeProfiles(gpu: GpuFacts, taken: Mask, hasMedia: boolean): readonly MigProfile[] {
  const migClass = migClassOf(gpu);
  if (migClass === undefined || migClass === 'unknown') return [];
  return [...migClass.profiles.values()]
    .filter((profile) => !(profile.media && hasMedia))
    .filter((profile) => profile.starts.some((start) => (slotOf(profile, start) & taken) === 0))
    .toSorted((a, b) => b.memory - a.memory || b.compute - a.compute || Number(a.media) - Number(b.media));
}

function classOf(family: string, memoryGb: number, names: string): MigClass {
  const cuts = family === 'A30' ? quarters : eighths;
  const list = names.split(' ');
  const profiles = cuts.map((cut, at): MigProfile => ({ name: list[at] ?? '', ...cut }));
  return {
    family,
    memoryGb,
    computeSlices: family === 'A30' ? 4 : 7,
    memorySlices: family === 'A30' ? 4 : 8,
    profiles: new Map(profiles.map((profile) => [profile.name, profile])),
  };
}

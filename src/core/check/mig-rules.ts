import type { GpuFacts } from '../../model/fact.ts';

/**
 * What MIG allows, worked out from the names alone: `3g.40gb` on a GPU of 80 GB is three of its compute slices and
 * four of its eight memory slices. Nothing here is read from the tables that the search uses.
 */
export type Instance = {
  readonly compute: number;
  readonly memory: number;
  readonly media: boolean;
  readonly geometry: Geometry;
};

/** How many slices a family has, and which pairs of compute and memory slices it makes. */
type Geometry = {
  readonly sizesGb: readonly number[];
  readonly compute: number;
  readonly memory: number;
  readonly cuts: readonly (readonly [compute: number, memory: number])[];
  /** Compute slices of the instances that come with media engines too. */
  readonly media: readonly number[];
};

const eighths = {
  compute: 7,
  memory: 8,
  cuts: [
    [1, 1],
    [1, 2],
    [2, 2],
    [3, 4],
    [4, 4],
    [7, 8],
  ],
  media: [1],
} as const;

const families: ReadonlyMap<string, Geometry> = new Map<string, Geometry>([
  [
    'a30',
    {
      sizesGb: [24],
      compute: 4,
      memory: 4,
      cuts: [
        [1, 1],
        [2, 2],
        [4, 4],
      ],
      media: [1, 2],
    },
  ],
  ['a100', { sizesGb: [40, 80], ...eighths }],
  ['h100', { sizesGb: [80, 94], ...eighths }],
  ['h200', { sizesGb: [141], ...eighths }],
  ['b200', { sizesGb: [180], ...eighths }],
]);

/** The instance that a profile name means on a GPU; nothing when that GPU has no such profile, or nobody knows. */
export function instanceOf(gpu: GpuFacts, profile: string): Instance | undefined {
  const geometry = families.get((gpu.model ?? '').toLowerCase().split('-', 1).join());
  const totalGb = geometry === undefined ? undefined : sizeGbOf(gpu, geometry.sizesGb);
  const [, digit, gb, me] = /^([1-7])g\.([0-9]+)gb(\+me)?$/.exec(profile) ?? [];
  if (geometry === undefined || totalGb === undefined || gb === undefined) return undefined;
  const compute = Number(digit);
  const cut = geometry.cuts.find(
    ([own, memory]) => own === compute && String(shareGb(totalGb, memory, geometry.memory)) === gb,
  );
  if (cut === undefined) return undefined;
  const [, memory] = cut;
  // Of two instances with one compute slice only the smaller can have the media engines.
  const mayHaveMedia = geometry.media.includes(compute) && memory === compute;
  if (me !== undefined && !mayHaveMedia) return undefined;
  return { compute, memory, media: me !== undefined, geometry };
}

/** An instance begins at a multiple of its size, and its memory and compute slices end within the GPU's. */
export function mayStart({ compute, memory, geometry }: Instance, start: number): boolean {
  const fits = start + memory <= geometry.memory && start + compute <= geometry.compute;
  return Number.isInteger(start) && start >= 0 && start % memory === 0 && fits;
}

/** Names round a share of the memory to whole gigabytes, halves upwards. */
function shareGb(totalGb: number, memory: number, slices: number): number {
  return Math.floor((2 * totalGb * memory + slices) / (2 * slices));
}

/** By the name, else by what is recorded; a tool's figure may lie 2 GiB beside the name's. */
function sizeGbOf({ model = '', memoryMib }: GpuFacts, sizesGb: readonly number[]): number | undefined {
  const named = sizesGb.find((size) => model.toLowerCase().split('-').includes(`${size}gb`));
  if (named !== undefined) return named;
  if (memoryMib !== undefined)
    return sizesGb.find((size) => memoryMib >= (size - 2) * 1024 && memoryMib <= (size + 2) * 1024);
  return sizesGb.length === 1 && !/-[0-9]+gb\b/i.test(model) ? sizesGb[0] : undefined;
}

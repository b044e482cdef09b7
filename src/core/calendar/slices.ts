import type { GpuNeed } from '../../model/demand.ts';
import type { GpuFacts } from '../../model/fact.ts';
import type { HeldSlice } from '../../model/placement.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import type { Mask } from '../mask.ts';
import { migClassOf, profileOf, slotOf } from './mig.ts';

/** A slice as it is asked for. */
export type SliceNeed = NonNullable<GpuNeed['slice']>;

/** `part / of` of something, both whole numbers. */
export type Fraction = { readonly part: number; readonly of: number };

/**
 * What slices take of one GPU over a window. A GPU is whole, shared or in MIG mode at any instant, so one that is
 * shared at some time in the window and cut by MIG at another has room for neither over all of it.
 */
export type SliceUse = {
  /** The most thousandths that are held at one time. */
  readonly milli: number;
  /** Every memory slice that some instance holds at some time: instances do not move while in use. */
  readonly mig: Mask;
  /** Some instance holds the media engines. */
  readonly hasMedia: boolean;
};

export const noUses: ReadonlyMap<number, SliceUse> = new Map();

/** A hold as far as slices go. */
type SliceHold = { readonly startMs: number; readonly endMs: number; readonly slices?: readonly HeldSlice[] };

/** What holds that all overlap a window from `startMs` on take of single GPUs, by GPU. */
export function usesOf(
  { shape }: FleetNode,
  holds: readonly SliceHold[],
  startMs: number,
): ReadonlyMap<number, SliceUse> {
  if (holds.every(({ slices }) => slices === undefined)) return noUses;
  const byGpu = Map.groupBy(
    holds.flatMap(({ slices = [], ...when }) => slices.map((slice) => ({ slice, ...when }))),
    ({ slice }) => slice.gpu,
  );
  return new Map(
    [...byGpu].map(([gpu, held]): [number, SliceUse] => [
      gpu,
      held
        .map(({ slice }) => migUse(shape.gpus[gpu] ?? {}, slice))
        .reduce(together, { milli: peakMilli(held, startMs), mig: 0, hasMedia: false }),
    ]),
  );
}

/** What is taken once a slice is put beside what is there. */
export function withSlice(gpu: GpuFacts, use: SliceUse | undefined, slice: HeldSlice): SliceUse {
  const milli = (use?.milli ?? 0) + (slice.kind === 'share' ? slice.milli : 0);
  const before = { milli, mig: use?.mig ?? 0, hasMedia: use?.hasMedia ?? false };
  return together(before, migUse(gpu, slice));
}

/**
 * What one slice is of its GPU's cores, memory and price: thousandths, or its memory slices. The whole GPU for an
 * instance of a profile that the GPU does not have, as after its facts have changed.
 */
export function sizeOfSlice(gpu: GpuFacts, slice: SliceNeed | HeldSlice): Fraction {
  if (slice.kind === 'share') return { part: slice.milli, of: 1000 };
  const found = migClassOf(gpu);
  const profile = profileOf(gpu, slice.profile);
  if (found === undefined || found === 'unknown' || profile === undefined) return { part: 1, of: 1 };
  return { part: profile.memory, of: found.memorySlices };
}

/**
 * What one slice is of its GPU's draw: thousandths, or the larger of its compute and memory slices. Seven
 * `1g.10gb` keep all of an H100 busy with seven of its eight memory slices, two `3g.40gb` with six of its seven
 * compute slices: by the larger of both, instances hold together at least what the busier half of the GPU draws.
 */
export function drawOfSlice(gpu: GpuFacts, slice: SliceNeed | HeldSlice): Fraction {
  const found = migClassOf(gpu);
  const profile = slice.kind === 'mig' ? profileOf(gpu, slice.profile) : undefined;
  if (found === undefined || found === 'unknown' || profile === undefined) return sizeOfSlice(gpu, slice);
  const { computeSlices, memorySlices } = found;
  const byCompute = profile.compute * memorySlices > profile.memory * computeSlices;
  return byCompute
    ? { part: profile.compute, of: computeSlices }
    : { part: profile.memory, of: memorySlices };
}

/** Memory of one slice in MiB, rounded down; nothing when the GPU's is not recorded. */
export function memoryOfSlice(gpu: GpuFacts, slice: SliceNeed): number | undefined {
  return gpu.memoryMib === undefined ? undefined : portionOf(gpu.memoryMib, sizeOfSlice(gpu, slice));
}

/** A fraction of an amount, rounded down. Exact where the product passes 2^53. */
export function portionOf(amount: number, { part, of }: Fraction): number {
  const product = amount * part;
  return Number.isSafeInteger(product)
    ? Math.floor(product / of)
    : Number((BigInt(amount) * BigInt(part)) / BigInt(of));
}

/** The same, rounded up. */
export function portionUp(amount: number, { part, of }: Fraction): number {
  return Number((BigInt(amount) * BigInt(part) + BigInt(of) - 1n) / BigInt(of));
}

type Taken = Omit<SliceUse, 'milli'>;

function migUse(gpu: GpuFacts, slice: HeldSlice): Taken {
  if (slice.kind === 'share') return { mig: 0, hasMedia: false };
  const profile = profileOf(gpu, slice.profile);
  if (profile === undefined) return { mig: 0xff, hasMedia: true };
  return { mig: slotOf(profile, slice.start), hasMedia: profile.media };
}

function together(use: SliceUse, { mig, hasMedia }: Taken): SliceUse {
  return { milli: use.milli, mig: (use.mig | mig) >>> 0, hasMedia: use.hasMedia || hasMedia };
}

/** The most thousandths that are held at one time: what ends at an instant goes before what begins. */
function peakMilli(
  held: readonly { readonly slice: HeldSlice; readonly startMs: number; readonly endMs: number }[],
  startMs: number,
): number {
  const steps = held.flatMap(({ slice, ...when }) =>
    slice.kind === 'share'
      ? [
          { atMs: Math.max(when.startMs, startMs), change: slice.milli },
          { atMs: when.endMs, change: -slice.milli },
        ]
      : [],
  );
  let level = 0;
  let peak = 0;
  for (const { change } of steps.toSorted((a, b) => a.atMs - b.atMs || a.change - b.change)) {
    level += change;
    peak = Math.max(peak, level);
  }
  return peak;
}

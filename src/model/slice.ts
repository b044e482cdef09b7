import type { GpuNeed } from './demand.ts';
import type { HeldSlice, Member } from './placement.ts';

type SliceNeed = NonNullable<GpuNeed['slice']>;

/** What a slice is, wherever it lies: `1g.10gb`, or `250/1000` of a GPU. */
export function sliceWords(slice: SliceNeed | HeldSlice): string {
  return slice.kind === 'mig' ? slice.profile : `${slice.milli}/1000`;
}

/** The same with its place on the node: `1g.10gb at start 2 on gpu3`, `250/1000 of gpu0`. */
export function heldWords(slice: HeldSlice): string {
  const start = slice.kind === 'mig' ? ` at start ${slice.start} on` : ' of';
  return `${sliceWords(slice)}${start} gpu${slice.gpu}`;
}

/** Slices of members by what they are, in order of their first: `2 slices 1g.10gb`, `1 share of 250/1000`. */
export function slicesPhrase(members: readonly Pick<Member, 'slices'>[]): string {
  const slices = members.flatMap((member) => member.slices ?? []);
  return [...Map.groupBy(slices, (slice) => `${slice.kind} ${sliceWords(slice)}`).values()]
    .flatMap((alike) => {
      const [first] = alike;
      return first === undefined ? [] : [countWords(alike.length, first)];
    })
    .join(' and ');
}

function countWords(count: number, slice: HeldSlice): string {
  const s = count === 1 ? '' : 's';
  return slice.kind === 'mig'
    ? `${count} MIG slice${s} ${sliceWords(slice)}`
    : `${count} share${s} of ${sliceWords(slice)} of a GPU`;
}

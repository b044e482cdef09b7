import { type MigClass, type MigProfile, slotOf } from '../calendar/mig.ts';
import type { Mask } from '../mask.ts';

/** Everything about the masks of one class of GPUs that a choice needs, looked up instead of searched. */
export type MigLayout = {
  /** By mask of taken memory slices: how many memory slices all profiles together could still be given, each alone. */
  readonly worth: readonly number[];
  /** By profile and mask: how many more instances of it fit. */
  readonly count: ReadonlyMap<string, readonly number[]>;
  /** By profile and mask: the start that costs least worth, the lowest of equals; -1 where none is free. */
  readonly start: ReadonlyMap<string, readonly number[]>;
};

/** The tables of a class, computed when it is first asked for. Classes are constants. */
export function migLayoutOf(migClass: MigClass): MigLayout {
  const known = layouts.get(migClass);
  if (known !== undefined) return known;
  const made = layoutOf(migClass);
  layouts.set(migClass, made);
  return made;
}

const layouts = new WeakMap<MigClass, MigLayout>();

function layoutOf({ profiles, memorySlices }: MigClass): MigLayout {
  const masks = Array.from({ length: 2 ** memorySlices }, (_, mask) => mask);
  const all = [...profiles.values()];
  // Profiles with media engines begin where their siblings do, so they would count the same room twice.
  const counted = all.filter(({ media }) => !media);
  const worth = masks.map((mask) =>
    counted.reduce((sum, profile) => sum + profile.memory * freeStarts(profile, mask).length, 0),
  );
  return {
    worth,
    count: new Map(
      all.map((profile) => [profile.name, masks.map((mask) => countOf(profile, mask))] as const),
    ),
    start: new Map(
      all.map((profile) => [profile.name, masks.map((mask) => bestStart(profile, mask, worth))] as const),
    ),
  };
}

/** Slots of one profile never overlap each other, so each free start stands for one more instance. */
function countOf(profile: MigProfile, mask: Mask): number {
  const free = freeStarts(profile, mask).length;
  return profile.media ? Math.min(1, free) : free;
}

function bestStart(profile: MigProfile, mask: Mask, worth: readonly number[]): number {
  let best = -1;
  let most = -1;
  for (const start of freeStarts(profile, mask)) {
    const left = worth[mask | slotOf(profile, start)] ?? 0;
    if (left > most) [best, most] = [start, left];
  }
  return best;
}

function freeStarts(profile: MigProfile, mask: Mask): readonly number[] {
  return profile.starts.filter((start) => (slotOf(profile, start) & mask) === 0);
}

import type { PartlyUsed } from '../../model/inventory-view.ts';
import type { MemberView, SliceView } from '../../model/plan-view.ts';
import { compareText } from '../../model/text.ts';
import { countOf } from './amount.ts';
import { compressDevices, joinRuns } from './devices.ts';

/** `16 H100-SXM-80GB`, `2 MIG slices 1g.10gb (H100-SXM-80GB)`, or both; nothing where there is neither. */
export function capacityWords({
  gpuCount,
  slices,
  gpuModel,
}: {
  readonly gpuCount: number;
  readonly slices?: string | undefined;
  readonly gpuModel?: string | undefined;
}): string {
  const whole = gpuModel === undefined ? countOf(gpuCount, 'GPU') : `${gpuCount} ${gpuModel}`;
  const parts = slices === undefined ? [] : [gpuModel === undefined ? slices : `${slices} (${gpuModel})`];
  return [...(gpuCount === 0 ? [] : [whole]), ...parts].join(' and ');
}

/** The same in a column of counts: `16`, or the slices in words. */
export function countWords({ gpuCount, slices }: Parameters<typeof capacityWords>[0]): string {
  return slices === undefined ? String(gpuCount) : capacityWords({ gpuCount, slices });
}

/** Whole GPUs and slices of a member: `gpu0-3 1g.10gb at start 4-6 on gpu4 2 x 250/1000 of gpu5`. */
export function heldDevices({ gpus, slices = [] }: Pick<MemberView, 'gpus' | 'slices'>): string {
  const alike = Map.groupBy(slices, ({ gpu, what }) => `${compressDevices([gpu])} ${what}`);
  const words = [...alike]
    .toSorted(([a], [b]) => compareText(a, b))
    .flatMap(([, group]) => (group[0] === undefined ? [] : [groupWords(group[0], group)]));
  return [...(gpus.length === 0 ? [] : [compressDevices(gpus)]), ...words].join(', ');
}

/** What is left of a GPU with slices on it: `free for 3g.40gb, 2g.20gb`, `free 750/1000`. */
export function leftWords({
  freeMilli,
  freeProfiles,
}: Pick<PartlyUsed, 'freeMilli' | 'freeProfiles'>): string {
  const words = [
    ...(freeMilli === 0 ? [] : [`${freeMilli}/1000`]),
    ...(freeProfiles.length === 0 ? [] : [`for ${freeProfiles.join(' or ')}`]),
  ];
  return words.length === 0 ? 'nothing free' : `free ${words.join(', ')}`;
}

function groupWords({ gpu, what }: SliceView, alike: readonly SliceView[]): string {
  const device = compressDevices([gpu]);
  const starts = alike.flatMap(({ start }) => start ?? []);
  if (starts.length > 0) return `${what} at start ${joinRuns(starts)} on ${device}`;
  return `${alike.length === 1 ? '' : `${alike.length} x `}${what} of ${device}`;
}

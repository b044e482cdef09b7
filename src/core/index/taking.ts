import type { Want } from '../place/want.ts';

/**
 * All that the devices and watts of one replica depend on beside the node that it stands on. Wants with the same words
 * take the same of every node that could serve them.
 */
export function takingOf({ part, gpuCount, model, rails }: Want): string {
  const { cpuMilli = '', gpus } = part.each;
  return `${gpuCount} ${model} ${gpus?.memoryMib} ${rails === undefined ? '' : [...rails].join()} ${cpuMilli}`;
}

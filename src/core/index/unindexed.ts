import type { Demand } from '../../model/demand.ts';

/** Whether a demand asks for what the index has no bound for yet: slices, flows, or to survive a loss. It is scanned. */
export function isUnindexed({ parts, survive, flows = [] }: Demand): boolean {
  if (survive !== undefined || flows.length > 0) return true;
  return parts.some(({ each }) => each.gpus?.slice !== undefined);
}

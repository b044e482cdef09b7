import { type Demand, isInNode } from '../../model/demand.ts';

/**
 * Whether a demand asks for what the index has no bound for yet: slices, flows, to survive a loss, or to be kept
 * together or apart inside a node, or for a place of one part. It is scanned.
 */
export function isUnindexed({ parts, survive, together, flows = [] }: Demand): boolean {
  if (survive !== undefined || flows.length > 0 || isInNode(together)) return true;
  return parts.some(
    ({ each, within, apart, where }) =>
      each.gpus?.slice !== undefined || where !== undefined || isInNode(within) || isInNode(apart),
  );
}

import type { Contract } from '../../model/contract.ts';
import type { Member } from '../../model/placement.ts';

/** The last instant that can be written down: a contract without an end loses all the time up to it. */
const lastMs = 7_258_118_399_999;

/** A seventh of a GPU for each compute slice, rounded up. */
const sevenths = 7;

/** GPUs that a contract holds, whole and in part, rounded up. */
export function gpuCountOf(contract: Contract): number {
  return Math.ceil(gpuMilliOf(contract) / 1000);
}

/** What ending a contract at `fromMs` takes from it: its GPUs times the time left, in millionths of a GPU-second. */
export function lossOf(contract: Contract, fromMs: number): bigint {
  const { startMs, endMs = lastMs } = contract.placement;
  const leftMs = Math.max(0, endMs - Math.max(startMs, fromMs));
  return BigInt(gpuMilliOf(contract)) * BigInt(leftMs);
}

/** The same in whole GPU-seconds, rounded up; nothing for a contract without an end. */
export function gpuSecondsLost(contract: Contract, fromMs: number): number | undefined {
  if (contract.placement.endMs === undefined) return undefined;
  return Number((lossOf(contract, fromMs) + 999_999n) / 1_000_000n);
}

function gpuMilliOf({ placement }: Contract): number {
  return [...placement.members, ...(placement.spares ?? [])].reduce((sum, held) => sum + milliOf(held), 0);
}

function milliOf({ gpus, slices = [] }: Member): number {
  return slices.reduce(
    (sum, slice) =>
      sum +
      (slice.kind === 'share'
        ? slice.milli
        : Math.ceil((Number.parseInt(slice.profile, 10) * 1000) / sevenths)),
    gpus.length * 1000,
  );
}

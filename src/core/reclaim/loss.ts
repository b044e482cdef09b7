import type { Contract } from '../../model/contract.ts';
import { type Member, seatsOf } from '../../model/placement.ts';

/** The last instant that can be written down: a contract without an end loses all the time up to it. */
const lastMs = 7_258_118_399_999;

/** A seventh of a GPU for each compute slice, rounded up. */
const sevenths = 7;

/** GPUs that a contract holds, whole and in part, rounded up. */
export function gpuCountOf({ placement }: Contract): number {
  return gpuCountIn(seatsOf(placement));
}

/** What ending a contract at `fromMs` takes from it: its GPUs times the time left, in millionths of a GPU-second. */
export function lossOf(contract: Contract, fromMs: number): bigint {
  return BigInt(gpuMilliOf(contract)) * BigInt(leftMs(contract, fromMs));
}

/** The same of one of its members. */
export function lossOfSeat(contract: Contract, seat: Member, fromMs: number): bigint {
  return BigInt(milliOf(seat)) * BigInt(leftMs(contract, fromMs));
}

/** Whole GPU-seconds, rounded up. */
export function gpuSeconds(loss: bigint): number {
  return Number((loss + 999_999n) / 1_000_000n);
}

/** GPUs that some members hold, whole and in part, rounded up. */
export function gpuCountIn(seats: readonly Member[]): number {
  return Math.ceil(seats.reduce((sum, seat) => sum + milliOf(seat), 0) / 1000);
}

function leftMs({ placement: { startMs, endMs = lastMs } }: Contract, fromMs: number): number {
  return Math.max(0, endMs - Math.max(startMs, fromMs));
}

function gpuMilliOf({ placement }: Contract): number {
  return seatsOf(placement).reduce((sum, held) => sum + milliOf(held), 0);
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

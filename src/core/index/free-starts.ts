import { both, type Mask, sizeOf, without } from '../mask.ts';
import type { Packed } from './packed.ts';
import { endOfHolds, firstReaching } from './reaching.ts';
import { endAt, gpusAt, startAt } from './rows.ts';
import type { Stretch, Stretches } from './stretches.ts';

type Asked = {
  readonly node: number;
  readonly usable: Mask;
  /** So many of the usable GPUs have to be free for `lengthMs`, the same ones all the time. */
  readonly gpuCount: number;
  readonly lengthMs: number;
  readonly starts: Stretch;
};

/** Adds the stretches of starts from which on a node has so many GPUs free for so long. */
export function addFreeStarts(packed: Packed, asked: Asked, found: Stretches): void {
  if (isAllOrNothing(packed, asked)) addGaps(packed, asked, found);
  else addSwept(packed, asked, found);
}

/** Whether every single hold that touches the usable GPUs leaves too few of them. */
function isAllOrNothing(packed: Packed, { node, usable, gpuCount, starts }: Asked): boolean {
  if (sizeOf(usable) === gpuCount) return true;
  const { rows } = packed;
  const to = endOfHolds(packed, node);
  for (let at = firstReaching(packed, node, starts.fromMs); at < to; at++) {
    const left = without(usable, gpusAt(rows, at));
    if (left !== usable && sizeOf(left) >= gpuCount) return false;
  }
  return true;
}

/** Between one hold and the next: holds stand in the order of their starts. */
function addGaps(packed: Packed, { node, usable, lengthMs, starts }: Asked, found: Stretches): void {
  const { rows } = packed;
  const to = endOfHolds(packed, node);
  let { fromMs } = starts;
  for (let at = firstReaching(packed, node, fromMs); at < to && fromMs <= starts.toMs; at++) {
    const endMs = endAt(rows, at);
    if (endMs <= fromMs || both(gpusAt(rows, at), usable) === 0) continue;
    const lastMs = startAt(rows, at) - lengthMs;
    if (lastMs >= fromMs) found.add(fromMs, Math.min(lastMs, starts.toMs));
    fromMs = endMs;
  }
  if (fromMs <= starts.toMs) found.add(fromMs, starts.toMs);
}

/** Instants at which a hold begins or ceases to be in the way of a start, in order; ceasing comes first. */
type Turn = { readonly atMs: number; readonly mask: Mask; readonly isInWay: boolean };

function addSwept(packed: Packed, asked: Asked, found: Stretches): void {
  const { starts, usable, gpuCount } = asked;
  const holders = new Int32Array(32);
  let free = usable;
  let { fromMs } = starts;
  for (const { atMs, mask, isInWay } of turnsOf(packed, asked)) {
    if (atMs > fromMs && sizeOf(free) >= gpuCount) found.add(fromMs, Math.min(atMs - 1, starts.toMs));
    fromMs = Math.max(fromMs, atMs);
    if (fromMs > starts.toMs) return;
    free = turned(holders, free, { mask: both(mask, usable), isInWay });
  }
  if (sizeOf(free) >= gpuCount) found.add(fromMs, starts.toMs);
}

/** A hold is in the way of the starts after `start - length` and before its end. */
function turnsOf(packed: Packed, { node, usable, lengthMs, starts }: Asked): readonly Turn[] {
  const { rows } = packed;
  const to = endOfHolds(packed, node);
  const turns: Turn[] = [];
  for (let at = firstReaching(packed, node, starts.fromMs); at < to; at++) {
    const mask = both(gpusAt(rows, at), usable);
    const endMs = endAt(rows, at);
    const fromMs = startAt(rows, at) - lengthMs + 1;
    if (fromMs > starts.toMs) break;
    if (mask === 0 || endMs <= starts.fromMs) continue;
    turns.push({ atMs: fromMs, mask, isInWay: true }, { atMs: endMs, mask, isInWay: false });
  }
  return turns.toSorted((a, b) => a.atMs - b.atMs || Number(a.isInWay) - Number(b.isInWay));
}

/** Free GPUs after a turn. `holders` counts the holds in the way of each GPU. */
function turned(
  holders: Int32Array,
  free: Mask,
  { mask, isInWay }: { readonly mask: Mask; readonly isInWay: boolean },
): Mask {
  let left = free;
  for (let gpu = 0; gpu < 32; gpu++) {
    if (((mask >>> gpu) & 1) === 0) continue;
    const count = (holders[gpu] ?? 0) + (isInWay ? 1 : -1);
    holders[gpu] = count;
    if (count === 0) left |= 1 << gpu;
    else left &= ~(1 << gpu);
  }
  return left >>> 0;
}

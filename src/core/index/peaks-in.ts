import type { Packed } from './packed.ts';
import { endOfHolds, firstReaching } from './reaching.ts';
import { endAt, startAt } from './rows.ts';
import type { Span } from './window.ts';

/** The most cores and memory that are held on a node at one time of a span, each for itself. */
export function peaksIn(
  packed: Packed,
  node: number,
  { startMs, endMs }: Span,
): { readonly cpuMilli: number; readonly memoryMib: number } {
  const { rows, cpus, memories } = packed;
  const from = firstReaching(packed, node, startMs);
  const to = endOfHolds(packed, node);
  let [cpuMilli, memoryMib] = [0, 0];
  for (let begin = from; begin < to && startAt(rows, begin) < endMs; begin++) {
    if (endAt(rows, begin) <= startMs) continue;
    // A level is highest where something begins, at the start of the span at the earliest.
    const atMs = Math.max(startAt(rows, begin), startMs);
    let [cpuLevel, memoryLevel] = [0, 0];
    for (let at = from; at < to && startAt(rows, at) <= atMs; at++) {
      if (endAt(rows, at) <= atMs) continue;
      cpuLevel += cpus[at] ?? 0;
      memoryLevel += memories[at] ?? 0;
    }
    if (cpuLevel > cpuMilli) cpuMilli = cpuLevel;
    if (memoryLevel > memoryMib) memoryMib = memoryLevel;
  }
  return { cpuMilli, memoryMib };
}

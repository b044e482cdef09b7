import type { Packed } from './packed.ts';
import { endOfHolds, firstReaching } from './reaching.ts';
import type { Span } from './window.ts';

/** The most cores and memory that are held on a node at one time of a span, each for itself. */
export function peaksIn(
  packed: Packed,
  node: number,
  { startMs, endMs }: Span,
): { readonly cpuMilli: number; readonly memoryMib: number } {
  const { starts, ends, cpus, memories } = packed;
  const from = firstReaching(packed, node, startMs);
  const to = endOfHolds(packed, node);
  let [cpuMilli, memoryMib] = [0, 0];
  for (let begin = from; begin < to && (starts[begin] ?? 0) < endMs; begin++) {
    if ((ends[begin] ?? 0) <= startMs) continue;
    // A level is highest where something begins, at the start of the span at the earliest.
    const atMs = Math.max(starts[begin] ?? 0, startMs);
    let [cpuLevel, memoryLevel] = [0, 0];
    for (let at = from; at < to && (starts[at] ?? 0) <= atMs; at++) {
      if ((ends[at] ?? 0) <= atMs) continue;
      cpuLevel += cpus[at] ?? 0;
      memoryLevel += memories[at] ?? 0;
    }
    if (cpuLevel > cpuMilli) cpuMilli = cpuLevel;
    if (memoryLevel > memoryMib) memoryMib = memoryLevel;
  }
  return { cpuMilli, memoryMib };
}

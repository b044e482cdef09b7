import type { Hold } from './calendar.ts';

/** What is held of a node at one time at most. */
export type Peaks = { readonly cpuMilli: number; readonly memoryMib: number; readonly storageGib: number };

const nothing: Peaks = { cpuMilli: 0, memoryMib: 0, storageGib: 0 };

/**
 * The most that is held of everything at one time from `startMs` on, each for itself. `holds` all overlap the window.
 * A peak is reached when something begins, at the start of the window at the earliest: the level is counted then.
 */
export function peaksOf(holds: readonly Hold[], startMs: number): Peaks {
  const [only, second] = holds;
  if (only === undefined) return nothing;
  if (second === undefined) return only;
  let [cpuMilli, memoryMib, storageGib] = [0, 0, 0];
  for (const { startMs: beginMs } of holds) {
    const level = levelAt(holds, Math.max(beginMs, startMs));
    cpuMilli = Math.max(cpuMilli, level.cpuMilli);
    memoryMib = Math.max(memoryMib, level.memoryMib);
    storageGib = Math.max(storageGib, level.storageGib);
  }
  return { cpuMilli, memoryMib, storageGib };
}

/** Ends are not included. */
function levelAt(holds: readonly Hold[], atMs: number): Peaks {
  let [cpuMilli, memoryMib, storageGib] = [0, 0, 0];
  for (const entry of holds) {
    if (entry.startMs > atMs || entry.endMs <= atMs) continue;
    cpuMilli += entry.cpuMilli;
    memoryMib += entry.memoryMib;
    storageGib += entry.storageGib;
  }
  return { cpuMilli, memoryMib, storageGib };
}

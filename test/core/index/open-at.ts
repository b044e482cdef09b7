import type { Stretches } from '../../../src/core/index/stretches.ts';

/** How many stretches there are over an instant. */
export function openAt({ froms, tos, count }: Stretches, atMs: number): number {
  let open = 0;
  for (let at = 0; at < count; at++) if ((froms[at] ?? 0) <= atMs && atMs <= (tos[at] ?? 0)) open++;
  return open;
}

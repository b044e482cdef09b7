import type { Packed } from './packed.ts';
import { endOfHolds, firstReaching } from './reaching.ts';
import { endAt, startAt } from './rows.ts';
import type { Stretch, Stretches } from './stretches.ts';

/** Who asks, and from which level on it wants to be alone itself: see `levelOf`. */
export type Asker = { readonly tenant: number; readonly level: number };

/**
 * Adds the starts at which nobody keeps a tenant out of a place for the whole length, nor is anybody there whom its own
 * isolation would keep out. The place is a set of nodes on a level: one node, or all those of a rack.
 */
export function addUnshared(
  packed: Packed,
  { nodes, level }: { readonly nodes: readonly number[]; readonly level: number },
  asked: { readonly asker: Asker; readonly starts: Stretch; readonly lengthMs: number },
  found: Stretches,
): void {
  const { asker, starts, lengthMs } = asked;
  const isAlone = asker.level >= level;
  const at = Int32Array.from(nodes, (node) => firstReaching(packed, node, starts.fromMs));
  const to = Int32Array.from(nodes, (node) => endOfHolds(packed, node));
  let { fromMs } = starts;
  while (fromMs <= starts.toMs) {
    const next = nextInWay(packed, { at, to }, { tenant: asker.tenant, level: isAlone ? 0 : level }, fromMs);
    const lastMs = next < 0 ? Infinity : startAt(packed.rows, next) - lengthMs;
    if (lastMs >= fromMs) found.add(fromMs, Math.min(lastMs, starts.toMs));
    fromMs = next < 0 ? Infinity : endAt(packed.rows, next);
  }
}

/** Adds the starts that are in both of two lists, each in order. */
export function addBoth(one: Stretches, other: Stretches, found: Stretches): void {
  for (let a = 0, b = 0; a < one.count && b < other.count;) {
    const fromMs = Math.max(one.froms[a] ?? 0, other.froms[b] ?? 0);
    const toMs = Math.min(one.tos[a] ?? 0, other.tos[b] ?? 0);
    if (fromMs <= toMs) found.add(fromMs, toMs);
    if ((one.tos[a] ?? 0) <= (other.tos[b] ?? 0)) a++;
    else b++;
  }
}

/**
 * Of the holds of some nodes that last beyond an instant and are in a tenant's way, the one that begins first; -1 where
 * there is none. Each node's place is moved on past those that are over by then, or in nobody's way.
 */
function nextInWay(
  { rows, tenants, alone }: Packed,
  { at, to }: { readonly at: Int32Array; readonly to: Int32Array },
  { tenant, level }: Asker,
  beyondMs: number,
): number {
  let next = -1;
  for (let node = 0; node < at.length; node++) {
    let here = at[node] ?? 0;
    const end = to[node] ?? 0;
    for (; here < end; here++) {
      const other = tenants[here] ?? -1;
      if (other >= 0 && other !== tenant && (alone[here] ?? 0) >= level && endAt(rows, here) > beyondMs)
        break;
    }
    at[node] = here;
    if (here < end && (next < 0 || startAt(rows, here) < startAt(rows, next))) next = here;
  }
  return next;
}

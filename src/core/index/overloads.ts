import type { FleetNode } from '../inventory/fleet.ts';
import { powerOf, type PowerLimit } from '../place/power.ts';
import { heldBesideGpus, type Want } from '../place/want.ts';
import type { Packed } from './packed.ts';
import { endAt, startAt, wattsAt } from './rows.ts';
import { type Stretch, Stretches } from './stretches.ts';

/**
 * Takes the starts away at which a limit on a few nodes could not carry one replica more on one of them for the
 * whole length. Nodes whose neighbours never draw enough for that are not looked at.
 */
export function withoutOverloads(
  packed: Packed,
  {
    node,
    want,
    limits,
    lengthMs,
    mostW,
  }: {
    readonly node: FleetNode;
    readonly want: Want;
    readonly limits: readonly PowerLimit[];
    readonly lengthMs: number;
    /** Watts that all nodes of a limit together never pass. */
    readonly mostW: (limit: PowerLimit) => number;
  },
  found: Stretches,
): Stretches {
  if (found.count === 0 || limits.length === 0) return found;
  const powerW = powerOf(node, want.gpuCount, heldBesideGpus(node, want).cpuMilli);
  const ownW = packed.peaks[node.index] ?? 0;
  let left = found;
  for (const limit of limits) {
    if (mostW(limit) - ownW + powerW <= limit.limitW) continue;
    const lost = overloadsKnown(packed, limit, limit.limitW - powerW);
    if (lost.length > 0) left = cut(left, lost, lengthMs);
  }
  return left;
}

/** When a limit would be passed, and the revision of the packed calendar at which that was last known to hold. */
type Overloads = { readonly found: readonly Stretch[]; revision: number };

/** So many are remembered of a fleet; the oldest goes first. */
const overloadLimit = 16_384;

const known = new WeakMap<Packed, Map<string, Overloads>>();

/** Found out once for as long as the same is held on the nodes of the limit. */
function overloadsKnown(packed: Packed, limit: PowerLimit, mostW: number): readonly Stretch[] {
  const all = known.get(packed) ?? new Map<string, Overloads>();
  known.set(packed, all);
  const key = `${limit.index} ${mostW}`;
  const before = all.get(key);
  if (before !== undefined && packed.isAsAt(before.revision, limit.nodes)) {
    before.revision = packed.revision;
    return before.found;
  }
  const found = overloads(packed, limit, mostW);
  all.delete(key);
  all.set(key, { found, revision: packed.revision });
  const [oldest] = all.keys();
  if (all.size > overloadLimit && oldest !== undefined) all.delete(oldest);
  return found;
}

/** When more than `mostW` is held under the limit: from one instant up to, not including, another. */
function overloads(packed: Packed, { nodes }: PowerLimit, mostW: number): readonly Stretch[] {
  const steps = nodes
    .flatMap(({ index }) => stepsOn(packed, index))
    .toSorted((a, b) => a.atMs - b.atMs || a.watts - b.watts);
  const found: Stretch[] = [];
  let level = 0;
  let sinceMs: number | undefined;
  for (const { atMs, watts } of steps) {
    level += watts;
    if (level > mostW) sinceMs ??= atMs;
    else if (sinceMs !== undefined) {
      if (atMs > sinceMs) found.push({ fromMs: sinceMs, toMs: atMs });
      sinceMs = undefined;
    }
  }
  return found;
}

function stepsOn({ first, count, rows }: Packed, node: number) {
  const from = first[node] ?? 0;
  const steps: { atMs: number; watts: number }[] = [];
  for (let at = from; at < from + (count[node] ?? 0); at++)
    steps.push(
      { atMs: startAt(rows, at), watts: wattsAt(rows, at) },
      { atMs: endAt(rows, at), watts: -wattsAt(rows, at) },
    );
  return steps;
}

/**
 * A start is lost when it lies after `overload - length` and before the end of the overload. Stretches and overloads
 * stand in order, so what is over before one stretch begins is so for all that follow.
 */
function cut({ froms, tos, count }: Stretches, lost: readonly Stretch[], lengthMs: number): Stretches {
  const left = new Stretches();
  let first = 0;
  for (let at = 0; at < count; at++) {
    let fromMs = froms[at] ?? 0;
    const toMs = tos[at] ?? 0;
    while ((lost[first]?.toMs ?? Infinity) <= fromMs) first++;
    for (let next = first; next < lost.length; next++) {
      const overload = lost[next];
      const lastMs = (overload?.fromMs ?? Infinity) - lengthMs;
      if (overload === undefined || lastMs >= toMs) break;
      if (lastMs >= fromMs) left.add(fromMs, lastMs);
      fromMs = Math.max(fromMs, overload.toMs);
    }
    if (fromMs <= toMs) left.add(fromMs, toMs);
  }
  return left;
}

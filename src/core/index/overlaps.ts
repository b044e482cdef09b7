import { type Stretch, Stretches } from './stretches.ts';

/** A long list is first counted by the hundreds of parts of its range that stretches touch. */
const partCount = 256;

/** Shorter lists are sorted as they are. */
const shortList = 96;

/** Where at least `count` of some stretches overlap, in order. All of them lie inside `range`. */
export function overlapsOf(count: number, stretches: Stretches, range: Stretch): readonly Stretch[] {
  if (stretches.count < count) return [];
  if (stretches.count <= shortList) return sweptOf(count, stretches);
  const widthMs = Math.max(1, Math.ceil((range.toMs - range.fromMs + 1) / partCount));
  return crowdedParts(count, stretches, { ...range, widthMs }).flatMap((crowd) =>
    sweptOf(count, clipped(stretches, crowd)),
  );
}

/** Runs of parts of the range that enough stretches touch: outside of them too few overlap at any time. */
function crowdedParts(
  count: number,
  { froms, tos, count: length }: Stretches,
  { fromMs, toMs, widthMs }: Stretch & { readonly widthMs: number },
): readonly Stretch[] {
  const changes = new Int32Array(partCount + 1);
  for (let at = 0; at < length; at++) {
    const from = Math.floor(((froms[at] ?? 0) - fromMs) / widthMs);
    const to = Math.floor(((tos[at] ?? 0) - fromMs) / widthMs) + 1;
    changes[from] = (changes[from] ?? 0) + 1;
    changes[to] = (changes[to] ?? 0) - 1;
  }
  const found: Stretch[] = [];
  let level = 0;
  let since = -1;
  for (let part = 0; part <= partCount; part++) {
    level += changes[part] ?? 0;
    if (level >= count) {
      if (since < 0) since = part;
    } else if (since >= 0) {
      found.push({ fromMs: fromMs + since * widthMs, toMs: Math.min(toMs, fromMs + part * widthMs - 1) });
      since = -1;
    }
  }
  return found;
}

/** What of the stretches lies inside another one. */
function clipped({ froms, tos, count }: Stretches, { fromMs, toMs }: Stretch): Stretches {
  const found = new Stretches();
  for (let at = 0; at < count; at++) {
    const from = froms[at] ?? 0;
    const to = tos[at] ?? 0;
    if (from <= toMs && to >= fromMs) found.add(Math.max(from, fromMs), Math.min(to, toMs));
  }
  return found;
}

/** By counting up where a stretch begins and down after one has ended. Both ends of a stretch belong to it. */
function sweptOf(count: number, stretches: Stretches): readonly Stretch[] {
  const length = stretches.count;
  const froms = stretches.froms.subarray(0, length).toSorted();
  const tos = stretches.tos.subarray(0, length).toSorted();
  const found: Stretch[] = [];
  let open = 0;
  let fromMs = 0;
  for (let from = 0, to = 0; to < length;) {
    const nextFromMs = froms[from] ?? Infinity;
    const nextToMs = tos[to] ?? Infinity;
    if (nextFromMs <= nextToMs) {
      from++;
      if (++open === count) fromMs = nextFromMs;
    } else {
      to++;
      if (open-- === count) found.push({ fromMs, toMs: nextToMs });
    }
  }
  return found;
}

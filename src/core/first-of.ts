/** The first `count` of some things as sorting would give them; equals stay in the order in which they came. */
export function firstOf<T>(things: readonly T[], count: number, order: (a: T, b: T) => number): readonly T[] {
  const found: T[] = [];
  for (const thing of things) {
    const last = found.at(-1);
    if (found.length === count && (last === undefined || order(last, thing) <= 0)) continue;
    const at = found.findLastIndex((other) => order(other, thing) <= 0) + 1;
    found.splice(at, 0, thing);
    if (found.length > count) found.pop();
  }
  return found;
}

/** The finaliser of MurmurHash3 (Austin Appleby, public domain): a number well mixed. */
export function scrambled(value: number, salt: number): number {
  let mixed = Math.imul(value, 0x9e37_79b1) ^ Math.imul(salt, 0x7feb_352d);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** So many of the items, evenly over all of them; another `phase`, below the number of items, gives others. */
export function spread<T>(items: readonly T[], count: number, phase: number): T[] {
  const before = (index: number) => Math.floor((index * count + phase) / items.length);
  return items.filter((_, index) => before(index + 1) > before(index));
}

/** The items in a shuffled order, then in another one, and so on without end; nothing where there are none. */
export function* shuffles<T>(items: readonly T[], salt: number): Generator<T, void> {
  const order = [...items];
  for (let drawn = 0; order.length > 0; drawn++) {
    const at = drawn % order.length;
    const other = at + (scrambled(drawn, salt) % (order.length - at));
    const [item, swapped] = [order[other], order[at]];
    if (item === undefined || swapped === undefined) return;
    [order[at], order[other]] = [item, swapped];
    yield item;
  }
}

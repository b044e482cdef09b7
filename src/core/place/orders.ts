/** So many orders of the parts of a gang are tried besides the usual one. */
const orderLimit = 5;

/**
 * Other orders to put the parts of a gang down in, those first that differ least from the usual one: with each part in
 * turn at the front, and then backwards. All there are of two or three parts.
 */
export function otherOrders<T>(usual: readonly T[]): readonly (readonly T[])[] {
  const fronted = usual.slice(1).map((first) => [first, ...usual.filter((other) => other !== first)]);
  const backed = usual.slice(0, -1).map((last) => [...usual.filter((other) => other !== last), last]);
  const orders = [...fronted, ...backed, usual.toReversed()];
  const isNew = (order: readonly T[], at: number) =>
    [usual, ...orders.slice(0, at)].every((known) => known.some((one, place) => one !== order[place]));
  return orders.filter(isNew).slice(0, orderLimit);
}

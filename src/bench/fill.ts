/** An amount that may be cut in pieces, and the places that may take it. */
export type Demand = { readonly amount: number; readonly places: readonly number[] };

/**
 * How much each place takes where the first takes as much as it can, then the second as much as it can beside that,
 * and so on. Of all ways to serve the demands this one costs least, if a unit costs the more the later a place stands
 * (a greedy answer of a polymatroid: Edmonds 1970). What no place has room for is left out. Integers in, integers out.
 */
export function fillInOrder(demands: readonly Demand[], rooms: readonly number[]): number[] {
  const state: State = {
    waiting: demands.map(({ amount }) => amount),
    at: demands.map(() => rooms.map(() => 0)),
    left: [...rooms],
  };
  for (const place of rooms.keys()) while (pushInto(place, demands, state));
  return rooms.map((room, place) => room - (state.left[place] ?? 0));
}

type State = {
  /** What of each demand has no place yet. */
  readonly waiting: number[];
  /** What of each demand stands at each place. */
  readonly at: readonly number[][];
  readonly left: number[];
};

/** How a place makes room: this demand moves on from it to that place. */
type Move = { readonly demand: number; readonly to: number };

/** Lets one demand in, by way of others that move out of its way. False where nobody is left who could come. */
function pushInto(place: number, demands: readonly Demand[], state: State): boolean {
  if ((state.left[place] ?? 0) === 0) return false;
  const moves = new Map<number, Move>();
  const reached = [place];
  for (const to of reached)
    for (const [demand, { places }] of demands.entries()) {
      if (!places.includes(to)) continue;
      if ((state.waiting[demand] ?? 0) > 0) {
        shift(place, { demand, to }, moves, state);
        return true;
      }
      for (const from of places) {
        if (from === place || moves.has(from) || (state.at[demand]?.[from] ?? 0) === 0) continue;
        moves.set(from, { demand, to });
        reached.push(from);
      }
    }
  return false;
}

/** The demand enters at `first.to`, who stands there moves on, and so on up to `place`. */
function shift(place: number, first: Move, moves: ReadonlyMap<number, Move>, state: State): void {
  const chain: (Move & { readonly from?: number })[] = [first];
  for (let from = first.to; from !== place;) {
    const move = moves.get(from);
    if (move === undefined) throw new Error(`nobody moves on from place ${from}`);
    chain.push({ ...move, from });
    from = move.to;
  }
  const limits = chain.map(({ demand, from }) =>
    from === undefined ? state.waiting[demand] : state.at[demand]?.[from],
  );
  const amount = Math.min(state.left[place] ?? 0, ...limits.map((limit) => limit ?? 0));
  for (const { demand, from, to } of chain) {
    const row = state.at[demand] ?? [];
    if (from === undefined) state.waiting[demand] = (state.waiting[demand] ?? 0) - amount;
    else row[from] = (row[from] ?? 0) - amount;
    row[to] = (row[to] ?? 0) + amount;
  }
  state.left[place] = (state.left[place] ?? 0) - amount;
}

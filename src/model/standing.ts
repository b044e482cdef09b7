import { isWithin, type Path, parentOf } from './id.ts';

/** A node by its path, and the rack or hall that somebody stated beside it. */
type Standing = { readonly id: Path; readonly facts: { readonly rack?: Path | undefined } };

/** Whether a node is the place or stands in it: where its rack was stated, in what is around the rack. */
export function standsIn({ id, facts }: Standing, place: string): boolean {
  const { rack } = facts;
  return rack === undefined ? isWithin(id, place) : id === place || isWithin(rack, place);
}

/** More places than this are looked up by their names, not one by one. */
const fewPlaces = 4;

/** Whether a node is one of some places or stands in one: the same as `standsIn` of each, for many nodes and places. */
export function standsInAny(places: readonly string[]): (node: Standing) => boolean {
  if (places.length <= fewPlaces) return (node) => places.some((place) => standsIn(node, place));
  const named = new Set(places);
  const shortest = Math.min(...places.map(({ length }) => length));
  return ({ id, facts: { rack } }) => {
    if (named.has(id)) return true;
    for (let around: string = rack ?? id; around.length >= shortest;) {
      if (named.has(around)) return true;
      around = around.slice(0, Math.max(0, around.lastIndexOf('/')));
    }
    return false;
  };
}

/** What directly contains a node. */
export function placeAround({ id, facts }: Standing): Path | undefined {
  return facts.rack ?? parentOf(id);
}

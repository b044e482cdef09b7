import { isWithin, type Path, parentOf } from './id.ts';

/** A node by its path, and the rack or hall that somebody stated beside it. */
type Standing = { readonly id: Path; readonly facts: { readonly rack?: Path | undefined } };

/** Whether a node is the place or stands in it: where its rack was stated, in what is around the rack. */
export function standsIn({ id, facts }: Standing, place: string): boolean {
  const { rack } = facts;
  return rack === undefined ? isWithin(id, place) : id === place || isWithin(rack, place);
}

/** What directly contains a node. */
export function placeAround({ id, facts }: Standing): Path | undefined {
  return facts.rack ?? parentOf(id);
}

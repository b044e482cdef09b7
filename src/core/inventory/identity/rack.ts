import type { NodeFacts, Observation, SourceName } from '../../../model/fact.ts';
import { parentOf, type Path } from '../../../model/id.ts';
import type { Claims } from '../claims.ts';
import type { Machine } from './machines.ts';

/** Places that nodes stand in: those of the inventory and those that are being read. */
export type Places = ReadonlySet<Path>;

export function placesOf(claims: Claims, observation: Observation): Places {
  const places = new Set<Path>();
  for (const { kind, subject } of observation.facts)
    if (kind === 'rack' || kind === 'hall') places.add(subject);
  for (const said of claims.values()) {
    const fact = said[0]?.fact;
    if (fact?.kind === 'rack' || fact?.kind === 'hall') places.add(fact.subject);
  }
  return places;
}

/** What a source says about where a machine stands, against the path that it is known by. */
export type Standing = {
  readonly set: NodeFacts;
  /** Why the source's rack is not taken; nothing when there is none or it fits. */
  readonly open?: string;
};

/**
 * The facts of a node that keeps the path it is known by: the rack of the path that the source gave it stands as `rack`.
 * A rack that the known path tells gives way to the operator's own inventory alone.
 */
export function standingAt(
  set: NodeFacts,
  { stated, known }: { readonly stated: Path; readonly known: Machine },
  { places, source }: { readonly places: Places; readonly source: SourceName },
): Standing {
  const rack = set.rack ?? placeOf(stated, places);
  const inPath = placeOf(known.path, places);
  if (rack === undefined || (rack === inPath && set.rack === undefined)) return { set };
  if (inPath === undefined || source === 'inventory') return { set: { ...set, rack } };
  const now = decidedRack(known) ?? inPath;
  if (rack === now) return { set };
  const { rack: _, ...rest } = set;
  return {
    set: rest,
    open: `${source} says ${rack}, but it is known to stand in ${now}: the inventory file decides`,
  };
}

function decidedRack({ facts }: Machine): Path | undefined {
  return facts
    .map(({ fact, source }) => (fact.kind === 'node' && source === 'inventory' ? fact.set.rack : undefined))
    .find((rack) => rack !== undefined);
}

function placeOf(node: Path, places: Places): Path | undefined {
  const parent = parentOf(node);
  return parent !== undefined && places.has(parent) ? parent : undefined;
}

import type { TopologyLevel } from '../../model/demand.ts';
import { parentOf, Path, siteOf } from '../../model/id.ts';
import type { EngineNode } from '../port.ts';
import { domain, hostLabel } from './names.ts';

/** Levels that nodes stand in. What divides a node is said by claims, not by labels. */
const outsideNodes = ['site', 'hall', 'spine', 'leaf', 'rack', 'island'] as const;
type PlaceLevel = (typeof outsideNodes)[number];

/** Each is one tree: a rack may hang on several leafs and a leaf serve several racks. */
const trees: Readonly<Record<PlaceLevel, readonly PlaceLevel[]>> = {
  site: ['site'],
  hall: ['site', 'hall'],
  rack: ['site', 'hall', 'rack'],
  spine: ['site', 'spine'],
  leaf: ['site', 'spine', 'leaf'],
  island: ['site', 'island'],
};

export function isPlaceLevel(level: TopologyLevel | undefined): level is PlaceLevel {
  return outsideNodes.some((known) => known === level);
}

export function placeLabel(level: PlaceLevel): string {
  return `${domain}/${level}`;
}

/** The places a node stands in, as far as they are known, outermost first. */
export function placesOf(node: EngineNode): ReadonlyMap<PlaceLevel, Path> {
  const segments = node.id.split('/');
  const rack = node.facts.rack ?? (segments.length >= 3 ? parentOf(node.id) : undefined);
  const hall = segments.length >= 4 ? Path.parse(segments.slice(0, 2).join('/')) : undefined;
  const known = {
    site: siteOf(node.id),
    hall,
    spine: node.spine,
    leaf: node.leaf ?? node.facts.leaf,
    rack,
    island: node.facts.island,
  };
  return new Map(outsideNodes.flatMap((level) => (known[level] ? [[level, known[level]]] : [])));
}

/** Labels from the outside in, down to `level`, that all of these nodes have; the host is the last. */
export function levelsDownTo(level: PlaceLevel, nodes: readonly EngineNode[]): readonly string[] {
  const known = trees[level].filter((rung) => nodes.every((node) => placesOf(node).has(rung)));
  return [...known.map(placeLabel), hostLabel];
}

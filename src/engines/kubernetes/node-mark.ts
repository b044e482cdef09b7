import type { EngineObject } from '../../model/binding.ts';
import { compareText } from '../../model/text.ts';
import type { EngineNode } from '../port.ts';
import { type Frame, startOf } from './frame.ts';
import { heldLabel, nodeStarts, partKey, placeValue, tenantLabel } from './names.ts';
import { objectOf } from './object.ts';
import { placeLabel, placesOf } from './place-labels.ts';

/**
 * What nodes are told: where they stand, which contract and part hold them, and, for a tenant that is to be alone, a
 * taint that other tenants do not tolerate. They are never created: somebody else's objects get a few words.
 */
export function nodeMarks(frame: Frame): readonly EngineObject[] {
  const { parts, subject } = frame;
  const held = new Map(
    parts.flatMap(({ nodes, spareNodes }) => [...nodes, ...spareNodes].map((node) => [node.hostName, node])),
  );
  const isAlone = (subject.demand.isolation ?? 'shared') !== 'shared';
  return [...held.values()]
    .toSorted((a, b) => compareText(a.hostName, b.hostName))
    .map((node) => mark(frame, node, isAlone));
}

type Pair = [string, string];

function mark(frame: Frame, node: EngineNode, isAlone: boolean): EngineObject {
  const { id } = frame.subject;
  const stands = [...placesOf(node)].map(([level, place]): Pair => [placeLabel(level), placeValue(place)]);
  const ofParts = frame.parts.flatMap(({ part, nodes }): Pair[] =>
    nodes.includes(node) ? [[partKey(id, part.name), 'true']] : [],
  );
  const labels = Object.fromEntries([...stands, [heldLabel(id), 'true'] satisfies Pair, ...ofParts]);
  const taint = { key: tenantLabel, value: frame.labels[tenantLabel] ?? '', effect: 'NoSchedule' };
  const metadata = { name: node.hostName, labels, annotations: { [nodeStarts(id)]: startOf(frame.subject) } };
  return objectOf('Node', metadata, isAlone ? { spec: { taints: [taint] } } : {});
}

import type { NodeFacts } from '../../model/fact.ts';
import type { Fleet, FleetNode, NodeShape } from '../inventory/fleet.ts';

/** Nodes that no demand can tell apart, but by where they stand and what is held on them. */
export type Kinds = {
  /** One node of each kind, by the number of the kind. */
  readonly examples: readonly FleetNode[];
  /** The kind of each node, by its index. */
  readonly of: Int32Array;
};

const known = new WeakMap<Fleet, Kinds>();

/** A fleet never changes, so its kinds are found out once. */
export function kindsOf(fleet: Fleet): Kinds {
  const before = known.get(fleet);
  if (before !== undefined) return before;
  const kinds = made(fleet);
  known.set(fleet, kinds);
  return kinds;
}

/** What is said of any node, asked once for each kind: for what does not depend on where a node stands. */
export function byKind<T>(fleet: Fleet, say: (example: FleetNode) => T): (node: FleetNode) => T {
  const { examples, of } = kindsOf(fleet);
  const said: (T | undefined)[] = [];
  return (node) => {
    const kind = of[node.index] ?? -1;
    return (said[kind] ??= say(examples[kind] ?? node));
  };
}

function made({ nodes }: Fleet): Kinds {
  const shapes = new Map<NodeShape, number>();
  const numbers = new Map<string, number>();
  const examples: FleetNode[] = [];
  const of = new Int32Array(nodes.length);
  for (const [at, node] of nodes.entries()) {
    const shape = shapes.get(node.shape) ?? shapes.size;
    shapes.set(node.shape, shape);
    const key = keyOf(node, shape);
    const number = numbers.get(key) ?? examples.length;
    if (number === examples.length) {
      numbers.set(key, number);
      examples.push(node);
    }
    of[at] = number;
  }
  return { examples, of };
}

/** Everything about a node but names: of the places around it only whether they are known. */
function keyOf(node: FleetNode, shape: number): string {
  const { hall, rack, leaf, spine, island } = node;
  const around = [hall, rack, leaf, spine, island].map((place) => (place === undefined ? '-' : '+'));
  const { schedulable, health, downMask } = node;
  const down = [...node.downNics].toSorted((a, b) => a - b);
  return `${shape} ${around.join('')} ${schedulable} ${health} ${downMask} ${down.join(',')} ${factsKey(node.facts)}`;
}

/** What a node's source said of it, without what only tells it from its neighbours. */
function factsKey({
  hostName: _hostName,
  leaf: _leaf,
  island: _island,
  warrantyUntilMs: _warranty,
  endOfLifeMs: _endOfLife,
  labels: _labels,
  ...facts
}: NodeFacts): string {
  return JSON.stringify(Object.entries(facts).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

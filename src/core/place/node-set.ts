import type { FleetNode } from '../inventory/fleet.ts';
import type { Domain } from './domain.ts';

/** Some nodes of a fleet in the order in which they came, and quick to ask whether one is among them. */
export class NodeSet {
  readonly nodes: readonly FleetNode[];
  readonly #first: number;
  readonly #isIn: Uint8Array;
  readonly #byDomain = new WeakMap<Domain, NodeSet>();

  /** `nodes` come in the order of the fleet. */
  constructor(nodes: readonly FleetNode[]) {
    this.nodes = nodes;
    this.#first = nodes[0]?.index ?? 0;
    this.#isIn = new Uint8Array((nodes.at(-1)?.index ?? -1) + 1 - this.#first);
    for (const { index } of nodes) this.#isIn[index - this.#first] = 1;
  }

  get size(): number {
    return this.nodes.length;
  }

  /** Whether it has the same nodes as another one of the same fleet. */
  equals({ nodes }: NodeSet): boolean {
    return nodes.length === this.nodes.length && nodes.every((node, at) => node === this.nodes[at]);
  }

  /** Those of them that stand in some domains. What is in a single one is found out once. */
  inDomains(domains: readonly Domain[]): NodeSet {
    const [first, second] = domains;
    if (first !== undefined && second === undefined) return this.#inDomain(first);
    return unionSet(domains.map((domain) => this.#inDomain(domain)));
  }

  #inDomain(domain: Domain): NodeSet {
    const known = this.#byDomain.get(domain) ?? new NodeSet(domain.nodes.filter((node) => this.has(node)));
    this.#byDomain.set(domain, known);
    return known;
  }

  has({ index }: FleetNode): boolean {
    return this.#isIn[index - this.#first] === 1;
  }
}

/** The nodes of several sets, each once, in the order of the fleet. */
export function unionOf(sets: readonly NodeSet[]): readonly FleetNode[] {
  const [first, second] = sets;
  if (first !== undefined && second === undefined) return first.nodes;
  return [...new Set(sets.flatMap(({ nodes }) => nodes))].toSorted((a, b) => a.index - b.index);
}

function unionSet(sets: readonly NodeSet[]): NodeSet {
  return new NodeSet(unionOf(sets));
}

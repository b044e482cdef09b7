import type { FleetNode } from '../inventory/fleet.ts';

/** Some nodes of a fleet in the order in which they came, and quick to ask whether one is among them. */
export class NodeSet {
  readonly nodes: readonly FleetNode[];
  readonly #first: number;
  readonly #isIn: Uint8Array;

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

  has({ index }: FleetNode): boolean {
    return this.#isIn[index - this.#first] === 1;
  }
}

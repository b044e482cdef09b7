import type { Mask } from '../mask.ts';
import type { Nodes } from './nodes.ts';
import type { Policy } from './policy.ts';
import { Rankings } from './rankings.ts';
import type { ShapeId, Shapes } from './shape.ts';

/** Where one request runs: node number and GPUs. */
export type Seat = { readonly node: number; readonly shape: ShapeId; readonly gpus: Mask };

/** Places single-node requests, one after the other. The same calls give the same seats. */
export class Packer {
  readonly #nodes: Nodes;
  readonly #shapes: Shapes;
  readonly #policy: Policy;
  readonly #rankings: Rankings;

  constructor(nodes: Nodes, shapes: Shapes, policy: Policy) {
    this.#nodes = nodes;
    this.#shapes = shapes;
    this.#policy = policy;
    this.#rankings = new Rankings(nodes, shapes, policy);
  }

  /** Ranks the nodes for a shape ahead of its first request. Changes no answer. */
  prepare(shape: ShapeId): void {
    this.#rankings.best(shape);
  }

  /** Takes the best seat for the request; nothing where it fits nowhere. */
  place(shape: ShapeId): Seat | undefined {
    const node = this.#rankings.best(shape);
    if (node === undefined) return undefined;
    const gpus = this.#policy.choose(node, shape);
    this.#nodes.take(node, this.#shapes, shape, gpus);
    return { node, shape, gpus };
  }

  release({ node, shape, gpus }: Seat): void {
    this.#nodes.release(node, this.#shapes, shape, gpus);
  }
}

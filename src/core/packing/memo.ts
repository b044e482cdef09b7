import type { Fleet } from './fleet.ts';
import type { Fragments } from './fragments.ts';
import { type Nodes, powerOfTwo } from './nodes.ts';
import { type ShapeId, type Shapes, wholeGpuMilli } from './shape.ts';

/** What is remembered: an integer that depends on gradients only. */
type Figure = (node: number, shape: ShapeId) => number;

/** A target has at most 64 shapes, so a node's CPUs reach 0 to 64 of them. */
const reachCount = 65;
/** More than GPUs and milli can be asked for together: at most 32 GPUs of 1,000. */
const askCount = 65_536;

/** How much is remembered: entries, a power of two, and GPU states that are numbered before all are numbered anew. */
export type MemoLimits = { readonly slots: number; readonly states: number };

/**
 * Remembers a figure that follows from gradients. They depend only on the model, on what is left of each GPU (in any
 * order), and on which wanted shapes the CPUs reach before and after: so nodes in one state share one entry. A newer
 * entry overwrites an older one in the same slot. Nothing that is forgotten changes an answer, it is computed again.
 */
export class Memo {
  readonly #nodes: Nodes;
  readonly #shapes: Shapes;
  readonly #fragments: Fragments;
  readonly #compute: Figure;
  readonly #limits: MemoLimits;
  readonly #stateOf: Int32Array;
  readonly #reachOf: Int32Array;
  readonly #keys: Float64Array;
  readonly #values: Float64Array;
  #states = new Map<string, number>();
  #changesSeen = 0;

  constructor(
    { nodes, shapes }: Pick<Fleet, 'nodes' | 'shapes'>,
    fragments: Fragments,
    compute: Figure,
    limits = limitsFor(nodes),
  ) {
    this.#nodes = nodes;
    this.#shapes = shapes;
    this.#fragments = fragments;
    this.#compute = compute;
    this.#limits = limits;
    this.#stateOf = new Int32Array(nodes.count);
    this.#reachOf = new Int32Array(nodes.count);
    this.#keys = new Float64Array(limits.slots);
    this.#values = new Float64Array(limits.slots);
    this.#numberAll();
  }

  of(node: number, shape: ShapeId): number {
    this.#catchUp();
    const reach = this.#reachOf[node] ?? 0;
    const cpuAfter = (this.#nodes.cpuLeft[node] ?? 0) - (this.#shapes.cpuMilli[shape] ?? 0);
    const reaches = reach * reachCount + this.#fragments.reach(node, cpuAfter);
    const state = (this.#stateOf[node] ?? 0) * reachCount * reachCount + reaches;
    const ask =
      (this.#shapes.gpuCount[shape] ?? 0) * (wholeGpuMilli + 1) + (this.#shapes.gpuMilli[shape] ?? 0);
    const key = state * askCount + ask;
    const mixed = Math.imul(state, 0x9e37_79b1) + Math.imul(ask, 0x85eb_ca6b);
    const slot = (mixed >>> 8) & (this.#limits.slots - 1);
    if (this.#keys[slot] === key) return this.#values[slot] ?? 0;
    const value = this.#compute(node, shape);
    this.#keys[slot] = key;
    this.#values[slot] = value;
    return value;
  }

  #catchUp(): void {
    for (; this.#changesSeen < this.#nodes.changeCount; this.#changesSeen++) {
      const node = this.#nodes.changedAt(this.#changesSeen);
      if (node === undefined || this.#states.size >= this.#limits.states) return this.#numberAll();
      this.#number(node);
    }
  }

  #numberAll(): void {
    this.#states = new Map();
    this.#keys.fill(-1);
    for (let node = 0; node < this.#nodes.count; node++) this.#number(node);
    this.#changesSeen = this.#nodes.changeCount;
  }

  #number(node: number): void {
    const { gpuLeft, gpuStart, modelOf, cpuLeft } = this.#nodes;
    const gpus = gpuLeft.slice(gpuStart[node], gpuStart[node + 1]).toSorted();
    const key = `${modelOf[node]}:${gpus.join(' ')}`;
    const state = this.#states.get(key) ?? this.#states.size;
    this.#states.set(key, state);
    this.#stateOf[node] = state;
    this.#reachOf[node] = this.#fragments.reach(node, cpuLeft[node] ?? 0);
  }
}

function limitsFor(nodes: Nodes): MemoLimits {
  return { slots: powerOfTwo(16 * nodes.count), states: Math.max(4096, 16 * nodes.count) };
}

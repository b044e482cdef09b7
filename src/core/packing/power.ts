import { BerthError } from '../../model/error.ts';
import { cleanText } from '../../model/text.ts';
import type { Nodes } from './nodes.ts';

/** Watts of a device that nothing runs on, and of one that anything runs on (its TDP). */
type Draw = { readonly idleW: number; readonly fullW: number };

/**
 * GPU models by the names of the openb trace. Figures of Lettich et al., "Power- and Fragmentation-Aware Online
 * Scheduling for GPU Datacenters" (CCGrid 2025, arXiv 2412.17484), as in `const.go` of Fr4nz83/PWR-plugin-kubernetes;
 * like them we take the undisclosed G2 for an A10 and G3 for an A100.
 */
const gpuDraws: ReadonlyMap<string, Draw> = new Map([
  ['T4', { idleW: 10, fullW: 70 }],
  ['P100', { idleW: 25, fullW: 250 }],
  ['V100M16', { idleW: 30, fullW: 300 }],
  ['V100M32', { idleW: 30, fullW: 300 }],
  ['A10', { idleW: 30, fullW: 150 }],
  ['A100', { idleW: 50, fullW: 400 }],
  ['G2', { idleW: 30, fullW: 150 }],
  ['G3', { idleW: 50, fullW: 400 }],
]);

/** A socket of every node: Xeon E5-2682 v4, of which one core is two CPUs. Same source. */
const socket = { idleW: 15, fullW: 120, coreCount: 16 };
const cpuMilliPerCore = 2000;

/** Whole watts of nodes by what runs on them: a model of preference, not a measurement. */
export class PowerModel {
  readonly #nodes: Nodes;
  readonly #draws: readonly Draw[];

  /** Throws INVALID_INPUT where the fleet has a model whose draw is not known. */
  constructor(nodes: Nodes) {
    const [unknown] = unknownModels(nodes);
    if (unknown !== undefined) throw drawUnknown(unknown);
    this.#nodes = nodes;
    this.#draws = nodes.models.map((model) => gpuDraws.get(model) ?? noDraw);
  }

  /** Of the node as it is. */
  watts(node: number): number {
    const { idleW, fullW } = this.#draws[this.#nodes.modelOf[node] ?? 0] ?? noDraw;
    const idle = this.#nodes.wholeGpus[node] ?? 0;
    const gpus = idle * idleW + (this.#nodes.gpuCount(node) - idle) * fullW;
    return gpus + this.#socketWatts(node, this.#nodes.cpuLeft[node] ?? 0);
  }

  /** More, were so many CPUs of the node taken. */
  cpuWatts(node: number, cpuMilli: number): number {
    const left = this.#nodes.cpuLeft[node] ?? 0;
    return this.#socketWatts(node, left - cpuMilli) - this.#socketWatts(node, left);
  }

  /** More, were an idle GPU of the model taken. */
  gpuWatts(model: number): number {
    const { idleW, fullW } = this.#draws[model] ?? noDraw;
    return fullW - idleW;
  }

  /** Sockets of which a core is in use draw all they can. */
  #socketWatts(node: number, cpuLeft: number): number {
    const cpuMilli = this.#nodes.capacities[node]?.cpuMilli ?? 0;
    const active = socketsFor(cpuMilli - cpuLeft);
    return active * socket.fullW + (socketsFor(cpuMilli) - active) * socket.idleW;
  }
}

/** Whole watts that so many CPUs take more than none, if every socket that runs is used to the full: at least that. */
export function leastCpuWatts(cpuMilli: number): number {
  return Math.ceil((cpuMilli * (socket.fullW - socket.idleW)) / (cpuMilliPerCore * socket.coreCount));
}

function socketsFor(cpuMilli: number): number {
  return Math.ceil(Math.ceil(cpuMilli / cpuMilliPerCore) / socket.coreCount);
}

/** Those of the fleet's GPU models whose draw nobody has stated. */
export function unknownModels({ models, modelCapacity }: Nodes): string[] {
  return models.filter((name, model) => (modelCapacity[model] ?? 0) > 0 && !gpuDraws.has(name));
}

function drawUnknown(model: string): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: `how many watts a GPU of the model \`${cleanText(model, 60)}\` draws is not known`,
    fix: `use another policy; known are ${[...gpuDraws.keys()].join(', ')}`,
  });
}

const noDraw: Draw = { idleW: 0, fullW: 0 };

/** Watts of the whole fleet, kept up to date node by node. */
export class PowerMeter {
  readonly #model: PowerModel;
  readonly #watts: Int32Array;
  #total = 0;

  constructor(nodes: Nodes) {
    const model = new PowerModel(nodes);
    this.#model = model;
    this.#watts = Int32Array.from({ length: nodes.count }, (_, node) => model.watts(node));
    for (const watts of this.#watts) this.#total += watts;
  }

  get totalW(): number {
    return this.#total;
  }

  /** To be called for every node that changed. */
  update(node: number): void {
    const watts = this.#model.watts(node);
    this.#total += watts - (this.#watts[node] ?? 0);
    this.#watts[node] = watts;
  }
}

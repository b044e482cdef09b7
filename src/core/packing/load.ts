import type { Nodes } from './nodes.ts';

/** How full the nodes with GPUs are. */
export class Load {
  readonly #nodes: Nodes;
  readonly #gpuMilli: number;
  readonly #cpuMilli: number;
  /** Models whose nodes have GPUs. */
  readonly #models: readonly number[];

  constructor(nodes: Nodes) {
    this.#nodes = nodes;
    const withGpus = nodes.capacities.filter(({ gpuCount }) => gpuCount > 0);
    const names = new Set(withGpus.map(({ model }) => model));
    this.#models = [...nodes.models.keys()].filter((model) => names.has(nodes.models[model] ?? ''));
    this.#gpuMilli = nodes.modelCapacity.reduce((sum, milli) => sum + milli, 0);
    this.#cpuMilli = nodes.capacities
      .filter(({ model }) => names.has(model))
      .reduce((sum, { cpuMilli }) => sum + cpuMilli, 0);
  }

  /** Per mille in use of the GPUs or of the CPUs beside them, whichever is more: what is used up first ends it all. */
  usedPerMille(): number {
    const { modelLeft, modelCpuLeft } = this.#nodes;
    let [gpuLeft, cpuLeft] = [0, 0];
    for (const model of this.#models) {
      gpuLeft += modelLeft[model] ?? 0;
      cpuLeft += modelCpuLeft[model] ?? 0;
    }
    return Math.max(usedOf(this.#gpuMilli, gpuLeft), usedOf(this.#cpuMilli, cpuLeft));
  }
}

function usedOf(capacity: number, left: number): number {
  return capacity === 0 ? 0 : 1000 - Math.floor((left * 1000) / capacity);
}

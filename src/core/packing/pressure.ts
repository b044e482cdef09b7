import type { Nodes } from './nodes.ts';
import { admitsModel, gpuMilliOf } from './shape.ts';
import type { Target, TargetShape } from './target.ts';

/** GPUs by model number: names, GPU milli in all, and what single nodes have. */
export type Supply = Pick<Nodes, 'models' | 'modelCapacity' | 'capacities'>;

/** What is expected of each model by requests that cannot go elsewhere, against what is left of it. */
export class Pressure {
  /** Of all GPU milli asked for, in millionths, what only this model and a few others can serve. */
  readonly #claimed: readonly number[];

  constructor(supply: Supply, target: Target) {
    this.#claimed = claimedByModel(supply, target);
  }

  /**
   * Per mille of what is left of the model that its own claimants will want by the time that all which is left of
   * the fleet has been asked for: above 1,000 somebody goes away empty. `modelLeft`: GPU milli by model number.
   */
  of(model: number, modelLeft: Float64Array): number {
    let fleetLeft = 0;
    for (const milli of modelLeft) fleetLeft += milli;
    return Math.floor(
      ((this.#claimed[model] ?? 0) * fleetLeft) / (1000 * Math.max(1, modelLeft[model] ?? 0)),
    );
  }
}

function claimedByModel(nodes: Supply, { asked }: Target): number[] {
  const claimed = nodes.models.map(() => 0);
  const able = ableModels(nodes);
  let total = 0;
  for (const shape of asked) {
    const milli = shape.count * gpuMilliOf(shape);
    total += milli;
    const models = able(shape);
    const capacity = models.reduce((sum, model) => sum + (nodes.modelCapacity[model] ?? 0), 0);
    if (capacity === 0 || !isClaim(nodes, shape, models.length, capacity)) continue;
    for (const model of models)
      claimed[model] =
        (claimed[model] ?? 0) + Math.floor((milli * (nodes.modelCapacity[model] ?? 0)) / capacity);
  }
  return claimed.map((milli) => Math.floor((milli * 1_000_000) / Math.max(1, total)));
}

/**
 * Who names models claims them. Who names none, but needs more CPUs or GPUs of one node than most models have,
 * claims those that have them, while they are the smaller half of the fleet.
 */
function isClaim(nodes: Supply, { models }: TargetShape, ableCount: number, capacity: number): boolean {
  if (ableCount === nodes.models.length) return false;
  const fleet = nodes.modelCapacity.reduce((sum, milli) => sum + milli, 0);
  return models.length > 0 || capacity * 2 <= fleet;
}

/** Gives the models that admit a shape and have a node which, empty, holds it. */
function ableModels(nodes: Supply): (shape: TargetShape) => number[] {
  const members = Map.groupBy(nodes.capacities, ({ model }) => model);
  const sizes = nodes.models.map((model) => [
    ...new Map(
      (members.get(model) ?? []).map((node) => [`${node.cpuMilli}/${node.gpuCount}`, node] as const),
    ).values(),
  ]);
  return (shape) =>
    [...nodes.models.keys()].filter(
      (model) =>
        admitsModel(shape, nodes.models[model] ?? '') &&
        sizes[model]?.some((size) => size.cpuMilli >= shape.cpuMilli && size.gpuCount >= shape.gpuCount),
    );
}

import type { Fleet } from './fleet.ts';
import type { Policy } from './policy.ts';
import { Pressure } from './pressure.ts';
import type { ShapeId } from './shape.ts';
import { Stranding } from './stranding.ts';

/** How much the terms that `thrifty` adds weigh, in points of the base policy's score. */
export type Weights = {
  /** What it is worth to leave a node whole. */
  readonly wholePoints: number;
  /** What a whole GPU costs that is left without CPUs or memory. */
  readonly strandedPoints: number;
};

/** Scores and bonuses are kept in hundredths of a point. */
export const pointParts = 100;

/** Full pressure weighs as much as so many points of the base's score; it grows with the square. */
const pressurePoints = 50;
/** So many points for CPU-only requests where the GPUs left would need all the CPUs left. */
const cpuPoints = 10;
const perMilleMax = 4000;

/** Most that stranding may cost or gain, in points: no score falls below 0. */
const strandedPointsMax = 32;

/**
 * Stranded GPU milli are counted in steps of so many. Coarse on purpose: within a step the nodes' ranks decide, and
 * a fixed order packs.
 */
const strandedStep = 250;

/**
 * A published policy made to look further than one node. A model that others have a claim to costs points, the more
 * the less is left of it; CPU-only requests keep off models whose CPUs their GPUs will need; GPUs that would be left
 * without CPUs or memory cost points; and a node that is still whole is worth points to requests that would break it.
 */
export function thrifty(base: Policy, { nodes, shapes, target }: Fleet, weights: Weights): Policy {
  const pressure = new Pressure(nodes, target);
  const stranding = new Stranding(nodes, shapes, target);
  return {
    score(node, shape) {
      const points = base.score(node, shape) + strandedPointsMax;
      return (
        (points + (breaks(node, shape) ? 0 : weights.wholePoints)) * pointParts - strandedCost(node, shape)
      );
    },
    bonus: (model, shape) => -(isCpuOnly(shape) ? cpuCost(model) : gpuCost(model)),
    choose: (node, shape) => base.choose(node, shape),
  };

  function isCpuOnly(shape: ShapeId): boolean {
    return shapes.gpuCount[shape] === 0;
  }

  /** Whether the request would take a part of a node of which no GPU is in use. */
  function breaks(node: number, shape: ShapeId): boolean {
    const whole = nodes.wholeGpus[node] ?? 0;
    return whole === nodes.gpuCount(node) && (shapes.gpuCount[shape] ?? 0) < whole;
  }

  function gpuCost(model: number): number {
    return scarceCost(pressure.of(model, nodes.modelLeft));
  }

  function cpuCost(model: number): number {
    return cpusCost(stranding.cpuMilliPerGpu, nodes.modelLeft[model] ?? 0, nodes.modelCpuLeft[model] ?? 0);
  }

  function strandedCost(node: number, shape: ShapeId): number {
    return strandedCostOf(stranding.growth(node, shape), weights.strandedPoints);
  }
}

/** What a request pays for a model on which so many per mille of pressure lie, in hundredths of a point. */
export function scarceCost(pressurePerMille: number): number {
  const perMille = Math.min(perMilleMax, pressurePerMille);
  return Math.floor((perMille * perMille * pressurePoints) / 10_000);
}

/** What a CPU-only request pays where so much of GPUs and CPUs is left, in hundredths of a point. */
export function cpusCost(cpuMilliPerGpu: number, gpuMilliLeft: number, cpuMilliLeft: number): number {
  const perMille = Math.floor((gpuMilliLeft * cpuMilliPerGpu) / Math.max(1, cpuMilliLeft));
  return Math.floor((Math.min(perMilleMax, perMille) * cpuPoints) / 10);
}

/** What a request pays for so many GPU milli more that are stranded, in hundredths of a point. */
export function strandedCostOf(growthMilli: number, strandedPoints: number): number {
  const milli = Math.floor(growthMilli / strandedStep) * strandedStep;
  const most = strandedPointsMax * pointParts;
  return Math.max(-most, Math.min(most, Math.floor((milli * strandedPoints) / 10)));
}

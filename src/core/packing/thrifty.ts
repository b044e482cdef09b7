import type { Fleet } from './fleet.ts';
import type { Policy } from './policy.ts';
import { Pressure } from './pressure.ts';
import { gpuMilliOf, type ShapeId, wholeGpuMilli } from './shape.ts';
import type { Target } from './target.ts';

/** Steps of the tie-break, and hundredths, in one point of the base policy's score. */
const tieSteps = 64;
const pointParts = 100 * tieSteps;

/** Full pressure weighs as much as so many points of the base's score; it grows with the square. */
const pressurePoints = 50;
/** So many points for CPU-only requests where the GPUs left would need all the CPUs left. */
const cpuPoints = 10;
const perMilleMax = 4000;

/**
 * Stranded GPU milli that count as one step of the tie-break. Coarse on purpose: within a step the nodes' ranks
 * decide, and a fixed order packs.
 */
const strandedStep = 500;

/**
 * A published policy made to look further than one node. A model that others have a claim to costs points, the more
 * the less is left of it; CPU-only requests keep off models whose CPUs their GPUs will need; and among nodes of one
 * score those win where the fewest GPUs are left without CPUs. A node that is still whole is worth `wholePoints` to
 * requests that would break it.
 */
export function thrifty(base: Policy, { nodes, shapes, target }: Fleet, wholePoints: number): Policy {
  const pressure = new Pressure(nodes, target);
  const cpuPerGpu = cpuMilliPerGpu(target);
  return {
    score(node, shape) {
      const points = base.score(node, shape) + (breaks(node, shape) ? 0 : wholePoints);
      return points * pointParts + unstranded(node, shape);
    },
    bonus: (model, shape) => -(isCpuOnly(shape) ? cpuCost(model) : gpuCost(model)) * tieSteps,
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

  /** In hundredths of a point. */
  function gpuCost(model: number): number {
    const perMille = Math.min(perMilleMax, pressure.of(model));
    return Math.floor((perMille * perMille * pressurePoints) / 10_000);
  }

  /** In hundredths of a point. */
  function cpuCost(model: number): number {
    const needed = (nodes.modelLeft[model] ?? 0) * cpuPerGpu;
    const perMille = Math.floor(needed / Math.max(1, nodes.modelCpuLeft[model] ?? 0));
    return Math.floor((Math.min(perMilleMax, perMille) * cpuPoints) / 10);
  }

  /** More steps for fewer GPU milli that the request would leave without CPUs, from 0 to 32. */
  function unstranded(node: number, shape: ShapeId): number {
    const cpu = nodes.cpuLeft[node] ?? 0;
    const gpu = nodes.gpuLeftSum[node] ?? 0;
    const gpuAfter = gpu - (shapes.gpuCount[shape] ?? 0) * (shapes.gpuMilli[shape] ?? 0);
    const before = Math.max(0, gpu * cpuPerGpu - cpu * wholeGpuMilli);
    const after = Math.max(0, gpuAfter * cpuPerGpu - (cpu - (shapes.cpuMilli[shape] ?? 0)) * wholeGpuMilli);
    const stranded = Math.floor((after - before) / Math.max(1, cpuPerGpu));
    const steps = Math.floor(stranded / strandedStep);
    return 16 - Math.max(-16, Math.min(16, steps));
  }
}

/** CPU milli that the target's GPU requests ask for with each whole GPU, on average. */
function cpuMilliPerGpu({ shapes }: Target): number {
  let cpu = 0;
  let gpu = 0;
  for (const shape of shapes) {
    if (shape.gpuCount === 0) continue;
    cpu += shape.count * shape.cpuMilli;
    gpu += shape.count * gpuMilliOf(shape);
  }
  return Math.floor((cpu * wholeGpuMilli) / Math.max(1, gpu));
}

import type { Fleet } from './fleet.ts';
import { Load } from './load.ts';
import type { Policy } from './policy.ts';
import type { PowerModel } from './power.ts';
import { type ShapeId, wholeGpuMilli } from './shape.ts';
import { pointParts } from './thrifty.ts';

/** Points that a watt costs: of a model's GPUs while little of the fleet is in use, and of one node's sockets and GPUs. */
const modelPointsPerWatt = 1;
const nodePointsPerTenWatts = 1;
const nodePointsMax = 100;

/** Per mille of the fleet in use, up to which a model's watts count in full, and from which they do not. */
const fullUntil = 600;
const noneFrom = 900;

/** Thousandths of the score that watts can be; the base has the rest. Half and half saves most before it strands GPUs. */
export const powerWeightMax = 1000;
export const usualPowerWeight = 500;

/**
 * A thrifty policy that also saves watts, as much as it is told to: `weight` thousandths of the score are watts, the
 * rest the base, as in Lettich et al. (CCGrid 2025). While the fleet has room, requests go to the models whose GPUs
 * draw least; the fuller the fleet, the less that counts, for in the end every GPU is needed and only fragments
 * matter. All the time, sockets and GPUs that already run are preferred to those that would have to wake.
 */
export function powered(base: Policy, { nodes, shapes }: Fleet, power: PowerModel, weight: number): Policy {
  const load = new Load(nodes);
  const baseWeight = powerWeightMax - weight;
  return {
    score: (node, shape) =>
      base.score(node, shape) * baseWeight + (nodePointsMax - nodePoints(node, shape)) * pointParts * weight,
    bonus: (model, shape) =>
      (base.bonus?.(model, shape) ?? 0) * baseWeight - modelCost(model, shape) * weight,
    choose: (node, shape) => base.choose(node, shape),
  };

  function nodePoints(node: number, shape: ShapeId): number {
    const sockets = power.cpuWatts(node, shapes.cpuMilli[shape] ?? 0);
    const gpu = wakesGpu(node, shape) ? power.gpuWatts(nodes.modelOf[node] ?? 0) : 0;
    return Math.min(nodePointsMax, Math.floor(((sockets + gpu) * nodePointsPerTenWatts) / 10));
  }

  /** Whether a share fits on no GPU of the node that runs already. Whole GPUs always wake, wherever they are. */
  function wakesGpu(node: number, shape: ShapeId): boolean {
    if (!shapes.isShare(shape)) return false;
    for (let at = nodes.gpuStart[node] ?? 0; at < (nodes.gpuStart[node + 1] ?? 0); at++) {
      const left = nodes.gpuLeft[at] ?? 0;
      if (left < wholeGpuMilli && left >= (shapes.gpuMilli[shape] ?? 0)) return false;
    }
    return true;
  }

  /** In hundredths of a point. */
  function modelCost(model: number, shape: ShapeId): number {
    if ((shapes.gpuCount[shape] ?? 0) === 0) return 0;
    const used = Math.max(fullUntil, Math.min(noneFrom, load.usedPerMille()));
    const points = power.gpuWatts(model) * modelPointsPerWatt;
    return Math.floor((points * pointParts * (noneFrom - used)) / (noneFrom - fullUntil));
  }
}

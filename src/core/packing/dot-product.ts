import { tightestGpus } from './gpus.ts';
import type { Nodes } from './nodes.ts';
import { cpuPerNode, gpuWeight } from './norm.ts';
import type { Policy } from './policy.ts';
import type { Shapes } from './shape.ts';

/**
 * The node whose free resources, as a vector of CPUs and GPUs, point least along the request: trunc(100 × (1 − mean
 * of the products)). After dot_product_score.go of hkust-adsl/kubernetes-scheduler-simulator.
 */
export function dotProduct(nodes: Nodes, shapes: Shapes): Policy {
  return {
    score(node, shape) {
      const cpu = (nodes.cpuLeft[node] ?? 0) * (shapes.cpuMilli[shape] ?? 0);
      const gpuAsk = (shapes.gpuCount[shape] ?? 0) * (shapes.gpuMilli[shape] ?? 0);
      const gpu = (nodes.gpuLeftSum[node] ?? 0) * gpuAsk * gpuWeight * gpuWeight;
      return Math.max(0, 100 - Math.ceil((100 * (cpu + gpu)) / (2 * cpuPerNode * cpuPerNode)));
    },
    choose: (node, shape) => tightestGpus(nodes, node, shapes, shape),
  };
}

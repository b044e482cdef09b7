import { tightestGpus } from './gpus.ts';
import type { Nodes } from './nodes.ts';
import { cpuPerNode, gpuWeight } from './norm.ts';
import type { Policy } from './policy.ts';
import type { Shapes } from './shape.ts';

/**
 * The node with the least left over, CPUs and GPUs weighing the same: trunc(100 × (1 − leftover)). After
 * best_fit_score.go of hkust-adsl/kubernetes-scheduler-simulator; its stretching of the scores to 0..100 keeps their
 * order and is left out.
 */
export function bestFit(nodes: Nodes, shapes: Shapes): Policy {
  return {
    score(node, shape) {
      const cpu = (nodes.cpuLeft[node] ?? 0) - (shapes.cpuMilli[shape] ?? 0);
      const gpuAsk = (shapes.gpuCount[shape] ?? 0) * (shapes.gpuMilli[shape] ?? 0);
      const gpu = (nodes.gpuLeftSum[node] ?? 0) - gpuAsk;
      return Math.max(0, 100 - Math.ceil((100 * (cpu + gpu * gpuWeight)) / (2 * cpuPerNode)));
    },
    choose: (node, shape) => tightestGpus(nodes, node, shapes, shape),
  };
}

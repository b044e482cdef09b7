import { tightestGpus } from './gpus.ts';
import type { Nodes } from './nodes.ts';
import type { Policy } from './policy.ts';
import type { Shapes } from './shape.ts';

/** GPU milli of the largest node of the published experiments. */
const gpuMilliPerNode = 8000;

/**
 * Requests of one kind (a share, one GPU, two GPUs, …) together: nodes that hold only this kind, then this kind among
 * others, then empty nodes, then the rest; fuller ones first. After gpu_clustering_score.go of
 * hkust-adsl/kubernetes-scheduler-simulator.
 */
export function clustering(nodes: Nodes, shapes: Shapes): Policy {
  return {
    score(node, shape) {
      if ((shapes.gpuCount[shape] ?? 0) === 0) return 0;
      const used = Math.max(0, gpuMilliPerNode - (nodes.gpuLeftSum[node] ?? 0));
      return Math.trunc((25 * used) / gpuMilliPerNode) + 25 * companyOf(node, shape);
    },
    choose: (node, shape) => tightestGpus(nodes, node, shapes, shape),
  };

  function companyOf(node: number, shape: number): number {
    const kinds = nodes.kindCount(node);
    if (nodes.holdsKindOf(node, shapes, shape)) return kinds === 1 ? 3 : 2;
    return kinds === 0 ? 1 : 0;
  }
}

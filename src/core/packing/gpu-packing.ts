import { tightestGpus } from './gpus.ts';
import type { Nodes } from './nodes.ts';
import type { Policy } from './policy.ts';
import { type ShapeId, type Shapes, wholeGpuMilli } from './shape.ts';

/**
 * GPUs in use first (the fullest best), then idle GPUs of nodes in use, then idle nodes. After gpu_packing_score.go
 * of hkust-adsl/kubernetes-scheduler-simulator.
 */
export function gpuPacking(nodes: Nodes, shapes: Shapes): Policy {
  return {
    score(node, shape) {
      const gpuCount = shapes.gpuCount[shape] ?? 0;
      const whole = nodes.wholeGpus[node] ?? 0;
      if (gpuCount === 0) return 0;
      if (whole === nodes.gpuCount(node)) return Math.max(33 - whole, whole);
      const left = shapes.isShare(shape) ? tightestLeft(nodes, node, shapes, shape) : wholeGpuMilli;
      if (left === wholeGpuMilli) return Math.max(50 - gpuCount, 33);
      return 100 - Math.trunc(Math.trunc(left / 10) / 10);
    },
    choose: (node, shape) => tightestGpus(nodes, node, shapes, shape),
  };
}

/** What is left of the fullest GPU that still has room for the share. */
function tightestLeft(nodes: Nodes, node: number, shapes: Shapes, shape: ShapeId): number {
  let least = wholeGpuMilli;
  for (let at = nodes.gpuStart[node] ?? 0; at < (nodes.gpuStart[node + 1] ?? 0); at++) {
    const left = nodes.gpuLeft[at] ?? 0;
    if (left >= (shapes.gpuMilli[shape] ?? 0) && left < least) least = left;
  }
  return least;
}

import type { Mask } from '../mask.ts';
import type { Nodes } from './nodes.ts';
import { type ShapeId, type Shapes, wholeGpuMilli } from './shape.ts';

/** The GPU with the least left that will do for a share (the lowest number on ties), or the lowest idle GPUs. */
export function tightestGpus(nodes: Nodes, node: number, shapes: Shapes, shape: ShapeId): Mask {
  if (!shapes.isShare(shape)) return idleGpus(nodes, node, shapes.gpuCount[shape] ?? 0);
  const start = nodes.gpuStart[node] ?? 0;
  let best = -1;
  let bestLeft = wholeGpuMilli + 1;
  for (let gpu = 0; gpu < nodes.gpuCount(node); gpu++) {
    const left = nodes.gpuLeft[start + gpu] ?? 0;
    if (left < (shapes.gpuMilli[shape] ?? 0) || left >= bestLeft) continue;
    best = gpu;
    bestLeft = left;
  }
  return best < 0 ? 0 : (1 << best) >>> 0;
}

/** The `count` lowest GPUs of which nothing is taken. */
export function idleGpus(nodes: Nodes, node: number, count: number): Mask {
  const start = nodes.gpuStart[node] ?? 0;
  let mask = 0;
  let wanted = count;
  for (let gpu = 0; gpu < nodes.gpuCount(node) && wanted > 0; gpu++) {
    if (nodes.gpuLeft[start + gpu] !== wholeGpuMilli) continue;
    mask |= 1 << gpu;
    wanted--;
  }
  return mask >>> 0;
}

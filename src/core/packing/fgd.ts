import type { Mask } from '../mask.ts';
import { Fragments } from './fragments.ts';
import { idleGpus } from './gpus.ts';
import { gradeOf, gradeSteps } from './grade.ts';
import { Memo } from './memo.ts';
import type { Nodes } from './nodes.ts';
import type { Policy } from './policy.ts';
import type { ShapeId, Shapes } from './shape.ts';
import type { Target } from './target.ts';

/**
 * Fragmentation gradient descent in integers: the node whose fragments a request lessens most, in 100 steps of a
 * sigmoid (Weng et al., USENIX ATC 2023). The coarse steps are part of the policy: finer ones pack worse. `plain`
 * remembers nothing between decisions, with the same answers.
 */
export function fgd(nodes: Nodes, shapes: Shapes, target: Target, plain = false): Policy {
  const fragments = new Fragments(nodes, shapes, target);
  const steps = gradeSteps(target.countTotal);
  const grade = (node: number, shape: ShapeId) => gradeOf(fragments.gradient(node, shape), steps);
  const memo = plain ? undefined : new Memo({ nodes, shapes }, fragments, grade);
  return {
    score: memo === undefined ? grade : (node, shape) => memo.of(node, shape),
    choose: (node, shape) =>
      shapes.isShare(shape) ? bestGpu(node, shape) : idleGpus(nodes, node, shapes.gpuCount[shape] ?? 0),
  };

  /** The lowest GPU with the best grade. */
  function bestGpu(node: number, shape: ShapeId): Mask {
    let best = 0;
    let bestGrade = -1;
    for (let gpu = 0; gpu < nodes.gpuCount(node); gpu++) {
      const gradient = fragments.gradientOn(node, shape, gpu);
      const reached = gradient === -Infinity ? -1 : gradeOf(gradient, steps);
      if (reached <= bestGrade) continue;
      best = gpu;
      bestGrade = reached;
    }
    return (1 << best) >>> 0;
  }
}

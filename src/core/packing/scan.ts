import type { Nodes } from './nodes.ts';
import type { Policy } from './policy.ts';
import type { ShapeId, Shapes } from './shape.ts';

/** The node with the best score, the smallest number on ties; nothing where the shape fits nowhere. */
export function scan(nodes: Nodes, shapes: Shapes, policy: Policy, shape: ShapeId): number | undefined {
  let best: number | undefined;
  let bestScore = -Infinity;
  const bonuses = nodes.models.map((_, model) => policy.bonus?.(model, shape) ?? 0);
  for (let node = 0; node < nodes.count; node++) {
    if (!nodes.fits(node, shapes, shape)) continue;
    const score = policy.score(node, shape) + (bonuses[nodes.modelOf[node] ?? 0] ?? 0);
    if (score <= bestScore) continue;
    best = node;
    bestScore = score;
  }
  return best;
}

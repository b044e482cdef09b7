import { assert, property } from 'fast-check';
import { expect, test } from 'vitest';

import type { ConstraintCount } from '../../../src/model/refusal.ts';
import { ask } from '../acts.ts';
import { demands, fleets, seed, steps } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { type World, world } from '../fleet.ts';
import { walk } from '../walk.ts';

/** Everything there is, in the unit in which a demand is counted: GPUs, or nodes where it has none. */
function allOf({ state }: World, level: ConstraintCount['level']): number {
  const { nodes } = state.fleet;
  return level === 'gpu' ? nodes.reduce((sum, { shape }) => sum + shape.gpus.length, 0) : nodes.length;
}

test('counts go down without a gap from all that there is, and each constraint listed takes something', () => {
  let listed = 0;
  assert(
    property(fleets, steps, demands, (racks, todo, wish) => {
      const { world: now, atMs } = walk(world(...racks), todo.slice(0, 4));
      const answer = ask(now, { ...wish, window: { ...wish.window, earliestStartMs: atMs } }, { atMs });
      const { constraints } = answer.kind === 'planned' ? answer.plan.report : answer.report;
      const [first] = constraints;
      if (first === undefined) return;
      listed++;
      expect(first.before).toBe(allOf(now, first.level));
      const befores = constraints.slice(1).map(({ before }) => before);
      expect(befores).toEqual(constraints.slice(0, -1).map(({ after }) => after));
      expect(constraints.every(({ before, after }) => after < before && after >= 0)).toBe(true);
      expect(new Set(constraints.map(({ level }) => level)).size).toBe(1);
    }),
    { seed, numRuns: 40 },
  );
  expect(listed).toBeGreaterThan(30);
});

test.each([
  ['1×8 H100', ['12 → 8 gpu gpu-model']],
  ['1×8 H100 rdma', ['12 → 8 gpu gpu-model', '8 → 0 gpu rdma']],
  ['1×4 A100', ['12 → 4 gpu gpu-model']],
  ['1×cpu40', ['2 → 1 node node-size']],
])('%s: %j', (text, expected) => {
  const two = world('fra1/h1/r1 1×8 H100 nordma cpu64', 'fra1/h1/r2 1×4 A100 nordma cpu32');
  const answer = ask(two, demand(text));
  const { constraints } = answer.kind === 'planned' ? answer.plan.report : answer.report;
  expect(
    constraints.map(({ constraint, before, after, level }) => `${before} → ${after} ${level} ${constraint}`),
  ).toEqual(expected);
});

import { array, assert, integer, nat, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Fleet } from '../../../src/core/packing/fleet.ts';
import type { Policy } from '../../../src/core/packing/policy.ts';
import { Rankings } from '../../../src/core/packing/rankings.ts';
import { scan } from '../../../src/core/packing/scan.ts';
import type { ShapeId } from '../../../src/core/packing/shape.ts';
import { fleetOf, nodesOf, seed, shapeOf } from './given.ts';

/** Three nodes of two models, in the order of their ranks: a and c are T4, b is A100. */
function three(): Fleet & { readonly cpu: ShapeId; readonly gpu: ShapeId } {
  const fleet = fleetOf(nodesOf('a 2xT4 cpu9 mem9', 'b 2xA100 cpu9 mem9', 'c 2xT4 cpu9 mem9'), []);
  const id = (text: string) => fleet.shapes.idOf({ ...shapeOf(text), memoryMib: 0 });
  return { ...fleet, cpu: id('cpu1'), gpu: id('cpu1 1x1000') };
}

/** Scores by node and bonuses by model (A100, then T4), which the test may change. */
function scoring(scores: readonly number[], bonuses: readonly number[] = [0, 0]): Policy {
  return {
    score: (node) => scores[node] ?? 0,
    bonus: (model) => bonuses[model] ?? 0,
    choose: () => 0,
  };
}

/** The best node by the index and by a scan, which must agree. */
function best({ nodes, shapes }: Fleet, policy: Policy, shape: ShapeId): string {
  const found = new Rankings(nodes, shapes, policy).best(shape);
  expect(scan(nodes, shapes, policy, shape)).toBe(found);
  return found === undefined ? '-' : (nodes.ids[found] ?? '');
}

describe('the best node', () => {
  test.each([
    ['has the best score', [1, 2, 3], [0, 0], 'c'],
    ['with the bonus of its model', [1, 2, 3], [2, 0], 'b'],
    ['or minus what its model costs', [1, 2, 3], [0, -2], 'b'],
    ['is the first of equals of one model', [3, 1, 3], [0, 0], 'a'],
    ['is the first of equals of two', [3, 3, 1], [0, 0], 'a'],
    ['also where a bonus makes them equal', [1, 2, 4], [2, 0], 'b'],
    ['also where the later model has the earlier node', [5, 3, 0], [2, 0], 'a'],
    ['is there also where all scores are 0 and bonuses below', [0, 0, 0], [-9, -7], 'a'],
  ])('%s', (_, scores, bonuses, expected) => {
    const fleet = three();
    expect(best(fleet, scoring(scores, bonuses), fleet.cpu)).toBe(expected);
  });

  test('has room', () => {
    const fleet = three();
    const policy = scoring([1, 2, 3]);
    const all = fleet.shapes.idOf({ ...shapeOf('cpu9'), memoryMib: 0 });
    fleet.nodes.take(2, fleet.shapes, all, 0);
    expect(best(fleet, policy, fleet.cpu)).toBe('b');
    fleet.nodes.take(1, fleet.shapes, all, 0);
    expect(best(fleet, policy, fleet.cpu)).toBe('a');
    fleet.nodes.take(0, fleet.shapes, all, 0);
    expect(best(fleet, policy, fleet.cpu)).toBe('-');
    fleet.nodes.release(2, fleet.shapes, all, 0);
    expect(best(fleet, policy, fleet.cpu)).toBe('c');
  });

  test('is of a model that will do', () => {
    const fleet = three();
    const bound = fleet.shapes.idOf({ ...shapeOf('cpu1 1x1000 A100'), memoryMib: 0 });
    expect(best(fleet, scoring([5, 0, 5]), bound)).toBe('b');
  });
});

describe('what is remembered about scores', () => {
  test('a node is scored again when it changes, and only then', () => {
    const fleet = three();
    const asked: number[] = [];
    const policy: Policy = { ...scoring([1, 2, 3]), score: (node) => asked.push(node) };
    const rankings = new Rankings(fleet.nodes, fleet.shapes, policy);
    rankings.best(fleet.cpu);
    expect(asked).toHaveLength(3);
    rankings.best(fleet.cpu);
    expect(asked).toHaveLength(3);
    fleet.nodes.take(1, fleet.shapes, fleet.cpu, 0);
    fleet.nodes.take(1, fleet.shapes, fleet.cpu, 0);
    rankings.best(fleet.cpu);
    expect(asked.slice(3)).toEqual([1]);
    fleet.nodes.release(1, fleet.shapes, fleet.cpu, 0);
    fleet.nodes.take(2, fleet.shapes, fleet.cpu, 0);
    rankings.best(fleet.cpu);
    expect(asked.slice(4)).toEqual([1, 2]);
  });

  test('of the two that may be kept, the one that was not asked for longest is made anew', () => {
    const fleet = three();
    const asked: ShapeId[] = [];
    const other = fleet.shapes.idOf({ ...shapeOf('cpu2'), memoryMib: 0 });
    const policy: Policy = { ...scoring([0, 0, 0]), score: (_, shape) => asked.push(shape) - asked.length };
    const rankings = new Rankings(fleet.nodes, fleet.shapes, policy, 2);
    const made = (shape: ShapeId) => {
      const before = asked.length;
      rankings.best(shape);
      return asked.length > before;
    };
    expect([fleet.cpu, fleet.gpu, fleet.cpu].map(made)).toEqual([true, true, false]);
    // The GPU request was not asked for longest: it goes.
    expect(made(other)).toBe(true);
    expect([fleet.cpu, other].map(made)).toEqual([false, false]);
    expect(made(fleet.gpu)).toBe(true);
    // At least one is kept.
    const single = new Rankings(fleet.nodes, fleet.shapes, policy, 0);
    const before = asked.length;
    single.best(fleet.cpu);
    single.best(fleet.cpu);
    expect(asked.length - before).toBe(3);
  });

  test('two stages of a policy are two orders', () => {
    const fleet = three();
    let stage: 0 | 1 = 0;
    const policy: Policy = {
      score: (node) => (stage === 0 ? node : 9 - node),
      stage: () => stage,
      choose: () => 0,
    };
    const rankings = new Rankings(fleet.nodes, fleet.shapes, policy);
    const found: (number | undefined)[] = [];
    for (const now of [0, 1, 0, 1] as const) {
      stage = now;
      found.push(rankings.best(fleet.cpu));
    }
    expect(found).toEqual([2, 0, 2, 0]);
  });

  test('agrees with a scan, whatever changes between two requests, and how much', () => {
    const steps = array(record({ node: nat(2), ask: nat(2), isTaking: integer({ min: 0, max: 1 }) }), {
      minLength: 1,
      maxLength: 40,
    });
    assert(
      property(steps, (todo) => {
        const fleet = three();
        const { nodes, shapes } = fleet;
        const asks = [fleet.cpu, fleet.gpu, shapes.idOf({ ...shapeOf('cpu5'), memoryMib: 0 })];
        const policy: Policy = {
          score: (node, shape) => ((nodes.cpuLeft[node] ?? 0) / 1000 + shape) % 5,
          bonus: (model) => (nodes.modelCpuLeft[model] ?? 0) / 1000,
          choose: () => 0,
        };
        const rankings = new Rankings(nodes, shapes, policy, 2);
        for (const { node, ask, isTaking } of todo) {
          const left = nodes.cpuLeft[node] ?? 0;
          if (isTaking === 1 && left >= 1000) nodes.take(node, shapes, fleet.cpu, 0);
          if (isTaking === 0 && left < 9000) nodes.release(node, shapes, fleet.cpu, 0);
          // Often nobody asks for long, so that the log of changes runs over.
          const shape = asks[ask];
          if (shape === undefined || node === 0) continue;
          expect(rankings.best(shape)).toBe(scan(nodes, shapes, policy, shape));
        }
      }),
      { seed, numRuns: 100 },
    );
  });
});

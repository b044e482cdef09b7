import { describe, expect, test } from 'vitest';

import { Fragments } from '../../../src/core/packing/fragments.ts';
import { fleetOf, nodesOf, shapeOf } from './given.ts';

/** Three shares of 500 with 1 CPU for each whole GPU with 4; one request without GPUs. */
const expected = ['cpu1 1x500', 'cpu1 1x500', 'cpu1 1x500', 'cpu4 1x1000', 'cpu1'].map(shapeOf);

function given(line: string, taken: readonly (readonly [gpu: number, milli: number])[]) {
  const fleet = fleetOf(nodesOf(line), expected);
  for (const [gpu, milli] of taken) {
    const shape = fleet.shapes.idOf(shapeOf(`cpu0 1x${milli}`));
    fleet.nodes.take(0, fleet.shapes, shape, 1 << gpu);
  }
  return { ...fleet, fragments: new Fragments(fleet.nodes, fleet.shapes, fleet.target) };
}

describe('fragments, in GPU milli times requests of the target', () => {
  test('of an idle node: only the request without GPUs can do nothing with it', () => {
    expect(given('n 2xT4 cpu8 mem99', []).fragments.amount(0)).toBe(2000);
  });

  test('a GPU with too little left counts for the shapes that need more', () => {
    // 300 left on one GPU: no use for shares (3 × 300) nor for whole GPUs (300); all 1,300 for the one without GPUs.
    expect(given('n 2xT4 cpu8 mem99', [[1, 700]]).fragments.amount(0)).toBe(900 + 300 + 1300);
  });

  test('a node short of CPUs is all fragments for shapes that need them', () => {
    expect(given('n 2xT4 cpu3 mem99', [[1, 700]]).fragments.amount(0)).toBe(900 + 1300 + 1300);
  });

  test('a node whose GPUs are all in part use has nothing for whole GPUs', () => {
    const { fragments } = given('n 2xT4 cpu8 mem99', [
      [0, 400],
      [1, 100],
    ]);
    expect(fragments.amount(0)).toBe(1500 + 1500);
  });

  test('the gradient of a share is the best of the GPUs it fits on', () => {
    const { fragments, shapes } = given('n 2xT4 cpu8 mem99', [[1, 500]]);
    const share = shapes.idOf(shapeOf('cpu1 1x500'));
    const before = 500 + 1500;
    expect(fragments.amount(0)).toBe(before);
    // On GPU 0 both halves are left: useless for a whole GPU. On GPU 1 a whole one is left: only the last counts.
    expect(fragments.gradientOn(0, share, 0)).toBe(before - (1000 + 1000));
    expect(fragments.gradientOn(0, share, 1)).toBe(before - 1000);
    expect(fragments.gradient(0, share)).toBe(before - 1000);
    expect(fragments.gradientOn(0, shapes.idOf(shapeOf('cpu1 1x600')), 1)).toBe(-Infinity);
  });

  test('the gradient of a request without GPUs is what its CPUs were good for', () => {
    const { fragments, shapes } = given('n 2xT4 cpu8 mem99', []);
    // 3 of 8 CPUs left: whole GPUs cannot be used any more.
    expect(fragments.gradient(0, shapes.idOf(shapeOf('cpu5')))).toBe(-2000);
  });
});

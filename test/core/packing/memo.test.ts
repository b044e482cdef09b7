import { assert, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { fgd } from '../../../src/core/packing/fgd.ts';
import type { Fleet } from '../../../src/core/packing/fleet.ts';
import { Fragments } from '../../../src/core/packing/fragments.ts';
import { Memo, type MemoLimits } from '../../../src/core/packing/memo.ts';
import { Packer } from '../../../src/core/packing/packer.ts';
import type { ShapeId } from '../../../src/core/packing/shape.ts';
import { fleetOf, nodesOf, seed, shapeOf, someNodes, someShapes, someSteps } from './given.ts';

/** A memo of gradients, and how often one was computed. */
function counted({ nodes, shapes, target }: Fleet, limits?: MemoLimits) {
  const fragments = new Fragments(nodes, shapes, target);
  const computed: string[] = [];
  const compute = (node: number, shape: ShapeId) => {
    computed.push(`${nodes.ids[node]} ${shape}`);
    return fragments.gradient(node, shape);
  };
  return { memo: new Memo({ nodes, shapes }, fragments, compute, limits), fragments, computed };
}

const asked = ['cpu4 1x500', 'cpu8 1x1000', 'cpu8 2x1000'].map(shapeOf);

describe('a figure is computed once', () => {
  test('for all nodes in one state, and again for a node that has left it', () => {
    const fleet = fleetOf(nodesOf('a 2xT4 cpu32 mem99', 'b 2xT4 cpu32 mem99', 'c 2xT4 cpu32 mem99'), asked);
    const { nodes, shapes } = fleet;
    const { memo, computed } = counted(fleet);
    const half = shapes.idOf(shapeOf('cpu4 1x500'));
    for (const node of [0, 1, 2, 0]) memo.of(node, half);
    expect(computed).toEqual([`a ${half}`]);
    nodes.take(1, shapes, half, 0b01);
    for (const node of [0, 1, 2]) memo.of(node, half);
    expect(computed).toEqual([`a ${half}`, `b ${half}`]);
  });

  test('whichever of its GPUs it is that has less left', () => {
    const fleet = fleetOf(nodesOf('a 2xT4 cpu32 mem99', 'b 2xT4 cpu32 mem99'), asked);
    const { nodes, shapes } = fleet;
    const { memo, computed } = counted(fleet);
    const half = shapes.idOf(shapeOf('cpu4 1x500'));
    nodes.take(0, shapes, half, 0b01);
    nodes.take(1, shapes, half, 0b10);
    expect(memo.of(0, half)).toBe(memo.of(1, half));
    expect(computed).toHaveLength(1);
  });

  test('for each size of a request, whose memory plays no part', () => {
    const fleet = fleetOf(nodesOf('a 2xT4 cpu32 mem99'), asked);
    const { shapes } = fleet;
    const { memo, computed } = counted(fleet);
    const [small, large] = [shapeOf('cpu4 1x500'), { ...shapeOf('cpu4 1x500'), memoryMib: 9 }].map((shape) =>
      shapes.idOf(shape),
    );
    const [whole, two] = ['cpu8 1x1000', 'cpu8 2x1000'].map((text) => shapes.idOf(shapeOf(text)));
    for (const shape of [small, large, whole, two]) memo.of(0, shape ?? 0);
    expect(computed).toEqual([`a ${small}`, `a ${whole}`, `a ${two}`]);
  });

  test.each([
    ['another model', 'b 2xA100 cpu32 mem99'],
    ['another number of GPUs', 'b 3xT4 cpu32 mem99'],
    ['CPUs that reach fewer of the shapes wanted', 'b 2xT4 cpu4 mem99'],
  ])('and apart for %s', (_, other) => {
    const fleet = fleetOf(nodesOf('a 2xT4 cpu32 mem99', other), asked);
    const { memo, computed } = counted(fleet);
    const half = fleet.shapes.idOf(shapeOf('cpu4 1x500'));
    for (const node of [0, 1]) memo.of(node, half);
    expect(computed).toEqual([`a ${half}`, `b ${half}`]);
  });

  test('not apart for CPUs that reach as many', () => {
    const fleet = fleetOf(nodesOf('a 2xT4 cpu32 mem99', 'b 2xT4 cpu64 mem9'), asked);
    const { memo, computed } = counted(fleet);
    for (const node of [0, 1]) memo.of(node, fleet.shapes.idOf(shapeOf('cpu4 1x500')));
    expect(computed).toHaveLength(1);
  });
});

describe('nothing that is forgotten changes an answer', () => {
  test.each<readonly [string, MemoLimits | undefined]>([
    ['as it is', undefined],
    ['with room for one figure', { slots: 1, states: 4096 }],
    ['with two states that are told apart', { slots: 64, states: 2 }],
    ['with room for next to nothing', { slots: 2, states: 1 }],
  ])('%s', (_, limits) => {
    const cases = record({ nodes: someNodes, shapes: someShapes, steps: someSteps });
    assert(
      property(cases, ({ nodes, shapes, steps }) => {
        const fleet = fleetOf(nodes, shapes);
        const { memo, fragments } = counted(fleet, limits);
        const packer = new Packer(
          fleet.nodes,
          fleet.shapes,
          fgd(fleet.nodes, fleet.shapes, fleet.target, true),
        );
        const held = [];
        for (const step of steps) {
          if (step < 0) {
            const [leaving] = held.splice(-step % Math.max(1, held.length), 1);
            if (leaving !== undefined) packer.release(leaving);
          } else {
            const wanted = shapes[step % shapes.length];
            const seat = wanted === undefined ? undefined : packer.place(fleet.shapes.idOf(wanted));
            if (seat !== undefined) held.push(seat);
          }
          const fitting = shapes
            .map((one) => fleet.shapes.idOf(one))
            .flatMap((shape) =>
              [...fleet.nodes.ids.keys()].flatMap((node) =>
                fleet.nodes.fits(node, fleet.shapes, shape) ? [{ node, shape }] : [],
              ),
            );
          expect(fitting.map(({ node, shape }) => memo.of(node, shape))).toEqual(
            fitting.map(({ node, shape }) => fragments.gradient(node, shape)),
          );
        }
      }),
      { seed, numRuns: 15 },
    );
  });

  test('nor does it matter how much has happened since it was asked last', () => {
    const fleet = fleetOf(nodesOf('a 2xT4 cpu32 mem99', 'b 2xT4 cpu32 mem99'), asked);
    const { nodes, shapes } = fleet;
    const { memo, fragments } = counted(fleet);
    const half = shapes.idOf(shapeOf('cpu4 1x500'));
    memo.of(0, half);
    for (let round = 0; round < 3000; round++) {
      nodes.take(0, shapes, half, 0b01);
      nodes.release(0, shapes, half, 0b01);
    }
    nodes.take(0, shapes, half, 0b10);
    for (const node of [0, 1]) expect(memo.of(node, half)).toBe(fragments.gradient(node, half));
  });
});

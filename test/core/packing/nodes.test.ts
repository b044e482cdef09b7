import { describe, expect, test } from 'vitest';

import { Nodes } from '../../../src/core/packing/nodes.ts';
import { Shapes } from '../../../src/core/packing/shape.ts';
import { nodesOf, shapeOf } from './given.ts';

function given(...lines: readonly string[]) {
  const nodes = new Nodes(nodesOf(...lines));
  const shapes = new Shapes(nodes.models);
  return { nodes, shapes, id: (text: string) => shapes.idOf(shapeOf(text)) };
}

describe('nodes', () => {
  test('are numbered by rank, then by id, whatever order they come in', () => {
    const lines = nodesOf('c 1xT4 cpu1 mem1', 'a 1xT4 cpu1 mem1', 'b 1xT4 cpu1 mem1');
    const ranked = lines.map((node) => ({ ...node, rank: node.id === 'c' ? 0 : 7 }));
    expect(new Nodes(ranked).ids).toEqual(['c', 'a', 'b']);
    expect(new Nodes(ranked.toReversed()).ids).toEqual(['c', 'a', 'b']);
  });

  test.each([
    ['cpu4 1x500', true],
    ['cpu5', false],
    ['cpu1 1x1000', true],
    ['cpu1 2x1000', true],
    ['cpu1 4x1000', false],
    ['cpu1 1x500 A100', false],
    ['cpu1 1x500 A100|T4', true],
  ])('room for %s on 2 T4 with 4 CPUs: %s', (text, fits) => {
    const { nodes, shapes, id } = given('n 2xT4 cpu4 mem8');
    expect(nodes.fits(0, shapes, id(text))).toBe(fits);
  });

  test('memory counts', () => {
    const { nodes, shapes, id } = given('n 2xT4 cpu9 mem3');
    expect([nodes.fits(0, shapes, id('cpu3')), nodes.fits(0, shapes, id('cpu4'))]).toEqual([true, false]);
  });

  test('taking and releasing end where they began', () => {
    const { nodes, shapes, id } = given('n 4xT4 cpu9 mem9');
    nodes.take(0, shapes, id('cpu2 1x300'), 0b0100);
    nodes.take(0, shapes, id('cpu2 2x1000'), 0b0011);
    expect([
      ...nodes.gpuLeft,
      nodes.cpuLeft[0],
      nodes.wholeGpus[0],
      nodes.gpuLeftMost[0],
      nodes.modelLeft[0],
    ]).toEqual([0, 0, 700, 1000, 5000, 1, 1000, 1700]);
    expect([nodes.kindCount(0), nodes.holdsKindOf(0, shapes, id('cpu1 1x999'))]).toEqual([2, true]);
    nodes.release(0, shapes, id('cpu2 1x300'), 0b0100);
    nodes.release(0, shapes, id('cpu2 2x1000'), 0b0011);
    expect([...nodes.gpuLeft, nodes.cpuLeft[0], nodes.modelLeft[0], nodes.modelCpuLeft[0]]).toEqual([
      1000, 1000, 1000, 1000, 9000, 4000, 9000,
    ]);
    expect(nodes.kindCount(0)).toBe(0);
  });

  test('what is not there cannot be taken, nor given back', () => {
    const { nodes, shapes, id } = given('n 2xT4 cpu4 mem9');
    nodes.take(0, shapes, id('cpu1 1x600'), 0b01);
    expect(() => nodes.take(0, shapes, id('cpu1 1x500'), 0b01)).toThrow('500 cannot be taken');
    expect(() => nodes.take(0, shapes, id('cpu1 1x500'), 0b100)).toThrow('has no GPU 2');
    expect(() => nodes.take(0, shapes, id('cpu1 1x500'), 0)).toThrow('was given 0');
    expect(() => nodes.take(0, shapes, id('cpu4'), 0)).toThrow('4000 cannot be taken');
    expect(() => nodes.release(0, shapes, id('cpu1 1x500'), 0b10)).toThrow('-500 cannot be taken');
    expect(() => nodes.take(0, shapes, id('cpu4 1x1000'), 0b10)).toThrow('4000 cannot be taken');
    expect(() => nodes.take(0, shapes, id('cpu1 2x1000'), 0b11)).toThrow('1000 cannot be taken');
    expect([...nodes.gpuLeft, nodes.cpuLeft[0]]).toEqual([400, 1000, 3000]);
  });

  test('nonsense is refused where it enters', () => {
    const [node] = nodesOf('n 2xT4 cpu4 mem9');
    if (node === undefined) throw new Error('no node');
    expect(() => new Nodes([{ ...node, cpuMilli: 0.5 }])).toThrow(RangeError);
    expect(() => new Nodes([{ ...node, gpuCount: 33 }])).toThrow(RangeError);
    expect(() => new Nodes([node, node])).toThrow('two nodes have one id');
    const shapes = new Shapes(['T4']);
    for (const text of ['cpu1 2x500', 'cpu1 1x1001', 'cpu1 1x0', 'cpu1 0x500'])
      expect(() => shapes.idOf(shapeOf(text))).toThrow(RangeError);
  });
});

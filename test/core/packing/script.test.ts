import { describe, expect, test } from 'vitest';

import type { NodeCapacity } from '../../../src/core/packing/nodes.ts';
import { scriptOf } from '../../../src/core/packing/script.ts';
import { gpuMilliOf, type Shape, shapeKey } from '../../../src/core/packing/shape.ts';
import { targetOf } from '../../../src/core/packing/target.ts';
import { nodesOf, shapeOf } from './given.ts';

function fleet(counts: Readonly<Record<string, number>>): NodeCapacity[] {
  const lines = Object.entries(counts).flatMap(([kind, count], number) =>
    Array.from({ length: count }, (_, index) => `k${number}-${index} ${kind}`),
  );
  return nodesOf(...lines);
}

function script(nodes: readonly NodeCapacity[], requests: readonly Shape[], take = 1) {
  const made = scriptOf(nodes, targetOf(requests), take);
  if (made === undefined) throw new Error('no script');
  return made;
}

const some = ['cpu4 1x500', 'cpu8 1x1000', 'cpu2', 'cpu8 2x1000 T4'].map(shapeOf);

describe('a script', () => {
  test('asks for 130 % of the GPUs of the fleet, and not for more', () => {
    const { capacityMilli, requests } = script(fleet({ '4xT4 cpu64 mem99': 10 }), some);
    const asked = requests.reduce((sum, shape) => sum + gpuMilliOf(shape), 0);
    expect(capacityMilli).toBe(40_000);
    expect(asked).toBeGreaterThanOrEqual(52_000);
    expect(asked).toBeLessThan(52_000 + 2000);
  });

  test('of a large fleet has 640 nodes, of each kind its share', () => {
    const nodes = fleet({ '8xA100 cpu96 mem99': 1500, '2xT4 cpu64 mem99': 400, '1xP100 cpu8 mem9': 100 });
    const { capacities } = script(nodes, some);
    const count = (model: string) => capacities.filter((node) => node.model === model).length;
    expect(capacities).toHaveLength(640);
    expect([count('A100'), count('T4'), count('P100')]).toEqual([480, 128, 32]);
    expect(script(fleet({ '1xT4 cpu8 mem9': 640 }), some).capacities).toHaveLength(640);
  });

  test('draws of each shape about as often as it was asked for, its memory included', () => {
    const asked = [
      ...Array.from({ length: 3 }, () => shapeOf('cpu4 1x500')),
      { ...shapeOf('cpu4 1x500'), memoryMib: 7 },
    ];
    const { requests } = script(fleet({ '8xT4 cpu96 mem99': 100 }), asked);
    const other = requests.filter(({ memoryMib }) => memoryMib === 7).length;
    expect(other / requests.length).toBeCloseTo(0.25, 1);
  });

  test('of many shapes draws 128, in the proportion of their kinds', () => {
    const odd = [
      ...Array.from({ length: 2900 }, (_, index) => ({
        ...shapeOf(index % 4 === 0 ? 'cpu4 1x500 T4' : 'cpu4 1x500'),
        gpuMilli: 10 + (index % 900),
        cpuMilli: index,
      })),
      ...Array.from({ length: 100 }, (_, index) => ({ ...shapeOf('cpu4 8x1000'), cpuMilli: index })),
    ];
    const takes = [1, 2].map((take) => script(fleet({ '8xT4 cpu96 mem99': 300 }), odd, take).requests);
    for (const requests of takes) {
      const drawn = new Map(requests.map((shape) => [shapeKey(shape), shape]));
      expect(drawn.size).toBeLessThanOrEqual(128);
      expect(drawn.size).toBeGreaterThan(110);
      const typed = [...drawn.values()].filter(({ models }) => models.length > 0).length;
      expect(Math.abs(typed - drawn.size / 4)).toBeLessThanOrEqual(3);
      const large = [...drawn.values()].filter(({ gpuCount }) => gpuCount === 8).length;
      expect(Math.abs(large - drawn.size / 30)).toBeLessThanOrEqual(1);
    }
    expect(takes[0]).not.toEqual(takes[1]);
  });

  test('is the same for the same take, whatever the order of nodes and requests', () => {
    const nodes = fleet({ '8xA100 cpu96 mem99': 700, '2xT4 cpu64 mem99': 90 });
    expect(script(nodes.toReversed(), some.toReversed()).requests).toEqual(script(nodes, some).requests);
    expect(script(nodes, some, 2).requests).not.toEqual(script(nodes, some, 1).requests);
  });

  test('there is none without GPUs, or where nobody asks for them', () => {
    expect(scriptOf(fleet({ '0x cpu8 mem9': 3 }), targetOf(some), 1)).toBeUndefined();
    expect(scriptOf(fleet({ '1xT4 cpu8 mem9': 3 }), targetOf([shapeOf('cpu2')]), 1)).toBeUndefined();
  });
});

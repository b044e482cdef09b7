import { array, assert, integer, nat, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { Stranded, Stranding } from '../../../src/core/packing/stranding.ts';
import { type AskedShape, targetOf, targetOfCounted } from '../../../src/core/packing/target.ts';
import { sumOf } from './by-hand.ts';
import { fleetOf, nodesOf, seed, shapeOf } from './given.ts';

const gib = 1024;

/** Four CPUs and 8 GiB for each GPU. */
const usual = new Stranded(targetOf([{ ...shapeOf('cpu4 1x1000'), memoryMib: 8 * gib }]));

/** GPU milli stranded where so many GPU milli, CPUs and GiB are left. */
function strandedOf(gpuMilli: number, cpu: number, memoryGib: number, on = usual): number {
  return on.of({ gpuMilli, cpuMilli: cpu * 1000, memoryMib: memoryGib * gib });
}

describe('what is stranded of free GPUs', () => {
  test.each([
    ['nothing where there is exactly enough of both', 8000, 32, 64, 0],
    ['nothing where there is more', 8000, 99, 999, 0],
    ['what CPUs are missing for', 8000, 28, 64, 1000],
    ['what memory is missing for', 8000, 32, 56, 1000],
    ['the worse of the two, not both', 8000, 28, 48, 2000],
    ['all of it where no CPU is left', 8000, 0, 64, 8000],
    ['all of it where no memory is left', 8000, 32, 0, 8000],
    ['part of a GPU', 8000, 30, 64, 500],
    ['nothing of no GPUs', 0, 0, 0, 0],
    ['of half a GPU at most that half', 500, 0, 0, 500],
  ])('is %s', (_, gpuMilli, cpu, memoryGib, expected) => {
    expect(strandedOf(gpuMilli, cpu, memoryGib)).toBe(expected);
  });

  test('is rounded down to whole thousandths', () => {
    const thirds = new Stranded(targetOf([{ ...shapeOf('cpu3 1x1000'), memoryMib: 1 }]));
    // One CPU milli short of 3,000: a third of a thousandth. Three of them make one.
    expect(
      [2999, 2998, 2997, 2996, 2994].map((cpuMilli) =>
        thirds.of({ gpuMilli: 1000, cpuMilli, memoryMib: gib }),
      ),
    ).toEqual([0, 0, 1, 1, 2]);
  });

  test('one CPU milli and one MiB decide', () => {
    const one = new Stranded(targetOf([{ ...shapeOf('cpu1 1x1000'), memoryMib: 1000 }]));
    const enough = { gpuMilli: 1000, cpuMilli: 1000, memoryMib: 1000 };
    expect(one.of(enough)).toBe(0);
    expect(one.of({ ...enough, cpuMilli: 999 })).toBe(1);
    expect(one.of({ ...enough, memoryMib: 999 })).toBe(1);
  });

  test('grows with GPUs, and falls with CPUs and memory', () => {
    const left = record({ gpuMilli: nat(8000), cpuMilli: nat(40_000), memoryMib: nat(80 * gib) });
    assert(
      property(left, nat(2000), (is, more) => {
        const now = usual.of(is);
        expect(usual.of({ ...is, gpuMilli: is.gpuMilli + more })).toBeGreaterThanOrEqual(now);
        expect(usual.of({ ...is, cpuMilli: is.cpuMilli + more })).toBeLessThanOrEqual(now);
        expect(usual.of({ ...is, memoryMib: is.memoryMib + more })).toBeLessThanOrEqual(now);
        expect(now).toBeLessThanOrEqual(is.gpuMilli);
      }),
      { seed, numRuns: 300 },
    );
  });
});

describe('the averages that it is measured by', () => {
  test.each([
    ['whole GPUs', ['cpu4 1x1000', 'cpu8 1x1000'], 6000],
    ['larger requests weigh by their GPUs', ['cpu4 1x1000', 'cpu24 3x1000'], 7000],
    ['shares need as much for a whole GPU', ['cpu1 1x250'], 4000],
    ['requests without GPUs do not count', ['cpu4 1x1000', 'cpu99'], 4000],
    ['rounded down', ['cpu1 3x1000', 'cpu0 1x1'], 333],
    ['of nothing, nothing', ['cpu99'], 0],
  ])('%s', (_, texts, cpuMilli) => {
    expect(new Stranded(targetOf(texts.map(shapeOf))).cpuMilliPerGpu).toBe(cpuMilli);
  });

  test('are exact also where a product passes 2^53', () => {
    const shape: AskedShape = {
      ...shapeOf('cpu1 1x1000'),
      cpuMilli: 2 ** 31 - 1,
      memoryMib: 2 ** 31 - 1,
      count: 2 ** 20,
    };
    const { cpuMilliPerGpu, memoryMibPerGpu } = new Stranded(targetOfCounted([shape]));
    expect([cpuMilliPerGpu, memoryMibPerGpu]).toEqual([2 ** 31 - 1, 2 ** 31 - 1]);
  });

  test('count a request as often as it is asked for', () => {
    const asked = ['cpu4 1x1000', 'cpu4 1x1000', 'cpu4 1x1000', 'cpu8 1x1000'].map(shapeOf);
    expect(new Stranded(targetOf(asked)).cpuMilliPerGpu).toBe(5000);
  });
});

describe('growth', () => {
  test('adds up: what one request lets grow and then another is what both let grow', () => {
    const requests = array(
      record({
        cpu: integer({ min: 0, max: 9 }),
        gpu: integer({ min: 0, max: 1 }),
        memory: integer({ min: 0, max: 20 }),
      }),
      { minLength: 1, maxLength: 4 },
    );
    assert(
      property(requests, (drawn) => {
        const target = [{ ...shapeOf('cpu4 1x1000'), memoryMib: 8 * gib }];
        const { nodes, shapes, target: wanted } = fleetOf(nodesOf('a 4xT4 cpu36 mem80'), target);
        const stranding = new Stranding(nodes, shapes, wanted);
        const leftNow = () => ({
          gpuMilli: nodes.gpuLeftSum[0] ?? 0,
          cpuMilli: nodes.cpuLeft[0] ?? 0,
          memoryMib: nodes.memoryLeft[0] ?? 0,
        });
        const before = usual.of(leftNow());
        const growths = drawn.map(({ cpu, gpu, memory }, at) => {
          const shape = shapes.idOf({
            ...shapeOf(`cpu${cpu} ${gpu}x${gpu * 1000}`),
            memoryMib: memory * gib,
          });
          const growth = stranding.growth(0, shape);
          nodes.take(0, shapes, shape, gpu === 0 ? 0 : 1 << at);
          return growth;
        });
        expect(sumOf(growths)).toBe(usual.of(leftNow()) - before);
      }),
      { seed, numRuns: 200 },
    );
  });

  test('is of the node that was asked about', () => {
    const { nodes, shapes, target } = fleetOf(nodesOf('a 1xT4 cpu4 mem99', 'b 1xT4 cpu8 mem99'), [
      shapeOf('cpu4 1x1000'),
    ]);
    const stranding = new Stranding(nodes, shapes, target);
    const shape = shapes.idOf({ ...shapeOf('cpu3'), memoryMib: 0 });
    expect([stranding.growth(0, shape), stranding.growth(1, shape)]).toEqual([750, 0]);
    expect(stranding.cpuMilliPerGpu).toBe(4000);
  });
});

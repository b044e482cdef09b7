import { assert, integer, nat, property } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { policyNamed } from '../../../src/core/packing/policies.ts';
import type { Policy } from '../../../src/core/packing/policy.ts';
import { leastCpuWatts, PowerMeter, PowerModel, unknownModels } from '../../../src/core/packing/power.ts';
import { powered } from '../../../src/core/packing/powered.ts';
import { fleetOf, nodesOf, seed, shapeOf } from './given.ts';

/** Sockets of 16 cores, two CPUs each: 32 CPUs; 15 W idle, 120 W in use. */
const wakingW = 105;

function modelOf(...lines: readonly string[]) {
  const fleet = fleetOf(nodesOf(...lines), []);
  const id = (text: string) => fleet.shapes.idOf(shapeOf(text));
  return { ...fleet, id, power: new PowerModel(fleet.nodes) };
}

describe('what more CPUs of a node draw', () => {
  test.each([
    ['none', 0, 0, 0],
    ['the first wakes a socket', 0, 1, wakingW],
    ['as do all 32 of it', 0, 32_000, wakingW],
    ['one more wakes the next', 0, 32_001, 2 * wakingW],
    ['none where one runs that has cores left', 1000, 30_000, 0],
    ['an odd CPU has its core to itself', 1000, 1000, 0],
    ['the last core of a socket', 30_001, 1999, 0],
    ['the first of the next', 32_000, 1, wakingW],
    ['all that is left', 32_000, 64_000, 2 * wakingW],
  ])('%s', (_, taken, more, watts) => {
    const { nodes, shapes, power } = modelOf('a 0x cpu96 mem99');
    nodes.take(0, shapes, shapes.idOf({ ...shapeOf('cpu0'), cpuMilli: taken, memoryMib: 0 }), 0);
    expect(power.cpuWatts(0, more)).toBe(watts);
  });

  test('are what the node draws more afterwards', () => {
    assert(
      property(nat(96_000), nat(96_000), (first, second) => {
        const { nodes, shapes, power } = modelOf('a 2xT4 cpu96 mem99');
        const more = Math.min(second, 96_000 - first);
        const take = (cpuMilli: number) =>
          nodes.take(0, shapes, shapes.idOf({ ...shapeOf('cpu0'), cpuMilli, memoryMib: 0 }), 0);
        take(first);
        const [before, told] = [power.watts(0), power.cpuWatts(0, more)];
        take(more);
        expect(power.watts(0) - before).toBe(told);
      }),
      { seed, numRuns: 200 },
    );
  });

  test('over many nodes are never less than the least that so many CPUs take', () => {
    assert(
      property(integer({ min: 1, max: 64_000 }), integer({ min: 0, max: 64_000 }), (one, other) => {
        const { power } = modelOf('a 0x cpu64 mem99', 'b 0x cpu64 mem99');
        const least = leastCpuWatts(one + other);
        expect(power.cpuWatts(0, one) + power.cpuWatts(1, other)).toBeGreaterThanOrEqual(least);
        expect(least).toBeGreaterThan(0);
      }),
      { seed, numRuns: 200 },
    );
  });

  test.each([
    [0, 0],
    // A socket that runs is 105 W more than one that does not, for 32,000 CPU milli.
    [32_000, 105],
    [64_000, 210],
    [16_000, 53],
    [1, 1],
  ])('%d CPU milli draw at least %d W more than none', (cpuMilli, watts) => {
    expect(leastCpuWatts(cpuMilli)).toBe(watts);
  });
});

describe('what nodes draw', () => {
  test.each([
    ['T4', 60],
    ['P100', 225],
    ['A100', 350],
    ['A10', 120],
  ])('a GPU of the model %s draws %d W more in use', (model, watts) => {
    expect(modelOf(`a 1x${model} cpu8 mem9`).power.gpuWatts(0)).toBe(watts);
  });

  test('a GPU counts as in use from its first thousandth, and once', () => {
    const { nodes, shapes, id, power } = modelOf('a 2xT4 cpu8 mem99');
    const watts = () => power.watts(0);
    expect(watts()).toBe(15 + 20);
    nodes.take(0, shapes, id('cpu0 1x1'), 0b1);
    expect(watts()).toBe(15 + 10 + 70);
    nodes.take(0, shapes, id('cpu0 1x999'), 0b1);
    expect(watts()).toBe(15 + 10 + 70);
    nodes.take(0, shapes, id('cpu0 1x1000'), 0b10);
    expect(watts()).toBe(15 + 70 + 70);
  });

  test('nodes without CPUs have no socket, those without GPUs no GPU', () => {
    expect(modelOf('a 1xT4 cpu0 mem9').power.watts(0)).toBe(10);
    expect(modelOf('a 0x cpu1 mem9').power.watts(0)).toBe(15);
  });

  test('models that nobody has a GPU of need no figure', () => {
    const lines = nodesOf('a 1xT4 cpu8 mem9', 'b 0xH900 cpu8 mem9');
    expect(unknownModels(fleetOf(lines, []).nodes)).toEqual([]);
  });

  test('the error for a model without a figure names it, and the models that have one', () => {
    const { nodes } = fleetOf(nodesOf('a 1xT4 cpu8 mem9', 'b 1xH900 cpu8 mem9'), []);
    const failed = (): unknown => {
      try {
        return new PowerModel(nodes);
      } catch (error) {
        return error;
      }
    };
    expect(failed()).toMatchObject({
      detail: {
        code: 'INVALID_INPUT',
        message: 'how many watts a GPU of the model `H900` draws is not known',
        fix: 'use another policy; known are T4, P100, V100M16, V100M32, A10, A100, G2, G3',
      },
    });
  });
});

describe('the meter', () => {
  test('knows the sum, and learns of a node only when it is told', () => {
    const { nodes, shapes, id } = modelOf('a 2xT4 cpu32 mem99', 'b 2xT4 cpu32 mem99');
    const meter = new PowerMeter(nodes);
    expect(meter.totalW).toBe(2 * (15 + 20));
    nodes.take(1, shapes, id('cpu1 1x1000'), 0b1);
    expect(meter.totalW).toBe(70);
    meter.update(0);
    expect(meter.totalW).toBe(70);
    meter.update(1);
    meter.update(1);
    expect(meter.totalW).toBe(70 + 60 + wakingW);
    nodes.release(1, shapes, id('cpu1 1x1000'), 0b1);
    meter.update(1);
    expect(meter.totalW).toBe(70);
  });
});

/** A base that scores everything 3 and adds 5 to every model. */
const flat: Policy = { score: () => 3, bonus: () => 5, choose: () => 0b10 };

const scored = (line: string, weight: number, taken: readonly string[], text: string) => {
  const { nodes, shapes, target, id, power } = modelOf(line);
  for (const [gpu, one] of taken.entries()) nodes.take(0, shapes, id(one), one.includes('x') ? 1 << gpu : 0);
  return powered(flat, { nodes, shapes, target }, power, weight).score(0, id(text));
};

/** Minus what the model's watts cost with so many of 10 GPUs in use, in hundredths of a point. */
const modelCost = (line: string, used: number, text: string, weight = 1000) => {
  const { nodes, shapes, target, id, power } = modelOf(line);
  for (let gpu = 0; gpu < used; gpu++) nodes.take(0, shapes, id('cpu0 1x1000'), 1 << gpu);
  return powered(flat, { nodes, shapes, target }, power, weight).bonus?.(0, id(text));
};

describe('a policy that saves watts', () => {
  test.each([
    // 105 W for a socket are 10 of 100 points, 60 for a T4 make 16.
    ['a socket', 'cpu1', [], 90],
    ['a socket and a GPU', 'cpu1 1x500', [], 84],
    ['only the socket for whole GPUs, which wake wherever they are', 'cpu1 1x1000', [], 90],
    ['nothing where both run', 'cpu1 1x500', ['cpu1 1x500'], 100],
    ['the GPU where the one that runs has too little left', 'cpu1 1x500', ['cpu1 1x501'], 94],
    ['nothing where the one that runs has exactly enough', 'cpu1 1x500', ['cpu1 1x500', 'cpu1 1x900'], 100],
    ['the next socket', 'cpu32', ['cpu1'], 90],
    ['two sockets', 'cpu33 1x500', [], 73],
  ])('a request that wakes %s', (_, text, taken, points) => {
    expect(scored('a 4xT4 cpu64 mem99', 1000, taken, text)).toBe(points * 100 * 1000);
    expect(scored('a 4xT4 cpu64 mem99', 250, taken, text)).toBe(3 * 750 + points * 100 * 250);
    expect(scored('a 4xT4 cpu64 mem99', 0, taken, text)).toBe(3 * 1000);
  });

  test('points for watts end at nothing, however much would wake', () => {
    // Ten sockets are 1,050 W.
    expect(scored('a 0x cpu320 mem999', 1000, [], 'cpu320')).toBe(0);
    expect(scored('a 0x cpu320 mem999', 1000, [], 'cpu288')).toBe(6 * 100 * 1000);
  });

  test.each([
    ['in full on an empty fleet', 0, 6000],
    ['in full at six tenths', 6, 6000],
    ['two thirds at seven tenths', 7, 4000],
    ['one third at eight tenths', 8, 2000],
    ['nothing from nine tenths on', 9, 0],
    ['nothing on a full fleet', 10, 0],
  ])('the watts of a model count %s', (_, used, cost) => {
    // A T4 draws 60 W more in use: a point each.
    expect(modelCost('a 10xT4 cpu0 mem9', used, 'cpu0 1x1')).toBe(0 - cost * 1000);
    expect(modelCost('a 10xT4 cpu0 mem9', used, 'cpu0 1x1000', 400)).toBe(5 * 600 - cost * 400);
    expect(modelCost('a 10xT4 cpu0 mem9', used, 'cpu0')).toBe(0);
  });

  test('leaves GPUs to its base, and has no bonus of a base that has none', () => {
    const { nodes, shapes, target, id, power } = modelOf('a 1xT4 cpu8 mem9');
    const bare: Policy = { score: () => 3, choose: () => 0b10 };
    const policy = powered(bare, { nodes, shapes, target }, power, 500);
    expect(policy.choose(0, id('cpu1'))).toBe(0b10);
    expect(policy.bonus?.(0, id('cpu1'))).toBe(0);
  });

  test.each([0, 1, 1000])('%d thousandths of the score may be watts', (weight) => {
    const fleet = fleetOf(nodesOf('a 1xT4 cpu8 mem9'), [shapeOf('cpu1 1x1000')]);
    expect(policyNamed('power', fleet, weight).base.name).toBe('fgd');
  });
});

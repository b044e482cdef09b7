import { assert, integer, nat, property } from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Fleet } from '../../../src/core/packing/fleet.ts';
import {
  cpusCost,
  scarceCost,
  strandedCostOf,
  thrifty,
  type Weights,
} from '../../../src/core/packing/thrifty.ts';
import { fleetOf, nodesOf, seed, shapeOf } from './given.ts';

describe('what a scarce model costs, in hundredths of a point', () => {
  test.each([
    ['nothing without pressure', 0, 0],
    ['50 points at full pressure', 1000, 5000],
    ['a quarter of that at half the pressure', 500, 1250],
    ['rounded down', 999, 4990],
    ['nothing yet at a little', 14, 0],
    ['the first hundredth', 15, 1],
    ['sixteen times as much at four times the pressure', 4000, 80_000],
    ['no more beyond that', 4001, 80_000],
    ['however much it is', 1_000_000, 80_000],
  ])('%s', (_, perMille, cost) => {
    expect(scarceCost(perMille)).toBe(cost);
  });
});

describe('what CPUs cost that GPUs will need, in hundredths of a point', () => {
  test.each([
    ['10 points where the GPUs left would need all CPUs left', 4000, 8000, 32_000, 1000],
    ['half of that where they need half', 4000, 4000, 32_000, 500],
    ['twice that where there are half as many CPUs', 4000, 8000, 16_000, 2000],
    ['nothing where no GPU is left', 4000, 0, 32_000, 0],
    ['nothing where GPUs need no CPUs', 0, 8000, 32_000, 0],
    ['40 points at most', 4000, 8000, 1000, 4000],
    ['40 points where no CPU is left', 4000, 8000, 0, 4000],
    ['rounded down: 333 per mille are 333', 1000, 1000, 3000, 333],
  ])('%s', (_, cpuMilliPerGpu, gpuMilliLeft, cpuMilliLeft, cost) => {
    expect(cpusCost(cpuMilliPerGpu, gpuMilliLeft, cpuMilliLeft)).toBe(cost);
  });
});

describe('what stranded GPUs cost, in hundredths of a point', () => {
  test.each([
    ['a whole GPU costs its points', 1000, 20, 2000],
    ['a quarter costs a quarter of them', 250, 20, 500],
    ['less than a quarter costs nothing', 249, 20, 0],
    ['between steps the lower one counts', 749, 20, 1000],
    ['a gain of less than a quarter gains a quarter', 0 - 1, 20, 0 - 500],
    ['a gain of exactly a quarter gains no more', 0 - 250, 20, 0 - 500],
    ['a gain of a little more gains two', 0 - 251, 20, 0 - 1000],
    ['32 points at most', 8000, 20, 3200],
    ['32 points gained at most', 0 - 8000, 20, 0 - 3200],
    ['exactly 32 points', 1000, 32, 3200],
    ['rounded down for odd points', 250, 7, 175],
    ['nothing where it has no points', 8000, 0, 0],
  ])('%s', (_, growth, points, cost) => {
    expect(strandedCostOf(growth, points)).toBe(cost);
  });

  test('never falls as more is stranded, and rises only at whole quarters', () => {
    assert(
      property(integer({ min: -9000, max: 9000 }), nat(60), (growth, points) => {
        const [cost, next] = [strandedCostOf(growth, points), strandedCostOf(growth + 1, points)];
        expect(next).toBeGreaterThanOrEqual(cost);
        expect(next === cost || (growth + 1) % 250 === 0).toBe(true);
        expect(strandedCostOf(growth + 250, points)).toBeGreaterThanOrEqual(cost);
      }),
      { seed, numRuns: 500 },
    );
  });
});

/** A base whose points are the number of the node. */
function thriftyOn(fleet: Fleet, weights: Partial<Weights>) {
  const base = { score: (node: number) => node, choose: (node: number) => node + 7 };
  return thrifty(base, fleet, { wholePoints: 0, strandedPoints: 0, ...weights });
}

describe('a thrifty policy', () => {
  /** Four CPUs and 4 GiB for each GPU. */
  const target = [shapeOf('cpu4 1x1000')];
  const fleet = () =>
    fleetOf(nodesOf('a 4xT4 cpu16 mem16', 'b 4xT4 cpu99 mem99', 'c 0x cpu99 mem99'), target);

  test('keeps the points of its base, and leaves it to choose GPUs', () => {
    const on = fleet();
    const policy = thriftyOn(on, {});
    const shape = on.shapes.idOf(shapeOf('cpu4 1x1000'));
    expect([0, 1].map((node) => policy.score(node, shape))).toEqual([3200, 3300]);
    expect([0, 1].map((node) => policy.choose(node, shape))).toEqual([7, 8]);
  });

  test('charges for what is stranded, and pays for what no longer is', () => {
    const on = fleet();
    const policy = thriftyOn(on, { strandedPoints: 20 });
    const id = (text: string) => on.shapes.idOf(shapeOf(text));
    // Twelve CPUs for four GPUs: one is stranded. Then a GPU that brings none takes it away again.
    expect(policy.score(0, id('cpu4'))).toBe(3200 - 2000);
    expect(policy.score(1, id('cpu4'))).toBe(3300);
    on.nodes.take(0, on.shapes, id('cpu4'), 0);
    expect(policy.score(0, id('cpu0 1x1000'))).toBe(3200 + 2000);
  });

  test.each([
    ['a share of a node that is whole breaks it', 'cpu0 1x500', 3200],
    ['as do all GPUs but one', 'cpu0 3x1000', 3200],
    ['and CPUs alone', 'cpu0', 3200],
    ['all GPUs do not', 'cpu0 4x1000', 3200 + 800],
  ])('%s', (_, text, score) => {
    const on = fleet();
    expect(thriftyOn(on, { wholePoints: 8 }).score(0, on.shapes.idOf(shapeOf(text)))).toBe(score);
  });

  test('nothing breaks a node that has no GPUs, or of which one is in use', () => {
    const on = fleet();
    const policy = thriftyOn(on, { wholePoints: 8 });
    const id = (text: string) => on.shapes.idOf(shapeOf(text));
    expect(policy.score(2, id('cpu1'))).toBe(3400 + 800);
    on.nodes.take(0, on.shapes, id('cpu0 1x1'), 0b1);
    expect(policy.score(0, id('cpu0'))).toBe(3200 + 800);
  });

  test('its costs by model are minus the pressure for GPUs, and minus what CPUs cost for the rest', () => {
    const on = fleetOf(nodesOf('a 2xH100 cpu16 mem99', 't 2xT4 cpu8 mem99'), [
      shapeOf('cpu4 1x1000'),
      shapeOf('cpu4 1x1000 H100'),
    ]);
    const policy = thriftyOn(on, {});
    const costs = (text: string) =>
      on.nodes.models.map((_, model) => 0 - (policy.bonus?.(model, on.shapes.idOf(shapeOf(text))) ?? 0));
    // Half of all GPU milli falls on H100, which is half of the fleet: pressure 1,000.
    expect(costs('cpu4 1x1000')).toEqual([5000, 0]);
    expect(costs('cpu4 1x1')).toEqual([5000, 0]);
    // Two GPUs with four CPUs each: 8 of 16 and 8 of 8.
    expect(costs('cpu4')).toEqual([500, 1000]);
  });
});

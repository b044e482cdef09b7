import { assert, integer, property, record, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { NodeCapacity } from '../../../src/core/packing/nodes.ts';
import { Pressure } from '../../../src/core/packing/pressure.ts';
import type { Shape } from '../../../src/core/packing/shape.ts';
import { type AskedShape, targetOfCounted } from '../../../src/core/packing/target.ts';
import { sumOf } from './by-hand.ts';
import { fleetOf, nodesOf, seed, shapeOf, someNodes, someShapes } from './given.ts';

const times = (count: number, text: string) => Array.from({ length: count }, () => shapeOf(text));

/** Per mille by model, with so much left of each, by default all. */
function pressures(
  nodes: readonly NodeCapacity[],
  asked: readonly Shape[],
  left: Readonly<Record<string, number>> = {},
): Record<string, number> {
  const { nodes: made, target } = fleetOf(nodes, asked);
  const pressure = new Pressure(made, target);
  const modelLeft = Float64Array.from(made.models, (name, model) => left[name] ?? made.modelLeft[model] ?? 0);
  return Object.fromEntries(made.models.map((name, model) => [name, pressure.of(model, modelLeft)]));
}

describe('who claims a model', () => {
  const half = nodesOf('a 8xH100 cpu64 mem99', 't 8xT4 cpu64 mem99');

  test.each([
    ['nobody who names no model and fits everywhere', ['cpu4 1x1000'], { H100: 0, T4: 0 }],
    // All that is asked for falls on half of the fleet.
    ['who names it', ['cpu4 1x1000 H100'], { H100: 2000, T4: 0 }],
    ['nobody who names every model', ['cpu4 1x1000 H100|T4'], { H100: 0, T4: 0 }],
    ['who names it and another that the fleet has not', ['cpu4 1x1000 H100|B200'], { H100: 2000, T4: 0 }],
    ['nobody who names only others', ['cpu4 1x1000 B200'], { H100: 0, T4: 0 }],
    ['who names none but asks for more CPUs than others have', ['cpu65 1x1000'], { H100: 0, T4: 0 }],
    ['shares, by their thousandths', ['cpu4 1x500 H100', 'cpu4 1x1000', 'cpu4 1x500'], { H100: 500, T4: 0 }],
    ['requests without GPUs claim nothing', ['cpu4', 'cpu4 1x1000 H100'], { H100: 2000, T4: 0 }],
    [
      'by how often it is asked for',
      [...times(3, 'cpu4 1x1000 T4'), 'cpu4 1x1000 H100'],
      { H100: 500, T4: 1500 },
    ],
  ])('%s', (_, texts, expected) => {
    expect(
      pressures(
        half,
        texts.map((text) => (typeof text === 'string' ? shapeOf(text) : text)),
      ),
    ).toEqual(expected);
  });

  test('who needs CPUs or GPUs that only the smaller half has, though it names no model', () => {
    const [large, small] = ['a 8xH100 cpu128 mem99', 'b 4xT4 cpu64 mem99'];
    const three = nodesOf(large, small, 'c 4xT4 cpu64 mem99');
    // Exactly half of the GPUs: still a claim.
    expect(pressures(three, [shapeOf('cpu100 1x1000')])).toEqual({ H100: 2000, T4: 0 });
    expect(pressures(three, [shapeOf('cpu1 5x1000')])).toEqual({ H100: 2000, T4: 0 });
    expect(pressures(three, [shapeOf('cpu64 4x1000')])).toEqual({ H100: 0, T4: 0 });
    // One GPU more than half: they are what the fleet is made of.
    expect(pressures(nodesOf(large, small, 'c 3xT4 cpu64 mem99'), [shapeOf('cpu100 1x1000')])).toEqual({
      H100: 0,
      T4: 0,
    });
    // But who names a model claims it, however much of the fleet that is.
    expect(pressures(nodesOf(large, 'b 1xT4 cpu1 mem9'), [shapeOf('cpu4 1x1000 H100')])).toEqual({
      H100: 1125,
      T4: 0,
    });
  });

  test('CPUs and GPUs must be on one node: two half-fitting nodes of a model are none', () => {
    const lines = nodesOf('a 8xH100 cpu8 mem99', 'b 1xH100 cpu128 mem99', 't 16xT4 cpu128 mem99');
    expect(pressures(lines, [shapeOf('cpu100 4x1000')])).toEqual({ H100: 0, T4: 0 });
    expect(pressures(lines, [shapeOf('cpu100 4x1000 H100')])).toEqual({ H100: 0, T4: 0 });
    const joined = nodesOf('a 8xH100 cpu8 mem99', 'b 4xH100 cpu128 mem99', 't 12xT4 cpu8 mem99');
    expect(pressures(joined, [shapeOf('cpu100 4x1000')])).toEqual({ H100: 2000, T4: 0 });
  });

  test('a claim on two models falls on them by their GPUs, rounded down for each', () => {
    const lines = nodesOf('a 1xA10 cpu64 mem99', 'b 2xH100 cpu64 mem99', 'c 7xT4 cpu64 mem99');
    // 1,000 GPU milli: 333 on A10 and 666 on H100, in millionths of 1,000 asked for, of 10,000 that are left.
    expect(pressures(lines, [shapeOf('cpu4 1x1000 A10|H100')])).toEqual({ A10: 3330, H100: 3330, T4: 0 });
  });
});

describe('the pressure on a model', () => {
  const lines = nodesOf('a 2xH100 cpu64 mem99', 'b 8xT4 cpu64 mem99');
  const asked = [shapeOf('cpu4 1x1000 H100'), ...times(4, 'cpu4 1x1000')];

  test.each([
    // A fifth of what is asked for wants H100, of which there is a fifth.
    [{}, 1000],
    [{ H100: 1000, T4: 8000 }, 1800],
    [{ H100: 2000, T4: 0 }, 200],
    [{ H100: 500, T4: 500 }, 400],
    // Of nothing at all, 1 milli is taken to be left, so that there is a figure.
    [{ H100: 0, T4: 1000 }, 200_000],
    [{ H100: 0, T4: 0 }, 0],
  ])('with %j left it is %d per mille', (left, expected) => {
    expect(pressures(lines, asked, left)['H100']).toBe(expected);
  });

  test('is what the definition says of every small fleet, to the roundings', () => {
    let claims = 0;
    assert(
      property(
        record({
          nodes: someNodes,
          shapes: someShapes,
          left: tuple(...[0, 1, 2].map(() => integer({ min: 0, max: 9000 }))),
        }),
        ({ nodes, shapes, left }) => {
          const fleet = fleetOf(nodes, shapes);
          const modelLeft = Float64Array.from(fleet.nodes.models, (_, model) => left[model] ?? 0);
          const pressure = new Pressure(fleet.nodes, fleet.target);
          for (const [model, name] of fleet.nodes.models.entries()) {
            const exact =
              (1000 * claimOn(name, nodes, fleet.target.asked) * sumOf(left.slice(0, modelLeft.length))) /
              Math.max(1, left[model] ?? 0);
            const told = pressure.of(model, modelLeft);
            if (exact > 0) claims++;
            expect(told).toBeLessThanOrEqual(exact + 1e-6);
            // A millionth is lost where claims are rounded, and a milli for each claim.
            const lost = ((0.001 + shapes.length / 100) * sumOf(left)) / Math.max(1, left[model] ?? 0);
            expect(told).toBeGreaterThanOrEqual(exact - lost * 1000 - 1);
          }
        },
      ),
      { seed, numRuns: 200 },
    );
    expect(claims).toBeGreaterThan(60);
  });

  test('does not change when everything is asked for three times as often', () => {
    assert(
      property(someNodes, someShapes, (nodes, shapes) => {
        const { nodes: made } = fleetOf(nodes, []);
        // Thousands of each, so that next to nothing is lost where claims are rounded.
        const [once, thrice] = [1000, 3000].map((count) => {
          const target = targetOfCounted(shapes.map((shape) => ({ ...shape, count })));
          const pressure = new Pressure(made, target);
          return made.models.map((_, model) => pressure.of(model, made.modelLeft));
        });
        for (const [model, perMille] of (once ?? []).entries())
          expect(Math.abs((thrice?.[model] ?? 0) - perMille)).toBeLessThanOrEqual(1 + perMille / 50);
      }),
      { seed, numRuns: 100 },
    );
  });
});

/** Of all GPU milli asked for, the part that falls on a model by claims. */
function claimOn(name: string, nodes: readonly NodeCapacity[], asked: readonly AskedShape[]): number {
  const names = [...new Set(nodes.map(({ model }) => model))];
  const gpusOf = (some: readonly string[]) =>
    sumOf(nodes.filter(({ model }) => some.includes(model)).map(({ gpuCount }) => gpuCount));
  const all = sumOf(asked.map((shape) => shape.count * shape.gpuCount * shape.gpuMilli));
  const parts = asked.map((shape) => {
    const able = names.filter((model) =>
      nodes.some(
        (node) =>
          node.model === model &&
          (shape.models.length === 0 || shape.models.includes(model)) &&
          node.cpuMilli >= shape.cpuMilli &&
          node.gpuCount >= shape.gpuCount,
      ),
    );
    const isFew = able.length < names.length && gpusOf(able) > 0;
    const isClaim = isFew && (shape.models.length > 0 || gpusOf(able) * 2 <= gpusOf(names));
    const milli = shape.count * shape.gpuCount * shape.gpuMilli;
    return isClaim && able.includes(name) ? (milli * gpusOf([name])) / gpusOf(able) : 0;
  });
  return sumOf(parts) / Math.max(1, all);
}

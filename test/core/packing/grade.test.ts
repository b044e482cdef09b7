import { describe, expect, test } from 'vitest';

import { gradeOf, gradeSteps } from '../../../src/core/packing/grade.ts';

describe('the steps of the sigmoid', () => {
  test('are ceil(1000 × ln(k / (100 − k))) for a target of one request', () => {
    const steps = gradeSteps(1);
    expect(steps).toHaveLength(99);
    // 1000 ln(1/99) = −4595.1…, 1000 ln(51/49) = 40.005…, 1000 ln(73/27) = 994.6…, 1000 ln 99 = 4595.1…
    expect([steps[0], steps[48], steps[49], steps[50], steps[72], steps[98]]).toEqual([
      -4595, -40, 0, 41, 995, 4596,
    ]);
  });

  test.each([1, 7, 100, 7766, 8152, 1_234_567, 2 ** 31])(
    'are whole, grow, and lie within one of the logarithm of the machine for %d requests',
    (countTotal) => {
      const steps = gradeSteps(countTotal);
      for (const [index, step] of steps.entries()) {
        const logarithm = countTotal * 1000 * Math.log((index + 1) / (99 - index));
        expect(Number.isSafeInteger(step)).toBe(true);
        expect(step - logarithm).toBeGreaterThanOrEqual(-1e-3);
        expect(step - logarithm).toBeLessThan(1 + 1e-3);
        expect(step).toBeGreaterThan(steps[index - 1] ?? -Infinity);
      }
    },
  );

  test('an empty target has no scale: everything is the same to it', () => {
    expect(new Set(gradeSteps(0))).toEqual(new Set([0]));
  });
});

describe('the grade', () => {
  const steps = gradeSteps(1);

  test.each([
    [-100_000, 0],
    [-4596, 0],
    [-4595, 1],
    [-41, 48],
    [-40, 49],
    [-1, 49],
    [0, 50],
    [40, 50],
    [41, 51],
    [4595, 98],
    [4596, 99],
    [100_000, 99],
  ])('of a gradient of %d is %d', (gradient, grade) => {
    expect(gradeOf(gradient, steps)).toBe(grade);
  });

  test('is trunc(100 × sigmoid(x / 1000)) wherever floats are sure of it', () => {
    const sure = Array.from({ length: 1700 }, (_, index) => 7 * index - 6000).filter(
      (x) => Math.abs(exact(x) - Math.round(exact(x))) > 1e-6,
    );
    expect(sure.length).toBeGreaterThan(1690);
    expect(sure.map((x) => gradeOf(x, steps))).toEqual(sure.map((x) => Math.trunc(exact(x))));
  });
});

function exact(x: number): number {
  return 100 / (1 + Math.exp(-x / 1000));
}

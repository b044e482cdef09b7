import { assert, integer, property } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { perDay, withinBudget } from '../../../src/core/place/budget.ts';
import type { Price } from '../../../src/model/placement.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';

const price = (more: Partial<Price>): Price => ({ priceBook: 'test', lines: [], ...more });
const within = (more: Partial<Price>, budget?: object) =>
  withinBudget(price(more), demand('1×1', budget === undefined ? {} : { budget }));

describe('a price and a budget', () => {
  test.each([
    ['no budget, no price', {}, undefined, true],
    ['no limit in it', {}, {}, true],
    ['the total exactly', { totalMicroEur: 100 }, { totalMicroEur: 100 }, true],
    ['a micro-euro above the total', { totalMicroEur: 101 }, { totalMicroEur: 100 }, false],
    ['no total to hold against it', { microEurPerHour: 1 }, { totalMicroEur: 100 }, false],
    ['a free placement and nothing to spend', { totalMicroEur: 0 }, { totalMicroEur: 0 }, true],
    ['24 hours exactly', { microEurPerHour: 10 }, { microEurPerDay: 240 }, true],
    ['a micro-euro above the day', { microEurPerHour: 10 }, { microEurPerDay: 239 }, false],
    ['no price to hold against the day', { totalMicroEur: 1 }, { microEurPerDay: 240 }, false],
    [
      'both kept',
      { totalMicroEur: 100, microEurPerHour: 10 },
      { totalMicroEur: 100, microEurPerDay: 240 },
      true,
    ],
    [
      'the total kept, the day not',
      { totalMicroEur: 100, microEurPerHour: 11 },
      { totalMicroEur: 100, microEurPerDay: 240 },
      false,
    ],
    [
      'the day kept, the total not',
      { totalMicroEur: 101, microEurPerHour: 10 },
      { totalMicroEur: 100, microEurPerDay: 240 },
      false,
    ],
  ])('%s', (_, cost, budget, expected) => {
    expect(within(cost, budget)).toBe(expected);
  });

  test('a day is 24 hours', () => {
    expect([0, 1, 41_666_667].map(perDay)).toEqual([0, 24, 1_000_000_008]);
  });

  test('what is within a budget is within every larger one', () => {
    const amount = integer({ min: 0, max: 500 });
    assert(
      property(amount, amount, amount, amount, (total, hourly, limit, more) => {
        const cost = { totalMicroEur: total, microEurPerHour: hourly };
        const budget = (by: number) => ({ totalMicroEur: limit + by, microEurPerDay: 24 * limit + by });
        expect(within(cost, budget(more)) || !within(cost, budget(0))).toBe(true);
        expect(within(cost, budget(0))).toBe(total <= limit && hourly <= limit);
      }),
      { seed, numRuns: 150 },
    );
  });
});

import { describe, expect, test } from 'vitest';

import { Demand, DemandRequest } from '../../src/model/demand.ts';

const part = { name: 'train', count: 1, each: { gpus: { count: 8 } } };
const demand = { tenant: 'acme', parts: [part], window: { earliestStartMs: 0 } };

describe('a demand is refused when it', () => {
  test.each([
    ['has a word that nobody knows', { ...demand, gpus: 8 }],
    [
      'has such a word deep inside',
      { ...demand, parts: [{ ...part, each: { gpus: { count: 8, nvlink: true } } }] },
    ],
    ['has no part', { ...demand, parts: [] }],
    ['has two parts of one name', { ...demand, parts: [part, part] }],
    ['asks for no replica', { ...demand, parts: [{ ...part, count: 0 }] }],
    ['asks for half a GPU as a number', { ...demand, parts: [{ ...part, each: { gpus: { count: 0.5 } } }] }],
    ['lasts no time', { ...demand, window: { earliestStartMs: 0, durationS: 0 } }],
    ['starts before 1970', { ...demand, window: { earliestStartMs: -1 } }],
    ['names a place that is no path', { ...demand, where: ['Frankfurt am Main'] }],
    ['names no place to be in', { ...demand, where: [] }],
    ['has a budget below nothing', { ...demand, budget: { totalMicroEur: -1 } }],
    ['asks for a regime that is none', { ...demand, rules: { regimes: ['gdrp'] } }],
  ])('%s', (_, asked) => {
    expect(Demand.safeParse(demand).success).toBe(true);
    expect(Demand.safeParse(asked).success).toBe(false);
  });
});

describe('people and agents write instants with an offset', () => {
  test.each([
    ['2026-11-30T00:00:00+01:00', true],
    ['2026-11-29T23:00:00Z', true],
    ['2026-11-30T00:00:00', false],
    ['2026-11-30', false],
    ['tomorrow', false],
    ['2026-02-30T00:00:00Z', false],
  ])('%s: %s', (earliestStart, expected) => {
    expect(DemandRequest.safeParse({ ...demand, window: { earliestStart } }).success).toBe(expected);
  });

  test('and money in euros, but not without limit', () => {
    const window = { earliestStart: '2026-11-30T00:00:00Z' };
    const taken = [0.01, 12_000, 9_000_000_001, NaN, Infinity].filter(
      (totalEur) => DemandRequest.safeParse({ ...demand, window, budget: { totalEur } }).success,
    );
    expect(taken).toEqual([0.01, 12_000]);
  });
});

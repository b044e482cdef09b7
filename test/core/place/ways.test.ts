import { describe, expect, test } from 'vitest';

import { combinations } from '../../../src/core/place/want.ts';
import { cheapestWaysFirst, couldOnlyTie, startsLeft } from '../../../src/core/place/ways.ts';
import type { Objective } from '../../../src/model/demand.ts';
import { demand } from '../demand.ts';
import { world } from '../fleet.ts';

const [site] = world('fra1/h1/r1 1×8 H100', 'fra1/h1/r2 1×8 A100', 'fra1/h1/r3 1×8 L40S', {
  sites: { fra1: { gpuPrices: { H100: 30, A100: 20 }, cpuPriceMicroEurPerHour: 1 } },
}).state.fleet.sites;
if (site === undefined) throw new Error('the world has a site');

const starts = { earliestMs: 10, latestMs: 90 };

/** The starts left to a way that costs 30 a GPU, of which two are asked for, and one core. */
function left(objective: Objective, found: { startMs: number; hourly?: number }, more: object = {}) {
  const wish = demand('1×2 + 1×cpu1', { objective, ...more });
  const [wants = []] = combinations(wish, ['H100']);
  const { hourly } = found;
  const price = {
    priceBook: 'test',
    lines: [],
    ...(hourly === undefined ? {} : { microEurPerHour: hourly }),
  };
  const answer = startsLeft(
    site ?? never(),
    wants,
    { startMs: found.startMs, price },
    { demand: wish, starts },
  );
  return answer === undefined ? 'none' : [answer.earliestMs, answer.latestMs];
}

function never(): never {
  throw new Error('the world has a site');
}

describe('what could still be better than what was found', () => {
  test.each([
    ['cheapest', 40, 60, 'none'],
    ['cheapest', 40, 61, [10, 40]],
    ['cheapest', 10, 61, [10, 10]],
    ['cheapest', 40, 62, [10, 90]],
    ['soonest', 40, 60, [10, 39]],
    ['soonest', 10, 60, 'none'],
    ['soonest', 40, 61, [10, 40]],
    ['soonest', 10, 61, [10, 10]],
    ['soonest', 40, 90, [10, 40]],
    ['tightest', 40, 1, [10, 90]],
    ['fastest', 40, 1, [10, 90]],
    ['greenest', 40, 1, [10, 90]],
  ] as const)('%s, found at %i for %i', (objective, startMs, hourly, expected) => {
    expect(left(objective, { startMs, hourly })).toEqual(expected);
  });

  test('a price beats none', () => {
    expect(left('cheapest', { startMs: 40 })).toEqual([10, 90]);
    expect(left('soonest', { startMs: 40 })).toEqual([10, 40]);
  });

  test.each([{ budget: { microEurPerDay: 9 } }, { dataset: 'corpus' }])('%o comes before it', (more) => {
    expect(left('cheapest', { startMs: 40, hourly: 1 }, more)).toEqual([10, 90]);
    expect(left('soonest', { startMs: 40, hourly: 1 }, more)).toEqual([10, 90]);
  });

  test('where nothing was found, everything is left', () => {
    const wish = demand('1×2');
    const [wants = []] = combinations(wish, ['H100']);
    expect(startsLeft(site ?? never(), wants, undefined, { demand: wish, starts })).toEqual(starts);
  });
});

test('ways come by their price, those without one last, equals as they came', () => {
  const ways = combinations(demand('1×2 + 1×cpu1'), ['A100', 'B200', 'H100', 'L40S']);
  const order = cheapestWaysFirst(site, ways).map(([first]) => first?.model);
  expect(order).toEqual(['A100', 'H100', 'B200', 'L40S']);
});

/** Whether the same way could only tie. */
function ties(objective: Objective, found: { startMs: number; hourly?: number }, more: object = {}): boolean {
  const asked = demand('1×2 + 1×cpu1', { objective, ...more });
  const [wants = []] = combinations(asked, ['H100']);
  const price = {
    priceBook: 'test',
    lines: [],
    ...(found.hourly === undefined ? {} : { microEurPerHour: found.hourly }),
  };
  return couldOnlyTie(site ?? never(), wants, { startMs: found.startMs, price }, { demand: asked, starts });
}

describe('what could only tie with what was found', () => {
  test.each([
    ['as dear, at the first start', 'cheapest', { startMs: 10, hourly: 61 }, true],
    ['as dear, and it could be sooner', 'cheapest', { startMs: 11, hourly: 61 }, false],
    ['cheaper', 'cheapest', { startMs: 10, hourly: 62 }, false],
    ['dearer', 'cheapest', { startMs: 10, hourly: 60 }, false],
    ['as soon and as dear', 'soonest', { startMs: 10, hourly: 61 }, true],
    ['as soon and cheaper', 'soonest', { startMs: 10, hourly: 62 }, false],
    ['against nothing that has a price', 'cheapest', { startMs: 10 }, false],
    ['by how tightly it fits, which comes first', 'tightest', { startMs: 10, hourly: 61 }, false],
    ['by carbon, which comes first', 'greenest', { startMs: 10, hourly: 61 }, false],
  ] as const)('%s', (_name, objective, found, expected) => {
    expect(ties(objective, found)).toBe(expected);
  });

  test('nothing is left for later under a budget, which comes before the price', () => {
    expect(ties('cheapest', { startMs: 10, hourly: 61 }, { budget: { microEurPerDay: 9000 } })).toBe(false);
  });
});

import { describe, expect, test } from 'vitest';

import { modelsAt } from '../../../src/core/place/each-site.ts';
import { solve } from '../../../src/core/place/solve.ts';
import type { State } from '../../../src/core/state.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { demand, flexible } from '../demand.ts';
import { type Details, hourMs, t0, verdictAll, world } from '../fleet.ts';
import { hold, holding } from './holding.ts';
import { siteAt } from './known.ts';
import { crowds } from './put-down.ts';
import { best, question } from './searching.ts';

const eur = 1_000_000;

/** Every site of the report: `fra1 chosen: why`. A scan reports the same. */
function report(state: State, asked: Demand): readonly string[] {
  const verdict = verdictAll(state, 'allowed');
  const [scanned, found] = [true, false].map((isPlain) => {
    const { sites } = solve(state, verdict, question(asked, isPlain));
    return sites.map(({ site, outcome, why }) => `${site} ${outcome}: ${why}`);
  });
  expect(found).toEqual(scanned);
  return found ?? [];
}

const prices = (bySite: Readonly<Record<string, number>>): Details => ({
  sites: Object.fromEntries(
    Object.entries(bySite).map(([site, price]) => [site, { gpuPrices: { H100: price * eur } }]),
  ),
});

describe('of several sites', () => {
  const three = world(
    'ams2/a1 1×8 H100',
    'fra1/r1 1×4 H100',
    'osl1/o1 2×2 H100',
    prices({ ams2: 3, fra1: 2, osl1: 2 }),
  ).state;
  const busy = holding(three, { 'r1/n01': hold('globex', { gpus: 15 }) });
  const dear = world('ams2/a1 1×8 H100', 'osl1/o1 2×2 H100', prices({ ams2: 1, osl1: 9 })).state;
  const later = flexible(1, 9);

  test.each([
    ['the cheapest; of two as cheap the one whose node it fills', {}, three, 'osl1 o1/n01×2'],
    ['the cheapest, though it starts later', { where: ['ams2', 'fra1'], ...later }, busy, 'fra1 r1/n01×2'],
    [
      'the soonest, though it is dearer',
      { objective: 'soonest', where: ['ams2', 'fra1'], ...later },
      busy,
      'ams2 a1/n01×2',
    ],
    ['the cheaper of those as soon', { objective: 'soonest' }, three, 'osl1 o1/n01×2'],
    [
      'the tightest, though it is dearer',
      { objective: 'tightest', where: ['ams2', 'osl1'] },
      dear,
      'osl1 o1/n01×2',
    ],
    ['the sooner of two as cheap', later, busy, 'osl1 o1/n01×2'],
  ])('%s', (_, more, state, expected) => {
    const found = best(state, demand('2×1 1h', more));
    expect(`${found?.site.id} ${crowds(found?.members ?? [])}`).toBe(expected);
  });

  test('that do not differ, the first by id', () => {
    const twins = world('bbb/r1 1×4 H100', 'aaa/r1 1×4 H100', prices({ aaa: 1, bbb: 1 })).state;
    for (const objective of ['cheapest', 'soonest', 'tightest', 'greenest', 'fastest'])
      expect(best(twins, demand('1×1', { objective }))?.site.id).toBe('aaa');
  });

  test('one with a price before one without, even where that would be tighter', () => {
    const half = world('aaa/r1 1×1 H100', 'bbb/r1 1×8 H100', prices({ bbb: 900 })).state;
    expect(best(half, demand('1×1'))?.site.id).toBe('bbb');
    expect(best(half, demand('1×1', { objective: 'soonest' }))?.site.id).toBe('bbb');
    expect(best(half, demand('1×1', { objective: 'tightest' }))?.site.id).toBe('aaa');
  });

  test('one where its data is before one to which it has to be moved, of equals', () => {
    const moved = world('aaa/r1 1×4 H100', 'bbb/r1 1×4 H100', prices({ aaa: 1, bbb: 1 }), {
      pools: { 'bbb/pool': { mbps: 1000, datasets: [{ id: 'books', sizeGib: 1 }] } },
      wanLinks: { 'bbb/wan': { from: 'bbb', to: 'aaa', mbps: 1000 } },
    }).state;
    expect(best(moved, demand('1×1', { dataset: 'books', ...flexible(1, 9) }))?.site.id).toBe('bbb');
    expect(best(moved, demand('1×1', flexible(1, 9)))?.site.id).toBe('aaa');
  });

  test('a gang closer together before one that is not, and the node that is left fuller', () => {
    const spread = world('aaa/r1 2×1 H100', 'bbb/r1 1×8 H100', prices({ aaa: 1, bbb: 1 })).state;
    expect(best(spread, demand('2×1'))?.site.id).toBe('bbb');
    expect(best(spread, demand('1×1', { objective: 'tightest' }))?.site.id).toBe('aaa');
  });
});

const booksBy = (latestMs: number) =>
  demand('1×1', {
    dataset: 'books',
    where: ['aaa'],
    window: { earliestStartMs: t0, latestStartMs: latestMs, durationS: 60 },
  });

/** How long after `t0` it starts when data may be moved from an instant on. */
const startAfter = (state: State, transferFromMs: number) => {
  const asked = booksBy(t0 + hourMs);
  const all = {
    ...question(asked, false),
    starts: { earliestMs: t0, latestMs: t0 + hourMs, transferFromMs },
  };
  const result = solve(state, verdictAll(state, 'allowed'), all);
  return result.kind === 'solved' ? result.best.startMs - t0 : undefined;
};

describe('data that has to be moved', () => {
  // 9 GiB at 1000 Mbit/s take 9 × 2^33 / 10^6 ms = 77,309.4 ms, rounded up.
  const moved = world('aaa/r1 1×4 H100', 'bbb/r1 1×4 H100', {
    pools: { 'bbb/pool': { mbps: 2000, datasets: [{ id: 'books', sizeGib: 9 }] } },
    wanLinks: { 'bbb/wan': { from: 'bbb', to: 'aaa', mbps: 1000 } },
  }).state;

  test('is there before the start, to the millisecond', () => {
    const found = best(moved, booksBy(t0 + hourMs));
    expect(found?.startMs).toBe(t0 + 77_310);
    expect(found?.transfers).toEqual([
      {
        dataset: 'books',
        from: 'bbb/pool',
        to: 'aaa',
        wanLink: 'bbb/wan',
        startMs: t0,
        endMs: t0 + 77_310,
        mbps: 1000,
      },
    ]);
  });

  test('is in time for a start as late as that, and too late for any before', () => {
    expect(best(moved, booksBy(t0 + 77_310))?.startMs).toBe(t0 + 77_310);
    expect(report(moved, booksBy(t0 + 77_309))).toEqual([
      'aaa no-capacity: 0 of 1 replicas fit: its dataset cannot be there in time',
    ]);
  });

  test('may begin before the earliest start, and later than it', () => {
    expect(startAfter(moved, t0 - 77_309)).toBe(1);
    expect(startAfter(moved, t0 - hourMs)).toBe(0);
    expect(startAfter(moved, t0 + 1000)).toBe(78_310);
  });
});

const day = (euros: number) => ({ budget: { microEurPerDay: euros * 24 * eur } });

describe('the report of a search', () => {
  const three = world(
    'ams2/a1 1×4 H100',
    'fra1/r1 1×4 H100',
    'osl1/o1 1×2 H100',
    prices({ ams2: 1, fra1: 2, osl1: 3 }),
  ).state;

  test('has the chosen site first, the others from the best on, then what does not fit', () => {
    expect(report(three, demand('1×2'))).toEqual([
      'ams2 chosen: cheapest of 3 sites that fit',
      'fra1 feasible: fits, but not the cheapest',
      'osl1 feasible: fits, but not the cheapest',
    ]);
    expect(report(three, demand('1×4', { objective: 'soonest' }))).toEqual([
      'ams2 chosen: soonest of 2 sites that fit',
      'fra1 feasible: fits, but not the soonest',
      'osl1 no-capacity: 0 of 1 replicas fit: the site has not enough that fits, even when empty',
    ]);
  });

  test('says so where there is no choice', () => {
    expect(report(three, demand('1×4', { where: ['fra1'] }))).toEqual([
      'fra1 chosen: the only site that fits',
    ]);
  });

  test('tells what is above the budget from what has no price to hold against it', () => {
    expect(report(three, demand('1×2', day(4)))).toEqual([
      'ams2 chosen: cheapest of 2 sites that fit',
      'fra1 feasible: fits, but not the cheapest',
      'osl1 over-budget: fits, but above the budget',
    ]);
    const half = world('ams2/a1 1×4 H100', 'fra1/r1 1×4 H100', prices({ ams2: 1 })).state;
    expect(report(half, demand('1×2', day(2)))).toEqual([
      'ams2 chosen: the only site that fits',
      'fra1 over-budget: fits, but has no price to hold against the budget',
    ]);
  });

  test('beyond every budget has the cheapest first, whatever was asked for', () => {
    const dear = { objective: 'tightest', budget: { microEurPerDay: 1 } };
    expect(report(three, demand('1×2', dear)).map((line) => line.slice(0, 16))).toEqual(
      ['ams2', 'fra1', 'osl1'].map((site) => `${site} over-budget`),
    );
  });

  test('counts the replicas of all parts', () => {
    expect(report(three, demand('a: 2×2 H100 + b: 1×2 H100', { where: ['ams2'] }))).toEqual([
      'ams2 no-capacity: 2 of 3 replicas fit: the site has not enough that fits, even when empty',
    ]);
  });

  test('ends with the sites that are closed', () => {
    const verdict = verdictAll(three, 'allowed', { ams2: 'forbidden' });
    const { sites } = solve(three, verdict, question(demand('1×4'), false));
    expect(sites.map(({ site, outcome }) => `${site} ${outcome}`)).toEqual([
      'fra1 chosen',
      'osl1 no-capacity',
      'ams2 policy-denied',
    ]);
  });

  test('has figures of each that fits: hours of two GPUs', () => {
    const { sites } = solve(three, verdictAll(three, 'allowed'), question(demand('1×2 3h'), false));
    expect(
      sites.map(({ microEurPerHour, totalMicroEur, startMs }) => [microEurPerHour, totalMicroEur, startMs]),
    ).toEqual([1, 2, 3].map((price) => [2 * price * eur, 6 * price * eur, t0]));
  });
});

describe('of several models at a site', () => {
  const mixed = world('fra1/r1 1×4 H100', 'fra1/r2 1×8 A100', 'fra1/r3 1×8 L40S', {
    sites: { fra1: { gpuPrices: { H100: 3 * eur, A100: 2 * eur, L40S: 2 * eur } } },
  }).state;

  test('are told in order, each once', () => {
    expect(modelsAt(siteAt({ state: mixed }, 'fra1'))).toEqual(['A100', 'H100', 'L40S']);
    expect(modelsAt(siteAt(world('fra1/r1 1 cpu8'), 'fra1'))).toEqual([]);
  });

  test.each([
    ['the cheapest is taken, of two as cheap the first', '1×4', {}, 'r2/n01×1'],
    ['the tightest, where that is asked for', '1×4', { objective: 'tightest' }, 'r1/n01×1'],
    ['the one that is asked for', '1×4 L40S', {}, 'r3/n01×1'],
    ['what the budget allows', '1×4 H100|L40S', { budget: { microEurPerDay: 8 * 24 * eur } }, 'r3/n01×1'],
  ])('%s', (_, text, more, expected) => {
    expect(crowds(best(mixed, demand(text, more))?.members ?? [])).toBe(expected);
  });

  test('of two as cheap the one whose node it fills is taken, though the other comes first', () => {
    const held = holding(mixed, { 'r3/n01': hold('globex', { gpus: 0b1111 }) });
    expect(crowds(best(held, demand('1×4'))?.members ?? [])).toBe('r3/n01×1');
  });

  test('the fastest is taken where that is asked for, and of one site the fastest nodes that hold all', () => {
    const fast = world('fra1/r1 1×4 H100 nvlink link450', 'fra1/r2 1×4 H100 nvlink link900').state;
    const quickest = (text: string) =>
      crowds(best(fast, demand(text, { objective: 'fastest' }))?.members ?? []);
    expect(quickest('1×4')).toBe('r2/n01×1');
    expect(quickest('2×4')).toBe('r1/n01×1 r2/n01×1');
    const held = holding(fast, { 'r2/n01': hold('globex') });
    expect(crowds(best(held, demand('1×4', { objective: 'fastest' }))?.members ?? [])).toBe('r1/n01×1');
  });

  test('each part has its own', () => {
    expect(crowds(best(mixed, demand('a: 1×4 H100 + b: 1×8 L40S'))?.members ?? [])).toBe('r1/n01×1 r3/n01×1');
  });
});

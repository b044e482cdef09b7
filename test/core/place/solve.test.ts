import { array, assert, constantFrom, integer, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { bestOfEach, modelsAt } from '../../../src/core/place/each-site.ts';
import { type Candidate, canSolve, couldSolve, solve } from '../../../src/core/place/solve.ts';
import type { State } from '../../../src/core/state.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { seed } from '../arbitrary.ts';
import { demand, flexible } from '../demand.ts';
import { type Details, hourMs, t0, verdictAll, world } from '../fleet.ts';
import { calendarsOf } from '../index/holds.ts';
import { hold, holding } from './holding.ts';
import { siteAt } from './known.ts';
import { crowds } from './put-down.ts';

const eur = 1_000_000;

function question(asked: Demand, isPlain: boolean) {
  const { earliestStartMs: earliestMs, latestStartMs: latestMs = earliestMs } = asked.window;
  return { demand: asked, starts: { earliestMs, latestMs }, isPlain };
}

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

function best(state: State, asked: Demand): Candidate | undefined {
  const result = solve(state, verdictAll(state, 'allowed'), question(asked, false));
  return result.kind === 'solved' ? result.best : undefined;
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
      three,
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

/** Three sites, of which two hold two models, and what may be asked of them. */
const { state: sites } = world(
  'ams2/a1 1×4 H100',
  'ams2/a2 1×4 A100',
  'fra1/r1 2×4 H100',
  'fra1/r2 1×4 A100',
  'osl1/o1 1×4 A100',
  { sites: { ams2: { gpuPrices: { H100: 3, A100: 2 } }, fra1: { gpuPrices: { H100: 2, A100: 2 } } } },
);
const asks = record({
  text: constantFrom('1×1', '1×4', '2×4', '3×4', '2×2 together:node', '1×4 H100', 'a: 1×2 + b: 1×4'),
  durationH: integer({ min: 1, max: 5 }),
  laterH: constantFrom(0, 0, 6, 12),
  objective: constantFrom('cheapest', 'soonest', 'tightest', 'fastest'),
  more: constantFrom(
    {},
    {},
    { budget: { microEurPerDay: 240 } },
    { where: ['fra1', 'osl1'] },
    { isolation: 'node' },
    { guarantee: 'elastic' },
  ),
});

describe('whatever is held', () => {
  test('a yes or no without the best is the same yes or no, and counts never say no to what fits', () => {
    const seen = { yes: 0, no: 0, hopeless: 0 };
    assert(
      property(calendarsOf(sites), array(asks, { minLength: 1, maxLength: 3 }), (calendar, all) => {
        const state = { ...sites, calendar };
        const verdict = verdictAll(state, 'allowed');
        for (const { text, durationH, laterH, objective, more } of all) {
          const asked = question(demand(text, { ...flexible(durationH, laterH), objective, ...more }), false);
          const isSolved = solve(state, verdict, asked).kind === 'solved';
          expect(canSolve(state, verdict, asked)).toBe(isSolved);
          const isHopeful = couldSolve(state, verdict, asked);
          expect(isHopeful || !isSolved).toBe(true);
          seen[isSolved ? 'yes' : 'no']++;
          if (!isHopeful) seen.hopeless++;
        }
      }),
      { seed, numRuns: 100 },
    );
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(10);
  });

  test('no site that fits is cheaper than the cheapest, sooner than the soonest or tighter than the tightest', () => {
    const merits = {
      cheapest: ({ price }: Candidate) => price.microEurPerHour ?? Infinity,
      soonest: ({ startMs }: Candidate) => startMs,
      tightest: ({ closeness }: Candidate) => closeness,
    } as const;
    assert(
      property(
        calendarsOf(sites),
        asks,
        constantFrom<keyof typeof merits>('cheapest', 'soonest', 'tightest'),
        (calendar, { text, durationH, laterH }, objective) => {
          const state = { ...sites, calendar };
          const wish = (more: object) => demand(text, { ...flexible(durationH, laterH), objective, ...more });
          const chosen = best(state, wish({}));
          const alone = state.fleet.sites.flatMap(({ id }) => best(state, wish({ where: [id] })) ?? []);
          const values = alone.map(merits[objective]);
          expect(chosen === undefined ? Infinity : merits[objective](chosen)).toBe(
            Math.min(...values, Infinity),
          );
          expect(alone.length === 0).toBe(chosen === undefined);
        },
      ),
      { seed, numRuns: 60 },
    );
  });

  test('only the start and the price being asked for gives the start and the price of the best', () => {
    assert(
      property(calendarsOf(sites), asks, (calendar, { text, durationH, laterH, objective }) => {
        const state = { ...sites, calendar };
        const asked = question(demand(text, { ...flexible(durationH, laterH), objective }), false);
        const verdict = verdictAll(state, 'allowed');
        const [whole, outline] = [
          solve(state, verdict, asked),
          solve(state, verdict, { ...asked, isOutline: true }),
        ];
        const figures = (found: typeof whole) =>
          found.kind === 'solved' ? [found.best.startMs, found.best.price.microEurPerHour] : [];
        // Which of several as good is taken may be decided by how tightly they fit, which an outline leaves out.
        const isDecided = objective === 'cheapest' || objective === 'soonest';
        expect(isDecided ? figures(outline) : []).toEqual(isDecided ? figures(whole) : []);
        expect(outline.kind).toBe(whole.kind);
      }),
      { seed, numRuns: 60 },
    );
  });
});

function could(asked: Demand, isPlain = false): boolean {
  return couldSolve(sites, verdictAll(sites, 'allowed'), question(asked, isPlain));
}

describe('counts say no', () => {
  test.each([
    ['not to what one site has of one model', '2×4', {}, true],
    ['to one more than that, though it has as many of two models', '3×4', {}, false],
    ['not where a later start might do', '4×4', flexible(1, 9), true],
    ['not where data may arrive later', '4×4', { dataset: 'books' }, true],
    ['not where parts may stand at different sites', 'a: 3×4 at:fra1 + b: 2×4 at:ams2', {}, true],
    ['where the site that has it is not asked for', '2×4', { where: ['ams2'] }, false],
  ])('%s', (_, text, more, expected) => {
    expect(could(demand(text, more))).toBe(expected);
  });

  test('not where fewer than all are guaranteed, nor without the index', () => {
    const [part] = demand('4×4').parts;
    const asked = demand('4×4', { guarantee: 'elastic', parts: [{ ...part, minCount: 1 }] });
    expect(could(asked)).toBe(true);
    expect(could(demand('4×4'), true)).toBe(true);
  });
});

test('a search of single sites gives each its own best, in the order of the sites', () => {
  const asked = { ...question(demand('1×4 H100'), false), open: sites.fleet.sites };
  const found = bestOfEach(sites, asked, (a, b) => a.startMs - b.startMs);
  expect(found.map(({ kind, site }) => `${site.id} ${kind}`)).toEqual([
    'ams2 fits',
    'fra1 fits',
    'osl1 misses',
  ]);
});

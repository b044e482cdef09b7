import { array, assert, constantFrom, integer, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { bestOfEach } from '../../../src/core/place/each-site.ts';
import { type Candidate, canSolve, couldSolve, solve } from '../../../src/core/place/solve.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { seed } from '../arbitrary.ts';
import { demand, flexible } from '../demand.ts';
import { verdictAll, world } from '../fleet.ts';
import { calendarsOf } from '../index/holds.ts';
import { best, question } from './searching.ts';

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

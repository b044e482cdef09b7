import { array, assert, constantFrom, property, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Demand } from '../../../src/model/demand.ts';
import type { Relaxation } from '../../../src/model/refusal.ts';
import { ask, take } from '../acts.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { t0, type World, world } from '../fleet.ts';
import { fits, pairs, singles } from './alternatives.ts';

const prices = { H100: 2_000_000, A100: 1_000_000 };
const sites = {
  fra1: { gpuPrices: prices, cpuPriceMicroEurPerHour: 10_000, latencyMsByRegion: { paris: 9 } },
  ams2: {
    gpuPrices: { H100: 3_000_000, A100: 900_000 },
    cpuPriceMicroEurPerHour: 10_000,
    latencyMsByRegion: { paris: 30 },
  },
};
const racks = tuple(
  constantFrom(
    'fra1/h1/r1 2×8 H100 nvlink rdma cpu64 mem256 gpumem80 numa2 gpuw700 basew800',
    'fra1/h1/r1 3×4 H100 nvlink rdma cpu32 mem128 gpumem80',
  ),
  constantFrom(
    'fra1/h1/r2 2×8 A100 nvlink nordma cpu64 mem256 gpumem40 numa2',
    'fra1/h2/r2 4×4 A100 nolink nordma cpu32 mem128 gpumem40',
    'fra1/h1/r2 2×8 H100 nolink rdma cpu32 mem128 gpumem80',
  ),
  constantFrom(
    'ams2/h1/a1 2×8 A100 nolink nordma cpu64 mem256 gpumem40',
    'ams2/h1/a1 2×4 H100 nvlink rdma cpu64 mem256 gpumem80',
  ),
);
const held = array(
  constantFrom(
    '1×8 H100 24h',
    '2×4 H100 100h',
    '1×4 H100 6h',
    '1×8 A100',
    '2×4 A100 24h',
    '4×2 H100',
    '3×1 12h',
  ),
  { minLength: 3, maxLength: 8 },
);
const texts = tuple(
  constantFrom('2×2', '3×2', '1×4', '4×1', '2×8', '1×8', '3×4', '6×2', '3×8', '5×8', '2×4'),
  constantFrom('', 'H100', 'H100', 'A100'),
  constantFrom('', '', 'nvlink'),
  constantFrom('', '', '', 'rdma'),
  constantFrom('', '', '', 'align:numa'),
  constantFrom('', '', '', 'within:rack', 'apart:rack', 'apart:node'),
  constantFrom('', '', '', 'together:rack', 'together:node', 'together:hall'),
  constantFrom('', '', '', 'cpu6 mem16', 'cpu40', 'gpumem60'),
  constantFrom('', '2h', '24h', '200h'),
  constantFrom('', '', '', '+ load: 2×cpu4 mem4', '+ eval: 3×2'),
).map((words) => words.filter((word) => word !== '').join(' '));
const fields = constantFrom<object>(
  {},
  {},
  {},
  { isolation: 'rack' },
  { isolation: 'site' },
  { powerCapW: 4500 },
  { survive: { loss: 'node', membersLeft: 1 } },
  { survive: { loss: 'rack', membersLeft: 2 } },
  { where: ['fra1'] },
  { where: ['ams2'], isolation: 'node' },
  { budget: { microEurPerDay: 300_000_000 } },
  { guarantee: 'preemptible' },
  { latencyMsByRegion: { paris: 20 } },
);

function busy(lines: readonly string[], taken: readonly string[]): World {
  return taken.reduce(
    (on, text) => {
      const wish = demand(text, { tenant: 'globex' });
      return fits(on, wish) ? take(on, wish) : on;
    },
    world(...lines, { sites }),
  );
}

function offersFor(on: World, wish: Demand): readonly Relaxation[] | undefined {
  const answer = ask(on, wish);
  if (answer.kind === 'planned') return undefined;
  const { refusal } = answer;
  return refusal.kind === 'no-capacity' || refusal.kind === 'over-budget' ? refusal.relaxations : undefined;
}

function changes(on: World, wish: Demand): readonly string[] | undefined {
  return offersFor(on, wish)?.map(({ change }) => change);
}

/** How many changes there are that help, up to three: made alone, or two of those that do not help alone. */
function countHelpful(on: World, wish: Demand): { alone: number; pairs: number } {
  const helps = new Map([...singles(wish)].map(([name, ways]) => [name, ways.some((way) => fits(on, way))]));
  const alone = [...helps.values()].filter(Boolean).length;
  let both = 0;
  const useless = new Set([...helps].flatMap(([name, does]) => (does ? [] : [name])));
  if (alone < 3)
    for (const [, way] of pairs(wish, useless)) {
      if (fits(on, way)) both++;
      if (alone + both >= 3) break;
    }
  return { alone, pairs: both };
}

test(
  'whoever could have it by three changes, or by two made together, is offered three',
  { timeout: 240_000 },
  () => {
    const seen = { refused: 0, three: 0, byPairs: 0, none: 0 };
    assert(
      property(racks, held, texts, fields, (lines, taken, text, more) => {
        const now = busy(lines, taken);
        const wish = demand(text, more);
        const offers = offersFor(now, wish);
        if (offers === undefined) return;
        seen.refused++;
        const helpful = countHelpful(now, wish);
        const total = helpful.alone + helpful.pairs;
        expect({ ...helpful, text, more, isEnough: offers.length >= Math.min(3, total) }).toMatchObject({
          isEnough: true,
        });
        if (total >= 3) seen.three++;
        if (helpful.alone < 3 && total >= 3) seen.byPairs++;
        if (total === 0) seen.none++;
        for (const offer of offers.filter(({ moves }) => moves === undefined))
          expect(ask(now, offer.demand)).toMatchObject({
            kind: 'planned',
            plan: {
              placement: { startMs: offer.startMs },
              price: { microEurPerHour: offer.microEurPerHour },
            },
          });
      }),
      { seed, numRuns: 250 },
    );
    expect(seen.refused).toBeGreaterThan(80);
    expect(seen.three).toBeGreaterThan(15);
    expect(seen.byPairs).toBeGreaterThan(3);
    expect(seen.none).toBeGreaterThan(10);
  },
);

describe('a refusal with few changes that help also offers', () => {
  const two = world('fra1/h1/r1 2×8 H100 cpu64 mem256', { sites });

  test('smaller replicas, halved until they fit', () => {
    expect(changes(two, demand('1×16 H100'))).toEqual(['8 instead of 16 GPUs for each replica of `train`']);
    expect(changes(two, demand('1×64 H100'))).toEqual(['8 instead of 64 GPUs for each replica of `train`']);
    expect(changes(two, demand('1×9 H100'))).toEqual([]);
  });

  test('fewer cores where there are no GPUs', () => {
    expect(changes(two, demand('1×cpu128'))).toEqual(['64 instead of 128 cores for each replica of `train`']);
  });

  test('as long as is free at once, in sixteenths', () => {
    const later = { tenant: 'globex', window: { earliestStartMs: t0 + 10 * 3_600_000 } };
    const closed = take(two, demand('2×8 H100', later));
    expect(changes(closed, demand('1×8 H100 32h'))).toEqual(['10 h instead of 32 h']);
    expect(changes(closed, demand('1×8 H100'))).toEqual([]);
  });

  test('fewer of a part that is not the first', () => {
    const taken = take(two, demand('1×4 H100', { tenant: 'globex' }));
    expect(changes(taken, demand('2×4 + eval: 3×4'))).toEqual([
      '1 instead of 3 replicas of `eval`',
      '1 instead of 4 GPUs for each replica of `eval`',
    ]);
  });

  test('two requirements given up at once, where neither helps alone', () => {
    const rackless = world('fra1/h1/r1 1×8 H100 nolink', 'fra1/h1/r2 1×8 H100 nolink', { sites });
    expect(changes(rackless, demand('2×8 H100 nvlink together:rack'))).toEqual([
      'not kept so close together and without an accelerator link',
    ]);
  });
});

import { assert, integer, property, record, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { byCarbon, carbonOf, carbonWords } from '../../src/core/place/merit.ts';
import { ask, planned, take } from './acts.ts';
import { seed } from './arbitrary.ts';
import { demand, flexible } from './demand.ts';
import { hourMs, t0, type World, world } from './fleet.ts';

const eur = 1_000_000;

/** Each site's node draws 1000 W for two GPUs. */
const green = world(
  'coal/h1/r1 1×2 H100 gpuw450 basew100',
  'hydro/h1/r1 1×2 H100 gpuw450 basew100',
  'mist/h1/r1 1×2 H100 gpuw450 basew100',
  {
    sites: {
      coal: { carbonGramPerKwh: 700, pueMilli: 1100, gpuPrices: { H100: eur } },
      hydro: { carbonGramPerKwh: 24, pueMilli: 1300, gpuPrices: { H100: 3 * eur } },
      mist: { carbonGramPerKwh: 5, gpuPrices: { H100: eur } },
    },
  },
);
const greenest = (text: string, more: object = {}) => demand(text, { objective: 'greenest', ...more });

/** `hydro: chosen, why` for each site of the report. */
function sites(on: World, asked: ReturnType<typeof demand>): string[] {
  return planned(on, asked).plan.report.sites.map(({ site, outcome, why }) => `${site} ${outcome}: ${why}`);
}

describe('the greenest site', () => {
  test('emits least for what is held there; what is not known comes last, and is said', () => {
    expect(sites(green, greenest('1×2 H100'))).toEqual([
      'hydro chosen: greenest of 3 sites that fit: 32 g CO2 an hour',
      'coal feasible: fits, but not the greenest: 770 g CO2 an hour',
      'mist feasible: fits, but not the greenest: its carbon is not known, `pueMilli` is not recorded',
    ]);
  });

  test('is the cheapest one when nothing is known of any, and the plan says so', () => {
    const dark = world('fra1/h1/r1 1×2 H100', 'ams2/h1/a1 1×2 H100', {
      sites: { fra1: { gpuPrices: { H100: eur } }, ams2: { gpuPrices: { H100: eur + 1 } } },
    });
    const { plan } = planned(dark, greenest('1×1 H100'));
    expect(plan.report.sites[0]?.why).toBe(
      'greenest of 2 sites that fit: its carbon is not known, `carbonGramPerKwh` is not recorded',
    );
    expect(plan.unchecked).toContain(
      'the carbon of the site is not recorded, so nobody knows whether another is greener',
    );
    expect(planned(green, greenest('1×1 H100')).plan.unchecked.join()).not.toContain('greener');
  });

  test('is not one whose nodes have not said what they draw, though the grid is clean', () => {
    const [first] = sites(
      world('aaa/h1/r1 1×2 H100', 'coal/h1/r1 1×2 H100 gpuw450 basew100', {
        sites: {
          aaa: { carbonGramPerKwh: 0, pueMilli: 1000 },
          coal: { carbonGramPerKwh: 900, pueMilli: 2000 },
        },
      }),
      greenest('1×1 H100'),
    );
    expect(first).toBe('coal chosen: greenest of 2 sites that fit: 900 g CO2 an hour');
  });

  test('may be dearer, but not beyond the budget', () => {
    const limits = [6 * 24 * eur, 6 * 24 * eur - 1];
    const chosen = limits.map((microEurPerDay) => {
      const asked = greenest('1×2 H100', { budget: { microEurPerDay } });
      return planned(green, asked).plan.report.sites[0]?.site;
    });
    expect(chosen).toEqual(['hydro', 'coal']);
  });

  test('takes the model that draws less', () => {
    const two = world('fra1/h1/r1 1×2 A100 gpuw300 basew100', 'fra1/h1/r2 1×2 H100 gpuw200 basew100', {
      sites: { fra1: { carbonGramPerKwh: 100, pueMilli: 1000, gpuPrices: { A100: 1, H100: eur } } },
    });
    expect(planned(two, greenest('1×2')).plan.placement.members[0]?.node).toBe('fra1/h1/r2/n01');
    expect(planned(two, demand('1×2')).plan.placement.members[0]?.node).toBe('fra1/h1/r1/n01');
  });

  test('is computed exactly, also where floating point would round', () => {
    const exact = 9_999_999_999n * 4999n * 4999n;
    expect(BigInt(9_999_999_999 * 4999 * 4999)).not.toBe(exact);
    expect(carbonAt(4999, 9_999_999_999)).toEqual({ kind: 'known', microGramPerHour: exact });
    expect(byCarbon(carbonAt(4999, 9_999_999_999), carbonAt(4999, 10_000_000_000))).toBe(-1);
  });

  test.each([
    [1, 1, '1 g CO2 an hour'],
    [0, 9, '0 g CO2 an hour'],
    [200, 1000, '1000 g CO2 an hour'],
    [200, 1001, '1001 g CO2 an hour'],
  ])('at %i g a kWh and %i W is said as `%s`', (carbonGramPerKwh, powerW, words) => {
    expect(carbonWords(carbonAt(carbonGramPerKwh, powerW))).toBe(words);
  });

  test('no other site that fits emits less', () => {
    const facts = record({
      carbonGramPerKwh: integer({ min: 0, max: 900 }),
      pueMilli: integer({ min: 1000, max: 1500 }),
      gpuW: integer({ min: 100, max: 900 }),
    });
    assert(
      property(tuple(facts, facts, facts), (drawn) => {
        const on = world(...drawn.map(({ gpuW }, at) => `s${at}/h1/r1 1×1 H100 gpuw${gpuW} basew50`), {
          sites: Object.fromEntries(
            drawn.map(({ pueMilli, carbonGramPerKwh }, at) => [`s${at}`, { pueMilli, carbonGramPerKwh }]),
          ),
        });
        const emits = drawn.map(
          ({ gpuW, pueMilli, carbonGramPerKwh }) => (gpuW + 50) * pueMilli * carbonGramPerKwh,
        );
        const site = planned(on, greenest('1×1 H100')).plan.report.sites[0]?.site ?? '';
        expect(emits[Number(site.slice(1))]).toBe(Math.min(...emits));
      }),
      { seed, numRuns: 100 },
    );
  });
});

/** What one member that is said to draw so much emits, at a PUE of 5 (4.999 on a grid of 4999 g a kWh). */
function carbonAt(carbonGramPerKwh: number, powerW: number) {
  const pueMilli = carbonGramPerKwh === 4999 ? 4999 : 5000;
  const on = world('fra1/h1/r1 1×1 H100 gpuw1 basew1', { sites: { fra1: { pueMilli, carbonGramPerKwh } } });
  const { members } = planned(on, demand('1×1 H100')).plan.placement;
  return carbonOf(
    on.state.fleet,
    members.map((member) => ({ ...member, powerW })),
  );
}

const fast = world(
  'cheap/h1/r1 1×8 H100 nvlink link450 rdma',
  'quick/h1/r1 1×8 H100 nvlink link900',
  'quick/h1/r2 1×8 H100 nvlink link450 rdma',
  'quick/h1/r3 1×8 H100 nvlink link900 rdma',
  'silent/h1/r1 1×8 H100 nvlink rdma',
  'slow/h1/r1 1×8 H100 nolink nordma',
  {
    sites: {
      cheap: { gpuPrices: { H100: eur } },
      quick: { gpuPrices: { H100: 4 * eur } },
      silent: { gpuPrices: { H100: eur } },
      slow: { gpuPrices: { H100: eur } },
    },
  },
);
const fastest = (text: string, more: object = {}) => demand(text, { objective: 'fastest', ...more });

describe('the fastest answer', () => {
  test('has the fastest link, then the fastest NICs, and says both; unknown comes last, after none', () => {
    expect(sites(fast, fastest('1×8 H100'))).toEqual([
      'quick chosen: fastest of 4 sites that fit: accelerator link 900000 Mbit/s, RDMA NIC 400000 Mbit/s',
      'cheap feasible: fits, but not the fastest: accelerator link 450000 Mbit/s, RDMA NIC 400000 Mbit/s',
      'slow feasible: fits, but not the fastest: accelerator link 0 Mbit/s, RDMA NIC 0 Mbit/s',
      'silent feasible: fits, but not the fastest: accelerator link not recorded, RDMA NIC 400000 Mbit/s',
    ]);
    expect(planned(fast, fastest('1×8 H100')).plan.placement.members[0]?.node).toBe('quick/h1/r3/n01');
  });

  test.each([
    ['2×8 H100', ['quick/h1/r1/n01', 'quick/h1/r3/n01']],
    ['3×8 H100', ['quick/h1/r1/n01', 'quick/h1/r2/n01', 'quick/h1/r3/n01']],
  ])('of %s is as fast as its slowest node: %o', (text, nodes) => {
    const members = planned(fast, fastest(text)).plan.placement.members.map(({ node }): string => node);
    expect(members.toSorted()).toEqual(nodes);
  });

  test('may wait for the fast nodes when it is allowed to', () => {
    const busy = take(fast, demand('2×8 H100 5h', { where: ['quick/h1/r1', 'quick/h1/r3'] }));
    const waits = fastest('1×8 H100', flexible(1, 9));
    expect(planned(busy, waits).plan.placement).toMatchObject({ startMs: t0 + 5 * hourMs });
    expect(planned(busy, fastest('1×8 H100 1h')).plan.report.sites[0]?.site).toBe('cheap');
  });

  test('is the fastest of what the budget allows', () => {
    const asked = fastest('1×8 H100', { budget: { microEurPerDay: 8 * 24 * eur } });
    expect(planned(fast, asked).plan.report.sites[0]?.site).toBe('cheap');
  });

  test('of CPU parts is the cheapest', () => {
    expect(ask(fast, fastest('load: 1×cpu4', { where: ['slow'] })).kind).toBe('refused');
    const cores = world('aaa/r1 1 cpu8 mem8', 'bbb/r1 1 cpu8 mem8', {
      sites: { aaa: { cpuPriceMicroEurPerHour: 2 }, bbb: { cpuPriceMicroEurPerHour: 1 } },
    });
    expect(planned(cores, fastest('load: 1×cpu4')).plan.report.sites[0]?.site).toBe('bbb');
  });
});

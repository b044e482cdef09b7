import { describe, expect, test } from 'vitest';

import { digestState } from '../../../src/core/digest.ts';
import { type Growth, grow } from '../../../src/core/simulate/growth.ts';
import { Path } from '../../../src/model/id.ts';
import { ask, take } from '../acts.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, verdictAll, type World, world } from '../fleet.ts';
import { byRules, anywhere } from './edits.ts';

function grown(
  { state }: World,
  text: string,
  times: number,
  { everyH = 0, more = {} }: { everyH?: number; more?: object } = {},
): Growth {
  const wish = { kind: 'grow', demand: demand(text, more), times, everyMs: everyH * hourMs } as const;
  return grow(state, wish, t0, anywhere);
}

const three = world('fra1/h1/r1 2×8 H100', 'ams2/h1/a1 1×8 H100', {
  sites: { fra1: { gpuPrices: { H100: 2 } }, ams2: { gpuPrices: { H100: 3 } } },
});

const each = (price: number) => 8 * 24 * price;

describe('demands of one kind', () => {
  test.each([
    ['none of none', 0, 0, undefined],
    ['all, where there is room for all', 2, 2, undefined],
    ['as many as the fleet has room for', 3, 3, undefined],
    ['no more than that, and which is the first that does not fit', 4, 3, 4],
    ['equal ones at one time are not asked for again after a no', 99, 3, 4],
  ])('%s', (_, times, fit, first) => {
    const found = grown(three, '1×8 H100 24h', times);
    expect([found.fit, found.first?.number]).toEqual([fit, first]);
  });

  test('go to the cheapest sites first; each site with its number, in order of names', () => {
    expect(grown(three, '1×8 H100 24h', 1).sites).toEqual([{ site: 'fra1', count: 1 }]);
    expect(grown(three, '1×8 H100 24h', 9).sites).toEqual([
      { site: 'ams2', count: 1 },
      { site: 'fra1', count: 2 },
    ]);
    expect(grown(three, '1×9 H100 24h', 9).sites).toEqual([]);
  });

  test('cost what they cost over their whole time', () => {
    expect(grown(three, '1×8 H100 24h', 2).totalMicroEur).toBe(2 * each(2));
    expect(grown(three, '1×8 H100 24h', 3).totalMicroEur).toBe(2 * each(2) + each(3));
  });

  test.each([
    ['none fits', grown(three, '1×9 H100 24h', 3)],
    ['they have no end', grown(three, '1×8 H100', 3)],
    [
      'one of their sites has no price',
      grown(
        world('fra1/h1/r1 1×8 H100', 'ams2/h1/a1 1×8 H100', { sites: { fra1: { gpuPrices: { H100: 2 } } } }),
        '1×8 H100 1h',
        2,
      ),
    ],
  ])('have no total, where %s', (_, found) => {
    expect(found).not.toHaveProperty('totalMicroEur');
  });

  test('a single one that fits has its own total', () => {
    expect(grown(three, '1×8 H100 1h', 1).totalMicroEur).toBe(16);
  });

  test('what stops the first is named: for want of room by what binds, else by its kind', () => {
    expect(grown(three, '1×8 H100 24h', 4).first).toMatchObject({
      number: 4,
      startMs: t0,
      binding: 'free-over-window',
      refusal: { kind: 'no-capacity' },
    });
    const denied = grow(
      three.state,
      { kind: 'grow', demand: demand('1×1 H100 1h'), times: 2, everyMs: 0 },
      t0,
      (state) => verdictAll(state, 'forbidden'),
    );
    expect(denied).toMatchObject({ fit: 0, first: { number: 1, binding: 'policy-denied' } });
  });
});

describe('demands that come one after the other', () => {
  test('begin so much later each, and may start as much later', () => {
    const window = { earliestStartMs: t0, latestStartMs: t0 + hourMs, durationS: 5 * 3600 };
    const found = grown(world('fra1/h1/r1 1×8 H100'), '1×8 H100', 4, { everyH: 4, more: { window } });
    // 0-5, then 4 may wait for 5-10, then 8 may not wait for 10 but 12 may begin at once.
    expect([found.fit, found.first]).toMatchObject([3, { number: 3, startMs: t0 + 8 * hourMs }]);
    expect(found.state.calendar[0]?.map(({ holder, startMs }) => [holder, (startMs - t0) / hourMs])).toEqual([
      ['growth 1', 0],
      ['growth 2', 5],
      ['growth 4', 12],
    ]);
  });

  test('have their deadline as much later too', () => {
    const window = {
      earliestStartMs: t0,
      latestStartMs: t0 + 9 * hourMs,
      deadlineMs: t0 + 6 * hourMs,
      durationS: 5 * 3600,
    };
    const found = grown(world('fra1/h1/r1 1×8 H100'), '1×8 H100', 3, { everyH: 3, more: { window } });
    // 0-5; 3 to 9 leaves 4 h after 5: 5-10 is too late; 6 to 12: 6-11.
    expect([found.fit, found.first?.number]).toEqual([2, 2]);
    expect(found.state.calendar[0]?.map(({ startMs }) => (startMs - t0) / hourMs)).toEqual([0, 6]);
  });

  test('are tried again after a no', () => {
    const one = take(world('fra1/h1/r1 1×8 H100'), demand('1×8 H100 2h'));
    expect(grown(one, '1×8 H100 1h', 4, { everyH: 1 })).toMatchObject({ fit: 2, first: { number: 1 } });
  });

  test('at one time, one no ends it', () => {
    const one = take(world('fra1/h1/r1 1×8 H100'), demand('1×8 H100 2h'));
    expect(grown(one, '1×8 H100 1h', 4)).toMatchObject({ fit: 0, first: { number: 1 } });
  });
});

test('what fits is what a person would be given who asked for one after the other', () => {
  let now = three;
  let count = 0;
  for (;;) {
    const wish = demand('1×4 H100 24h');
    if (ask(now, wish).kind === 'refused') break;
    now = take(now, wish);
    count++;
  }
  const found = grown(three, '1×4 H100 24h', 99);
  expect(found.fit).toBe(count);
  expect(found.state.calendar.map((holds) => holds.map(({ gpus }) => gpus))).toEqual(
    now.state.calendar.map((holds) => holds.map(({ gpus }) => gpus)),
  );
});

test('the rules are asked about each, and the state given stays as it is', () => {
  const sites = { fra1: { country: 'DE' }, ams2: { country: 'NL' } };
  const now = world('fra1/h1/r1 1×8 H100', 'ams2/h1/a1 2×8 H100', {
    sites,
    tenants: [{ id: 'bank', rules: { countries: ['DE'] } }],
  });
  const before = digestState(now.state);
  const wish = {
    kind: 'grow',
    demand: demand('1×8 H100 9h', { tenant: 'bank' }),
    times: 3,
    everyMs: 0,
  } as const;
  const found = grow(now.state, wish, t0, byRules);
  expect(found.sites).toEqual([{ site: Path.parse('fra1'), count: 1 }]);
  expect(digestState(now.state)).toBe(before);
});

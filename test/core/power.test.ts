import { assert, constantFrom, integer, property, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { check } from '../../src/core/check.ts';
import { seatsOf } from '../../src/model/placement.ts';
import { ask, costOf, planned, take } from './acts.ts';
import { fleets, seed, steps } from './arbitrary.ts';
import { demand, flexible } from './demand.ts';
import { type Details, hourMs, t0, verdictAll, type World, world } from './fleet.ts';
import { placement } from './placement.ts';
import { walk } from './walk.ts';

/** A node draws 2000 W with all its GPUs: 4 × 400 and 400 besides. */
const racks = [
  'fra1/h1/r1 2×4 H100 cpu16 mem64 gpuw400 basew400',
  'fra1/h1/r2 2×4 H100 cpu16 mem64 gpuw400 basew400',
  'fra1/h2/r3 2×4 H100 cpu16 mem64 gpuw400 basew400',
];
const loops = {
  racks: { 'fra1/h1/r2': { loop: 'fra1/cdu' }, 'fra1/h2/r3': { loop: 'fra1/cdu' } },
};

/** How many of six whole nodes may be promised at once, and what stops the next. */
function holds(limits: Details): string {
  const on = world(...racks, loops, limits);
  const answer = ask(on, demand('6×4 H100 24h'));
  if (answer.kind === 'planned') return 'all';
  const { refusal } = answer;
  if (refusal.kind !== 'no-capacity') return refusal.kind;
  return `${refusal.nearest?.replicasFit} ${refusal.nearest?.binding}`;
}

const limitedBy: readonly (readonly [string, Details, string])[] = [
  ['nothing that is recorded', {}, 'all'],
  ['the feeds of a rack', { racks: { 'fra1/h1/r1': { feedLimitW: { A: 2000, B: 9000 } } } }, '5 rack-power'],
  ['the cooling of a rack', { racks: { 'fra1/h1/r1': { coolingLimitW: 3999 } } }, '5 rack-cooling'],
  ['a loop, shared by its racks', { loops: { 'fra1/cdu': { coolingLimitW: 7999 } } }, '5 loop-cooling'],
  ['a loop that carries exactly its racks', { loops: { 'fra1/cdu': { coolingLimitW: 8000 } } }, 'all'],
  ['a loop that no rack hangs on', { loops: { 'fra1/air': { coolingLimitW: 0 } } }, 'all'],
  ['the power of a hall', { halls: { 'fra1/h1': { powerBudgetW: 5999 } } }, '4 hall-power'],
  ['the cooling of a hall', { halls: { 'fra1/h2': { coolingLimitW: 1 } } }, '4 hall-cooling'],
  ['a hall that carries exactly its racks', { halls: { 'fra1/h1': { powerBudgetW: 8000 } } }, 'all'],
  ['the power of the site', { sites: { fra1: { powerBudgetW: 11_999 } } }, '5 site-power'],
  [
    'the power of the site, to which PUE is not applied',
    { sites: { fra1: { powerBudgetW: 12_000, pueMilli: 2000 } } },
    'all',
  ],
  [
    'a hall and the site at once: the outer one, without which it would fit',
    {
      halls: { 'fra1/h1': { powerBudgetW: 7999 } },
      sites: { fra1: { powerBudgetW: 11_999 } },
    },
    '5 site-power',
  ],
];

describe('how much a place may be promised is limited by', () => {
  test.each(limitedBy)('%s', (_, limits, expected) => {
    expect(holds(limits)).toBe(expected);
  });

  test('every hall around a node, when halls stand in halls', () => {
    const [enough, short] = [4000, 3999].map((limitW) =>
      world('fra1/h1/row1/r1 2×4 H100 gpuw400 basew400', { halls: { 'fra1/h1': { powerBudgetW: limitW } } }),
    );
    expect(ask(enough ?? world(), demand('2×4 H100')).kind).toBe('planned');
    expect(ask(short ?? world(), demand('2×4 H100'))).toMatchObject({
      refusal: { nearest: { binding: 'hall-power', replicasFit: 1 } },
    });
  });
});

describe('over time', () => {
  const limits = { halls: { 'fra1/h1': { powerBudgetW: 4000 } } };
  const busy = take(
    world(...racks, loops, limits),
    demand('2×4 H100 5h', { where: ['fra1/h1/r2'], tenant: 'globex' }),
  );
  test('what one rack draws is missing in another of the same hall, until it ends', () => {
    const next = demand('1×4 H100', { where: ['fra1/h1/r1'], ...flexible(1, 12) });
    expect(planned(busy, next).plan.placement.startMs).toBe(t0 + 5 * hourMs);
    const now = ask(busy, demand('1×4 H100 1h', { where: ['fra1/h1/r1'] }));
    expect(now).toMatchObject({ refusal: { nearest: { binding: 'hall-power' } } });
    expect(costOf(now, 'hall-power')).toBe('8 → 0 gpu');
  });

  test('a refusal offers what would do', () => {
    const answer = ask(busy, demand('1×4 H100 1h', { where: ['fra1/h1/r1'] }));
    const offers =
      answer.kind === 'refused' && answer.refusal.kind === 'no-capacity' ? answer.refusal.relaxations : [];
    expect(offers.map(({ change }) => change)).toEqual(['start later', 'anywhere the rules allow']);
  });
});

describe('the auditor', () => {
  const gang = demand('2×4 H100 24h');
  const hold = placement(
    24,
    'train 0 fra1/h1/r2/n01 gpu0-3 cpu16 mem64 2000W',
    'train 1 fra1/h2/r3/n01 gpu0-3 cpu16 mem64 2000W',
  );
  const found = (limits: Details, busy?: readonly string[]) => {
    const on = world(...racks, loops, limits);
    const other = busy?.reduce(
      (before, where) => take(before, demand('1×4 H100 24h', { tenant: 'globex', where: [where] })),
      on,
    );
    const { state } = other ?? on;
    return check(state, gang, verdictAll(state, 'allowed'), hold).map(
      ({ constraint, note }) => `${constraint}: ${note}`,
    );
  };
  test.each([
    [{ loops: { 'fra1/cdu': { coolingLimitW: 4000 } } }, []],
    [
      { loops: { 'fra1/cdu': { coolingLimitW: 3999 } } },
      ['loop-cooling: fra1/cdu: W held by others 0, asked for 4000, limit 3999'],
    ],
    [
      { halls: { 'fra1/h1': { powerBudgetW: 1999, coolingLimitW: 1998 } } },
      [
        'hall-cooling: fra1/h1: W held by others 0, asked for 2000, limit 1998',
        'hall-power: fra1/h1: W held by others 0, asked for 2000, limit 1999',
      ],
    ],
    [
      { sites: { fra1: { powerBudgetW: 3999 } } },
      ['site-power: fra1: W held by others 0, asked for 4000, limit 3999'],
    ],
    [{ racks: { 'fra1/h1/r1': { coolingLimitW: 0 } }, halls: { 'fra1/h3': { powerBudgetW: 0 } } }, []],
  ] as const)('holds what it finds against %o', (limits, expected) => {
    expect(found(limits)).toEqual(expected);
  });

  test('counts what others hold in other racks on the same loop, hall and site', () => {
    const limits = {
      loops: { 'fra1/cdu': { coolingLimitW: 7999 } },
      sites: { fra1: { powerBudgetW: 9999 } },
      halls: { 'fra1/h1': { powerBudgetW: 5999 } },
    };
    expect(found(limits, ['fra1/h1/r2/n02', 'fra1/h1/r1/n01'])).toEqual([
      'hall-power: fra1/h1: W held by others 4000, asked for 2000, limit 5999',
    ]);
    expect(found(limits, ['fra1/h1/r2/n02', 'fra1/h1/r1/n01', 'fra1/h2/r3/n02'].toReversed())).toEqual([
      'hall-power: fra1/h1: W held by others 4000, asked for 2000, limit 5999',
      'loop-cooling: fra1/cdu: W held by others 4000, asked for 4000, limit 7999',
      'site-power: fra1: W held by others 6000, asked for 4000, limit 9999',
    ]);
  });
});

/** The most watts that contracts hold at once on nodes of a place. */
function mostW({ state }: World, isThere: (node: string) => boolean): number {
  const draws = [...state.contracts].map(({ placement: held, releasedAtMs }) => ({
    startMs: held.startMs,
    endMs: Math.min(held.endMs ?? Infinity, releasedAtMs ?? Infinity),
    powerW: seatsOf(held).reduce((sum, { node, powerW }) => sum + (isThere(node) ? powerW : 0), 0),
  }));
  return Math.max(
    0,
    ...draws.map(({ startMs: at }) =>
      draws.reduce((sum, draw) => sum + (draw.startMs <= at && at < draw.endMs ? draw.powerW : 0), 0),
    ),
  );
}

test('whatever people do, no limit is ever passed', { timeout: 60_000 }, () => {
  let near = 0;
  assert(
    property(fleets, steps, (drawn, todo) => {
      const { world: end } = walk(world(...drawn), todo);
      const { halls, loops: coolers, sites, racks: all } = end.state.fleet;
      const watch = (limitW: number | undefined, isThere: (node: string) => boolean) => {
        if (limitW === undefined) return;
        const mostHeldW = mostW(end, isThere);
        if (mostHeldW > limitW / 2) near++;
        expect(mostHeldW).toBeLessThanOrEqual(limitW);
      };
      for (const [id, hall] of halls)
        watch(Math.min(hall.powerBudgetW ?? Infinity, hall.coolingLimitW ?? Infinity), (node) =>
          node.startsWith(`${id}/`),
        );
      for (const [id, { coolingLimitW }] of coolers)
        watch(coolingLimitW, (node) =>
          [...all.values()].some((rack) => rack.facts.loop === id && node.startsWith(`${rack.id}/`)),
        );
      for (const { id, facts } of sites) watch(facts.powerBudgetW, (node) => node.startsWith(`${id}/`));
    }),
    { seed, numRuns: 200 },
  );
  expect(near).toBeGreaterThan(10);
});

test('one part gets as many nodes as any choice of them would give, whatever limits overlap', () => {
  const limit = integer({ min: 0, max: 9000 });
  assert(
    property(
      tuple(limit, limit, limit, limit),
      constantFrom(1, 2, 3, 4, 5),
      ([loopW, h1W, h2W, siteW], count) => {
        const on = world(...racks, loops, {
          loops: { 'fra1/cdu': { coolingLimitW: loopW } },
          halls: { 'fra1/h1': { powerBudgetW: h1W }, 'fra1/h2': { powerBudgetW: h2W } },
          sites: { fra1: { powerBudgetW: siteW } },
        });
        const nodes = (r1: number, r2: number, r3: number) =>
          (r2 + r3) * 2000 <= loopW &&
          (r1 + r2) * 2000 <= h1W &&
          r3 * 2000 <= h2W &&
          (r1 + r2 + r3) * 2000 <= siteW &&
          r1 + r2 + r3 === count;
        const upTo2 = [0, 1, 2];
        const some = upTo2.some((a) => upTo2.some((b) => upTo2.some((c) => nodes(a, b, c))));
        expect(ask(on, demand(`${count}×4 H100`)).kind).toBe(some ? 'planned' : 'refused');
      },
    ),
    { seed, numRuns: 300 },
  );
});

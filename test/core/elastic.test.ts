import { assert, boolean, integer, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { check } from '../../src/core/check.ts';
import { Demand, DemandRequest, guaranteedCount } from '../../src/model/demand.ts';
import { ask, planned, take } from './acts.ts';
import { seed } from './arbitrary.ts';
import { demand, flexible } from './demand.ts';
import { hourMs, t0, verdictAll, type World, world } from './fleet.ts';
import { placement } from './placement.ts';

const fleet = world('fra1/h1/r1 3×2 H100 cpu8 mem32', 'ams2/h1/a1 5×2 H100 cpu8 mem32', {
  sites: {
    fra1: { gpuPrices: { H100: 1_000_000 }, cpuPriceMicroEurPerHour: 10 },
    ams2: { gpuPrices: { H100: 3_000_000 }, cpuPriceMicroEurPerHour: 10 },
  },
});

/** An elastic demand: of each part in the text at least so many. */
function elastic(text: string, least: readonly (number | undefined)[], more: object = {}): Demand {
  const fixed = demand(text, more);
  const parts = fixed.parts.map((part, at) => {
    const minCount = least[at];
    return minCount === undefined ? part : { ...part, minCount };
  });
  return Demand.parse({ ...fixed, guarantee: 'elastic', parts });
}

/** How many replicas of each part it got, and where; or why none. */
function got(on: World, wish: Demand): string {
  const answer = ask(on, wish);
  if (answer.kind === 'refused')
    return answer.refusal.kind === 'no-capacity'
      ? `no: ${answer.refusal.nearest?.replicasFit} of ${answer.refusal.nearest?.replicasWanted}`
      : answer.refusal.kind;
  const held = answer.plan.placement;
  expect(check(on.state, wish, verdictAll(on.state, 'allowed'), held)).toEqual([]);
  const counts = wish.parts.map(({ name }) => held.members.filter(({ part }) => part === name).length);
  return `${counts.join('+')} at ${[...new Set(held.members.map(({ node }) => node.split('/', 1).join()))].join()}`;
}

describe('an elastic demand', () => {
  test.each([
    ['all of it where all of it fits', '2×2 H100', [1], {}, '2 at fra1'],
    ['as much as fits somewhere, dearer as it may be', '9×2 H100', [2], {}, '5 at ams2'],
    ['as much as fits where it may be', '9×2 H100', [2], { where: ['fra1'] }, '3 at fra1'],
    ['nothing below its minimum', '9×2 H100', [6], {}, 'no: 5 of 6'],
    ['all or nothing without a minimum', '9×2 H100', [undefined], {}, 'no: 5 of 9'],
    ['exactly its minimum', '9×2 H100', [5], {}, '5 at ams2'],
    [
      'the extras of the first part before those of the second',
      '4×2 H100 + eval: 4×2 H100',
      [1, 1],
      {},
      '4+1 at ams2',
    ],
    ['no extras of a part without a minimum', '1×2 H100 + eval: 9×2 H100', [undefined, 1], {}, '1+4 at ams2'],
    ['extras of CPU parts too', '1×2 H100 + load: 99×cpu4', [1, 1], { where: ['fra1'] }, '1+4 at fra1'],
    [
      'what its budget allows',
      '5×2 H100 24h',
      [1],
      { budget: { microEurPerDay: 24 * 4_000_000 } },
      '2 at fra1',
    ],
    ['what is together', '9×1 H100 together:node', [1], {}, '2 at fra1'],
  ] as const)('gets %s', (_, text, least, more, expected) => {
    expect(got(fleet, elastic(text, least, more))).toBe(expected);
  });

  test('starts when its minimum fits, with what fits then', () => {
    const busy = take(fleet, demand('5×2 H100 4h', { tenant: 'globex', where: ['ams2'] }));
    const wish = elastic('5×2 H100', [4], { where: ['ams2'], ...flexible(1, 9) });
    expect(planned(busy, wish).plan.placement).toMatchObject({ startMs: t0 + 4 * hourMs });
    const sooner = { ...elastic('5×2 H100', [1], flexible(1, 9)), objective: 'soonest' as const };
    const { members, startMs } = planned(busy, sooner).plan.placement;
    expect([members.length, startMs]).toEqual([3, t0]);
  });

  test('promises its minimum and declares what is more', () => {
    const { terms, price } = planned(fleet, elastic('4×2 H100 + eval: 2×2 H100', [2, 1])).plan;
    expect(
      terms.filter(({ kind }) => kind === 'devices').map(({ promise, strength }) => [strength, promise]),
    ).toEqual([
      ['guaranteed', '6 GPUs on 3 nodes, for this contract alone'],
      ['declared', '4 GPUs on 2 nodes more (train 2 to 3), until a guaranteed contract needs them'],
    ]);
    expect(price.lines).toEqual([{ what: 'H100 at ams2', count: 10, microEurPerHour: 3_000_000 }]);
    const whole = planned(fleet, elastic('2×2 H100', [2])).plan.terms;
    expect(whole.filter(({ kind }) => kind === 'devices')).toHaveLength(1);
  });

  test('is offered a smaller minimum where its own does not fit', () => {
    const answer = ask(fleet, elastic('9×2 H100', [7]));
    const offers =
      answer.kind === 'refused' && answer.refusal.kind === 'no-capacity' ? answer.refusal.relaxations : [];
    expect(offers.map(({ change, demand: wish }) => [change, got(fleet, Demand.parse(wish))])).toEqual([
      ['10 instead of 18 GPUs', '5 at ams2'],
      ['1 instead of 2 GPUs for each replica of `train`', '9 at ams2'],
    ]);
  });
});

describe('a minimum', () => {
  const part = { name: 'train', count: 2, minCount: 1, each: { cpuMilli: 1 } };
  const window = { earliestStartMs: t0 };
  const request = { earliestStart: '2026-11-25T10:00:00+01:00' };

  test.each([undefined, 'reserved', 'preemptible'])('goes with elastic, not with %s', (guarantee) => {
    const asked = { tenant: 'acme', parts: [part], ...(guarantee === undefined ? {} : { guarantee }) };
    expect(Demand.safeParse({ ...asked, window }).error?.issues).toMatchObject([
      {
        path: ['guarantee'],
        message:
          '`minCount` of a part goes with `guarantee: elastic` only; write that, or leave `minCount` out',
      },
    ]);
    expect(DemandRequest.safeParse({ ...asked, window: request }).success).toBe(false);
    expect(DemandRequest.safeParse({ ...asked, guarantee: 'elastic', window: request }).success).toBe(true);
  });

  test.each([
    [0, false],
    [1, true],
    [2, true],
    [3, false],
    [1.5, false],
  ])('of %d of 2 replicas: %s', (minCount, isFine) => {
    const asked = { tenant: 'acme', guarantee: 'elastic', parts: [{ ...part, minCount }], window };
    expect(Demand.safeParse(asked).success).toBe(isFine);
  });
});

test('the auditor takes any number between the minimum and all, counted from 0', () => {
  const wish = elastic('4×2 H100', [2]);
  const held = (...replicas: readonly number[]) => {
    const lines = replicas.map((replica, at) => `train ${replica} ams2/h1/a1/n0${at + 1} gpu0-1 cpu8 mem32`);
    return check(fleet.state, wish, verdictAll(fleet.state, 'allowed'), placement(undefined, ...lines)).map(
      ({ note }) => note,
    );
  };
  expect(held(0, 1)).toEqual([]);
  expect(held(0, 1, 2)).toEqual([]);
  expect(held(0, 1, 2, 3)).toEqual([]);
  expect(held(0)).toEqual(['`train` lacks 1 of 2 replicas, the first is 1']);
  expect(held(1, 2)).toEqual(['`train` lacks 1 of 2 replicas, the first is 0']);
  expect(held(0, 1, 3)).toEqual(['`train` lacks 1 of 3 replicas, the first is 2']);
  expect(held(0, 1, 2, 3, 4)).toEqual(['`train` 4 is beyond the 4 replicas asked for']);
  expect(
    check(
      fleet.state,
      demand('4×2 H100'),
      verdictAll(fleet.state, 'allowed'),
      placement(undefined, 'train 0 ams2/h1/a1/n01 gpu0-1 cpu8 mem32'),
    ),
  ).toMatchObject([{ constraint: 'gang' }]);
});

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from + 1 }, (_, at) => from + at);
}

test(
  'it gets the most that any other number of replicas would get, and at least what is guaranteed',
  { timeout: 60_000 },
  () => {
    assert(
      property(
        record({
          first: integer({ min: 1, max: 6 }),
          least: integer({ min: 1, max: 6 }),
          second: integer({ min: 1, max: 4 }),
          gpus: integer({ min: 1, max: 2 }),
          free: integer({ min: 0, max: 6 }),
          isClose: boolean(),
        }),
        ({ first, least, second, gpus, free, isClose }) => {
          const on =
            free === 0
              ? fleet
              : take(
                  fleet,
                  demand(`${free}×1 H100 24h`, { tenant: 'globex', where: free > 3 ? ['ams2'] : ['fra1'] }),
                );
          const wish = elastic(
            `${first}×${gpus} H100${isClose ? ' within:rack' : ''} + eval: ${second}×1 H100 1h`,
            [Math.min(first, least), 1],
          );
          const fits = (one: number, two: number) =>
            ask(on, {
              ...demand(`${one}×${gpus} H100${isClose ? ' within:rack' : ''} + eval: ${two}×1 H100 1h`),
            }).kind === 'planned';
          const [train] = wish.parts;
          const minimum = train === undefined ? 0 : guaranteedCount(train);
          const one = range(minimum, first).findLast((count) => fits(count, 1)) ?? 0;
          const two = one === 0 ? 0 : range(1, second).findLast((count) => fits(one, count));
          const expected = fits(minimum, 1) ? `${one}+${two}` : 'no';
          expect(/^(?:no|[0-9+]+)/.exec(got(on, wish))?.[0]).toBe(expected);
        },
      ),
      { seed, numRuns: 150 },
    );
  },
);

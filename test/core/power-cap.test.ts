import { assert, integer, property, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { check } from '../../src/core/check.ts';
import { ask, costOf, planned } from './acts.ts';
import { seed } from './arbitrary.ts';
import { demand } from './demand.ts';
import { verdictAll, world } from './fleet.ts';
import { placement } from './placement.ts';

/** Whole nodes of four GPUs that draw 2000, 2400 and 1200 W; one of which nobody knows it. */
const fleet = world(
  'fra1/h1/r1 2×4 H100 cpu16 mem64 gpuw400 basew400',
  'fra1/h1/r2 2×4 H100 cpu16 mem64 gpuw500 basew400',
  'fra1/h1/r3 1×4 H100 cpu16 mem64 gpuw250 basew200',
  'edge/x 4×4 H100 cpu16 mem64',
);
const capped = (text: string, powerCapW: number, more: object = {}) => demand(text, { powerCapW, ...more });

describe('a gang with a power cap', () => {
  test.each([
    ['1×4 H100', 1200, ['fra1/h1/r3/n01']],
    ['1×4 H100 24h', 1999, ['fra1/h1/r3/n01']],
    ['2×4 H100', 3200, ['fra1/h1/r1/n01', 'fra1/h1/r3/n01']],
    ['2×4 H100 apart:rack', 3200, ['fra1/h1/r1/n01', 'fra1/h1/r3/n01']],
    ['2×4 H100 within:rack', 4000, ['fra1/h1/r1/n01', 'fra1/h1/r1/n02']],
    ['2×4 H100 together:rack', 4799, ['fra1/h1/r1/n01', 'fra1/h1/r1/n02']],
    ['3×4 H100', 5200, ['fra1/h1/r1/n01', 'fra1/h1/r1/n02', 'fra1/h1/r3/n01']],
    ['1×4 H100 + eval: 1×4 H100', 3200, ['fra1/h1/r1/n01', 'fra1/h1/r3/n01']],
    ['load: 4×cpu4', 200, ['fra1/h1/r3/n01']],
  ])('%s under %i W goes to %o', (text, powerCapW, nodes) => {
    const wish = capped(text, powerCapW);
    const { placement: found } = planned(fleet, wish).plan;
    expect([...new Set(found.members.map(({ node }): string => node))].toSorted()).toEqual(nodes);
    expect(found.members.reduce((sum, { powerW }) => sum + powerW, 0)).toBeLessThanOrEqual(powerCapW);
    expect(check(fleet.state, wish, verdictAll(fleet.state, 'allowed'), found)).toEqual([]);
  });

  test.each([
    ['1×4 H100', 1199, 0],
    ['2×4 H100', 3199, 1],
    ['2×4 H100 within:rack', 3999, 1],
    ['3×4 H100', 5199, 2],
  ])('%s under %i W is refused, and says that %i fit', (text, powerCapW, replicasFit) => {
    expect(ask(fleet, capped(text, powerCapW, { where: ['fra1'] }))).toMatchObject({
      refusal: { kind: 'no-capacity', nearest: { binding: 'power-cap', replicasFit } },
    });
  });

  test('counts what the cap costs', () => {
    expect(costOf(ask(fleet, capped('3×4 H100', 5199, { where: ['fra1'] })), 'power-cap')).toBe('20 → 8 gpu');
  });

  test.each([
    ['1×4 H100', 'gpuPowerW'],
    ['load: 1×cpu4', 'basePowerW'],
  ])('where nobody has recorded what %s draws, %s is missing', (text, attribute) => {
    expect(ask(fleet, capped(text, 90_000, { where: ['edge'] }))).toMatchObject({
      refusal: { kind: 'fact-missing', facts: [{ attribute, subjectCount: 4, example: 'edge/x/n01' }] },
    });
  });

  test('has it in its terms', () => {
    const { terms } = planned(fleet, capped('1×4 H100', 1300)).plan;
    expect(terms.filter(({ kind }) => kind === 'power').map(({ promise }) => promise)).toEqual([
      '1200 W held on 1 rack',
      'draws at most 1200 W of the 1300 W it may, by the ratings of its devices',
    ]);
  });
});

describe('the auditor', () => {
  const known = [
    'train 0 fra1/h1/r1/n01 gpu0-3 cpu16 mem64 2000W',
    'train 1 fra1/h1/r3/n01 gpu0-3 cpu16 mem64 1200W',
  ];
  test('adds up all members', () => {
    expect(findings(3200, ...known)).toEqual([]);
    expect(findings(3199, ...known)).toEqual(['power-cap: the gang holds 3200 W, at most 3199']);
  });

  test('believes no 0 W that only says that nobody knows', () => {
    expect(
      findings(9000, 'train 0 edge/x/n01 gpu0-3 cpu16 mem64', 'train 1 edge/x/n02 gpu0-3 cpu16 mem64'),
    ).toEqual([
      'power-cap: `train` 0 on edge/x/n01: what it may draw is not recorded',
      'power-cap: `train` 1 on edge/x/n02: what it may draw is not recorded',
    ]);
  });
});

test('fits exactly when the frugalest nodes fit under the cap', () => {
  const watts = integer({ min: 100, max: 900 });
  assert(
    property(
      tuple(watts, watts, watts),
      integer({ min: 1, max: 5 }),
      integer({ min: 400, max: 9000 }),
      (gpuW, count, capW) => {
        const on = world(...gpuW.map((each, at) => `fra1/h1/r${at} 2×2 H100 gpuw${each} basew100`));
        const drawn = gpuW.flatMap((each) => [2 * each + 100, 2 * each + 100]).toSorted((a, b) => a - b);
        const least = drawn.slice(0, count).reduce((sum, each) => sum + each, 0);
        expect(ask(on, capped(`${count}×2 H100`, capW)).kind).toBe(least <= capW ? 'planned' : 'refused');
      },
    ),
    { seed, numRuns: 200 },
  );
});

function findings(powerCapW: number, ...lines: readonly string[]): string[] {
  const hold = placement(undefined, ...lines);
  const rules = verdictAll(fleet.state, 'allowed');
  return check(fleet.state, capped('2×4 H100', powerCapW), rules, hold).map(
    ({ constraint, note }) => `${constraint}: ${note}`,
  );
}

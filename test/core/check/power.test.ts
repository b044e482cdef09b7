import { describe, expect, test } from 'vitest';

import { power, powerCap } from '../../../src/core/check/power.ts';
import { demand } from '../demand.ts';
import { type Details, type World, world } from '../fleet.ts';
import { placement } from '../placement.ts';
import { heldByOthers, saidBy } from './findings.ts';

/** Two racks on one loop and one pair of feeds in a hall, and one elsewhere in the site that shares none of them. */
const hung = { loop: 'fra1/cdu', feeds: { A: 'fra1/fa', B: 'fra1/fb' } };
const own = 'fra1/h1/r1/n01';

/** Few nodes, whose watts are summed for each audit, and so many that sums are kept up. */
const sizes = [
  ['a few nodes', 2],
  ['many nodes', 10],
] as const;

function fleetOf(nodes: number, more: Details): World {
  const racks = ['fra1/h1/r1', 'fra1/h1/r2', 'fra1/h2/r3'].map((rack) => `${rack} ${nodes}×2 H100`);
  return world(...racks, { racks: { 'fra1/h1/r1': hung, 'fra1/h1/r2': hung } }, more);
}

function said(on: World, watts = 600): readonly string[] {
  return saidBy(power, on, demand('1×2 H100 4h'), placement(4, `train 0 ${own} gpu0-1 ${watts}W`));
}

/** Every kind of place around the node, what it is called, and which of the others' nodes are in it as well. */
const places: readonly (readonly [
  rule: string,
  id: string,
  limitedTo: (watts: number) => Details,
  others: readonly string[],
])[] = [
  ['rack-cooling', 'fra1/h1/r1', (watts) => ({ racks: { 'fra1/h1/r1': { coolingLimitW: watts } } }), ['r1']],
  [
    'rack-power',
    'fra1/h1/r1',
    (watts) => ({ racks: { 'fra1/h1/r1': { feedLimitW: { A: watts, B: watts } } } }),
    ['r1'],
  ],
  ['feed-power', 'fra1/fa', (watts) => ({ feeds: { 'fra1/fa': { limitW: watts } } }), ['r1', 'r2']],
  [
    'loop-cooling',
    'fra1/cdu',
    (watts) => ({ loops: { 'fra1/cdu': { coolingLimitW: watts } } }),
    ['r1', 'r2'],
  ],
  ['hall-power', 'fra1/h1', (watts) => ({ halls: { 'fra1/h1': { powerBudgetW: watts } } }), ['r1', 'r2']],
  ['hall-cooling', 'fra1/h1', (watts) => ({ halls: { 'fra1/h1': { coolingLimitW: watts } } }), ['r1', 'r2']],
  ['site-power', 'fra1', (watts) => ({ sites: { fra1: { powerBudgetW: watts } } }), ['r1', 'r2', 'r3']],
];

const neighbours = { r1: 'fra1/h1/r1/n02', r2: 'fra1/h1/r2/n01', r3: 'fra1/h2/r3/n01' } as const;
const everywhere = Object.values(neighbours);

/** Others with 100 W on each of these nodes, from one hour to another. */
function withOthers(before: World, hours: readonly [number, number], nodes: readonly string[]): World {
  return heldByOthers(before, hours, ...nodes.map((node, at) => `load ${at} ${node} 100W`));
}

describe.each(sizes)('of %s', (_, nodes) => {
  describe.each(places)('%s of %s', (rule, id, limitedTo, others) => {
    const most = 600 + 100 * others.length;
    const over = (limitW: number, held = most - 600) => [
      `${rule}: ${id}: W held by others ${held}, asked for 600, limit ${limitW}`,
    ];

    test('holds what it can, counting those who stand in it and nobody else', () => {
      expect(said(withOthers(fleetOf(nodes, limitedTo(most)), [0, 4], everywhere))).toEqual([]);
      expect(said(withOthers(fleetOf(nodes, limitedTo(most - 1)), [0, 4], everywhere))).toEqual(
        over(most - 1),
      );
    });

    test('counts them while they are there', () => {
      const on = fleetOf(nodes, limitedTo(most - 1));
      for (const hours of [
        [-2, 0],
        [4, 6],
      ] as const)
        expect(said(withOthers(on, hours, everywhere))).toEqual([]);
      for (const hours of [
        [-2, 1],
        [1, 2],
        [3, 6],
      ] as const)
        expect(said(withOthers(on, hours, everywhere))).toEqual(over(most - 1));
    });

    test('does not add up those who follow each other', () => {
      const on = withOthers(fleetOf(nodes, limitedTo(most)), [0, 2], everywhere);
      expect(said(withOthers(on, [2, 4], everywhere))).toEqual([]);
      expect(said(withOthers(on, [1, 4], everywhere))).toEqual(over(most, 2 * (most - 600)));
    });

    test('says nothing where nobody asks for anything in it', () => {
      const elsewhere = world('ams2/h1/a1 1×2 H100', `fra1/h1/r1 ${nodes}×2 H100`, limitedTo(0));
      const held = placement(4, 'train 0 ams2/h1/a1/n01 gpu0-1 600W');
      expect(saidBy(power, withOthers(elsewhere, [0, 4], [own]), demand('1×2 H100'), held)).toEqual([]);
    });
  });
});

test('several members are one load', () => {
  const on = fleetOf(2, { halls: { 'fra1/h1': { powerBudgetW: 1199 } } });
  const held = placement(4, `train 0 ${own} gpu0-1 600W`, `train 1 ${neighbours.r2} gpu0-1 600W`);
  expect(saidBy(power, on, demand('2×2 H100'), held)).toEqual([
    'hall-power: fra1/h1: W held by others 0, asked for 1200, limit 1199',
  ]);
});

test('a spare draws what it may draw', () => {
  const on = fleetOf(2, { racks: { 'fra1/h1/r1': { ...hung, coolingLimitW: 1199 } } });
  const held = placement(4, `train 0 ${own} gpu0-1 600W`, `+ train 1 ${neighbours.r1} gpu0-1 600W`);
  expect(saidBy(power, on, demand('1×2 H100'), held)).toEqual([
    'rack-cooling: fra1/h1/r1: W held by others 0, asked for 1200, limit 1199',
  ]);
});

test('a rack of which even one node names its own feeds is asked letter by letter', () => {
  const on = fleetOf(2, {
    racks: { 'fra1/h1/r1': { feedLimitW: { A: 600, B: 500 } } },
    nodes: { [own]: { feeds: ['A'] } },
  });
  expect(said(on)).toEqual([]);
  expect(said(on, 601)).toEqual(['rack-power: fra1/h1/r1: feed A carries up to 601 W, limit 600']);
});

describe('the cap of a gang', () => {
  const rated = world(
    'fra1/h1/r1 1×4 H100 mig gpuw200 basew100',
    'fra1/h1/r2 1×4 H100 mig basew100',
    'fra1/h1/r3 1×4 H100 mig gpuw200',
  );
  const capped = (text: string, powerCapW: number, ...lines: readonly string[]) =>
    saidBy(powerCap, rated, demand(text, { powerCapW }), placement(4, ...lines));

  test.each<readonly [string, number, readonly string[]]>([
    ['is reached', 500, []],
    ['is passed by a watt', 499, ['power-cap: the gang holds 500 W, at most 499']],
  ])('%s', (_, cap, expected) => {
    expect(capped('2×1', cap, `train 0 ${own} gpu0 250W`, `train 1 ${own} gpu1 250W`)).toEqual(expected);
  });

  test('counts spares', () => {
    expect(capped('1×1', 499, `train 0 ${own} gpu0 250W`, `+ train 1 ${own} gpu1 250W`)).toHaveLength(1);
  });

  test('of nothing is none', () => {
    expect(saidBy(powerCap, rated, demand('1×1'), placement(4, `train 0 ${own} gpu0 99999W`))).toEqual([]);
  });

  test.each<readonly [string, string, boolean]>([
    ['a GPU of known draw in a machine of known draw', 'fra1/h1/r1/n01 gpu0', false],
    ['a GPU of unknown draw', 'fra1/h1/r2/n01 gpu0', true],
    ['a slice of such a GPU', 'fra1/h1/r2/n01 0:100', true],
    ['cores beside GPUs of unknown draw', 'fra1/h1/r2/n01 cpu1', false],
    ['a GPU in a machine of unknown draw', 'fra1/h1/r3/n01 gpu0', true],
    ['cores in a machine of unknown draw', 'fra1/h1/r3/n01 cpu1', true],
  ])('cannot be kept where that is unknown: %s', (_, where, isUnknown) => {
    const [place = ''] = where.split(' ');
    expect(capped('1×1', 9999, `train 0 ${where}`)).toEqual(
      isUnknown ? [`power-cap: \`train\` 0 on ${place}: what it may draw is not recorded`] : [],
    );
  });
});

import { array, assert, integer, property } from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  emptiedBy,
  errandsOf,
  inGroup,
  isSound,
  type Layout,
  moveCostOf,
} from '../../../src/core/reclaim/layout.ts';
import { type Problem, problemOf, sumAt } from '../../../src/core/reclaim/problem.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { t0, type World, world } from '../fleet.ts';
import { granted, placement } from '../placement.ts';
import { booked } from './bookings.ts';

const three = world('fra1/h1/r1 3×4 H100 cpu16 mem64');

const problem = ({ state }: World, free?: number): Problem =>
  problemOf(state, { atMs: t0, ...(free === undefined ? {} : { free }) });

/** Two of one GPU on the first node, one of two on the second, a reserved one on the third. */
const mixed = booked(
  three,
  'preemptible 24h r1/n01 gpu0',
  'preemptible 24h r1/n01 gpu1',
  'preemptible 24h r1/n02 gpu0-1',
  'reserved 24h r1/n03 gpu0-1',
);
const asIs: Layout = [
  [2, 0, 0],
  [0, 1, 0],
];

const crowded = (cpu: number, mem: number) =>
  granted(
    granted(
      three,
      demand('1×1 H100 cpu8 mem32 24h', { guarantee: 'preemptible' }),
      placement(24, 'train 0 fra1/h1/r1/n01 gpu0 cpu8 mem32'),
    ),
    demand(`1×1 H100 cpu${cpu} mem${mem} 24h`),
    placement(24, `train 0 fra1/h1/r1/n02 gpu0 cpu${cpu} mem${mem}`),
  );

describe('a layout', () => {
  test('of the problem as it stands is what stands there', () => {
    expect(problem(mixed).kinds.map(({ standing, gpus, cost }) => ({ standing, gpus, cost }))).toEqual([
      { standing: [2, 0, 0], gpus: 1, cost: 1 },
      { standing: [0, 1, 0], gpus: 2, cost: 2 },
    ]);
  });

  test.each<[string, Layout, number]>([
    ['nothing, where all stay', asIs, 0],
    [
      'one GPU',
      [
        [1, 1, 0],
        [0, 1, 0],
      ],
      1,
    ],
    [
      'both of a kind',
      [
        [0, 1, 1],
        [0, 1, 0],
      ],
      2,
    ],
    [
      'one of two GPUs',
      [
        [2, 0, 0],
        [0, 0, 1],
      ],
      2,
    ],
    [
      'all of them',
      [
        [0, 2, 0],
        [1, 0, 0],
      ],
      4,
    ],
  ])('costs the GPUs that move: %s', (_, layout, cost) => {
    expect(moveCostOf(problem(mixed), layout)).toBe(cost);
  });

  test('a member without GPUs costs as much as one', () => {
    const wish = demand('2×cpu4 mem1 24h', { guarantee: 'preemptible' });
    const lines = ['train 0 fra1/h1/r1/n01 cpu4 mem1', 'train 1 fra1/h1/r1/n01 cpu4 mem1'];
    const now = granted(three, wish, placement(24, ...lines));
    expect(moveCostOf(problem(now), [[0, 1, 1]])).toBe(2);
  });

  test.each<[string, Layout, readonly number[]]>([
    ['none, where something stands on each', asIs, []],
    [
      'one that was left',
      [
        [0, 2, 0],
        [0, 1, 0],
      ],
      [0],
    ],
    [
      'never one where something has to stay',
      [
        [2, 0, 0],
        [1, 0, 0],
      ],
      [1],
    ],
    [
      'two',
      [
        [0, 0, 2],
        [0, 0, 1],
      ],
      [0, 1],
    ],
  ])('empties %s', (_, layout, emptied) => {
    expect(emptiedBy(problem(mixed), layout)).toEqual(emptied);
  });

  test.each<[string, number, Layout, boolean]>([
    ['as it is, where nothing is wanted', 0, asIs, true],
    ['as it is, where a node is wanted empty', 1, asIs, false],
    [
      'with one node empty',
      1,
      [
        [0, 2, 0],
        [0, 1, 0],
      ],
      true,
    ],
    [
      'with one node empty where two are wanted',
      2,
      [
        [0, 2, 0],
        [0, 1, 0],
      ],
      false,
    ],
    [
      'with a full node',
      0,
      [
        [2, 0, 0],
        [1, 0, 0],
      ],
      true,
    ],
    [
      'with more on a node than it has',
      0,
      [
        [0, 0, 2],
        [0, 0, 1],
      ],
      false,
    ],
    [
      'with somebody lost',
      0,
      [
        [1, 0, 0],
        [0, 1, 0],
      ],
      false,
    ],
    [
      'with somebody more',
      0,
      [
        [2, 1, 0],
        [0, 1, 0],
      ],
      false,
    ],
    [
      'with less than nobody',
      0,
      [
        [3, -1, 0],
        [0, 1, 0],
      ],
      false,
    ],
    [
      'with parts of members',
      0,
      [
        [1.5, 0.5, 0],
        [0, 1, 0],
      ],
      false,
    ],
    [
      'with a row that is too short',
      0,
      [
        [2, 0],
        [0, 1, 0],
      ],
      false,
    ],
    ['with a kind left out', 0, [[2, 0, 0]], false],
  ])('is sound or not: %s', (_, free, layout, sound) => {
    expect(isSound(problem(mixed, free), layout)).toBe(sound);
  });

  test('cores and memory run out as GPUs do', () => {
    const onto = [[0, 1, 0]];
    expect(isSound(problem(crowded(8, 32), 1), onto)).toBe(true);
    expect(isSound(problem(crowded(9, 32), 1), onto)).toBe(false);
    expect(isSound(problem(crowded(8, 33), 1), onto)).toBe(false);
  });

  test('who keeps apart stays apart, and who stands somewhere may stay there in any case', () => {
    const wish = demand('2×1 H100 apart:node 24h', { guarantee: 'preemptible' });
    const apart = granted(
      three,
      wish,
      placement(24, 'train 0 fra1/h1/r1/n01 gpu0', 'train 1 fra1/h1/r1/n02 gpu0'),
    );
    expect(isSound(problem(apart, 0), [[0, 1, 1]])).toBe(true);
    expect(isSound(problem(apart, 0), [[0, 0, 2]])).toBe(false);
    // Two that stand together already, against what is asked, need not part.
    const together = granted(
      three,
      wish,
      placement(24, 'train 0 fra1/h1/r1/n01 gpu0', 'train 1 fra1/h1/r1/n01 gpu1'),
    );
    expect(isSound(problem(together, 0), [[2, 0, 0]])).toBe(true);
    expect(isSound(problem(together, 0), [[0, 2, 0]])).toBe(false);
  });

  test('no more of a contract stands in one rack than may fall together', () => {
    const wish = demand('2×1 H100 24h', {
      guarantee: 'preemptible',
      survive: { loss: 'rack', membersLeft: 1 },
    });
    const held = placement(24, 'train 0 fra1/h1/r1/n01 gpu0', 'train 1 fra1/h1/r2/n01 gpu0');
    const asked = problem(granted(world('fra1/h1/r1 2×4 H100', 'fra1/h1/r2 1×4 H100'), wish, held), 1);
    expect(asked.groups.map((group) => inGroup([[1, 0, 1]], group))).toEqual([1, 1]);
    expect(isSound(asked, [[0, 1, 1]])).toBe(true);
    expect(isSound(asked, [[1, 1, 0]])).toBe(false);
  });
});

const inWords = (now: World, layout: Layout) =>
  errandsOf(problem(now), layout).map(
    ({ mover: { rest, member }, from, to }) => `${rest.contract.id} ${member.replica} ${from}→${to}`,
  );

describe('errands', () => {
  test('there are none, where all stay', () => {
    expect(inWords(mixed, asIs)).toEqual([]);
  });

  test('the lowest numbers leave first, to the first places in order', () => {
    expect(
      inWords(mixed, [
        [1, 0, 1],
        [0, 1, 0],
      ]),
    ).toEqual(['C-101 0 0→2']);
    expect(
      inWords(mixed, [
        [0, 1, 1],
        [1, 0, 0],
      ]),
    ).toEqual(['C-101 0 0→1', 'C-102 0 0→2', 'C-103 0 1→0']);
  });

  test('of one contract the lower replica first', () => {
    const held = placement(
      24,
      'train 0 fra1/h1/r1/n02 gpu1',
      'train 1 fra1/h1/r1/n02 gpu0',
      'train 2 fra1/h1/r1/n03 gpu0',
    );
    const now = granted(three, demand('3×1 H100 24h', { guarantee: 'preemptible' }), held);
    expect(inWords(now, [[1, 1, 1]])).toEqual(['C-101 0 1→0']);
    expect(inWords(now, [[3, 0, 0]])).toEqual(['C-101 0 1→0', 'C-101 1 1→0', 'C-101 2 2→0']);
  });

  test('are as many as arrive, and carried out they are the layout', () => {
    const seats = array(integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 6 });
    assert(
      property(seats, seats, (from, to) => {
        const now = booked(
          world('fra1/h1/r1 3×8 H100'),
          ...from.map((node, at) => `preemptible 24h r1/n0${node + 1} gpu${at}`),
        );
        const asked = problem(now, 0);
        const wanted = [0, 1, 2].map((node) => from.filter((_, at) => (to[at] ?? from[at]) === node).length);
        const errands = errandsOf(asked, [wanted]);
        const standing = [...(asked.kinds[0]?.standing ?? [])];
        for (const { from: left, to: reached } of errands) {
          standing[left] = (standing[left] ?? 0) - 1;
          standing[reached] = (standing[reached] ?? 0) + 1;
          expect(left).not.toBe(reached);
        }
        expect(standing).toEqual(wanted);
        expect(moveCostOf(asked, [wanted])).toBe(errands.length);
        expect(new Set(errands.map(({ mover }) => mover.rest.contract.id)).size).toBe(errands.length);
      }),
      { seed, numRuns: 60 },
    );
  });
});

test('counts are summed at the positions that are named, and nothing stands where there is none', () => {
  expect([sumAt([1, 2, 4], [0, 2]), sumAt([1, 2, 4], []), sumAt([1], [0, 5]), sumAt(undefined, [0])]).toEqual(
    [5, 0, 1, 0],
  );
});

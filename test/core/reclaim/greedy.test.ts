import { array, assert, boolean, constantFrom, integer, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { greedyLayout } from '../../../src/core/reclaim/greedy.ts';
import { emptiedBy, isSound, type Layout, moveCostOf } from '../../../src/core/reclaim/layout.ts';
import { type Problem, problemOf } from '../../../src/core/reclaim/problem.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { t0, type World, world } from '../fleet.ts';
import { granted, placement } from '../placement.ts';
import { booked, type Booking } from './bookings.ts';

const problem = ({ state }: World, free: number): Problem => problemOf(state, { free, atMs: t0 });

/** Where the members of each kind stand in the end: `1 1 2` for three of them on these nodes. */
function ends(now: World, free: number): readonly string[] | undefined {
  return greedyLayout(problem(now, free))?.map((row) =>
    row.flatMap((count, at) => Array.from({ length: count }, () => at + 1)).join(' '),
  );
}

describe('nodes emptied one after the other', () => {
  const four = world('fra1/h1/r1 4×4 H100');

  test.each<[string, number, readonly Booking[], readonly string[] | undefined]>([
    ['nothing to do where as many are empty', 3, ['preemptible 24h r1/n02 gpu0'], ['2']],
    [
      'one with less to move before one with more',
      3,
      ['preemptible 24h r1/n01 gpu0-1', 'preemptible 24h r1/n02 gpu0'],
      ['1', '1'],
    ],
    [
      'few GPUs before few members',
      2,
      [
        'preemptible 24h r1/n01 gpu0-2',
        'preemptible 24h r1/n02 gpu0',
        'preemptible 24h r1/n02 gpu1',
        'reserved 24h r1/n03 gpu0',
      ],
      ['1', '1 3'],
    ],
    ['of equals the first', 3, ['preemptible 24h r1/n02 gpu0', 'preemptible 24h r1/n03 gpu0'], ['3 3']],
    [
      'what stands there goes to the node that it fills best',
      2,
      ['preemptible 24h r1/n01 gpu0', 'preemptible 24h r1/n02 gpu0-1', 'preemptible 24h r1/n03 gpu0-2'],
      ['3', '2', '3'],
    ],
    [
      'the largest goes first, so that it finds room',
      2,
      [
        'preemptible 24h r1/n01 gpu0',
        'preemptible 24h r1/n01 gpu1-2',
        'reserved 24h r1/n02 gpu0-1',
        'reserved 24h r1/n03 gpu0-2',
      ],
      ['3', '2'],
    ],
    [
      'never a node where something has to stay',
      3,
      ['reserved 24h r1/n01 gpu0', 'preemptible 24h r1/n02 gpu0-3'],
      undefined,
    ],
    ['not where what stands there has nowhere to go', 4, ['preemptible 24h r1/n01 gpu0'], undefined],
    [
      'all of a node or nothing of it',
      1,
      [
        'preemptible 24h r1/n01 gpu0-1',
        'preemptible 24h r1/n01 gpu2-3',
        'reserved 24h r1/n02 gpu0-1',
        'reserved 24h r1/n03 gpu0-2',
        'reserved 24h r1/n04 gpu0-2',
      ],
      undefined,
    ],
  ])('%s', (_, free, lines, expected) => {
    expect(ends(booked(four, ...lines), free)).toEqual(expected);
  });

  test('one that cannot be emptied is left as it was, and the next is tried', () => {
    const now = booked(
      world('fra1/h1/r1 3×4 H100'),
      ['preemptible 24h r1/n01 gpu0', { where: ['fra1/h1/r1/n01'] }],
      'preemptible 24h r1/n02 gpu0-1',
      'reserved 24h r1/n03 gpu0-1',
    );
    expect(ends(now, 1)).toEqual(['1', '3']);
  });

  test('who keeps apart goes to another node than its like', () => {
    const apart = { parts: demand('2×1 H100 apart:node').parts };
    const now = booked(
      four,
      ['preemptible 24h r1/n01 gpu0, r1/n02 gpu0', apart],
      'reserved 24h r1/n03 gpu0-2',
      'reserved 24h r1/n04 gpu0-1',
    );
    expect(ends(now, 1)).toEqual(['2 3']);
    expect(ends(now, 2)).toEqual(['3 4']);
  });

  test('a rack takes no more of what is to survive its loss than it has', () => {
    const racks = world('fra1/h1/r1 2×4 H100', 'fra1/h1/r2 2×4 H100');
    const survive = { loss: 'rack', membersLeft: 1 };
    const now = (third: string) =>
      booked(
        racks,
        ['preemptible 24h r1/n01 gpu0, r2/n01 gpu0', { survive }],
        `reserved 24h ${third} gpu0-2`,
      );
    expect(ends(now('r1/n02'), 3)).toBeUndefined();
    expect(ends(now('r1/n02'), 2)).toEqual(['2 3']);
  });

  test('cores and memory count as GPUs do', () => {
    const fleet = world('fra1/h1/r1 3×4 H100 cpu8 mem8');
    const now = (cpu: number, mem: number) =>
      [
        ['n01', 4, 4, 'preemptible'],
        ['n02', cpu, 4, 'reserved'],
        ['n03', 4, mem, 'reserved'],
      ].reduce(
        (before, [node, cores, gib, guarantee]) =>
          granted(
            before,
            demand(`1×1 H100 cpu${cores} mem${gib} 24h`, { guarantee }),
            placement(24, `train 0 fra1/h1/r1/${node} gpu0 cpu${cores} mem${gib}`),
          ),
        fleet,
      );
    expect([ends(now(4, 4), 1), ends(now(5, 4), 1), ends(now(4, 5), 1), ends(now(5, 5), 1)]).toEqual([
      ['2'],
      ['3'],
      ['2'],
      undefined,
    ]);
  });

  test('there has to be room at every time, not only now', () => {
    const stays = { parts: demand('1×1 H100 apart:rack').parts };
    const during = (length: string) =>
      booked(
        world('fra1/h1/r1 2×4 H100'),
        `preemptible ${length} r1/n01 gpu0-1`,
        ['reserved 5h r1/n02 gpu0', stays],
        ['reserved 5-9h r1/n02 gpu1-3', stays],
      );
    expect(ends(during('24h'), 1)).toBeUndefined();
    expect(ends(during('5h'), 1)).toEqual(['2']);
    expect(ends(during('9-24h'), 1)).toEqual(['2']);
  });
});

/** Every way to spread so many over so many nodes. */
function spreads(count: number, nodes: number): readonly (readonly number[])[] {
  if (nodes === 1) return [[count]];
  return Array.from({ length: count + 1 }, (_, here) =>
    spreads(count - here, nodes - 1).map((rest) => [here, ...rest]),
  ).flat();
}

function layouts(asked: Problem): readonly Layout[] {
  return asked.kinds.reduce<readonly Layout[]>(
    (all, { movers }) =>
      all.flatMap((layout) => spreads(movers.length, asked.nodes.length).map((row) => [...layout, row])),
    [[]],
  );
}

test(
  'on tiny racks it is sound, never cheaper than the cheapest of all layouts, and changes no problem',
  { timeout: 60_000 },
  () => {
    const line = record({
      node: integer({ min: 1, max: 3 }),
      size: constantFrom(1, 1, 2, 3),
      guarantee: constantFrom('preemptible', 'preemptible', 'preemptible', 'reserved'),
      isLate: boolean(),
    });
    const seen = { found: 0, best: 0, none: 0, missed: 0 };
    assert(
      property(array(line, { minLength: 2, maxLength: 5 }), integer({ min: 1, max: 2 }), (lines, free) => {
        const next = new Map<number, number>();
        const texts = lines.flatMap(({ node, size, guarantee, isLate }) => {
          const from = next.get(node) ?? 0;
          if (from + size > 4) return [];
          next.set(node, from + size);
          return [`${guarantee} ${isLate ? '5-' : ''}24h r1/n0${node} gpu${from}-${from + size - 1}`];
        });
        const asked = problem(booked(world('fra1/h1/r1 3×4 H100'), ...texts), free);
        const before = asked.kinds.map(({ standing }) => [...standing]);
        const found = greedyLayout(asked);
        expect(asked.kinds.map(({ standing }) => standing)).toEqual(before);
        const costs = layouts(asked).flatMap((layout) =>
          isSound(asked, layout) ? [moveCostOf(asked, layout)] : [],
        );
        if (found === undefined) {
          seen[costs.length === 0 ? 'none' : 'missed']++;
          return;
        }
        seen.found++;
        expect(isSound(asked, found)).toBe(true);
        expect(emptiedBy(asked, found).length).toBeGreaterThanOrEqual(free);
        const cost = moveCostOf(asked, found);
        expect(cost).toBeGreaterThanOrEqual(Math.min(...costs));
        seen.best += Number(cost === Math.min(...costs));
      }),
      { seed, numRuns: 150 },
    );
    expect([
      seen.found > 60,
      seen.none > 10,
      seen.best * 2 > seen.found,
      seen.missed * 10 < seen.found,
    ]).toEqual([true, true, true, true]);
  },
);

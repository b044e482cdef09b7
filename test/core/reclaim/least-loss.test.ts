import { array, assert, constantFrom, integer, property, record, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { endedOf, shrunkOf, victimLoss } from '../../../src/core/reclaim/victim.ts';
import { type Preemption, preemptionFor } from '../../../src/core/reclaim/victims.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { ContractId } from '../../../src/model/id.ts';
import { release } from '../acts.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, verdictAll, type World, world } from '../fleet.ts';
import { booked, type Booking, contractIn } from './bookings.ts';

function preemption(
  { state }: World,
  wish: Demand,
  shielded: readonly number[] = [],
): Preemption | undefined {
  const { earliestStartMs, latestStartMs = earliestStartMs } = wish.window;
  return preemptionFor(state, verdictAll(state, 'allowed'), {
    demand: wish,
    starts: { earliestMs: earliestStartMs, latestMs: latestStartMs },
    protected: new Set(shielded.map((number) => ContractId.parse(`C-${number}`))),
  });
}

/** In GPU-hours; nothing where there is no set that makes room. */
function costOf(found: Preemption | undefined): number | undefined {
  const gpuHour = 3_600_000_000n;
  return found && Number(found.victims.reduce((sum, victim) => sum + victimLoss(victim, t0), 0n) / gpuHour);
}

const ended = (found: Preemption | undefined): readonly string[] =>
  endedOf(found?.victims ?? []).map(({ id }) => id);

describe('where and when', () => {
  const racks = world('fra1/h1/r1 1×4 H100', 'fra1/h1/r2 1×4 H100', 'ams2/h1/a1 1×4 H100');
  const full = (ams: string) =>
    booked(
      racks,
      'preemptible 30h r1/n01 gpu0-3',
      'preemptible 20h r2/n01 gpu0-3',
      `${ams} 10h r1/n01 gpu0-3`,
    );

  test('says in which place, and who else could have gone there', () => {
    const found = preemption(full('reserved'), demand('1×4 H100 1h', { where: ['fra1'] }));
    expect(ended(found)).toEqual(['C-102']);
    expect(found?.ground).toBe('fra1/h1/r2/n01'.slice(0, found?.ground.length));
    expect(found?.candidates.map(({ contract }) => contract.id)).toEqual(['C-102', 'C-101']);
    expect(found?.solved.best.members.map(({ node }) => node)).toEqual(['fra1/h1/r2/n01']);
  });

  test('losses count from the earliest start, whichever is taken', () => {
    const now = booked(
      world('fra1/h1/r1 2×4 H100'),
      'preemptible 7h r1/n01 gpu0-3',
      'preemptible 4-10h r1/n02 gpu0-3',
    );
    const at = (fromH: number) => {
      const window = { earliestStartMs: t0 + fromH * hourMs, durationS: 5 * 3600 };
      return ended(preemption(now, demand('1×4 H100', { window })));
    };
    // Seven hours against six, then five against six.
    expect([at(0), at(2)]).toEqual([['C-102'], ['C-101']]);
  });

  test('nobody of another site, nor who is over before it begins', () => {
    const now = booked(
      world('fra1/h1/r1 1×4 H100'),
      'preemptible 5h r1/n01 gpu0-1',
      'preemptible 9h r1/n01 gpu2-3',
    );
    const window = { earliestStartMs: t0 + 5 * hourMs, durationS: 3600 };
    const found = preemption(now, demand('1×4 H100', { window }));
    expect([ended(found), found?.candidates.length]).toEqual([['C-102'], 1]);
  });

  test('where there is nobody to end there is nothing to say', () => {
    expect(preemption(racks, demand('4×4 H100 1h'))).toBeUndefined();
    expect(preemption(booked(racks, 'reserved 9h r1/n01 gpu0-3'), demand('3×4 H100 1h'))).toBeUndefined();
  });

  test('the state without them holds nothing of theirs from then on', () => {
    const now = booked(world('fra1/h1/r1 1×4 H100'), 'preemptible 9h r1/n01 gpu0-3');
    const window = { earliestStartMs: t0 + 2 * hourMs, durationS: 3600 };
    const found = preemption(now, demand('1×4 H100', { window }));
    expect(found?.without.calendar[0]?.map(({ endMs }) => (endMs - t0) / hourMs)).toEqual([2]);
  });
});

describe('laws of the least loss', { timeout: 60_000 }, () => {
  const line = record({
    node: integer({ min: 1, max: 3 }),
    size: constantFrom(1, 2, 2, 4),
    hours: integer({ min: 1, max: 9 }),
    guarantee: constantFrom('preemptible', 'preemptible', 'preemptible', 'reserved'),
  });
  /** Two racks, the nodes filled from GPU 0 on. */
  const full = array(line, { minLength: 4, maxLength: 8 }).map((lines) => {
    const next = new Map<number, number>();
    return lines.flatMap(({ node, size, hours, guarantee }): Booking[] => {
      const from = next.get(node) ?? 0;
      if (from + size > 4) return [];
      next.set(node, from + size);
      const place = node === 3 ? 'r2/n01' : `r1/n0${node}`;
      return [`${guarantee} ${hours}h ${place} gpu${from}-${from + size - 1}`];
    });
  });
  const racks = ['fra1/h1/r1 2×4 H100', 'fra1/h1/r2 1×4 H100'];
  const wishes = constantFrom('1×2', '1×4', '2×2', '2×4', '3×2 together:rack', '2×3');

  test('the order in which racks are listed says nothing', () => {
    assert(
      property(full, wishes, (lines, text) => {
        const [one, other] = [racks, racks.toReversed()].map((order) =>
          preemption(booked(world(...order), ...lines), demand(`${text} H100 1h`)),
        );
        expect(one?.victims.map(({ contract }) => contract.id)).toEqual(
          other?.victims.map(({ contract }) => contract.id),
        );
        expect([one?.ground, one?.solved.best.members]).toEqual([other?.ground, other?.solved.best.members]);
      }),
      { seed, numRuns: 15 },
    );
  });

  const larger: readonly (readonly [string, string])[] = [
    ['1×2 H100 2h', '1×4 H100 2h'],
    ['1×2 H100 2h', '2×2 H100 2h'],
    ['2×2 H100 1h', '2×2 H100 8h'],
    ['2×2 H100 2h', '2×2 H100 2h apart:node'],
    ['2×2 H100 2h', '2×2 H100 2h together:rack'],
    ['1×3 H100 2h', '1×3 H100 2h + eval: 1×1 H100'],
  ];

  test('who asks for more, for longer or more strictly never takes less', () => {
    let [compared, dearer] = [0, 0];
    assert(
      property(full, constantFrom(...larger), (lines, [less, more]) => {
        const now = booked(world(...racks), ...lines);
        const [little, much] = [less, more].map((text) => costOf(preemption(now, demand(text))));
        if (much === undefined) return;
        compared++;
        expect(little).toBeDefined();
        expect(little).toBeLessThanOrEqual(much);
        dearer += Number(little !== much);
      }),
      { seed, numRuns: 60 },
    );
    expect([compared > 20, dearer > 8]).toEqual([true, true]);
  });

  test('with one of the victims shielded it costs no less, with another contract shielded as much', () => {
    let [spared, same] = [0, 0];
    assert(
      property(full, wishes, integer({ min: 0, max: 7 }), (lines, text, which) => {
        const now = booked(world(...racks), ...lines);
        const found = preemption(now, demand(`${text} H100 1h`));
        if (found === undefined) return;
        const number = 101 + (which % now.state.contracts.size);
        const isVictim = found.victims.some(({ contract }) => contract.id === `C-${number}`);
        const shielded = preemption(now, demand(`${text} H100 1h`), [number]);
        expect(shielded?.victims.some(({ contract }) => contract.id === `C-${number}`) ?? false).toBe(false);
        if (isVictim) spared++;
        else same++;
        expect(costOf(shielded) ?? Infinity).toBeGreaterThanOrEqual(costOf(found) ?? 0);
        expect(isVictim || ended(shielded).join() === ended(found).join()).toBe(true);
      }),
      { seed, numRuns: 30 },
    );
    expect(Math.min(spared, same)).toBeGreaterThan(5);
  });

  test('after somebody left by itself it costs no more', () => {
    let compared = 0;
    assert(
      property(full, wishes, integer({ min: 0, max: 7 }), (lines, text, which) => {
        const now = booked(world(...racks), ...lines);
        const wish = demand(`${text} H100 1h`);
        const before = costOf(preemption(now, wish));
        if (before === undefined) return;
        const gone = ContractId.parse(`C-${101 + (which % now.state.contracts.size)}`);
        const after = preemption(release(now, gone).world, wish);
        // Nobody at all has to go where there is room now: then nothing is needed, and nothing taken.
        expect(costOf(after) ?? 0).toBeLessThanOrEqual(before);
        compared++;
      }),
      { seed, numRuns: 30 },
    );
    expect(compared).toBeGreaterThan(10);
  });
});

describe('in a place with more candidates than are tried out', { timeout: 60_000 }, () => {
  test('of equal ones the cheapest go, as many as are needed', () => {
    const lengths = array(integer({ min: 1, max: 12 }), { minLength: 17, maxLength: 20 });
    assert(
      property(lengths, integer({ min: 1, max: 6 }), (hours, count) => {
        const now = booked(
          world(`fra1/h1/r1 1×${hours.length} H100`),
          ...hours.map((length, gpu) => `preemptible ${length}h r1/n01 gpu${gpu}`),
        );
        const found = preemption(now, demand(`1×${count} H100 1h`));
        const least = hours.toSorted((a, b) => a - b).slice(0, count);
        expect(found?.victims).toHaveLength(count);
        expect(costOf(found)).toBe(least.reduce((sum, length) => sum + length, 0));
      }),
      { seed, numRuns: 12 },
    );
  });

  test('whatever their sizes, everybody who goes is needed, and nobody guaranteed goes', () => {
    const crowd = array(
      tuple(
        integer({ min: 1, max: 2 }),
        integer({ min: 1, max: 9 }),
        constantFrom('preemptible', 'preemptible', 'preemptible', 'reserved'),
      ),
      { minLength: 24, maxLength: 24 },
    );
    let found = 0;
    assert(
      property(crowd, constantFrom('1×8', '1×12', '2×6', '3×4'), (drawn, text) => {
        const size = drawn.reduce((sum, [gpus]) => sum + gpus, 0);
        let gpu = 0;
        const lines = drawn.map(([gpus, hours, guarantee]) => {
          gpu += gpus;
          return `${guarantee} ${hours}h r1/n01 gpu${gpu - gpus}-${gpu - 1}`;
        });
        if (size > 32) return;
        const now = booked(world(`fra1/h1/r1 1×${size} H100`), ...lines);
        const wish = demand(`${text} H100 1h`);
        const answer = preemption(now, wish);
        if (answer === undefined) return;
        found++;
        expect(answer.victims.every(({ contract }) => contract.demand.guarantee === 'preemptible')).toBe(
          true,
        );
        const free = answer.victims.reduce(
          (sum, { contract }) => sum + (contract.placement.members[0]?.gpus.length ?? 0),
          0,
        );
        const [count = 0, each = 0] = text.split('×').map(Number);
        // On one node of equal GPUs counts decide: enough with all of them, too few without any one.
        expect(free).toBeGreaterThanOrEqual(count * each);
        for (const { contract } of answer.victims)
          expect(free - (contract.placement.members[0]?.gpus.length ?? 0)).toBeLessThan(count * each);
      }),
      { seed, numRuns: 40 },
    );
    expect(found).toBeGreaterThan(5);
  });

  test('extras of a place are taken with those that have to go before them, and no more', () => {
    const parts = [{ name: 'train', count: 20, minCount: 1, each: { gpus: { count: 1, models: ['H100'] } } }];
    const onFirst = Array.from({ length: 17 }, (_, at) => `r1/n01 gpu${at}`);
    const seats = ['r1/n02 gpu0', ...onFirst, 'r1/n02 gpu1', 'r1/n02 gpu2'].join(', ');
    const now = booked(
      world('fra1/h1/r1 2×17 H100'),
      [`elastic 9h ${seats}`, { parts }],
      'reserved 9h r1/n02 gpu3-16',
    );
    const left = (text: string, where?: string) => {
      const wish = demand(text, where === undefined ? {} : { where: [`fra1/h1/r1/${where}`] });
      return shrunkOf(preemption(now, wish)?.victims ?? []).map((shrunk) => shrunk.left[0]?.count);
    };
    expect(left('1×3 H100 1h', 'n01')).toEqual([15]);
    expect(left('2×1 H100 1h', 'n02')).toEqual([18]);
    expect(left('1×17 H100 1h', 'n01')).toEqual([1]);
    expect(left('1×3 H100 1h', 'n02')).toEqual([]);
  });
});

test.each([
  ['first', ['n01 gpu0-3', 'n02 gpu0-1', 'n02 gpu2-3'], ['C-101']],
  ['last', ['n01 gpu0-1', 'n01 gpu2-3', 'n02 gpu0-3'], ['C-103']],
])(
  'of two places that cost the same the one with fewer to end, also where it comes %s',
  (_, lines, expected) => {
    const now = booked(world('fra1/h1/r1 2×4 H100'), ...lines.map((line) => `preemptible 4h r1/${line}`));
    expect(ended(preemption(now, demand('1×4 H100 1h together:node')))).toEqual(expected);
  },
);

test('who goes of two that lose the same is told by their numbers alone, not by where they stand', () => {
  const racks = world('fra1/h1/r1 2×4 H100');
  const [one, other] = [
    ['n01', 'n02'],
    ['n02', 'n01'],
  ].map((nodes) => booked(racks, ...nodes.map((node) => `preemptible 9h r1/${node} gpu0-3`)));
  expect([one, other].map((now) => ended(now && preemption(now, demand('1×4 H100 1h'))))).toEqual([
    ['C-102'],
    ['C-102'],
  ]);
  expect(one && contractIn(one, 102).placement.members[0]?.node).toBe('fra1/h1/r1/n02');
});

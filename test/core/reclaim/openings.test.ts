import { assert, constantFrom, integer, property, record, uniqueArray } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { givenUp } from '../../../src/core/calendar/holding.ts';
import { solve } from '../../../src/core/place/solve.ts';
import {
  modelMask,
  Openings,
  Standing,
  wantedModels,
  wholeGpuNeeds,
} from '../../../src/core/reclaim/openings.ts';
import { type Victim, victimsOf } from '../../../src/core/reclaim/victim.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { fact } from '../fleet-text.ts';
import { hourMs, observe, t0, verdictAll, type World, world } from '../fleet.ts';
import { granted, placement } from '../placement.ts';
import { booked, contractIn } from './bookings.ts';

/** What ends of these contracts could open for a demand on the whole fleet, at starts up to some hours from now. */
function openingsFor(now: World, wish: Demand, candidates: readonly Victim[], latestH = 0): Openings {
  return new Openings(now.state, now.state.fleet.nodes, {
    demand: wish,
    starts: { earliestMs: t0, latestMs: t0 + latestH * hourMs },
    standing: new Standing(candidates),
  });
}

const numbered = (now: World, ...numbers: readonly number[]): readonly Victim[] =>
  numbers.map((number) => ({ contract: contractIn(now, number) }));

/** Whether there could be room once the candidates at these positions are gone. */
const fitsWithout = (openings: Openings, ...gone: readonly number[]) =>
  openings.couldFit((position) => gone.includes(position));

const one = world('fra1/h1/r1 1×8 H100');

describe('what candidates stand on', () => {
  const halves = booked(one, 'preemptible 9h r1/n01 gpu0-2', 'preemptible 9h r1/n01 gpu3-7');
  const openings = (text: string) => openingsFor(halves, demand(text), numbered(halves, 101, 102));

  test.each([
    ['as many as the first has', '1×3 H100 1h', [0], true],
    ['one more than it has', '1×4 H100 1h', [0], false],
    ['as many as the second has', '1×5 H100 1h', [1], true],
    ['all of both', '1×8 H100 1h', [0, 1], true],
    ['all, where one of them stays', '1×8 H100 1h', [1], false],
    ['one, where nobody goes', '1×1 H100 1h', [], false],
    ['one more than the node has', '1×9 H100 1h', [0, 1], false],
  ] as const)('opens %s', (_, text, gone, fits) => {
    expect(fitsWithout(openings(text), ...gone)).toBe(fits);
  });

  test('is counted for each: what it opens at most, and what is missing while all are there', () => {
    expect([openings('1×8 H100 1h').opensAtMost(0), openings('1×8 H100 1h').opensAtMost(1)]).toEqual([3, 5]);
    expect([openings('1×8 H100 1h').missing, openings('2×3 H100 1h').missing]).toEqual([8, 6]);
  });

  test('free GPUs need nobody to go, and are not missing', () => {
    const now = booked(one, 'preemptible 9h r1/n01 gpu0-4');
    const found = openingsFor(now, demand('1×4 H100 1h'), numbered(now, 101));
    expect([found.missing, found.opensAtMost(0)]).toEqual([1, 5]);
    expect([fitsWithout(found), fitsWithout(found, 0)]).toEqual([false, true]);
    expect(fitsWithout(openingsFor(now, demand('1×3 H100 1h'), numbered(now, 101)))).toBe(true);
    expect(openingsFor(now, demand('1×3 H100 1h'), numbered(now, 101)).missing).toBe(0);
  });

  test('who is no candidate stays', () => {
    const found = openingsFor(halves, demand('1×8 H100 1h'), numbered(halves, 102));
    expect(fitsWithout(found, 0)).toBe(false);
    expect(found.missing).toBe(8);
  });

  test('a GPU that two have one after the other is free once both are gone', () => {
    const now = booked(one, 'preemptible 5h r1/n01 gpu0-7', 'preemptible 5-9h r1/n01 gpu0-7');
    const found = openingsFor(now, demand('1×8 H100 9h'), numbered(now, 101, 102));
    expect([fitsWithout(found, 0), fitsWithout(found, 1), fitsWithout(found, 0, 1)]).toEqual([
      false,
      false,
      true,
    ]);
    expect([found.opensAtMost(0), found.opensAtMost(1)]).toEqual([8, 8]);
  });

  test('what is over before the demand begins, or begins as it ends, is in nobody’s way', () => {
    const now = booked(one, 'preemptible 1-3h r1/n01 gpu0-7');
    const at = (fromH: number, hours: number) => {
      const window = { earliestStartMs: t0 + fromH * hourMs, durationS: hours * 3600 };
      const starts = { earliestMs: window.earliestStartMs, latestMs: window.earliestStartMs };
      const wish = demand('1×8 H100', { window });
      const standing = new Standing(numbered(now, 101));
      return new Openings(now.state, now.state.fleet.nodes, { demand: wish, starts, standing }).missing;
    };
    expect([at(0, 1), at(3, 9), at(0, 2), at(2, 1)]).toEqual([0, 0, 8, 8]);
  });

  test('what is in the way of some starts only closes nothing for good', () => {
    const now = booked(one, 'reserved 2h r1/n01 gpu0-7');
    expect(fitsWithout(openingsFor(now, demand('1×8 H100 1h'), []))).toBe(false);
    expect(fitsWithout(openingsFor(now, demand('1×8 H100 1h'), [], 2))).toBe(true);
    expect(fitsWithout(openingsFor(now, demand('1×8 H100 1h'), [], 1))).toBe(false);
    const stood = booked(one, 'preemptible 2h r1/n01 gpu0-7');
    expect(openingsFor(stood, demand('1×8 H100 1h'), numbered(stood, 101), 2).missing).toBe(0);
  });

  test('a whole gang needs a node’s worth for each replica: thirds of nodes do not add up', () => {
    const three = booked(
      world('fra1/h1/r1 3×4 H100'),
      ...['n01', 'n02', 'n03'].flatMap((node) => [
        `reserved 9h r1/${node} gpu0`,
        `preemptible 9h r1/${node} gpu1-3`,
      ]),
    );
    const all = numbered(three, 102, 104, 106);
    const fits = (text: string) => openingsFor(three, demand(text), all).couldFit(() => true);
    expect([fits('3×3 H100 1h'), fits('2×4 H100 1h'), fits('9×1 H100 1h'), fits('10×1 H100 1h')]).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });

  test('parts are added up, and each has to fit for itself', () => {
    const now = booked(world('fra1/h1/r1 2×4 H100'), 'preemptible 9h r1/n01 gpu0-3');
    const fits = (text: string) => openingsFor(now, demand(text), numbered(now, 101)).couldFit(() => true);
    expect(fits('1×4 H100 1h + eval: 1×4 H100')).toBe(true);
    expect(fits('1×4 H100 1h + eval: 1×4 H100 + more: 1×1 H100')).toBe(false);
  });

  test('GPUs that are down, or of a model that nobody wants, open nothing', () => {
    const down = observe(halves, [fact('gpu', 'fra1/h1/r1/n01/gpu0', { health: 'down' })]);
    const found = openingsFor(down, demand('1×8 H100 1h'), numbered(down, 101, 102));
    expect([found.opensAtMost(0), fitsWithout(found, 0, 1)]).toEqual([2, false]);
    expect(openingsFor(halves, demand('1×1 A100 1h'), numbered(halves, 101, 102)).couldFit(() => true)).toBe(
      false,
    );
  });

  test('GPUs whose model nobody has recorded may be any', () => {
    const unknown = granted(
      world('fra1/h1/r1 1×8'),
      demand('1×8 9h', { guarantee: 'preemptible' }),
      placement(9, 'train 0 fra1/h1/r1/n01 gpu0-7'),
    );
    expect(openingsFor(unknown, demand('1×8 H100 1h'), numbered(unknown, 101)).opensAtMost(0)).toBe(8);
  });

  test.each([
    ['an elastic demand may do with less', demand('1×8 H100 1h', { guarantee: 'elastic' })],
    ['slices are counted by nobody', demand('9×1 H100 share:500 cpu0 mem0 1h')],
    ['cores alone', demand('9×cpu64 mem1 1h')],
  ])('of what it knows nothing it says nothing: %s', (_, wish) => {
    const found = openingsFor(halves, wish, []);
    expect([found.couldFit(() => false), found.missing]).toEqual([true, 0]);
  });
});

describe('extras', () => {
  const parts = [{ name: 'train', count: 3, minCount: 1, each: { gpus: { count: 2, models: ['H100'] } } }];
  const now = booked(one, ['elastic 9h r1/n01 gpu0-1, r1/n01 gpu2-3, r1/n01 gpu4-5', { parts }]);
  const extras = victimsOf(contractIn(now, 101), t0);

  test('stand on their own GPUs, and what is guaranteed stays', () => {
    const found = openingsFor(now, demand('1×6 H100 1h'), extras);
    expect([found.missing, found.opensAtMost(0), found.opensAtMost(1)]).toEqual([4, 2, 2]);
    expect([fitsWithout(found, 0), fitsWithout(found, 1), fitsWithout(found, 0, 1)]).toEqual([
      false,
      false,
      true,
    ]);
  });

  test('are known by contract, node and GPU', () => {
    const standing = new Standing(extras);
    const [node] = now.state.fleet.nodes;
    if (node === undefined) throw new Error('a node');
    expect([0, 1, 2, 3, 4, 5, 6].map((gpu) => standing.positionOf('C-101', node, gpu))).toEqual([
      -1, -1, 1, 1, 0, 0, -1,
    ]);
    expect(standing.positionOf('C-102', node, 4)).toBe(-1);
    expect([standing.isOn(node), new Standing([]).isOn(node)]).toEqual([true, false]);
  });
});

describe('what a demand needs', () => {
  test('whole GPUs of each part, in their order; cores and slices are left out', () => {
    const wish = demand('2×4 H100 + load: 3×cpu8 + eval: 1×1 share:500 + big: 1×8 A100');
    expect(wholeGpuNeeds(wish)).toEqual([
      { gpus: 4, count: 2 },
      { gpus: 8, count: 1 },
    ]);
  });

  test('models of any part, and all that there are where one names none', () => {
    const known = ['A100', 'H100', 'H200'];
    const models = (text: string) => [...wantedModels(demand(text), known)].toSorted();
    expect(models('1×1 H100 + eval: 1×1 A100')).toEqual(['A100', 'H100']);
    expect(models('1×1 H100 + eval: 1×1')).toEqual(known);
    expect(models('1×cpu8')).toEqual([]);
  });

  test('GPUs of a shape that could be of a wanted model', () => {
    const [node] = world('fra1/h1/r1 1×4 H100').state.fleet.nodes;
    const shape = node?.shape;
    if (shape === undefined) throw new Error('a shape');
    const mixed = { ...shape, gpus: [{ model: 'H100' }, {}, { model: 'A100' }, { model: 'H100' }] };
    expect(modelMask(mixed, new Set(['H100']))).toBe(0b1011);
    expect(modelMask(mixed, new Set(['A100']))).toBe(0b0110);
    expect(modelMask(mixed, new Set())).toBe(0b0010);
  });
});

test('it never says no to a set without which the search finds room', { timeout: 60_000 }, () => {
  const racks = world('fra1/h1/r1 2×4 H100', 'fra1/h1/r2 1×4 A100');
  const holders = uniqueArray(
    record({
      slot: integer({ min: 0, max: 5 }),
      from: integer({ min: 0, max: 3 }),
      hours: integer({ min: 1, max: 5 }),
      guarantee: constantFrom('preemptible', 'preemptible', 'reserved'),
    }),
    { minLength: 3, maxLength: 6, selector: ({ slot }) => slot },
  );
  const texts = constantFrom(
    '1×2',
    '1×4',
    '2×2 H100',
    '2×4',
    '3×2',
    '1×2 A100',
    '3×4',
    '4×2 H100|A100',
    '2×2 H100 + eval: 1×2 A100',
  );
  const seen = { fits: 0, refused: 0 };
  assert(
    property(
      holders,
      texts,
      integer({ min: 0, max: 3 }),
      integer({ min: 1, max: 3 }),
      integer({ min: 0, max: 63 }),
      (drawn, text, latestH, hours, mask) => {
        const now = drawn.reduce((before, { slot, from, hours: length, guarantee }) => {
          const node = ['r1/n01', 'r1/n02', 'r2/n01'][slot >> 1] ?? '';
          return booked(before, [
            `${guarantee} ${from}-${from + length}h ${node} gpu${2 * (slot & 1)}-${2 * (slot & 1) + 1}`,
            { parts: demand('1×2').parts },
          ]);
        }, racks);
        const candidates = [...now.state.contracts].filter(
          ({ demand: { guarantee } }) => guarantee === 'preemptible',
        );
        const isGone = (at: number) => ((mask >> at) & 1) === 1;
        const gone = candidates.filter((_, at) => isGone(at));
        const wish = demand(text, {
          window: { earliestStartMs: t0, latestStartMs: t0 + latestH * hourMs, durationS: hours * 3600 },
        });
        const standing = candidates.map((contract) => ({ contract }));
        const couldFit = openingsFor(now, wish, standing, latestH).couldFit(isGone);
        const starts = { earliestMs: t0, latestMs: t0 + latestH * hourMs };
        const found = solve(givenUp(now.state, gone, t0), verdictAll(now.state, 'allowed'), {
          demand: wish,
          starts,
          isTrial: true,
        });
        expect(couldFit || found.kind === 'unsolved').toBe(true);
        seen[couldFit ? 'fits' : 'refused']++;
      },
    ),
    { seed, numRuns: 120 },
  );
  expect(Math.min(seen.fits, seen.refused)).toBeGreaterThan(10);
});

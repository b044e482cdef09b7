import { array, assert, constantFrom, integer, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { domainsOn } from '../../../src/core/place/domain.ts';
import { exactLimit, type Ground, groundsFor, keptInside } from '../../../src/core/reclaim/grounds.ts';
import { byLoss, victimLoss, victimsOf } from '../../../src/core/reclaim/victim.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { fact } from '../fleet-text.ts';
import { observe, t0, verdictAll, type World, world } from '../fleet.ts';
import { booked } from './bookings.ts';

const starts = { earliestMs: t0, latestMs: t0 };

function grounds({ state }: World, text: string, more: object = {}): readonly Ground[] {
  const pool = [...state.contracts].flatMap((contract) => victimsOf(contract, t0)).toSorted(byLoss(t0));
  return groundsFor(state, verdictAll(state, 'allowed'), { demand: demand(text, more), starts, pool });
}

/** `fra1/h1/r1: C-101 C-102`. */
function inWords(found: readonly Ground[]): readonly string[] {
  return found.map(
    ({ id, candidates }) =>
      `${id}: ${candidates
        .map(({ contract }) => contract.id)
        .toSorted()
        .join(' ')}`,
  );
}

const gpuHour = 3_600_000_000n;
const racks = world('fra1/h1/r1 2×4 H100', 'fra1/h1/r2 2×4 H100', 'ams2/h1/a1 1×4 H100');
const full = booked(
  racks,
  'preemptible 10h r1/n01 gpu0-3',
  'preemptible 20h r1/n02 gpu0-3',
  'preemptible 30h r2/n01 gpu0-3',
  'reserved 10h r2/n02 gpu0-3',
);

const closeness = (text: string) => grounds(full, text)[0]?.closeness ?? -1;

describe('places in which somebody could make room', () => {
  test('are the domains that a gang must not leave, with all of their site where those are few', () => {
    expect(inWords(grounds(full, '2×4 H100 1h together:rack'))).toEqual(['fra1/h1/r1: C-101 C-102 C-103']);
    expect(inWords(grounds(full, '1×4 H100 1h together:rack'))).toEqual([
      'fra1/h1/r1: C-101 C-102 C-103',
      'fra1/h1/r2: C-101 C-102 C-103',
    ]);
    expect(inWords(grounds(full, '3×4 H100 1h'))).toEqual(['fra1: C-101 C-102 C-103']);
  });

  test('not those where nobody of them stands, nor those that would be too small in any case', () => {
    expect(grounds(full, '1×4 H100 1h', { where: ['ams2'] })).toEqual([]);
    expect(grounds(full, '4×4 H100 1h')).toEqual([]);
    expect(grounds(full, '1×4 A100 1h')).toEqual([]);
  });

  test('not those that the demand does not want', () => {
    expect(inWords(grounds(full, '1×4 H100 1h together:rack', { where: ['fra1/h1/r2'] }))).toEqual([
      'fra1/h1/r2: C-101 C-102 C-103',
    ]);
  });

  test('who holds nothing while it could run is no candidate', () => {
    const later = booked(
      racks,
      'preemptible 10h r1/n01 gpu0-3',
      'preemptible 2-9h r1/n02 gpu0-3',
      'reserved 9h r2/n01 gpu0-3',
      'reserved 9h r2/n02 gpu0-3',
    );
    const fra1 = (hours: number) => inWords(grounds(later, `2×4 H100 ${hours}h`, { where: ['fra1'] }));
    expect(fra1(2)).toEqual(['fra1: C-101']);
    expect(fra1(3)).toEqual(['fra1: C-101 C-102']);
  });

  test('are the closer, the smaller their level', () => {
    const [node, rack, site] = ['1×4 H100 1h together:node', '1×4 H100 1h together:rack', '1×4 H100 1h'].map(
      closeness,
    );
    expect([node, rack, site].every((level) => level !== undefined && level >= 0)).toBe(true);
    expect((node ?? 0) < (rack ?? 0) && (rack ?? 0) < (site ?? 0)).toBe(true);
  });
});

const counts = (found: readonly Ground[]) => found.map(({ id, candidates }) => [id, candidates.length]);

describe('where a site has more candidates than are tried out', () => {
  const nodes = ['n01', 'n02', 'n03'];
  const crowd = (perNode: readonly number[]) =>
    booked(
      world('fra1/h1/r1 3×8 H100', 'fra1/h1/r2 1×8 H100'),
      ...nodes.flatMap((node, at) =>
        Array.from({ length: perNode[at] ?? 0 }, (_, gpu) => `preemptible 9h r1/${node} gpu${gpu}`),
      ),
      'preemptible 9h r2/n01 gpu0-7',
    );

  test('up to the limit, all of the site count', () => {
    const now = crowd([exactLimit - 9, 8]);
    expect(counts(grounds(now, '1×4 H100 1h together:rack'))).toEqual([
      ['fra1/h1/r1', exactLimit],
      ['fra1/h1/r2', exactLimit],
    ]);
  });

  test('past it, only those in the place itself', () => {
    const now = crowd([exactLimit - 8, 8]);
    expect(counts(grounds(now, '1×4 H100 1h together:rack'))).toEqual([
      ['fra1/h1/r1', exactLimit],
      ['fra1/h1/r2', 1],
    ]);
  });

  test('in a place with more than the limit every smaller one is looked at too, once', () => {
    const now = crowd([8, 8, 1]);
    expect(counts(grounds(now, '1×4 H100 1h together:rack'))).toEqual([
      ['fra1/h1/r1', 17],
      ['fra1/h1/r1/n01', 8],
      ['fra1/h1/r1/n02', 8],
      ['fra1/h1/r1/n03', 1],
      ['fra1/h1/r2', 1],
    ]);
  });

  test('extras outside that have to go before one inside are candidates with it', () => {
    const parts = [{ name: 'train', count: 3, minCount: 1, each: { gpus: { count: 1, models: ['H100'] } } }];
    const now = booked(crowd([8, 7]), ['elastic 9h r2/n01 gpu0, r1/n03 gpu0, r1/n02 gpu7', { parts }]);
    const found = grounds(now, '1×4 H100 1h together:node').find(({ id }) => id === 'fra1/h1/r1/n03');
    expect(found?.candidates.map(({ extra }) => [extra?.replica, extra?.node])).toEqual([
      [2, 'fra1/h1/r1/n02'],
      [1, 'fra1/h1/r1/n03'],
    ]);
    const above = grounds(now, '1×4 H100 1h together:node').find(({ id }) => id === 'fra1/h1/r1/n02');
    expect(
      above?.candidates.filter(({ extra }) => extra !== undefined).map(({ extra }) => extra?.replica),
    ).toEqual([2]);
  });
});

const cost = (now: World, text: string) => grounds(now, text)[0]?.leastCost;

describe('what a place costs at least', () => {
  const one = world('fra1/h1/r1 1×8 H100');
  const two = booked(one, 'preemptible 10h r1/n01 gpu0-3', 'preemptible 20h r1/n01 gpu4-7');

  test.each([
    ['the one that loses least for each GPU, where it is enough', '1×4 H100 1h', 40n * gpuHour],
    ['a part of it, where less is missing', '1×3 H100 1h', 30n * gpuHour],
    ['and of the next one what is then missing', '1×6 H100 1h', 80n * gpuHour],
    ['all, where all are needed', '1×8 H100 1h', 120n * gpuHour],
  ])('%s', (_, text, least) => {
    expect(cost(two, text)).toBe(least);
  });

  test('nothing, where by count nothing is missing', () => {
    const now = booked(
      world('fra1/h1/r1 2×4 H100'),
      'preemptible 9h r1/n01 gpu0-1',
      'preemptible 9h r1/n02 gpu0-1',
    );
    expect(cost(now, '1×4 H100 1h')).toBe(0n);
  });

  test('GPUs that are down open nothing, and are lost all the same', () => {
    const now = booked(one, 'preemptible 10h r1/n01 gpu0-3', 'reserved 10h r1/n01 gpu4-7');
    const down = observe(now, [fact('gpu', 'fra1/h1/r1/n01/gpu0', { health: 'down' })]);
    expect(cost(down, '1×3 H100 1h')).toBe(40n * gpuHour);
    expect(cost(down, '1×1 H100 1h')).toBe((40n * gpuHour) / 3n);
    expect(cost(down, '1×4 H100 1h')).toBeUndefined();
  });

  test('is never more than what any sufficient set really loses', { timeout: 60_000 }, () => {
    const lines = array(
      record({
        guarantee: constantFrom('preemptible', 'preemptible', 'reserved'),
        hours: integer({ min: 1, max: 9 }),
        size: integer({ min: 1, max: 3 }),
      }),
      { minLength: 2, maxLength: 6 },
    );
    const seen = { tight: 0, loose: 0 };
    assert(
      property(
        lines,
        constantFrom('1×2', '1×4', '2×3', '2×4', '3×1', '1×4 together:node', '2×2 together:rack'),
        (drawn, text) => {
          let [slot, lines_] = [0, [] as string[]];
          for (const { guarantee, hours, size } of drawn) {
            if ((slot % 4) + size > 4) slot += 4 - (slot % 4);
            if (slot >= 12) break;
            lines_ = [
              ...lines_,
              `${guarantee} ${hours}h r1/n0${1 + (slot >> 2)} gpu${slot % 4}-${(slot % 4) + size - 1}`,
            ];
            slot += size;
          }
          const now = booked(world('fra1/h1/r1 3×4 H100'), ...lines_);
          for (const { candidates, openings, leastCost } of grounds(now, `${text} 1h`)) {
            const costs = candidates.map((victim) => victimLoss(victim, t0));
            for (let mask = 0; mask < 2 ** candidates.length; mask++) {
              if (!openings.couldFit((at) => ((mask >> at) & 1) === 1)) continue;
              const real = costs.reduce((sum, loss, at) => (((mask >> at) & 1) === 1 ? sum + loss : sum), 0n);
              expect(leastCost <= real).toBe(true);
              seen[leastCost === real ? 'tight' : 'loose']++;
            }
          }
        },
      ),
      { seed, numRuns: 100 },
    );
    expect(Math.min(seen.tight, seen.loose)).toBeGreaterThan(20);
  });
});

describe('a demand kept inside a place', () => {
  const { nodes } = racks.state.fleet;
  const rack = domainsOn('rack', nodes).find(({ id }) => id === 'fra1/h1/r1');
  if (rack === undefined) throw new Error('a rack');

  test.each<[string, readonly string[] | undefined, readonly string[]]>([
    ['wanted nowhere in particular', undefined, ['fra1/h1/r1']],
    ['wanted in exactly this place', ['fra1/h1/r1'], ['fra1/h1/r1']],
    ['wanted around it', ['fra1'], ['fra1/h1/r1']],
    ['wanted around it, and elsewhere', ['ams2', 'fra1/h1'], ['fra1/h1/r1']],
    ['wanted in a part of it', ['fra1/h1/r1/n02'], ['fra1/h1/r1/n02']],
    ['wanted in a part of it, and elsewhere', ['fra1/h1/r2', 'fra1/h1/r1/n02', 'ams2'], ['fra1/h1/r1/n02']],
    ['wanted in a part of it and around it', ['fra1/h1/r1/n02', 'fra1'], ['fra1/h1/r1']],
    ['wanted elsewhere only', ['ams2', 'fra1/h1/r2'], []],
    ['a name that only begins alike is another place', ['fra1/h1/r10'], []],
  ])('%s', (_, where, inside) => {
    const wish = demand('1×4 H100 1h', where === undefined ? {} : { where });
    expect(keptInside(wish, rack).where).toEqual(inside);
    expect(keptInside(wish, rack).parts).toBe(wish.parts);
  });

  test('a place that no path spells out is named node by node, those that are wanted', () => {
    const leafed = observe(racks, [
      fact('node', 'fra1/h1/r1/n01', { leaf: 'fra1/leaf' }),
      fact('node', 'fra1/h1/r2/n02', { leaf: 'fra1/leaf' }),
    ]);
    const [leaf] = domainsOn('leaf', leafed.state.fleet.nodes);
    if (leaf === undefined) throw new Error('a leaf');
    const both = ['fra1/h1/r1/n01', 'fra1/h1/r2/n02'];
    expect(keptInside(demand('1×4 1h'), leaf).where).toEqual(both);
    expect(keptInside(demand('1×4 1h', { where: ['fra1'] }), leaf).where).toEqual(both);
    expect(keptInside(demand('1×4 1h', { where: ['fra1/h1/r2'] }), leaf).where).toEqual(['fra1/h1/r2/n02']);
    expect(keptInside(demand('1×4 1h', { where: ['ams2'] }), leaf).where).toEqual([]);
  });
});

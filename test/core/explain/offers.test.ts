import { array, assert, constantFrom, integer, property } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { allowAll } from '../../../src/bench/verdict.ts';
import { conflictOf } from '../../../src/core/explain/conflict.ts';
import { furtherRelaxations } from '../../../src/core/explain/further.ts';
import {
  type Asked,
  largestOf,
  later,
  offerLimit,
  offerOf,
  relaxations,
} from '../../../src/core/explain/relax.ts';
import { startRange } from '../../../src/core/place/start-range.ts';
import type { State } from '../../../src/core/state.ts';
import type { Demand } from '../../../src/model/demand.ts';
import type { Relaxation } from '../../../src/model/refusal.ts';
import { commit, planned, take } from '../acts.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, type World, world } from '../fleet.ts';
import { fits } from './alternatives.ts';

const prices = { H100: 2_000_000, A100: 1_000_000 };
const priced = {
  sites: {
    fra1: { gpuPrices: prices, cpuPriceMicroEurPerHour: 10_000, latencyMsByRegion: { paris: 9 } },
    ams2: { gpuPrices: prices, cpuPriceMicroEurPerHour: 10_000, latencyMsByRegion: { paris: 30 } },
  },
};
const globex = { tenant: 'globex' };
const lone = world('fra1/h1/r1 1×8 H100 cpu64', priced);

function askedOf(wish: Demand): Asked {
  const range = startRange(wish, t0);
  if (range.kind === 'refused') throw new Error('the window is impossible');
  return { demand: wish, starts: range.starts };
}

function offersOn({ state }: World, wish: Demand, more: Partial<Asked> = {}): readonly Relaxation[] {
  return relaxations(state, allowAll(state), { ...askedOf(wish), ...more });
}

function furtherOn({ state }: World, wish: Demand, offers: readonly Relaxation[] = []): readonly string[] {
  const asked = askedOf(wish);
  const conflict = conflictOf(state, allowAll(state), asked);
  return furtherRelaxations(state, allowAll(state), asked, { offers, conflict }).map(({ change }) => change);
}

const words = (offers: readonly Relaxation[]) => offers.map(({ change }) => change);

describe('offers come in the order in which people usually give way', () => {
  const two = world(
    'fra1/h1/r1 1×8 H100 nvlink rdma cpu64 gpumem80',
    'fra1/h1/r2 1×8 A100 nvlink rdma cpu64 gpumem80',
    'ams2/h1/a1 1×8 H100 nolink nordma cpu64 gpumem80',
    priced,
  );
  const busy = take(two, demand('1×8 H100 24h', { ...globex, where: ['fra1'] }));

  test('a later start before another model before another place', () => {
    expect(words(offersOn(busy, demand('1×8 H100 1h', { where: ['fra1'] })))).toEqual([
      'start later',
      'another GPU model',
      'anywhere the rules allow',
    ]);
  });

  test('fewer replicas at the very end', () => {
    const wish = demand('2×4 H100 rdma 1h', { isolation: 'node', where: ['fra1'] });
    const half = take(two, demand('1×4 H100 24h', { ...globex, where: ['fra1'] }));
    expect(words(offersOn(half, wish))).toEqual(['start later', 'another GPU model']);
    expect(words(offersOn(half, demand('2×4 H100 1h', { where: ['fra1'] })))).toEqual([
      'start later',
      'another GPU model',
      'anywhere the rules allow',
      '4 instead of 8 GPUs',
    ]);
  });

  test('six of them at most, of any number that help', () => {
    const all = 'nvlink rdma gpumem80 cpu16 mem32 disk20';
    const lacking = world(
      `fra1/h1/r1 1×4 H100 ${all}`,
      `fra1/h1/r2 1×4 A100 ${all}`,
      `ams2/h1/a1 1×4 H100 ${all}`,
      'fra1/h1/r3 1×4 H100 nvlink nordma gpumem80 cpu16 mem32 disk20',
      'fra1/h1/r4 1×4 H100 nolink rdma gpumem80 cpu16 mem32 disk20',
      'fra1/h1/r5 1×4 H100 nvlink rdma gpumem40 cpu16 mem32 disk20',
      'fra1/h1/r6 1×4 H100 nvlink rdma gpumem80 cpu16 mem32 disk2',
      priced,
    );
    const taken = take(lacking, demand('1×4 24h', { ...globex, where: ['fra1/h1/r1'] }));
    const wish = demand('1×4 H100 nvlink rdma gpumem60 disk9 1h', { where: ['fra1'] });
    const inOrder = [
      'start later',
      'another GPU model',
      'anywhere the rules allow',
      'without RDMA',
      'without an accelerator link',
      'with any GPU memory',
    ];
    expect(offerLimit).toBe(inOrder.length);
    expect(words(offersOn(taken, wish))).toEqual(inOrder);
    const { where: _where, ...anywhere } = wish;
    expect(fits(taken, anywhere)).toBe(true);
    const roomyDisk = demand('1×4 H100 nvlink rdma gpumem60 1h', { where: ['fra1'] });
    expect(fits(taken, roomyDisk)).toBe(true);
  });

  test('none where nothing that is given up alone helps', () => {
    expect(offersOn(two, demand('1×16 H100'))).toEqual([]);
  });
});

describe('an offer', () => {
  const busy = take(lone, demand('1×8 H100 5h', globex));

  test('of a later start is at the end of what is in the way, and asks for no other start', () => {
    const wish = demand('1×8 H100 2h');
    const deadline = { ...wish, window: { ...wish.window, deadlineMs: t0 + 3 * hourMs } };
    const [offer] = offersOn(busy, deadline);
    expect(offer).toMatchObject({ change: 'start later', startMs: t0 + 5 * hourMs });
    expect(offer?.demand.window).toEqual({ earliestStartMs: t0 + 5 * hourMs, durationS: 2 * 3600 });
  });

  test('costs what is charged once it is taken: per hour, and for its whole length', () => {
    const [offer] = offersOn(busy, demand('1×8 H100 2h'));
    expect(offer).toMatchObject({ microEurPerHour: 16_000_000, totalMicroEur: 32_000_000 });
    if (offer === undefined) throw new Error('an offer');
    const { world: after } = commit(busy, planned(busy, offer.demand));
    expect(after.state.contracts.at(1)?.price).toMatchObject({
      microEurPerHour: offer.microEurPerHour,
      totalMicroEur: offer.totalMicroEur,
    });
  });

  test('without an end has no sum, and without a price book no price', () => {
    expect(offersOn(busy, demand('1×8 H100'))[0]).not.toHaveProperty('totalMicroEur');
    const unpriced = take(world('fra1/h1/r1 1×8 H100'), demand('1×8 H100 5h', globex));
    const [offer] = offersOn(unpriced, demand('1×8 H100 2h'));
    expect(offer).toMatchObject({ change: 'start later' });
    expect(offer).not.toHaveProperty('microEurPerHour');
  });

  test('of a whole GPU stands for slices that do not fit, priced as a whole one', () => {
    const h100 = 'H100-SXM-80GB';
    const cut = world(`fra1/h1/r1 1×2 ${h100} cpu64`, {
      sites: { fra1: { gpuPrices: { [h100]: 8_000_000 } } },
    });
    const wish = demand('1×1 mig:1g.10gb 1h');
    expect(offersOn(cut, wish).map(({ change, microEurPerHour }) => [change, microEurPerHour])).toEqual([
      ['a whole GPU instead of a slice', 8_000_000],
    ]);
    expect(words(offersOn(cut, demand('1×3 H100-SXM-80GB')))).toEqual([]);
  });

  test('is nothing where the edit does not help', () => {
    const { state } = busy;
    const asked = askedOf(demand('1×8 H100'));
    expect(offerOf(state, allowAll(state), { change: 'nothing', asked })).toBeUndefined();
    expect(offerOf(state, allowAll(state), { change: 'wait', asked: later(asked) })?.change).toBe('wait');
  });
});

test('later is up to ninety days after the first start asked for, whatever was allowed, without a deadline', () => {
  const wish = demand('1×8', {
    window: {
      earliestStartMs: t0 + hourMs,
      latestStartMs: t0 + 2 * hourMs,
      deadlineMs: t0 + 9 * hourMs,
      durationS: 3600,
    },
  });
  const asked = later(askedOf(wish));
  const latestMs = asked.starts.earliestMs + 90 * 24 * hourMs;
  expect(asked.starts).toEqual({ ...askedOf(wish).starts, latestMs });
  expect(asked.demand.window).toEqual({
    earliestStartMs: t0 + hourMs,
    latestStartMs: latestMs,
    durationS: 3600,
  });
});

function most(on: World, wish: Demand, guesses: readonly number[]): number {
  const { state } = on;
  const [part] = wish.parts;
  if (part === undefined) throw new Error('a demand has a part');
  const found = largestOf(state, allowAll(state), {
    count: part.count,
    withCount: (count) => askedOf({ ...wish, parts: [{ ...part, count }] }),
    change: (count) => `${count} of them`,
    guesses,
  });
  return found === undefined ? 0 : Number(found.change.split(' ', 1));
}

describe('as many as fit', () => {
  const racks = world('fra1/h1/r1 3×4 H100', 'fra1/h1/r2 2×4 H100', priced);

  test('are what trying every number finds, whatever is guessed first', () => {
    const texts = constantFrom('9×4 H100 within:rack', '9×2 H100', '7×4', '30×1', '6×4 apart:node', '3×8');
    const held = array(constantFrom('1×4', '2×1', '1×2', '3×4'), { maxLength: 3 });
    const guesses = array(integer({ min: -1, max: 12 }), { maxLength: 3 });
    let found = 0;
    assert(
      property(texts, held, guesses, (text, taken, first) => {
        const on = taken.reduce((now, other) => {
          const wish = demand(`${other} H100`, globex);
          return fits(now, wish) ? take(now, wish) : now;
        }, racks);
        const wish = demand(text);
        if (fits(on, wish)) return;
        const [part] = wish.parts;
        if (part === undefined) return;
        const byHand = Array.from({ length: part.count }, (_, count) => count).findLast(
          (count) => count > 0 && fits(on, { ...wish, parts: [{ ...part, count }] }),
        );
        expect(most(on, wish, first)).toBe(byHand ?? 0);
        if (byHand !== undefined) found++;
      }),
      { seed, numRuns: 60 },
    );
    expect(found).toBeGreaterThan(20);
  });

  test.each([
    ['7×4 H100', 5, '20 instead of 28 GPUs'],
    ['6×4 within:rack', 3, '12 instead of 24 GPUs'],
  ])('%s: %s', (text, count, change) => {
    const offer = offersOn(racks, demand(text)).find((one) => one.change.includes('instead of'));
    expect(offer?.change).toBe(change);
    expect(offer?.demand.parts[0]?.count).toBe(count);
  });

  test('are said in replicas where they have no GPUs', () => {
    const cores = world('fra1/h1/r1 3 cpu8 mem8', priced);
    expect(words(offersOn(cores, demand('load: 5×cpu8')))).toEqual(['3 instead of 5 replicas of `load`']);
  });

  test('are of the first part with several, and others stay as many', () => {
    const [offer] = offersOn(racks, demand('eval: 1×4 + train: 7×4 H100'));
    expect(offer?.change).toBe('16 instead of 28 GPUs');
    expect(offer?.demand.parts.map(({ count }) => count)).toEqual([1, 4]);
  });

  test('guarantee no more than there are left', () => {
    const elastic = demand('9×4 H100', { guarantee: 'elastic' });
    const parts = elastic.parts.map((part) => ({ ...part, minCount: 8 }));
    const offer = offersOn(racks, { ...elastic, parts }).find((one) => one.change.includes('GPUs'));
    expect(offer?.demand.parts[0]).toMatchObject({ count: 5, minCount: 5 });
  });

  test('none where not even one fits, and none of a single one', () => {
    expect(words(offersOn(racks, demand('3×8 H100')))).toEqual([]);
    expect(words(offersOn(racks, demand('1×8 H100')))).toEqual([]);
  });
});

/** The one node, taken from some hours after `t0` on, for good. */
function takenFrom(hours: number): World {
  return take(lone, demand('1×8 H100', { ...globex, window: { earliestStartMs: t0 + hours * hourMs } }));
}

describe('further offers are looked for until there are three', () => {
  test.each([
    [16, 32, '16 h instead of 32 h'],
    [15, 32, '14 h instead of 32 h'],
    [1, 32, undefined],
    [2, 32, '2 h instead of 32 h'],
    [5, 20, '5 h instead of 20 h'],
    [31, 32, '30 h instead of 32 h'],
    [4, 8, '4 h instead of 8 h'],
    [3.25, 8, '3 h instead of 8 h'],
    [0.75, 8, '1800 s instead of 8 h'],
  ])('as long as is free: %s h of %s h', (freeH, wantedH, expected) => {
    const found = furtherOn(takenFrom(freeH), demand(`1×8 H100 ${wantedH}h`)).filter((change) =>
      /instead of .* h$/.test(change),
    );
    expect(found).toEqual(expected === undefined ? [] : [expected]);
  });

  test('no shorter time is offered for what has no end', () => {
    expect(furtherOn(takenFrom(5), demand('1×8 H100'))).toEqual([]);
  });

  test.each([
    ['1×16 H100', ['8 instead of 16 GPUs for each replica of `train`']],
    ['1×32 H100', ['8 instead of 32 GPUs for each replica of `train`']],
    ['1×24 H100', ['6 instead of 24 GPUs for each replica of `train`']],
    ['1×9 H100', []],
    ['1×cpu100', ['50 instead of 100 cores for each replica of `train`']],
    ['1×cpu66', ['33 instead of 66 cores for each replica of `train`']],
    ['1×cpu129', []],
    // Eight GPUs hold all cores of their node, four hold half of them.
    ['1×16 H100 + load: 1×cpu4', ['4 instead of 16 GPUs for each replica of `train`']],
    ['1×8 H100 cpu8 + load: 1×cpu80', ['40 instead of 80 cores for each replica of `load`']],
  ])('smaller replicas by halves: %s', (text, expected) => {
    expect(furtherOn(lone, demand(text))).toEqual(expected);
  });

  test.each([
    ['1×4 H100 + eval: 3×4 H100', []],
    ['2×2 H100 + eval: 3×2 H100', ['2 instead of 3 replicas of `eval`']],
    ['2×2 H100 + eval: 9×1 H100', ['4 instead of 9 replicas of `eval`']],
    ['2×2 H100 + eval: 2×8 H100', []],
  ])('fewer of a part that is not the first with several: %s', (text, expected) => {
    expect(furtherOn(lone, demand(text)).filter((change) => change.includes('replicas of `eval`'))).toEqual(
      expected,
    );
  });

  test('as many as are missing, and none where there are three', () => {
    const wish = demand('1×16 H100 + load: 1×cpu128');
    const offer: Relaxation = { change: 'something', demand: wish, startMs: t0 };
    expect(furtherOn(lone, wish, [offer, offer, offer])).toEqual([]);
    const gang = demand('2×2 H100 + eval: 3×2 H100');
    const all = [
      '1 instead of 2 GPUs for each replica of `train`',
      '2 instead of 3 replicas of `eval`',
      '1 instead of 2 GPUs for each replica of `eval`',
    ];
    expect(furtherOn(lone, gang)).toEqual(all);
    expect(furtherOn(lone, gang, [offer])).toEqual(all.slice(0, 2));
    expect(furtherOn(lone, gang, [offer, offer])).toEqual(all.slice(0, 1));
  });

  test('two things given up at once come last, and only those of which neither helps alone', () => {
    const apart = world('fra1/h1/r1 1×4 H100 nolink', 'fra1/h2/r2 1×4 H100 nolink', priced);
    const wish = demand('2×4 H100 nvlink together:rack');
    expect(furtherOn(apart, wish)).toEqual(['not kept so close together and without an accelerator link']);
    const offered: Relaxation = { change: 'without an accelerator link', demand: wish, startMs: t0 };
    expect(furtherOn(apart, wish, [offered])).toEqual([]);
  });

  test('each of them fits as it is offered, and asks for the start that was found', () => {
    const on = takenFrom(5);
    const { state } = on;
    for (const text of ['1×8 H100 32h', '1×16 H100 4h', '2×2 H100 4h + eval: 6×2 H100']) {
      const asked = askedOf(demand(text));
      for (const offer of furtherRelaxations(state, allowAll(state), asked, { offers: [] })) {
        expect(offer.demand.window.earliestStartMs).toBe(offer.startMs);
        expect(planned(on, offer.demand).plan).toMatchObject({
          placement: { startMs: offer.startMs },
          price: { microEurPerHour: offer.microEurPerHour },
        });
      }
    }
  });
});

function conflictOn(state: State, wish: Demand): readonly string[] {
  return conflictOf(state, allowAll(state), askedOf(wish));
}

describe('a set of requirements that cannot be met together', () => {
  const on = world(
    'fra1/h1/r1 2×4 H100 nolink nordma cpu8 mem32 gpumem40',
    'fra1/h1/r2 1×4 A100 nvlink nordma',
    priced,
  );

  test.each<readonly [string, readonly string[]]>([
    ['1×4 H100 nvlink', ['gpu-model', 'accelerator-link']],
    ['1×4 rdma', ['rdma']],
    ['1×4 H100 gpumem80', ['gpu-memory']],
    ['2×4 A100 apart:node', ['gpu-model']],
    ['2×4 H100 together:node', ['together']],
    ['2×4 H100 nvlink together:node', ['accelerator-link']],
    ['9×4 H100', []],
    ['3×4 H100 apart:node', []],
  ])('%s: %j', (text, expected) => {
    expect(fits(on, demand(text))).toBe(false);
    expect(conflictOn(on.state, demand(text))).toEqual(expected);
  });

  test('is the same however the requirements that do not matter are asked for', () => {
    const plain = conflictOn(on.state, demand('1×4 H100 nvlink'));
    expect(plain).toEqual(['gpu-model', 'accelerator-link']);
    for (const more of [{ isolation: 'node' }, { avoid: ['fra1/h9'] }, { where: ['fra1'] }])
      expect(conflictOn(on.state, demand('1×4 H100 nvlink', { ...more }))).toEqual(plain);
  });
});

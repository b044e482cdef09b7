import { assert, constantFrom, nat, property } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { tally } from '../../../src/core/place/count.ts';
import { take } from '../acts.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { type Details, hourMs, t0, type World, world } from '../fleet.ts';

type Asked = {
  readonly open?: readonly string[];
  readonly startMs?: number;
  readonly starts?: { readonly earliestMs: number; readonly latestMs: number };
};

/** `health: 8 → 4 gpu` for everything that takes something away, by the index and by a plain scan. */
function counted({ state }: World, text: string, more: object = {}, asked: Asked = {}): string[] {
  const open = new Set<string>(asked.open ?? state.fleet.sites.map(({ id }) => id));
  const { startMs = t0, starts } = asked;
  const question = { demand: demand(text, more), startMs, ...(starts === undefined ? {} : { starts }) };
  const found = tally(state, open, question);
  expect(tally(state, open, { ...question, isPlain: true })).toEqual(found);
  return found.counts.map(
    ({ constraint, before, after, level, note }) =>
      `${constraint}: ${before} → ${after} ${level}${note === undefined ? '' : `, ${note}`}`,
  );
}

/** `cpuMilli of 2, as a/r1/n01` for every fact that nobody has stated. */
function missing({ state }: World, text: string, more: object = {}): string[] {
  const open = new Set<string>(state.fleet.sites.map(({ id }) => id));
  return tally(state, open, { demand: demand(text, more), startMs: t0 }).missing.map(
    ({ attribute, subjectCount, example }) => `${attribute} of ${subjectCount}, as ${example}`,
  );
}

/** Where the start may wait so long for data. */
function within(waitMs: number): Asked {
  return { starts: { earliestMs: t0, latestMs: t0 + waitMs } };
}

describe('what each constraint leaves', () => {
  const mixed = world(
    'a/r1 2×4 H100 nvlink cpu16',
    'a/r2 1×4 A100 nvlink cpu16',
    'b/r1 1×8 H100 nolink cpu16',
    'b/r2 2 cpu32',
    { nodes: { 'a/r1/n02': { schedulable: false } } },
  );

  test.each([
    ['nothing is taken where all will do', '1×1', {}, ['health: 20 → 16 gpu']],
    ['a model', '1×1 H100', {}, ['health: 20 → 16 gpu', 'gpu-model: 16 → 12 gpu']],
    [
      'a link',
      '1×4 H100 nvlink',
      {},
      ['health: 20 → 16 gpu', 'gpu-model: 16 → 12 gpu', 'accelerator-link: 12 → 4 gpu'],
    ],
    ['a place', '1×1', { where: ['b'] }, ['where: 20 → 8 gpu']],
    ['a place that is left out', '1×1', { avoid: ['b'] }, ['where: 20 → 12 gpu', 'health: 12 → 8 gpu']],
    ['the place of a part', '1×1 at:b', {}, ['where: 20 → 8 gpu']],
    ['size', '1×5 H100', {}, ['health: 20 → 16 gpu', 'gpu-model: 16 → 12 gpu', 'node-size: 12 → 8 gpu']],
    ['a model that is not there', '1×1 B200', {}, ['gpu-model: 20 → 0 gpu']],
    ['nodes, for parts without GPUs', '1×cpu20', {}, ['health: 6 → 5 node', 'node-size: 5 → 2 node']],
    [
      'the part with GPUs, where there are others',
      '1×cpu99 + 1×5 H100',
      {},
      ['health: 20 → 16 gpu', 'gpu-model: 16 → 12 gpu', 'node-size: 12 → 8 gpu'],
    ],
  ])('%s', (_, text, more, expected) => {
    expect(counted(mixed, text, more)).toEqual(expected);
  });

  test('sites that are not open come first', () => {
    expect(counted(mixed, '1×1', {}, { open: ['b'] })).toEqual(['site: 20 → 8 gpu']);
    expect(counted(mixed, '1×1 H100', {}, { open: ['a'] })).toEqual([
      'site: 20 → 12 gpu',
      'health: 12 → 8 gpu',
      'gpu-model: 8 → 4 gpu',
    ]);
    expect(counted(mixed, '1×1', {}, { open: [] })).toEqual(['site: 20 → 0 gpu']);
  });

  test('then sites that data cannot be brought to in time', () => {
    const apart = world('here/r1 1×1 H100', 'near/r1 1×2 H100', 'far/r1 1×4 H100', {
      pools: { 'here/nvme': { mbps: 8000, datasets: [{ id: 'corpus', sizeGib: 450 }] } },
      wanLinks: { 'here/wan': { from: 'here', to: 'near', mbps: 1000 } },
    });
    // 450 × 2^33 bits at 10^6 a millisecond, rounded up.
    const arrivesMs = Math.ceil((450 * 2 ** 33) / 1_000_000);
    const data = { dataset: 'corpus' };
    expect(counted(apart, '1×1', data, within(arrivesMs))).toEqual(['dataset: 7 → 3 gpu']);
    expect(counted(apart, '1×1', data, within(arrivesMs - 1))).toEqual(['dataset: 7 → 1 gpu']);
    expect(counted(apart, '1×1', {}, within(0))).toEqual([]);
    expect(counted(apart, '1×1', data)).toEqual([]);
  });

  test('where a part may run on several models, a node counts by the one that gets furthest', () => {
    const both = world('a/r1 1×4 H100 nolink', { gpus: { 'a/r1/n01/gpu3': { model: 'A100' } } });
    // As an A100 it is too small for three, as an H100 not; for four as both.
    expect(counted(both, '1×3 H100|A100').join()).not.toContain('node-size');
    expect(counted(both, '1×4 H100|A100')).toEqual(['node-size: 4 → 0 gpu']);
    expect(counted(both, '1×1 A100 nvlink')).toEqual(['accelerator-link: 4 → 0 gpu']);
  });

  test.each([
    ['of another model', { model: 'A100' }, '1×2 H100|A100', ['gpu-model: 4 → 3 gpu']],
    ['that is down', { health: 'down' }, '1×2 H100', ['health: 4 → 3 gpu']],
    ['with too little memory', { memoryMib: 40_000 }, '1×2 H100 gpumem60', ['gpu-memory: 4 → 3 gpu']],
    [
      'down and of another model: for the first of both',
      { health: 'down', model: 'A100' },
      '1×2 H100',
      ['health: 4 → 3 gpu'],
    ],
  ] as const)('a single GPU %s is not taken for one that is held', (_, odd, text, expected) => {
    const one = world('a/r1 1×4 H100 nolink gpumem80', { gpus: { 'a/r1/n01/gpu3': odd } });
    expect(counted(one, text)).toEqual(expected);
  });

  test('of what nobody knows it says for how many nodes', () => {
    const dark = world('a/r1 3×2 H100', 'a/r2 1×2 H100 nolink', 'a/r3 1×2 H100 nvlink');
    expect(counted(dark, '1×2 nvlink')).toEqual(['accelerator-link: 10 → 2 gpu, not known for 3 nodes']);
    expect(missing(dark, '1×2 nvlink')).toEqual(['link of 3, as a/r1/n01']);
  });

  test('facts that are missing for any part are told, each with its nodes', () => {
    const dark = world('a/r1 2×2 H100 cpu8', 'a/r2 1×2 H100 mem8');
    expect(missing(dark, 'train: 1×1 cpu1 mem1 + load: 1×cpu1 mem1')).toEqual([
      'memoryMib of 2, as a/r1/n01',
      'cpuMilli of 1, as a/r2/n01',
    ]);
    expect(missing(dark, '1×1')).toEqual([]);
    // Nodes of which all is known, and those that lack something for certain, are none of them.
    const some = world('a/r1 1×2 H100 nvlink', 'a/r2 1×2 H100 nolink', 'a/r3 2×2 H100');
    expect(missing(some, '1×2 nvlink')).toEqual(['link of 2, as a/r3/n01']);
  });
});

describe('what is held is counted after all that never changes', () => {
  const fleet = world('a/r1 2×4 H100 cpu16 mem64', 'a/r2 1 cpu16 mem64');
  const busy = take(fleet, demand('1×3 2h', { tenant: 'globex', where: ['a/r1/n01'] }));

  test('GPUs that others hold', () => {
    expect(counted(busy, '1×1')).toEqual(['free-over-window: 8 → 5 gpu']);
    expect(counted(busy, '1×1', { window: { earliestStartMs: t0, durationS: 60 } })).toEqual([
      'free-over-window: 8 → 5 gpu',
    ]);
  });

  test('not what has ended, or begins later', () => {
    expect(counted(busy, '1×1', {}, { startMs: t0 + 2 * hourMs })).toEqual([]);
    expect(counted(busy, '1×1', {}, { startMs: t0 + 2 * hourMs - 1 })).toEqual([
      'free-over-window: 8 → 5 gpu',
    ]);
  });

  test('nodes that have too little left of anything, for parts without GPUs', () => {
    const cores = take(fleet, demand('1×cpu9 mem8', { tenant: 'globex', where: ['a/r2'] }));
    const memory = take(fleet, demand('1×cpu1 mem40', { tenant: 'globex', where: ['a/r2'] }));
    expect(counted(cores, '1×cpu8')).toEqual(['free-over-window: 3 → 2 node']);
    expect(counted(cores, '1×cpu7')).toEqual([]);
    expect(counted(memory, '1×cpu1 mem25')).toEqual(['free-over-window: 3 → 2 node']);
    expect(counted(memory, '1×cpu1 mem24')).toEqual([]);
  });

  test('what others want to have for themselves', () => {
    const alone = take(fleet, demand('1×1', { tenant: 'globex', isolation: 'node', where: ['a/r1/n01'] }));
    expect(counted(alone, '1×1')).toEqual(['free-over-window: 8 → 7 gpu', 'isolation: 7 → 4 gpu']);
    expect(counted(alone, '1×1', { tenant: 'globex' })).toEqual(['free-over-window: 8 → 7 gpu']);
    // And where the newcomer wants to be alone itself, nodes on which others are do not do.
    expect(counted(busy, '1×1', { isolation: 'node' })).toEqual([
      'free-over-window: 8 → 5 gpu',
      'isolation: 5 → 4 gpu',
    ]);
  });

  test('slices go on in a unit of their own', () => {
    const cut = world('a/r1 2×2 H100-SXM-80GB mig gpumem80 cpu16', 'a/r2 1×2 L40S');
    const held = take(cut, demand('1×1 mig:3g.40gb', { tenant: 'globex' }));
    // Four GPUs of seven instances each; a 3g.40gb leaves four of one GPU, which keeps a slice for another.
    expect(counted(cut, '1×1 mig:1g.10gb')).toEqual(['gpu-slice: 6 → 4 gpu']);
    expect(counted(held, '1×1 mig:1g.10gb')).toEqual([
      'gpu-slice: 6 → 4 gpu',
      'free-over-window: 28 → 25 slice',
    ]);
    expect(counted(held, '1×1 share:300')).toEqual(['free-over-window: 18 → 15 slice']);
  });
});

/** Two nodes of four GPUs that draw 500 W each with what goes with it, under one limit. */
function limited(limitW: number, more: Details = {}): World {
  return world(
    's/h/r1 2×4 H100 cpu16 gpuw400 basew400',
    { halls: { 's/h': { powerBudgetW: limitW } } },
    more,
  );
}

describe('what limits on watts leave, in the order of the fleet', () => {
  test.each([
    ['all, where they carry all', '1×1', 4000, []],
    ['whole replicas', '1×1', 3999, ['hall-power: 8 → 7 gpu']],
    ['those of the first nodes', '1×1', 2500, ['hall-power: 8 → 5 gpu']],
    ['none, where not one is carried', '1×1', 499, ['hall-power: 8 → 0 gpu']],
    ['none of a limit of nothing', '1×1', 0, ['hall-power: 8 → 0 gpu']],
    ['replicas of four', '1×4', 3999, ['hall-power: 8 → 4 gpu']],
    // Three of four: 1,500 W each. The fourth of each node makes up no replica, and stays while all others do.
    ['and what makes up none, while all others are carried', '1×3', 3000, []],
    ['but not where one is not', '1×3', 2999, ['hall-power: 8 → 4 gpu']],
    ['and none of it where none is', '1×3', 1499, ['hall-power: 8 → 0 gpu']],
  ])('%s', (_, text, limitW, expected) => {
    expect(counted(limited(limitW), text)).toEqual(expected);
  });

  test('each kind of limit takes from what the one before it left', () => {
    const sites: Details = { sites: { s: { powerBudgetW: 1000 } } };
    expect(counted(limited(2500, sites), '1×1')).toEqual(['hall-power: 8 → 5 gpu', 'site-power: 5 → 2 gpu']);
  });

  test('nodes under no limit keep what they have, wherever they stand', () => {
    const two = world('s/h/r1 1×4 H100 gpuw400 basew400', 's/i/r1 1×4 H100 gpuw400 basew400', {
      halls: { 's/h': { powerBudgetW: 600 } },
    });
    expect(counted(two, '1×1')).toEqual(['hall-power: 8 → 5 gpu']);
  });

  test('watts that others hold are not there', () => {
    const busy = take(limited(4000), demand('1×2 2h', { tenant: 'globex', where: ['s/h/r1/n02'] }));
    expect(counted(busy, '1×1')).toEqual(['free-over-window: 8 → 6 gpu']);
    const tight = take(limited(3000), demand('1×2 2h', { tenant: 'globex', where: ['s/h/r1/n02'] }));
    expect(counted(tight, '1×1')).toEqual(['free-over-window: 8 → 6 gpu', 'hall-power: 6 → 4 gpu']);
    expect(counted(tight, '1×1', {}, { startMs: t0 + 2 * hourMs })).toEqual(['hall-power: 8 → 6 gpu']);
  });

  test('what draws nothing is carried by anything', () => {
    const dark = world('s/h/r1 2×4 H100', { halls: { 's/h': { powerBudgetW: 0 } } });
    expect(counted(dark, '1×1')).toEqual([]);
  });

  test('the sum of what stays never passes the limit, and one more replica would', () => {
    assert(
      property(constantFrom(1, 2, 4), nat(4500), (each, limitW) => {
        const [line] = counted(limited(limitW), `1×${each}`);
        const most = 2 * Math.floor(4 / each);
        const replicas = line === undefined ? most : Number(/→ (\d+)/.exec(line)?.[1]) / each;
        const eachW = each * 500;
        expect(replicas * eachW).toBeLessThanOrEqual(limitW);
        expect(replicas === most || (replicas + 1) * eachW > limitW).toBe(true);
      }),
      { seed, numRuns: 120 },
    );
  });
});

describe('what a cap on the whole gang leaves, from what draws least', () => {
  /** Four GPUs at 500 W with what goes with it, then four at 250 W. */
  const two = world('s/r1 1×4 H100 gpuw400 basew400', 's/r2 1×4 H100 gpuw200 basew200');

  test.each([
    [3000, []],
    [2999, ['power-cap: 8 → 7 gpu']],
    [1500, ['power-cap: 8 → 5 gpu']],
    [1499, ['power-cap: 8 → 4 gpu']],
    [750, ['power-cap: 8 → 3 gpu']],
    [249, ['power-cap: 8 → 0 gpu']],
  ])('of %d W: %j', (powerCapW, expected) => {
    expect(counted(two, '1×1', { powerCapW })).toEqual(expected);
  });

  test('after the limits of places', () => {
    const limits = world('s/r1 1×4 H100 gpuw400 basew400', 's/r2 1×4 H100 gpuw200 basew200', {
      sites: { s: { powerBudgetW: 2500 } },
    });
    // In the order of the fleet: four of 500 W, and two of 250 W. Of those the cheapest come first.
    expect(counted(limits, '1×1', { powerCapW: 1600 })).toEqual([
      'site-power: 8 → 6 gpu',
      'power-cap: 6 → 4 gpu',
    ]);
  });
});

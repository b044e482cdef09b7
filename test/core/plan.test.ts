import { describe, expect, test } from 'vitest';

import { check } from '../../src/core/check.ts';
import type { Demand } from '../../src/model/demand.ts';
import type { Member } from '../../src/model/placement.ts';
import { ask, planned, take } from './acts.ts';
import { demand, flexible } from './demand.ts';
import { hourMs, t0, verdictAll, type World, world } from './fleet.ts';

const fleet = world(
  'fra1/h1/r1 2×8 H100-SXM nvlink rdma leaf cpu128 mem1024 gpumem80',
  'fra1/h1/r2 1×8 H100-SXM nvlink rdma leaf cpu128 mem1024 gpumem80',
  'fra1/h2/r3 2×4 A100 nolink nordma cpu64 mem512 gpumem40',
  'ams2/h1/a1 1×8 H100-SXM nvlink island4 rdma leaf cpu128 mem1024 gpumem80',
  'edge/x 2 cpu32 mem128',
  {
    sites: {
      fra1: { gpuPrices: { 'H100-SXM': 3_000_000, A100: 1_000_000 }, latencyMsByRegion: { paris: 9 } },
      ams2: { gpuPrices: { 'H100-SXM': 2_000_000 } },
    },
    pools: { 'fra1/pool': { datasets: [{ id: 'books', sizeGib: 10 }] } },
    tenants: [{ id: 'press', rules: { datasets: ['books'] } }],
  },
);

/** A sentence, what is asked, what comes of it, and the fleet if it is another one. */
type Row<T> = readonly [name: string, asked: Demand, expected: T, on?: World];

/** `train 0 fra1/h1/r1/n01 0-7`: one line a member. */
function lines(members: readonly Member[]): string[] {
  return members.map(({ part, replica, node, gpus }) => `${part} ${replica} ${node} [${gpus.join(' ')}]`);
}

function withFleet<T>(rows: readonly Row<T>[]): [string, Demand, T, World][] {
  return rows.map(([name, asked, expected, on = fleet]) => [name, asked, expected, on]);
}

describe('where a gang goes', () => {
  const rows: readonly Row<readonly string[]>[] = [
    ['to the cheapest site that fits', demand('1×2 H100'), ['train 0 ams2/h1/a1/n01 [0 1]']],
    [
      'whole, into one link domain for each replica',
      demand('2×4 H100 nvlink'),
      ['train 0 ams2/h1/a1/n01 [0 1 2 3]', 'train 1 ams2/h1/a1/n01 [4 5 6 7]'],
    ],
    [
      'to a dearer site where the cheap one has no link domain of eight',
      demand('1×8 H100 nvlink'),
      ['train 0 fra1/h1/r1/n01 [0 1 2 3 4 5 6 7]'],
    ],
    [
      'into the rack that it fills',
      demand('2×8 H100 together:rack'),
      ['train 0 fra1/h1/r1/n01 [0 1 2 3 4 5 6 7]', 'train 1 fra1/h1/r1/n02 [0 1 2 3 4 5 6 7]'],
    ],
    [
      'beside what is already there rather than onto an empty node',
      demand('1×4 H100', { where: ['fra1'] }),
      ['train 0 fra1/h1/r2/n01 [4 5 6 7]'],
      take(fleet, demand('1×4 H100', { where: ['fra1/h1/r2'] })),
    ],
    [
      'apart, when no two may share a rack',
      demand('2×8 H100 apart:rack'),
      ['train 0 fra1/h1/r1/n01 [0 1 2 3 4 5 6 7]', 'train 1 fra1/h1/r2/n01 [0 1 2 3 4 5 6 7]'],
    ],
    [
      'without GPUs to a node without GPUs',
      demand('load: 1×cpu8 mem8'),
      ['load 0 fra1/h1/r2/n01 []'],
      world('fra1/h1/r1 1×8 H100 cpu32 mem128', 'fra1/h1/r2 1 cpu32 mem128'),
    ],
    [
      'where the data is, of the demand and of its tenant',
      demand('1×1 H100', { tenant: 'press' }),
      ['train 0 fra1/h1/r1/n01 [0]'],
    ],
    [
      'into one link domain, when it asks for link bandwidth and says nothing of the kind of link',
      demand('1×8', { parts: [{ name: 'train', count: 1, each: { gpus: { count: 8, linkMbps: 1 } } }] }),
      ['train 0 fra1/h1/r1/n01 [0 1 2 3 4 5 6 7]'],
      world('ams2/h1/a1 1×8 H100 nvlink island4 link900', 'fra1/h1/r1 1×8 H100 nvlink link900'),
    ],
    [
      'to one leaf, though another rack with two leafs comes first',
      demand('2×8 H100 together:leaf'),
      ['train 0 fra1/h1/r2/n01 [0 1 2 3 4 5 6 7]', 'train 1 fra1/h1/r2/n02 [0 1 2 3 4 5 6 7]'],
      world('fra1/h1/r1 2×8 H100', 'fra1/h1/r2 2×8 H100 leaf', {
        nodes: {
          'fra1/h1/r1/n01': { leaf: 'fra1/leaf-a' },
          'fra1/h1/r1/n02': { leaf: 'fra1/leaf-b' },
        },
      }),
    ],
    [
      'to a rack whose leaf is known, when it must be in one leaf',
      demand('2×8 H100 together:leaf'),
      ['train 0 fra1/h1/r2/n01 [0 1 2 3 4 5 6 7]', 'train 1 fra1/h1/r2/n02 [0 1 2 3 4 5 6 7]'],
      world('fra1/h1/r1 2×8 H100', 'fra1/h1/r2 2×8 H100 leaf'),
    ],
    [
      'with RDMA onto a GPU whose NIC works',
      demand('1×1 H100 rdma'),
      ['train 0 fra1/h1/r1/n01 [1]'],
      world('fra1/h1/r1 1×2 H100 rdma', { nics: { 'fra1/h1/r1/n01/nic0': { health: 'down' } } }),
    ],
    [
      'where the budget allows, though another model fits tighter',
      demand('1×2', { objective: 'tightest', budget: { microEurPerDay: 2 * 24 * 1_000_000 } }),
      ['train 0 fra1/h1/r2/n01 [0 1]'],
      world('fra1/h1/r1 1×2 H100', 'fra1/h1/r2 1×4 A100', {
        sites: { fra1: { gpuPrices: { H100: 3_000_000, A100: 1_000_000 } } },
      }),
    ],
  ];
  test.each(withFleet(rows))('%s', (_, asked, expected, on) => {
    const { placement } = planned(on, asked).plan;
    expect(lines(placement.members)).toEqual(expected);
    expect(check(on.state, asked, verdictAll(on.state, 'allowed'), placement)).toEqual([]);
  });
});

describe('a no says why, in numbers', () => {
  const full = take(fleet, demand('3×8 H100 24h', { where: ['fra1'] }));
  const rows: readonly Row<object>[] = [
    [
      'nobody knows the tenant',
      demand('1×1', { tenant: 'nobody' }),
      { kind: 'tenant-unknown', tenant: 'nobody' },
    ],
    [
      'no node has such a model',
      demand('1×1 B200'),
      { kind: 'model-unknown', asked: ['B200'], known: ['A100', 'H100-SXM'] },
    ],
    [
      'there is no such place',
      demand('1×1', { where: ['fra1/h9'], avoid: ['fra1/h1/r1/n01/gpu0'] }),
      { kind: 'place-unknown', asked: ['fra1/h9', 'fra1/h1/r1/n01/gpu0'] },
    ],
    [
      'the window has passed',
      demand('1×1', { window: { earliestStartMs: t0 - hourMs } }),
      { kind: 'window-impossible', earliestStartMs: t0 - hourMs, latestStartMs: t0 - hourMs },
    ],
    [
      'the deadline comes before the end',
      demand('1×1', { window: { earliestStartMs: t0, durationS: 7200, deadlineMs: t0 + hourMs } }),
      { kind: 'window-impossible', earliestStartMs: t0 },
    ],
    [
      'all GPUs are taken over the window',
      demand('1×8 H100 nvlink 1h', { where: ['fra1'] }),
      { kind: 'no-capacity', nearest: { replicasWanted: 1, replicasFit: 0, binding: 'free-over-window' } },
      full,
    ],
    [
      'no node is large enough',
      demand('1×16 H100'),
      { kind: 'no-capacity', nearest: { replicasWanted: 1, replicasFit: 0, binding: 'inventory' } },
    ],
    [
      'GPUs are free, but not in one rack',
      demand('3×8 H100 together:rack 1h'),
      { kind: 'no-capacity', nearest: { replicasWanted: 3, replicasFit: 2, binding: 'topology' } },
    ],
    [
      'nobody has recorded a fact that it needs',
      demand('1×8 H100 nvlink'),
      { kind: 'fact-missing', facts: [{ attribute: 'link', subjectCount: 2 }] },
      world('fra1/h1/r1 2×8 H100'),
    ],
    [
      'nobody has recorded how far the users are, in a region named like a property of every object',
      demand('1×1', { latencyMsByRegion: { constructor: 50 } }),
      { kind: 'fact-missing' },
    ],
    [
      'it costs more than the budget',
      demand('1×8 H100 nvlink 10h', { budget: { totalMicroEur: 239_999_999 } }),
      { kind: 'over-budget', basis: 'total', limitMicroEur: 239_999_999, lowestMicroEur: 240_000_000 },
    ],
    [
      'it costs more a day than the budget',
      demand('1×8 H100 nvlink', { budget: { microEurPerDay: 575_999_999 } }),
      { kind: 'over-budget', basis: 'day', limitMicroEur: 575_999_999, lowestMicroEur: 576_000_000 },
    ],
  ];
  test.each(withFleet(rows))('%s', (_, asked, expected, on) => {
    expect(ask(on, asked)).toMatchObject({ kind: 'refused', refusal: expected });
  });

  test('the lowest price is above the budget it is held against, also where there is no end to count to', () => {
    const budget = { totalMicroEur: 1_000_000_000 };
    const answer = ask(fleet, demand('1×8 H100 nvlink', { budget }));
    expect(answer.kind).toBe('refused');
    const refusal = answer.kind === 'refused' ? answer.refusal : undefined;
    const lowest = refusal?.kind === 'over-budget' ? refusal.lowestMicroEur : Infinity;
    expect(lowest).toBeGreaterThan(budget.totalMicroEur);
  });

  test('the rules forbid every site', () => {
    const verdict = verdictAll(fleet.state, 'forbidden');
    expect(ask(fleet, demand('1×1 H100'), { verdict })).toMatchObject({
      refusal: { kind: 'policy-denied', sites: ['ams2', 'edge', 'fra1'], hits: [{ rule: 'test-rule' }] },
    });
  });

  test('the rules lack a fact everywhere else', () => {
    const verdict = verdictAll(fleet.state, 'forbidden', { fra1: 'fact-missing' });
    expect(ask(fleet, demand('1×1 H100'), { verdict })).toMatchObject({ refusal: { kind: 'fact-missing' } });
  });
});

describe('when', () => {
  const busy = take(fleet, demand('3×8 H100 5h', { where: ['fra1'] }));
  const text = '1×8 H100 nvlink';

  test('at the earliest start, if there is room then', () => {
    expect(planned(fleet, demand(text, flexible(1, 9))).plan.placement.startMs).toBe(t0);
  });

  test('else as soon as enough has ended', () => {
    expect(planned(busy, demand(text, flexible(1, 9))).plan.placement).toMatchObject({
      startMs: t0 + 5 * hourMs,
      endMs: t0 + 6 * hourMs,
    });
  });

  test('not after the latest start', () => {
    expect(ask(busy, demand(text, flexible(1, 4))).kind).toBe('refused');
    expect(ask(busy, demand(text, flexible(1, 5))).kind).toBe('planned');
  });

  test('in time for the deadline, which allows a later start by itself', () => {
    const [early, late] = [5, 6].map((hours) => ({
      window: { earliestStartMs: t0, durationS: 3600, deadlineMs: t0 + hours * hourMs },
    }));
    expect(ask(busy, demand(text, early)).kind).toBe('refused');
    expect(planned(busy, demand(text, late)).plan.placement.startMs).toBe(t0 + 5 * hourMs);
  });

  test('not before now, when the earliest start has passed and a later one is allowed', () => {
    const atMs = t0 + 2 * hourMs;
    expect(planned(fleet, demand(text, flexible(1, 9)), { atMs }).plan.placement.startMs).toBe(atMs);
  });
});

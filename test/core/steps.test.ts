import { array, assert, constantFrom, property } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { plan } from '../../src/core/plan.ts';
import { ask, costOf, take } from './acts.ts';
import { demand } from './demand.ts';
import { type Details, t0, verdictAll, world, type World } from './fleet.ts';

const uplinks = (mbps: number): Details => ({
  leafs: { 'fra1/leaf-r1': { uplinkMbps: mbps }, 'fra1/leaf-r2': { uplinkMbps: mbps } },
});
const leafs = ['fra1/h1/r1 2×4 H100 nvlink rdma leaf', 'fra1/h1/r2 1×4 H100 nvlink rdma leaf'];
const budget = (count: number, uplinkMbps: number) => ({
  parts: [{ name: 'train', count, each: { gpus: { count: 4 }, rdma: { uplinkMbps } } }],
});
const flows = (mbps: number) => ({ flows: [{ from: 'load', to: 'train', mbps }] });
const far = world('ams2/a1 1×4 H100', 'fra1/r1 1×2 H100', {
  pools: { 'fra1/nvme': { mbps: 8000, datasets: [{ id: 'corpus', sizeGib: 450 }] } },
  wanLinks: { 'fra1/wan': { from: 'fra1', to: 'ams2', mbps: 1000 } },
});

describe('what each constraint takes away', () => {
  test.each([
    ['leafs without the budget, and too small for all of it', 3, 100_001, '12 → 0 gpu'],
    ['a leaf that holds all of it needs no budget', 2, 100_001, '12 → 8 gpu'],
    ['the budget is there', 3, 100_000, undefined],
  ])('uplinks: %s', (_, count, mbps, cost) => {
    const answer = ask(world(...leafs, uplinks(100_000)), demand('1×4', budget(count, mbps)));
    expect(costOf(answer, 'uplink')).toBe(cost);
  });

  test.each([
    ['a share of two that no NIC carries', 'train: 2×4 H100 + load: 2×cpu4', 200_002, '12 → 0 gpu'],
    ['a share of two that they carry', 'train: 2×4 H100 + load: 2×cpu4', 200_000, undefined],
    [
      'all of it may stand on one node, where it is free',
      'train: 2×2 H100 + load: 1×cpu4',
      900_000,
      undefined,
    ],
  ])('flows: %s', (_, text, mbps, cost) => {
    const fleet = world('fra1/h1/r1 3×4 H100 nordma cpu16');
    expect(costOf(ask(fleet, demand(text, flows(mbps))), 'flows')).toBe(cost);
  });

  test.each([
    ['not there and not in time', { earliestStartMs: t0, durationS: 3600 }, '6 → 2 gpu'],
    ['moved by then', { earliestStartMs: t0, latestStartMs: t0 + 9 * 3_600_000, durationS: 3600 }, undefined],
  ])('dataset: %s', (_, window, cost) => {
    expect(costOf(ask(far, demand('3×1 H100', { dataset: 'corpus', window })), 'dataset')).toBe(cost);
  });

  test.each([
    ['where it is not known what falls with what', 'feed', 1, '8 → 0 gpu'],
    ['a spread that there is', 'node', 1, undefined],
  ])('survival: %s', (_, loss, membersLeft, cost) => {
    const fleet = world('fra1/h1/r1 2×4 H100');
    const answer = ask(fleet, demand('2×2 H100', { survive: { loss, membersLeft } }));
    expect(costOf(answer, 'survive')).toBe(cost);
  });

  const cut = world('fra1/h1/r1 1×2 H100 mig gpumem80 cpu64 mem512');

  test.each([
    [
      'instances that do not fit beside another',
      '5×1 H100 mig:3g.40gb',
      ['1×1 H100 mig:3g.40gb'],
      '4 → 3 slice',
    ],
    ['a GPU that is held whole', '15×1 H100 mig:1g.10gb', ['1×1 H100'], '14 → 7 slice'],
    ['nothing is held', '15×1 H100 mig:1g.10gb', [], undefined],
  ])('slices: %s', (_, text, taken, cost) => {
    const before = taken.reduce((now, other) => take(now, demand(other)), cut);
    expect(costOf(ask(before, demand(text)), 'free-over-window')).toBe(cost);
  });

  test('shares are counted by what is left of each GPU, and by whole replicas under a cap', () => {
    const shared = take(
      world('fra1/h1/r1 1×2 H100 shared gpuw700 basew0 cpu16 mem64'),
      demand('1×1 share:600'),
    );
    const asked = demand('6×1 share:300', { powerCapW: 450 });
    const answer = ask(shared, asked);
    expect(costOf(answer, 'free-over-window')).toBe('6 → 4 slice');
    expect(costOf(answer, 'power-cap')).toBe('4 → 2 slice');
  });
});

const kinds = [
  demand('2×4 H100', budget(2, 60_000)),
  demand('3×4 H100', budget(3, 60_000)),
  demand('train: 2×2 H100 + load: 2×cpu4', flows(80_000)),
  demand('train: 3×4 H100 + load: 1×cpu2', flows(150_000)),
  demand('train: 2×4 H100', { flows: [{ from: 'train', to: 'train', mbps: 190_000 }] }),
  demand('2×2 H100', { survive: { loss: 'rack', membersLeft: 1 } }),
  demand('3×1 H100 mig:3g.40gb'),
  demand('4×2 H100 mig:1g.10gb'),
];

test('no step takes away what a plan then uses, and a scan counts the same', { timeout: 60_000 }, () => {
  const fleet = world(
    'fra1/h1/r1 2×4 H100 nvlink rdma leaf cpu16 mem256 gpumem80 mig',
    'fra1/h1/r2 1×4 H100 nvlink rdma leaf cpu16 mem256 gpumem80 mig',
    uplinks(100_000),
    {
      nics: Object.fromEntries(
        ['r1/n01', 'r1/n02', 'r2/n01'].map((node) => [
          `fra1/h1/${node}/nic9`,
          { kind: 'ethernet', rdma: false, mbps: 100_000 },
        ]),
      ),
    },
  );
  const taken = array(constantFrom(...kinds, demand('1×2 H100'), demand('1×4 H100')), { maxLength: 3 });
  let planned = 0;
  assert(
    property(taken, constantFrom(...kinds), (others, asked) => {
      const before = others.reduce<World>(
        (now, other) => (ask(now, other).kind === 'planned' ? take(now, other) : now),
        fleet,
      );
      const answer = ask(before, asked);
      const given = { atMs: t0, verdict: verdictAll(before.state, 'allowed') };
      expect(plan(before.state, { ...given, isPlain: true }, asked)).toEqual(answer);
      if (answer.kind === 'refused') return;
      planned++;
      const part = asked.parts[0];
      const needed = (part?.count ?? 0) * (part?.each.gpus?.count ?? 0);
      const left = answer.plan.report.constraints.at(-1)?.after ?? Infinity;
      expect(left).toBeGreaterThanOrEqual(needed);
    }),
    { seed: 3, numRuns: 120 },
  );
  expect(planned).toBeGreaterThan(40);
});

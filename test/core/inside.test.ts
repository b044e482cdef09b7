import { assert, constantFrom, integer, property, record, tuple, uniqueArray } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { check } from '../../src/core/check.ts';
import type { Member } from '../../src/model/placement.ts';
import { ask, planned, take } from './acts.ts';
import { seed } from './arbitrary.ts';
import { demand } from './demand.ts';
import { t0, verdictAll, world, type World } from './fleet.ts';
import { granted, placement } from './placement.ts';

/** Eight GPUs on two NUMA nodes and four PCIe roots: GPUs 0-3 and 4-7, and 0-1, 2-3, 4-5, 6-7. */
const rack = 'fra1/h1/r1 2×8 H100 nvlink rdma numa2 roots4 cpu128 mem1024';
const [first, second] = ['fra1/h1/r1/n01', 'fra1/h1/r1/n02'];

/** Each member as `n01 0 1`, with its GPUs, or those it has slices of. */
function seats(members: readonly Member[]): readonly string[] {
  return members.map(({ node, gpus, slices = [] }) =>
    [node.slice(-3), ...gpus, ...slices.map(({ gpu }) => gpu)].join(' '),
  );
}

function got(before: World, text: string, more: object = {}): readonly string[] | string {
  const answer = ask(before, demand(text, more));
  if (answer.kind === 'planned') return seats(answer.plan.placement.members);
  const { refusal } = answer;
  if (refusal.kind === 'no-capacity') return `${refusal.nearest?.binding}: ${refusal.conflict.join(' ')}`;
  return refusal.kind === 'fact-missing' ? `missing ${refusal.facts[0]?.attribute}` : refusal.kind;
}

/** The rack with some GPUs of its nodes held by somebody else, cores and all. */
function busy(...lines: readonly string[]): World {
  return lines.reduce(
    (before, line) =>
      granted(before, demand('1×1 H100', { tenant: 'globex' }), placement(undefined, `train 0 ${line}`)),
    world(rack),
  );
}

describe('replicas of a part under one group of one node', () => {
  test.each([
    ['2×2 H100 within:numa', ['n01 0 1', 'n01 2 3']],
    ['4×1 H100 within:numa', ['n01 0', 'n01 1', 'n01 2', 'n01 3']],
    ['2×1 H100 within:pcie-root', ['n01 0', 'n01 1']],
    ['1×4 H100 within:numa', ['n01 0 1 2 3']],
    ['2×2 H100 within:numa align:pcie-root', ['n01 0 1', 'n01 2 3']],
  ])('%s fits', (text, expected) => {
    expect(got(world(rack), text)).toEqual(expected);
  });

  test.each([
    ['3×2 H100 within:numa', 'topology: within'],
    ['5×1 H100 within:numa', 'topology: within'],
    ['3×1 H100 within:pcie-root', 'topology: within'],
    // No NUMA node has five GPUs, so this is no question of who is where.
    ['1×5 H100 within:numa', 'inventory: within'],
    ['2×1 H100 within:pcie-root cpu40', 'topology: within cpu'],
  ])('%s does not, and says so', (text, expected) => {
    expect(got(world(rack), text)).toBe(expected);
  });

  test('goes to the node with least to spare that has such a group', () => {
    const before = busy(`${first} gpu0 cpu1`, `${second} gpu0-2,4 cpu1`);
    expect(got(before, '2×1 H100 within:numa')).toEqual(['n02 5', 'n02 6']);
    expect(got(before, '3×1 H100 within:numa')).toEqual(['n02 5', 'n02 6', 'n02 7']);
    expect(got(before, '4×1 H100 within:numa')).toEqual(['n01 4', 'n01 5', 'n01 6', 'n01 7']);
  });

  test('free GPUs of two groups do not add up', () => {
    const before = busy(`${first} gpu0-1,4-5 cpu1`, `${second} gpu2-3,6-7 cpu1`);
    expect(got(before, '2×2 H100')).toEqual(['n01 2 3', 'n01 6 7']);
    expect(got(before, '2×2 H100 within:numa')).toBe('topology: within');
    expect(got(before, '1×2 H100 within:numa')).toEqual(['n01 2 3']);
  });

  test('cores come out of the share of the NUMA node, also for those that come later', () => {
    const text = '2×1 H100 within:numa cpu32 mem4';
    const twice = take(take(world(rack), demand(text)), demand(text));
    expect(got(twice, '1×1 H100 align:numa cpu1')).toEqual(['n02 0']);
    expect(got(twice, '1×1 H100 cpu0')).toEqual(['n01 2']);
    expect(got(world(rack), '2×1 H100 within:numa cpu33')).toBe('topology: within cpu');
  });

  test('each part has a group of its own, which need not be on one node', () => {
    const before = busy(`${first} gpu0-3 cpu1`, `${second} gpu4-7 cpu1`);
    expect(got(before, 'a: 2×2 H100 within:numa + b: 4×1 H100 within:numa')).toEqual([
      'n01 4 5',
      'n01 6 7',
      'n02 0',
      'n02 1',
      'n02 2',
      'n02 3',
    ]);
  });

  test('two parts of one demand share a group while it has room', () => {
    expect(got(world(rack), 'a: 1×2 H100 within:numa + b: 2×1 H100 within:numa')).toEqual([
      'n01 0 1',
      'n01 2',
      'n01 3',
    ]);
  });
});

describe('a whole gang under one group', () => {
  test.each([
    ['a: 1×2 H100 together:numa + b: 2×1 H100', ['n01 0 1', 'n01 2', 'n01 3']],
    ['a: 1×1 H100 together:pcie-root + b: 1×1 H100', ['n01 0', 'n01 1']],
    ['a: 2×1 H100 within:pcie-root together:numa + b: 1×2 H100', ['n01 2', 'n01 3', 'n01 0 1']],
  ])('%s fits', (text, expected) => {
    expect(got(world(rack), text)).toEqual(expected);
  });

  test.each([
    ['a: 1×4 H100 together:numa + b: 1×1 H100', 'topology: together'],
    ['a: 2×1 H100 together:pcie-root + b: 1×1 H100', 'topology: together'],
  ])('%s does not', (text, expected) => {
    expect(got(world(rack), text)).toBe(expected);
  });

  test('goes to the second group, or node, where the first is not free', () => {
    expect(got(busy(`${first} gpu1 cpu1`), 'a: 1×2 H100 together:numa + b: 2×1 H100')).toEqual([
      'n01 4 5',
      'n01 6',
      'n01 7',
    ]);
    expect(got(busy(`${first} gpu1,7 cpu1`), 'a: 1×2 H100 together:numa + b: 2×1 H100')).toEqual([
      'n02 0 1',
      'n02 2',
      'n02 3',
    ]);
  });

  test('starts when the group that is free first is', () => {
    const held = granted(
      world(rack),
      demand('1×1 H100', { tenant: 'globex' }),
      placement(5, `a 0 ${first} gpu0,4 cpu1`),
    );
    const both = granted(
      held,
      demand('1×1 H100', { tenant: 'globex' }),
      placement(3, `a 0 ${second} gpu0,4 cpu1`),
    );
    const answer = planned(
      both,
      demand('4×1 H100 within:numa', {
        window: { earliestStartMs: t0, latestStartMs: t0 + 9 * 3_600_000, durationS: 3600 },
      }),
    );
    expect((answer.plan.placement.startMs - t0) / 3_600_000).toBe(3);
    expect(seats(answer.plan.placement.members)).toEqual(['n02 0', 'n02 1', 'n02 2', 'n02 3']);
  });

  test('parts without GPUs are refused by name', () => {
    expect(ask(world(rack), demand('a: 1×1 H100 together:numa + b: 1×cpu4'))).toMatchObject({
      refusal: {
        kind: 'not-supported',
        feature: 'alignment without GPUs (`align`, or kept inside a NUMA node) in part `b`',
      },
    });
  });

  test('unknown groups are a missing fact', () => {
    expect(got(world('fra1/h1/r1 1×4 H100'), '2×1 H100 within:numa')).toBe('missing numaNodes');
    expect(got(world('fra1/h1/r1 1×4 H100 numa2'), '2×1 H100 together:pcie-root')).toBe('missing pcieRoot');
  });
});

describe('replicas apart inside nodes', () => {
  test.each([
    ['2×1 H100 apart:numa', ['n01 0', 'n01 4']],
    ['4×2 H100 apart:numa', ['n01 0 1', 'n01 4 5', 'n02 0 1', 'n02 4 5']],
    ['4×1 H100 apart:pcie-root', ['n01 0', 'n01 2', 'n01 4', 'n01 6']],
    ['2×1 H100 apart:pcie-root within:numa', ['n01 0', 'n01 2']],
  ])('%s fits', (text, expected) => {
    expect(got(world(rack), text)).toEqual(expected);
  });

  test.each([
    ['5×1 H100 apart:numa', 'inventory: apart'],
    ['9×1 H100 apart:pcie-root', 'inventory: apart'],
    ['3×1 H100 apart:pcie-root within:numa', 'topology: within apart'],
  ])('%s does not', (text, expected) => {
    expect(got(world(rack), text)).toBe(expected);
  });
});

/** What the auditor has against a placement of the demand on the rack, about where it is. */
function audited(text: string, ...lines: readonly string[]): readonly string[] {
  const { state } = world(rack);
  const own = new Set(['align', 'within', 'together', 'apart']);
  return check(state, demand(text), verdictAll(state, 'allowed'), placement(24, ...lines)).flatMap(
    ({ constraint, note }) => (own.has(constraint) ? [`${constraint}: ${note}`] : []),
  );
}

function on(replica: number, gpu: number, node = first): string {
  return `train ${replica} ${node} gpu${gpu} cpu16 mem128`;
}

describe('the auditor', () => {
  test.each([
    ['2×1 H100 within:numa 24h', [on(0, 0), on(1, 3)], []],
    [
      '2×1 H100 within:numa 24h',
      [on(0, 0), on(1, 4)],
      ['within: `train` is spread over 2 numas: fra1/h1/r1/n01 numaNode 0, fra1/h1/r1/n01 numaNode 1'],
    ],
    [
      '2×1 H100 within:numa 24h',
      [on(0, 0), on(1, 0, second)],
      ['within: `train` is spread over 2 numas: fra1/h1/r1/n01 numaNode 0, fra1/h1/r1/n02 numaNode 0'],
    ],
    ['2×1 H100 within:pcie-root 24h', [on(0, 0), on(1, 1)], []],
    [
      '2×1 H100 within:pcie-root 24h',
      [on(0, 1), on(1, 2)],
      ['within: `train` is spread over 2 pcie-roots: fra1/h1/r1/n01 pcieRoot 0, fra1/h1/r1/n01 pcieRoot 1'],
    ],
    [
      '2×1 H100 together:numa 24h',
      [on(0, 3), on(1, 4)],
      ['together: the gang is spread over 2 numas: fra1/h1/r1/n01 numaNode 0, fra1/h1/r1/n01 numaNode 1'],
    ],
    ['2×1 H100 apart:numa 24h', [on(0, 0), on(1, 4)], []],
    [
      '2×1 H100 apart:numa 24h',
      [on(0, 0), on(1, 3)],
      ['apart: `train` has 2 members in numa fra1/h1/r1/n01 numaNode 0'],
    ],
    [
      '2×1 H100 apart:pcie-root 24h',
      [on(0, 2), on(1, 3)],
      ['apart: `train` has 2 members in pcie-root fra1/h1/r1/n01 pcieRoot 1'],
    ],
  ])('%s as %j', (text, lines, expected) => {
    expect(audited(text, ...lines)).toEqual(expected);
  });

  test('a replica across two NUMA nodes is in none', () => {
    const found = audited('1×2 H100 within:numa 24h', `train 0 ${first} gpu3-4 cpu32 mem256`);
    expect(found).toContain(
      'within: the gang: nothing'.replace(
        'the gang: nothing',
        '`train`: the numa of some members is not recorded',
      ),
    );
    expect(found).toContain('align: `train` 0 on fra1/h1/r1/n01: its devices are of numaNode 0, 1');
  });

  test('cores beyond the share of the NUMA node', () => {
    const two = ['gpu0', 'gpu1'].map((gpu, at) => `train ${at} ${first} ${gpu} cpu33 mem1`);
    expect(audited('2×1 H100 within:numa cpu33 mem1 24h', ...two)).toEqual([
      'align: fra1/h1/r1/n01 NUMA node 0: mCPU held by others 0, asked for 66000, limit 64000',
    ]);
    expect(audited('2×1 H100 within:node cpu33 mem1 24h', ...two)).toEqual([]);
  });
});

/** By the definition: some group of some node has the GPUs free, and its NUMA node the cores. */
function hasRoom(
  taken: readonly (readonly number[])[],
  wish: { count: number; gpus: number; cpu: number; level: 'numa' | 'pcie-root' },
): boolean {
  const size = wish.level === 'numa' ? 2 : 1;
  const groups = [0, 1, 2, 3].map((gpu) => Math.floor(gpu / size));
  const isEnough = (held: readonly number[], group: number) => {
    const free = groups.filter((own, gpu) => own === group && !held.includes(gpu)).length;
    return Math.floor(free / wish.gpus) >= wish.count;
  };
  return wish.count * wish.cpu <= 8 && taken.some((held) => groups.some((group) => isEnough(held, group)));
}

describe('on small fleets', { timeout: 60_000 }, () => {
  const asked = record({
    count: integer({ min: 1, max: 3 }),
    gpus: integer({ min: 1, max: 2 }),
    cpu: constantFrom(0, 1, 4, 5),
    level: constantFrom('numa' as const, 'pcie-root' as const),
  });
  const held = uniqueArray(integer({ min: 0, max: 3 }), { maxLength: 3 });

  test('a plan is made exactly where trying every group finds room', () => {
    let fits = 0;
    assert(
      property(tuple(held, held), asked, constantFrom('within', 'together'), (taken, wish, how) => {
        const before = taken.reduce(
          (now, gpus, at) =>
            gpus.length === 0
              ? now
              : granted(
                  now,
                  demand('1×1 H100', { tenant: 'globex' }),
                  placement(undefined, `train 0 fra1/h1/r1/n0${at + 1} gpu${gpus.join(',')}`),
                ),
          world('fra1/h1/r1 2×4 H100 nvlink numa2 roots4 cpu16 mem16'),
        );
        const text = `${wish.count}×${wish.gpus} H100 cpu${wish.cpu} mem0 ${how}:${wish.level}`;
        const answer = ask(before, demand(text));
        expect([text, answer.kind]).toEqual([text, hasRoom(taken, wish) ? 'planned' : 'refused']);
        if (answer.kind === 'refused') return;
        fits++;
        const groups = answer.plan.placement.members.flatMap(({ node, gpus }) =>
          gpus.map((gpu) => `${node} ${wish.level === 'numa' ? Math.floor(gpu / 2) : gpu}`),
        );
        expect(new Set(groups).size).toBe(1);
      }),
      { seed, numRuns: 250 },
    );
    expect(fits).toBeGreaterThan(40);
  });
});

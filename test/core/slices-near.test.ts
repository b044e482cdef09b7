import { assert, constantFrom, integer, property, record, tuple, uniqueArray } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { check } from '../../src/core/check.ts';
import type { Member } from '../../src/model/placement.ts';
import { ask, planned, take } from './acts.ts';
import { seed } from './arbitrary.ts';
import { demand } from './demand.ts';
import { verdictAll, world, type World } from './fleet.ts';
import { granted, placement } from './placement.ts';

/** Four GPUs on two NUMA nodes, each under a root of its own with one 400G rail; two link domains of two GPUs. */
const rack = 'fra1/h1/r1 1×4 H100 gpumem80 mig nvlink island2 rdma numa2 roots4 cpu64 mem512';
const node = 'fra1/h1/r1/n01';

/** Slices as in the test language for placements, then NICs: `0:3g.40gb@0 nic0`. */
function seat({ slices = [], nics }: Member): string {
  const parts = slices.map((slice) =>
    slice.kind === 'mig' ? `${slice.gpu}:${slice.profile}@${slice.start}` : `${slice.gpu}:${slice.milli}`,
  );
  return [...parts, ...(nics.length === 0 ? [] : [`nic${nics.join(',')}`])].join(' ');
}

function got(before: World, text: string, more: object = {}): readonly string[] | string {
  const answer = ask(before, demand(text, more));
  if (answer.kind === 'planned') return answer.plan.placement.members.map(seat);
  const { refusal } = answer;
  if (refusal.kind === 'no-capacity') return `${refusal.nearest?.binding}: ${refusal.conflict.join(' ')}`;
  return refusal.kind === 'fact-missing' ? `missing ${refusal.facts[0]?.attribute}` : refusal.kind;
}

function holding(text: string, ...lines: readonly string[]): World {
  return lines.reduce(
    (before, line) =>
      granted(before, demand(text, { tenant: 'globex' }), placement(undefined, `train 0 ${node} ${line}`)),
    world(rack),
  );
}

describe('slices that are aligned', () => {
  test.each([
    ['1×2 share:500 align:numa', ['0:500 1:500']],
    ['2×2 share:500 align:numa', ['0:500 1:500', '0:500 1:500']],
    ['1×3 mig:3g.40gb align:numa', ['0:3g.40gb@0 0:3g.40gb@4 1:3g.40gb@4']],
    ['1×2 mig:3g.40gb align:pcie-root', ['0:3g.40gb@0 0:3g.40gb@4']],
  ])('%s fits', (text, expected) => {
    expect(got(world(rack), text)).toEqual(expected);
  });

  test('as many instances as two GPUs hold', () => {
    expect(String(got(world(rack), '1×14 mig:1g.10gb align:numa')).split(' ')).toHaveLength(14);
  });

  test.each([
    ['1×3 share:500 align:numa', 'inventory: align'],
    ['1×2 share:500 align:pcie-root', 'inventory: align'],
    ['1×5 mig:3g.40gb align:numa', 'inventory: align'],
    ['1×15 mig:1g.10gb align:numa', 'inventory: align'],
    ['1×1 share:500 align:numa cpu33', 'inventory: align cpu'],
  ])('%s does not', (text, expected) => {
    expect(got(world(rack), text)).toBe(expected);
  });

  test('room on two NUMA nodes does not add up', () => {
    const before = holding('1×1 share:900', '0:900 cpu1', '2:900 cpu1');
    expect(got(before, '1×2 share:500')).toEqual(['1:500 3:500']);
    expect(got(before, '1×2 share:500 align:numa')).toBe('free-over-window: align');
    expect(got(before, '1×2 share:100 align:numa')).toEqual(['0:100 1:100']);
  });

  test('cores of what is aligned are those of the NUMA node of its slices, for those after it too', () => {
    const one = take(world(rack), demand('1×1 share:100 align:numa cpu30'));
    expect(got(one, '1×1 share:100 align:numa cpu2')).toEqual(['0:100']);
    expect(got(one, '1×1 share:100 align:numa cpu3')).toEqual(['2:100']);
    expect(got(one, '1×1 share:100 cpu3')).toEqual(['0:100']);
    expect(got(one, '1×1 H100 align:numa cpu3')).toEqual([[]].map(() => ''));
  });

  test('a part of slices under one NUMA node, and gangs of slices beside whole GPUs', () => {
    expect(got(world(rack), '4×1 share:500 within:numa')).toEqual(['0:500', '0:500', '1:500', '1:500']);
    expect(got(world(rack), '5×1 share:500 within:numa')).toBe('topology: within');
    expect(got(world(rack), 'a: 1×1 H100 together:numa + b: 2×1 mig:3g.40gb')).toEqual([
      '',
      '1:3g.40gb@4',
      '1:3g.40gb@0',
    ]);
    expect(got(world(rack), 'a: 1×1 H100 together:numa + b: 3×1 mig:3g.40gb')).toBe('topology: together');
  });

  test('unknown NUMA nodes are a missing fact', () => {
    const bare = world('fra1/h1/r1 1×2 H100 gpumem80 mig cpu64 mem512');
    expect(got(bare, '1×1 share:500 align:numa')).toBe('missing numaNodes');
  });
});

describe('slices with RDMA NICs', () => {
  test.each([
    ['1×1 share:500 rdma', ['0:500 nic0']],
    ['2×1 share:500 rdma', ['0:500 nic0', '0:500 nic1']],
    ['1×2 mig:3g.40gb rdma', ['0:3g.40gb@0 0:3g.40gb@4 nic0,1']],
    ['1×2 mig:4g.40gb rdma', ['0:4g.40gb@0 1:4g.40gb@0 nic0,1']],
    ['4×1 share:250 rdma', ['0:250 nic0', '0:250 nic1', '0:250 nic2', '0:250 nic3']],
    ['2×1 share:250 rdma align:numa', ['0:250 nic0', '0:250 nic1']],
    ['1×1 share:250 rdma align:pcie-root', ['0:250 nic0']],
  ])('%s takes a NIC for each slice, its rail first', (text, expected) => {
    expect(got(world(rack), text)).toEqual(expected);
  });

  test.each([
    ['5×1 share:250 rdma', 'rdma'],
    ['1×2 mig:3g.40gb rdma align:pcie-root', 'align'],
    ['1×3 mig:1g.10gb rdma align:numa', 'align'],
  ])('%s finds too few', (text, requirement) => {
    expect(String(got(world(rack), text))).toContain(requirement);
  });

  test('a NIC is held by one only, whole GPUs and slices alike', () => {
    const before = take(world(rack), demand('1×1 share:500 rdma'));
    expect(got(before, '1×1 share:500 rdma')).toEqual(['0:500 nic1']);
    expect(got(before, '3×1 H100 rdma')).toEqual(['nic1', 'nic2', 'nic3']);
    const all = take(before, demand('3×1 H100 rdma'));
    expect(got(all, '1×1 share:500 rdma')).toBe('free-over-window: rdma');
    expect(got(all, '1×1 share:500')).toEqual(['0:500']);
  });

  test('several NICs for each slice, fast enough', () => {
    const text = '1×1 share:500 rdma';
    const [part] = demand(text).parts;
    const wish = (rdma: object) =>
      got(world(rack), text, { parts: [{ ...part, each: { ...part?.each, rdma } }] });
    expect(wish({ nicsPerGpu: 2 })).toEqual(['0:500 nic0,1']);
    expect(wish({ nicsPerGpu: 4, nicMbps: 400_000 })).toEqual(['0:500 nic0,1,2,3']);
    expect(wish({ nicMbps: 400_001 })).toContain('inventory');
  });

  test('unknown NICs are a missing fact', () => {
    const bare = world('fra1/h1/r1 1×2 H100 gpumem80 mig cpu64 mem512');
    expect(got(bare, '1×1 share:500 rdma')).toBe('missing rdma NICs');
  });

  test('the contract says what it holds', () => {
    const { terms } = planned(world(rack), demand('1×2 share:500 rdma align:numa nvlink')).plan;
    expect(terms.map(({ promise }) => promise)).toEqual(
      expect.arrayContaining([
        'an RDMA NIC for every slice, its own rail, switch and NUMA node first',
        'GPUs, their RDMA NICs, cores and memory of a replica under one NUMA node',
        'all GPUs of a replica in one nvlink domain',
      ]),
    );
  });
});

describe('shares with a link', () => {
  test('all GPUs of a replica are of one link domain', () => {
    const before = holding('1×1 share:900', '0:900 cpu1', '2:900 cpu1');
    expect(got(world(rack), '1×2 share:500 nvlink')).toEqual(['0:500 1:500']);
    expect(got(before, '1×2 share:500')).toEqual(['1:500 3:500']);
    expect(got(before, '1×2 share:500 nvlink')).toBe('free-over-window: accelerator-link');
    expect(got(before, '1×2 share:50 nvlink')).toEqual(['0:50 1:50']);
    expect(got(world(rack), '1×3 share:500 nvlink')).toBe('inventory: accelerator-link');
  });

  test('in a link domain of a NUMA node, where both are asked for', () => {
    const crossed = 'fra1/h1/r1 1×4 H100 gpumem80 nvlink numa2 cpu64 mem512';
    expect(got(world(crossed), '1×3 share:500 nvlink')).toEqual(['0:500 1:500 2:500']);
    expect(got(world(crossed), '1×3 share:500 nvlink align:numa')).toContain('inventory');
  });

  test('another link than that of the node, none, or one that nobody knows', () => {
    expect(got(world(rack), '1×2 share:500 xgmi')).toBe('inventory: accelerator-link');
    expect(got(world('fra1/h1/r1 1×2 H100 nolink'), '1×2 share:500 link')).toBe(
      'inventory: accelerator-link',
    );
    expect(got(world('fra1/h1/r1 1×2 H100'), '1×2 share:500 link')).toBe('missing link');
  });

  test('a speed is not promised', () => {
    const answer = ask(
      world(rack),
      demand('1×2 share:500', {
        parts: [
          {
            name: 'train',
            count: 1,
            each: { gpus: { count: 2, slice: { kind: 'share', milli: 500 }, linkMbps: 1 } },
          },
        ],
      }),
    );
    expect(answer).toMatchObject({
      refusal: {
        feature:
          'link bandwidth for shares of GPUs, which share that too (`slice` with `linkMbps`) in part `train`',
      },
    });
  });
});

/** What the auditor has against a placement of the demand, about what is asked for here. */
function audited(before: World, text: string, ...lines: readonly string[]): readonly string[] {
  const { state } = before;
  const asked = demand(`${text} 24h`);
  const held = placement(24, ...lines.map((line, at) => `train ${at} ${node} ${line}`));
  const own = new Set(['align', 'rdma', 'accelerator-link', 'device-once', 'within', 'apart']);
  return check(state, asked, verdictAll(state, 'allowed'), held).flatMap(({ constraint, note }) =>
    own.has(constraint) ? [`${constraint}: ${note.replaceAll(`\`train\` 0 on ${node}`, 'it')}`] : [],
  );
}

describe('the auditor', () => {
  const cores = 'cpu1 mem1';

  test.each([
    ['1×2 share:500 align:numa', `0:500 1:500 ${cores}`, []],
    ['1×2 share:500 align:numa', `1:500 2:500 ${cores}`, ['align: it: its devices are of numaNode 0, 1']],
    [
      '1×2 share:500 align:pcie-root',
      `0:500 1:500 ${cores}`,
      ['align: it: its devices are of pcieRoot 0, 1'],
    ],
    ['1×1 share:500 align:numa rdma', `0:500 nic1 ${cores}`, []],
    ['1×1 share:500 align:numa rdma', `0:500 nic2 ${cores}`, ['align: it: its devices are of numaNode 0, 1']],
    ['1×1 share:500 rdma', `0:500 nic3 ${cores}`, []],
    ['1×1 share:500 rdma', `0:500 ${cores}`, ['rdma: it holds 0 NICs, it is due 1']],
    ['1×2 mig:3g.40gb rdma', `0:3g.40gb@0 0:3g.40gb@4 nic0 ${cores}`, ['rdma: it holds 1 NICs, it is due 2']],
    ['1×1 share:500 rdma', `0:500 nic0-1 ${cores}`, ['rdma: it holds 2 NICs, it is due 1']],
    ['1×1 share:500', `0:500 nic0 ${cores}`, ['rdma: it holds NICs 0, asked for none']],
    ['1×2 share:500 nvlink', `2:500 3:500 ${cores}`, []],
    ['1×2 share:500 nvlink', `1:500 2:500 ${cores}`, ['accelerator-link: it: no link domain has GPUs 1 2']],
    [
      '1×2 share:500 xgmi',
      `0:500 1:500 ${cores}`,
      ['accelerator-link: it: the link is nvlink, asked for xgmi'],
    ],
  ])('%s as %s', (text, line, expected) => {
    expect(audited(world(rack), text, line)).toEqual(expected);
  });

  test('slices of two replicas under two NUMA nodes', () => {
    expect(audited(world(rack), '2×1 share:500 within:numa', `0:500 ${cores}`, `3:500 ${cores}`)).toEqual([
      `within: \`train\` is spread over 2 numas: ${node} numaNode 0, ${node} numaNode 1`,
    ]);
    expect(audited(world(rack), '2×1 share:500 apart:numa', `0:500 ${cores}`, `1:500 ${cores}`)).toEqual([
      `apart: \`train\` has 2 members in numa ${node} numaNode 0`,
    ]);
  });

  test('a NIC that somebody holds', () => {
    const before = holding('1×1 share:900 rdma', '1:900 nic1 cpu1');
    expect(audited(before, '1×1 share:100 rdma', `1:100 nic1 ${cores}`)).toHaveLength(1);
    expect(audited(before, '1×1 share:100 rdma', `1:100 nic0 ${cores}`)).toEqual([]);
  });

  test('cores that slices of others have of the NUMA node, and not those of the other', () => {
    const text = '1×1 share:100 align:numa';
    const beside = holding(text, '1:100 cpu30');
    const finds = 'align: fra1/h1/r1/n01 NUMA node 0: mCPU held by others 30000, asked for 3000, limit 32000';
    expect(audited(beside, `${text} cpu3 mem1`, '0:100 cpu3 mem1')).toEqual([finds]);
    expect(audited(beside, `${text} cpu3 mem1`, '2:100 cpu3 mem1')).toEqual([]);
    expect(audited(holding('1×1 share:100', '1:100 cpu30'), `${text} cpu3 mem1`, '0:100 cpu3 mem1')).toEqual(
      [],
    );
  });
});

/** Whether some pair of GPUs has the thousandths, by the definition of the level. */
function pairFits(used: readonly number[], milli: number, level: string): boolean {
  const pairs = [0, 1, 2, 3].flatMap((a) => [0, 1, 2, 3].flatMap((b) => (a < b ? [[a, b] as const] : [])));
  return pairs.some(([a, b]) => {
    const isNear = level === '' || Math.floor(a / 2) === Math.floor(b / 2);
    return isNear && [a, b].every((gpu) => (used[gpu] ?? 0) + milli <= 1000);
  });
}

describe('on small nodes', { timeout: 60_000 }, () => {
  test('two shares are planned exactly where a pair has room', () => {
    const used = tuple(...[0, 1, 2, 3].map(() => constantFrom(0, 300, 600, 900)));
    let fits = 0;
    assert(
      property(
        used,
        constantFrom(100, 400, 700),
        constantFrom('', 'align:numa', 'nvlink'),
        (held, milli, level) => {
          const before = held.reduce(
            (now, own, gpu) =>
              own === 0
                ? now
                : granted(
                    now,
                    demand('1×1 share:1', { tenant: 'globex' }),
                    placement(undefined, `train 0 ${node} ${gpu}:${own}`),
                  ),
            world(rack),
          );
          const answer = got(before, `1×2 share:${milli} ${level} cpu0 mem0`.replace('  ', ' '));
          expect([held, milli, level, Array.isArray(answer)]).toEqual([
            held,
            milli,
            level,
            pairFits(held, milli, level),
          ]);
          fits += Number(Array.isArray(answer));
        },
      ),
      { seed, numRuns: 200 },
    );
    expect(fits).toBeGreaterThan(60);
  });

  test('replicas of a slice with a NIC are planned exactly as long as NICs of the level are free', () => {
    const wish = record({
      count: integer({ min: 1, max: 4 }),
      taken: uniqueArray(integer({ min: 0, max: 3 }), { maxLength: 4 }),
      level: constantFrom('', 'within:numa'),
    });
    assert(
      property(wish, ({ count, taken, level }) => {
        const before = taken.reduce(
          (now, nic) =>
            granted(
              now,
              demand('1×cpu1', { tenant: 'globex' }),
              placement(undefined, `train 0 ${node} nic${nic}`),
            ),
          world(rack),
        );
        const free = [0, 1].map(
          (numa) => [numa * 2, numa * 2 + 1].filter((nic) => !taken.includes(nic)).length,
        );
        const most = level === '' ? (free[0] ?? 0) + (free[1] ?? 0) : Math.max(...free);
        const answer = got(before, `${count}×1 share:100 rdma cpu0 mem0 ${level}`.trimEnd());
        expect([count, taken, level, Array.isArray(answer)]).toEqual([count, taken, level, count <= most]);
      }),
      { seed, numRuns: 120 },
    );
  });
});

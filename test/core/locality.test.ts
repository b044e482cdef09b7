import { assert, property } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { check } from '../../src/core/check.ts';
import type { Contract } from '../../src/model/contract.ts';
import { ask, planned, take } from './acts.ts';
import { fleets, seed, steps } from './arbitrary.ts';
import { demand, flexible } from './demand.ts';
import { hourMs, t0, verdictAll, type World, world } from './fleet.ts';
import { granted, placement } from './placement.ts';
import { walk } from './walk.ts';

/** Two NUMA nodes of four GPUs, 32 cores and 128 GiB; four PCIe roots of two GPUs. */
const line = 'fra1/h1/r1 1×8 H100 nvlink rdma cpu64 mem256 numa2 roots4 disk100';
const fleet = world(line);

/** The GPUs of each replica; the refusal's kind and its facts or binding where there are none. */
function gpus(on: World, text: string, more: object = {}): string {
  const answer = ask(on, demand(text, more));
  if (answer.kind === 'planned')
    return answer.plan.placement.members.map((member) => member.gpus.join('')).join(' ');
  const { refusal } = answer;
  if (refusal.kind === 'fact-missing') return refusal.facts.map(({ attribute }) => attribute).join();
  return refusal.kind === 'no-capacity' ? `no: ${refusal.nearest?.binding}` : refusal.kind;
}

function findings(on: World, wish: ReturnType<typeof demand>, ...lines: readonly string[]): string[] {
  return check(on.state, wish, verdictAll(on.state, 'allowed'), placement(24, ...lines)).map(
    ({ constraint, note }) => `${constraint}: ${note}`,
  );
}

test('a node that says how many NUMA nodes it has counts before its shape', () => {
  const four = world(line, { nodes: { 'fra1/h1/r1/n01': { numaNodes: 4 } } });
  expect(gpus(four, '1×4 H100 cpu16 mem64 align:numa')).toBe('0123');
  expect(gpus(four, '1×4 H100 cpu17 mem64 align:numa')).toBe('no: inventory');
  expect(gpus(fleet, '1×4 H100 cpu17 mem64 align:numa')).toBe('0123');
});

describe('an aligned replica', () => {
  test.each([
    ['1×4 H100 align:numa', '0123'],
    ['2×4 H100 align:numa', '0123 4567'],
    ['2×3 H100 align:numa', '012 456'],
    ['1×5 H100 align:numa', 'no: inventory'],
    ['4×2 H100 align:pcie-root', '01 23 45 67'],
    ['1×3 H100 align:pcie-root', 'no: inventory'],
    ['2×4 H100 nvlink rdma align:numa', '0123 4567'],
    ['3×3 H100 align:numa', 'no: inventory'],
    ['3×3 H100 cpu1 mem1', 'no: inventory'],
    ['2×1 H100 cpu16 mem64 align:numa', '0 1'],
    ['2×1 H100 cpu20 mem64 align:numa', '0 4'],
    ['2×1 H100 cpu16 mem65 align:numa', '0 4'],
    ['3×1 H100 cpu20 mem1 align:numa', 'no: inventory'],
    ['3×1 H100 cpu20 mem1', '0 1 2'],
    ['1×1 H100 cpu32 mem128 align:numa', '0'],
    ['1×1 H100 cpu33 mem128 align:numa', 'no: inventory'],
    ['1×1 H100 cpu33 mem1 align:pcie-root', 'no: inventory'],
    ['2×1 H100 cpu17 mem1 align:pcie-root', '0 4'],
  ])('%s gets GPUs %s', (text, expected) => {
    expect(gpus(fleet, text)).toBe(expected);
  });

  test('keeps out of the share that others have pinned, and only of that', () => {
    const pinned = take(fleet, demand('1×1 H100 cpu30 mem8 align:numa 5h', { tenant: 'globex' }));
    const loose = take(fleet, demand('1×1 H100 cpu30 mem8 5h', { tenant: 'globex' }));
    expect(gpus(pinned, '1×1 H100 cpu4 mem8 align:numa 1h')).toBe('4');
    expect(gpus(pinned, '1×1 H100 cpu4 mem8 1h')).toBe('1');
    expect(gpus(loose, '1×1 H100 cpu32 mem8 align:numa 1h')).toBe('1');
    expect(gpus(pinned, '2×1 H100 cpu4 mem8 align:numa 1h')).toBe('4 5');
    const later = planned(pinned, demand('2×1 H100 cpu17 mem8 align:numa', flexible(1, 9))).plan.placement;
    expect(later.startMs).toBe(t0 + 5 * hourMs);
  });

  test.each([
    ['numaNodes', 'numa', world('fra1/h1/r1 1×8 H100')],
    ['numaNode', 'numa', bare()],
    ['pcieRoot', 'pcie-root', world('fra1/h1/r1 1×8 H100 numa2')],
  ])('lacks %s to be aligned by %s where nobody has recorded it', (attribute, align, on) => {
    expect(gpus(on, `1×1 H100 align:${align}`)).toBe(attribute);
  });

  test('lacks the place of its NICs where only their number is known', () => {
    const on = world('fra1/h1/r1 1×8 H100 numa2', { nodes: { 'fra1/h1/r1/n01': { rdmaNicCount: 8 } } });
    expect(gpus(on, '1×1 H100 rdma align:numa')).toBe('NIC numaNode');
    expect(gpus(on, '1×1 H100 align:numa')).toBe('0');
  });

  test('does not use a GPU whose NIC is on another NUMA node', () => {
    const crossed = world(line, { nics: { 'fra1/h1/r1/n01/nic0': { numaNode: 1 } } });
    expect(gpus(crossed, '1×3 H100 rdma align:numa')).toBe('123');
    expect(gpus(crossed, '1×4 H100 rdma align:numa')).toBe('4567');
    expect(gpus(crossed, '1×4 H100 align:numa')).toBe('0123');
  });

  test('has it in its terms', () => {
    const { terms } = planned(fleet, demand('1×2 H100 align:pcie-root')).plan;
    expect(terms.find(({ kind }) => kind === 'alignment')?.promise).toBe(
      'GPUs, their RDMA NICs, cores and memory of a replica under one PCIe root',
    );
  });
});

/** A node of which the number of NUMA nodes is known, and not which GPU is on which. */
function bare(): World {
  return world('fra1/h1/r1 1×0 cpu64 mem256 numa2', {
    nodes: { 'fra1/h1/r1/n01': { shape: 'fra1-h1-r1-1', gpuModel: 'H100', gpuCount: 8 } },
  });
}

describe('the auditor of alignment', () => {
  const numa = demand('2×1 H100 cpu16 mem64 align:numa 24h');
  const on = 'fra1/h1/r1/n01';
  test('finds nothing where both halves fill the share of one NUMA node', () => {
    expect(findings(fleet, numa, `train 0 ${on} gpu0 cpu16 mem64`, `train 1 ${on} gpu3 cpu16 mem64`)).toEqual(
      [],
    );
  });

  test('finds devices of two NUMA nodes or PCIe roots', () => {
    const [byNuma, byRoot] = [
      demand('1×2 H100 cpu1 mem1 align:numa 24h'),
      demand('1×2 H100 cpu1 mem1 align:pcie-root 24h'),
    ];
    const across = `train 0 ${on} gpu3-4 cpu1 mem1`;
    const within = `train 0 ${on} gpu1-2 cpu1 mem1`;
    expect(findings(fleet, byNuma, across)).toEqual([
      `align: \`train\` 0 on ${on}: its devices are of numaNode 0, 1`,
    ]);
    expect(findings(fleet, byNuma, within)).toEqual([]);
    expect(findings(fleet, byRoot, within)).toEqual([
      `align: \`train\` 0 on ${on}: its devices are of pcieRoot 0, 1`,
    ]);
  });

  test('finds a NIC elsewhere, and facts that nobody has recorded', () => {
    const crossed = world(line, { nics: { [`${on}/nic0`]: { numaNode: 1 } } });
    const wish = demand('1×1 H100 rdma cpu1 mem1 align:numa 24h');
    expect(findings(crossed, wish, `train 0 ${on} gpu0 nic0 cpu1 mem1`)).toEqual([
      `align: \`train\` 0 on ${on}: its devices are of numaNode 0, 1`,
    ]);
    expect(
      findings(bare(), demand('1×1 H100 cpu1 mem1 align:numa 24h'), `train 0 ${on} gpu0 cpu1 mem1`),
    ).toEqual([`align: \`train\` 0 on ${on}: the numaNode of GPU 0 is not recorded`]);
    expect(
      findings(
        world('fra1/h1/r1 1×8 H100 cpu64 mem256'),
        demand('1×1 H100 cpu1 mem1 align:numa 24h'),
        `train 0 ${on} gpu0 cpu1 mem1`,
      ),
    ).toEqual([
      `align: \`train\` 0 on ${on}: the numaNode of GPU 0 is not recorded`,
      `align: ${on}: the number of NUMA nodes is not recorded`,
    ]);
  });

  test('adds up what is pinned to a NUMA node, by the gang and by others', () => {
    const big = demand('2×1 H100 cpu17 mem64 align:numa 24h');
    expect(findings(fleet, big, `train 0 ${on} gpu0 cpu17 mem64`, `train 1 ${on} gpu1 cpu17 mem64`)).toEqual([
      `align: ${on} NUMA node 0: mCPU held by others 0, asked for 34000, limit 32000`,
    ]);
    const busy = granted(
      fleet,
      demand('1×1 H100 mem100 cpu1 align:numa 24h', { tenant: 'globex' }),
      placement(24, `train 0 ${on} gpu7 cpu1 mem100`),
    );
    expect(findings(busy, numa, `train 0 ${on} gpu0 cpu16 mem64`, `train 1 ${on} gpu6 cpu16 mem64`)).toEqual([
      `align: ${on} NUMA node 1: MiB held by others 102400, asked for 65536, limit 131072`,
    ]);
  });
});

describe('local storage', () => {
  test.each([
    ['1×1 H100 disk100', '0'],
    ['1×1 H100 disk101', 'no: inventory'],
    ['2×1 H100 disk50', '0 1'],
    ['2×1 H100 disk51', 'no: inventory'],
    ['load: 2×cpu1 disk50', ' '],
    ['load: 3×cpu1 disk50', 'no: inventory'],
  ])('%s: %s', (text, expected) => {
    expect(gpus(fleet, text)).toBe(expected);
  });

  test('is held over the window, stands in the plan and in its terms', () => {
    const busy = take(fleet, demand('1×1 H100 disk60 5h', { tenant: 'globex' }));
    expect(gpus(busy, '1×1 H100 disk40 1h')).toBe('1');
    expect(gpus(busy, '1×1 H100 disk41 1h')).toBe('no: free-over-window');
    const { plan } = planned(busy, demand('1×1 H100 disk41', flexible(1, 9)));
    expect(plan.placement.startMs).toBe(t0 + 5 * hourMs);
    expect(plan.placement.members[0]?.storageGib).toBe(41);
    expect(plan.terms.find(({ kind }) => kind === 'space')?.promise).toBe(
      '41 GiB of storage local to the nodes',
    );
    expect(planned(fleet, demand('1×1 H100')).plan.placement.members[0]).not.toHaveProperty('storageGib');
  });

  test.each(['1×1 H100 disk1', 'load: 1×cpu1 disk1', '1×1 H100 + load: 1×cpu1 disk1'])(
    '%s lacks a fact where nobody has recorded its size',
    (text) => {
      const dark = world('fra1/h1/r1 1×8 H100 cpu64 mem256');
      expect(gpus(dark, text)).toBe('storageGib');
      expect(gpus(dark, text.replace('disk1', 'disk0'))).not.toBe('storageGib');
    },
  );

  test('the auditor wants it held as asked for, and within what the node has left', () => {
    const wish = demand('1×1 H100 cpu1 mem1 disk50 24h');
    const on = 'fra1/h1/r1/n01';
    const busy = granted(fleet, demand('1×1 H100 disk60 24h'), placement(24, `train 0 ${on} gpu7 disk60`));
    expect(findings(fleet, wish, `train 0 ${on} gpu0 cpu1 mem1 disk50`)).toEqual([]);
    expect(findings(fleet, wish, `train 0 ${on} gpu0 cpu1 mem1 disk49`)).toEqual([
      `storage: \`train\` 0 on ${on} holds 49 GiB, it is due 50`,
    ]);
    expect(findings(busy, wish, `train 0 ${on} gpu0 cpu1 mem1 disk50`)).toEqual([
      `storage: ${on}: GiB held by others 60, asked for 50, limit 100`,
    ]);
    expect(
      findings(world('fra1/h1/r1 1×8 H100 cpu64 mem256'), wish, `train 0 ${on} gpu0 cpu1 mem1 disk50`),
    ).toEqual([`storage: ${on}: GiB unknown, asked for 50`]);
  });
});

test(
  'whatever people do, no NUMA node gives more than its share and no disk more than it has',
  { timeout: 60_000 },
  () => {
    let pinned = 0;
    assert(
      property(fleets, steps, (drawn, todo) => {
        const { state } = walk(world(...drawn), todo).world;
        const contracts = [...state.contracts];
        for (const { id, shape } of state.fleet.nodes)
          for (const at of contracts.map(({ placement: { startMs } }) => startMs)) {
            const running = contracts.filter((contract) => runs(contract, at));
            const members = running.flatMap((contract) =>
              contract.placement.members
                .filter(({ node }) => node === id)
                .map((member) => ({
                  member,
                  align: contract.demand.parts.find(({ name }) => name === member.part)?.each.align,
                })),
            );
            const stored = members.reduce((sum, { member }) => sum + (member.storageGib ?? 0), 0);
            expect(stored).toBeLessThanOrEqual(shape.storageGib ?? 0);
            const aligned = members.filter(({ align }) => align !== undefined);
            pinned += aligned.length;
            for (const [, own] of Map.groupBy(
              aligned,
              ({ member }) => shape.gpus[member.gpus[0] ?? 0]?.numaNode,
            )) {
              const cores = own.reduce((sum, { member }) => sum + member.cpuMilli, 0);
              expect(cores * (shape.numaNodes ?? 0)).toBeLessThanOrEqual(shape.cpuMilli ?? 0);
            }
            for (const { member, align } of aligned) {
              const attribute = align === 'numa' ? 'numaNode' : 'pcieRoot';
              expect(new Set(member.gpus.map((gpu) => shape.gpus[gpu]?.[attribute])).size).toBe(1);
            }
          }
      }),
      { seed, numRuns: 120 },
    );
    expect(pinned).toBeGreaterThan(20);
  },
);

function runs({ placement: { startMs, endMs }, releasedAtMs }: Contract, at: number): boolean {
  return startMs <= at && at < Math.min(endMs ?? Infinity, releasedAtMs ?? Infinity);
}

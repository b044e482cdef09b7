import { describe, expect, test } from 'vitest';

import { Random } from '../../src/bench/random.ts';
import { type Claim, claimsOf } from '../../src/bench/walk/claims.ts';
import { drawFleet } from '../../src/bench/walk/fleet.ts';
import { lifecycle } from '../../src/bench/walk/lifecycle.ts';
import { sweep } from '../../src/bench/walk/sweep.ts';
import { beyondEdges, type Use, usesOf } from '../../src/bench/walk/uses.ts';
import { walk } from '../../src/bench/walk/walk.ts';
import { Walker } from '../../src/bench/walk/walker.ts';
import { type State, contractOf } from '../../src/core/state.ts';
import type { Contract } from '../../src/model/contract.ts';
import { ContractId } from '../../src/model/id.ts';
import { change, preempting, planned, release, take } from '../core/acts.ts';
import { demand } from '../core/demand.ts';
import { hourMs, t0, world, type World } from '../core/fleet.ts';

function walked(steps: number, seed: number) {
  const run = walk({ steps, seed });
  for (;;) {
    const step = run.next();
    if (step.done === true) return step.value;
  }
}

describe('a walk over small fleets', { timeout: 240_000 }, () => {
  test('breaks no promise in four thousand steps, and takes every kind of step', () => {
    const report = walked(4000, 20_261_125);
    expect(report.violations).toEqual([]);
    expect(report).toMatchObject({ steps: 4000, fleets: 8, violationCount: 0 });
    expect(Object.keys(report.kinds)).toHaveLength(17);
    for (const [kind, { done }] of Object.entries(report.kinds))
      expect(`${kind} ${done > 9}`).toBe(`${kind} true`);
  });

  test('is the same for the same seed, and another for another', () => {
    const [once, again, other] = [walked(300, 5), walked(300, 5), walked(300, 6)];
    expect(again).toEqual(once);
    expect(other.digest).not.toBe(once.digest);
  });

  test('a drawn fleet is one that can be used', () => {
    for (let seed = 0; seed < 20; seed++) {
      const { fleet } = new Walker(drawFleet(new Random(seed))).state;
      expect(fleet.nodes.length).toBeGreaterThan(0);
      expect(fleet.nodes.every(({ rack, shape }) => rack !== undefined && shape.gpus.length > 0)).toBe(true);
    }
  });
});

const fleet = world('fra1/h1/r1 2×4 H100 cpu16 mem64 disk50 gpuw700 basew800', {
  racks: { 'fra1/h1/r1': { feedLimitW: { A: 6000, B: 6000 } } },
  halls: { 'fra1/h1': { powerBudgetW: 5000 } },
  sites: { fra1: { powerBudgetW: 4000 } },
});

const one: Claim = {
  holder: 'C-101',
  tenant: 'acme',
  alone: 'shared',
  node: 'fra1/h1/r1/n01',
  startMs: 10,
  endMs: 20,
  devices: ['gpu0', 'nic1'],
  slices: [],
  cpuMilli: 8000,
  memoryMib: 1024,
  storageGib: 10,
  powerW: 1000,
};
const two: Claim = { ...one, holder: 'C-102', tenant: 'globex', devices: ['gpu1'] };

function swept(claims: readonly Claim[]): string[] {
  return [...sweep(fleet.state, claims)];
}

describe('the sweep', () => {
  test.each([
    ['other devices at the same time', [one, two]],
    ['the same devices one after the other', [one, { ...one, startMs: 20, endMs: 30 }]],
    ['all the cores', [one, { ...two, cpuMilli: 8000 }]],
    [
      'alone beside itself',
      [
        { ...one, alone: 'site' },
        { ...two, tenant: 'acme' },
      ],
    ],
    [
      'alone before another',
      [
        { ...one, alone: 'site' },
        { ...two, startMs: 20, endMs: 21 },
      ],
    ],
    [
      'alone on the node beside',
      [
        { ...one, alone: 'node' },
        { ...two, node: 'fra1/h1/r1/n02' },
      ],
    ],
    [
      'closed afterwards',
      [one, { ...one, holder: 'MW-1', tenant: undefined, devices: [], startMs: 20, endMs: 21 }],
    ],
  ])('allows %s', (_, claims) => {
    expect(swept(claims)).toEqual([]);
  });

  test.each([
    ['a GPU twice', [one, { ...two, devices: ['gpu0'] }], '/gpu0: C-101 and C-102'],
    ['a NIC twice', [one, { ...two, devices: ['nic1'] }], '/nic1: C-101 and C-102'],
    ['a GPU twice for one instant', [one, { ...two, devices: ['gpu0'], startMs: 19, endMs: 99 }], '/gpu0'],
    ['too many cores', [one, { ...two, cpuMilli: 8001 }], 'n01 cpuMilli: 16001 of 16000'],
    ['too much memory', [one, { ...two, memoryMib: 64 * 1024 }], 'memoryMib'],
    ['too much storage', [one, { ...two, storageGib: 41 }], 'storageGib: 51 of 50'],
    ['three together, though no two', [one, two, { ...two, startMs: 15, cpuMilli: 1 }], 'cpuMilli: 16001'],
    ['watts of the site', [one, { ...two, powerW: 3001 }], 'fra1 W: 4001 of 4000'],
    ['watts of the hall', [one, { ...two, powerW: 4001 }], 'fra1/h1 W: 5001 of 5000'],
    [
      'watts of the rack',
      [one, { ...two, node: 'fra1/h1/r1/n02', powerW: 5001 }],
      'fra1/h1/r1 feed A without B W: 6001 of 6000',
    ],
    ['a stranger on the node', [{ ...one, alone: 'node' }, two], 'is to be alone'],
    [
      'a stranger in the rack',
      [
        { ...one, alone: 'rack' },
        { ...two, node: 'fra1/h1/r1/n02' },
      ],
      'is to be alone',
    ],
    [
      'a stranger at the site',
      [
        { ...one, alone: 'site' },
        { ...two, node: 'fra1/h2/r9/n02' },
      ],
      'is to be alone',
    ],
    [
      'work while it is closed',
      [one, { ...one, holder: 'MW-1', tenant: undefined, devices: [] }],
      'while it is closed',
    ],
  ])('sees %s', (_, claims, text) => {
    expect(swept(claims).join('\n')).toContain(text);
  });
});

describe('the look at what became of contracts', () => {
  const c101 = ContractId.parse('C-101');
  const spot = { guarantee: 'preemptible', where: ['fra1/h1/r1/n01'] } as const;
  const before = take(fleet, demand('1×4 H100 24h', spot));
  const found = (after: State, allowed: object) => [
    ...lifecycle(before.state, after, { preempts: [], shrinks: [], atMs: t0, ...allowed }),
  ];
  const forged = (edit: (contract: Contract) => Contract): State => {
    const contract = contractOf(before.state, c101);
    if (contract === undefined) throw new Error('no contract');
    return { ...before.state, contracts: before.state.contracts.with(0, edit(contract)) };
  };

  test('allows what was asked for', () => {
    expect(found(release(before, c101).world.state, { contract: 'C-101' })).toEqual([]);
    const longer = change(before, c101, { end: { kind: 'at', atMs: t0 + 30 * hourMs } });
    expect(found(longer.state, { contract: 'C-101' })).toEqual([]);
    const wish = planned(fleet, demand('1×4 H100 2h', { where: ['fra1/h1/r1/n01'] }));
    expect(found(preempting(before, wish, [c101]).world.state, { preempts: ['C-101'] })).toEqual([]);
  });

  test.each<[string, State, object, string]>([
    ['a contract that nobody asked about', release(before, c101).world.state, {}, 'nobody asked'],
    [
      'a version that jumps',
      forged((c) => ({ ...c, version: 3 })),
      { contract: 'C-101' },
      'from version 1 to 3',
    ],
    [
      'a past that changes',
      forged((c) => ({ ...c, version: 2, placement: { ...c.placement, members: [] } })),
      { contract: 'C-101', atMs: t0 + hourMs },
      'its past changed',
    ],
    [
      'half a gang',
      forged((c) => ({ ...c, version: 2, placement: { ...c.placement, members: [] } })),
      { contract: 'C-101' },
      '0 of 1 `train`',
    ],
    [
      'two placements at once',
      forged((c) => ({ ...c, version: 2, earlier: [{ ...c, untilMs: t0 + 1 }] })),
      { contract: 'C-101' },
      'holds two placements',
    ],
    [
      'another length',
      forged((c) => ({ ...c, version: 2, placement: { ...c.placement, endMs: t0 + 1 } })),
      { contract: 'C-101' },
      'another length',
    ],
  ])('sees %s', (_, after, allowed, text) => {
    expect(found(after, allowed).join('\n')).toContain(text);
  });

  test('sees that a reserved contract was preempted', () => {
    const reserved: World = take(fleet, demand('1×4 H100 24h', { where: ['fra1/h1/r1/n01'] }));
    const contract = contractOf(reserved.state, c101);
    if (contract === undefined) throw new Error('no contract');
    const taken = { ...contract, version: 2, preemptedAtMs: t0 };
    const after = { ...reserved.state, contracts: reserved.state.contracts.with(0, taken) };
    const allowed = { preempts: ['C-101'], shrinks: [], atMs: t0 };
    expect([...lifecycle(reserved.state, after, allowed)].join()).toContain('is reserved, yet preempted');
  });
});

describe('the look at a contract that was shrunk', () => {
  const wish = demand('4×1 H100 24h', { guarantee: 'elastic' });
  const parts = wish.parts.map((own) => ({ ...own, minCount: 2 }));
  const before = take(fleet, { ...wish, parts });
  const contract = contractOf(before.state, ContractId.parse('C-101'));
  if (contract === undefined) throw new Error('no contract');
  const kept = (count: number, more: Partial<Contract['placement']> = {}): State => {
    const { placement } = contract;
    const members = placement.members.slice(0, count);
    const shrunk = { ...contract, version: 2, placement: { ...placement, members, ...more } };
    return { ...before.state, contracts: before.state.contracts.with(0, shrunk) };
  };

  test.each<[string, State, RegExp | '']>([
    ['nothing of one extra less', kept(3), ''],
    ['nothing of both extras less', kept(2), ''],
    ['a guaranteed replica that is gone', kept(1), /lost `train` 1, which is no extra/],
    ['that nothing is gone', kept(4), /was shrunk to something else/],
    ['another end', kept(3, { endMs: t0 + hourMs }), /lost more than extras/],
  ])('sees %s', (_, after, text) => {
    const allowed = { preempts: [], shrinks: ['C-101'], atMs: t0 };
    const found = [...lifecycle(before.state, after, allowed)].join();
    expect(found).toMatch(text === '' ? /^$/ : text);
  });
});

test('claims leave out what has lapsed, ended or was cancelled', () => {
  const held = take(fleet, demand('1×1 H100 2h'));
  expect(ends(held.state, t0, t0)).toEqual([t0 + 2 * hourMs]);
  expect(ends(held.state, t0 + 2 * hourMs, t0 + 2 * hourMs)).toEqual([]);
  const freed = release(held, ContractId.parse('C-101'), { atMs: t0 + hourMs }).world;
  expect(ends(freed.state, t0 + hourMs, t0)).toEqual([t0 + hourMs]);
});

function ends(state: State, nowMs: number, sinceMs: number): number[] {
  return claimsOf(state, nowMs, sinceMs).map(({ endMs }) => endMs);
}

const cut = (start: number, profile = '3g.40gb') => ({ kind: 'mig' as const, gpu: 0, profile, start });
const part = (milli: number) => ({ kind: 'share' as const, gpu: 0, milli });
const drawing = (node: string, powerW: number): Claim => ({
  ...one,
  devices: [],
  node: `fra1/h1/${node}`,
  powerW,
});

describe('the sweep of what is divided', () => {
  const beside = (a: Claim['slices'], b: Claim['slices'], endMs = 20) => [
    { ...one, devices: [], slices: a, endMs },
    { ...two, devices: [], slices: b, cpuMilli: 0 },
  ];

  test.each([
    ['instances side by side', beside([cut(0)], [cut(4)])],
    ['a thousand thousandths', beside([part(400)], [part(600)])],
    [
      'a GPU whole before it is cut',
      [
        { ...one, slices: [], endMs: 10 },
        { ...two, devices: [], slices: [cut(0)] },
      ],
    ],
    ['one instance with media engines', beside([cut(0, '1g.10gb+me')], [cut(1, '1g.10gb')])],
  ])('allows %s', (_, claims) => {
    expect(swept(claims)).toEqual([]);
  });

  test.each([
    ['an instance on another', beside([cut(0)], [cut(0)]), 'a memory slice twice'],
    ['an instance where none may begin', beside([cut(1)], []), 'where none may begin'],
    ['a profile that nobody knows', beside([cut(0, '5g.50gb')], []), 'where none may begin'],
    [
      'two instances with media engines',
      beside([cut(0, '1g.10gb+me')], [cut(1, '1g.10gb+me')]),
      'media engines',
    ],
    ['one thousandth too many', beside([part(400)], [part(601)]), 'more than a thousand'],
    ['a share of a GPU in MIG mode', beside([part(1)], [cut(0)]), 'two modes'],
    ['a share of a whole GPU', [one, { ...two, devices: [], slices: [part(1)], cpuMilli: 0 }], 'two modes'],
  ])('sees %s', (_, claims, text) => {
    expect(swept(claims).join()).toContain(text);
  });
});

describe('the sweep of feeds, loops and edges', () => {
  const fed = world('fra1/h1/r1 2×4 H100', 'fra1/h1/r2 1×4 H100', {
    racks: {
      'fra1/h1/r1': {
        feedLimitW: { A: 3000, B: 2000 },
        feeds: { A: 'fra1/fa', B: 'fra1/fb' },
        loop: 'fra1/cdu',
        coolingLimitW: 2400,
      },
      'fra1/h1/r2': { feeds: { A: 'fra1/fa' }, loop: 'fra1/cdu' },
    },
    feeds: { 'fra1/fa': { limitW: 2600 } },
    loops: { 'fra1/cdu': { coolingLimitW: 2500 } },
    nodes: { 'fra1/h1/r1/n02': { feeds: ['B'] } },
    leafs: { 'fra1/leaf-r1': { uplinkMbps: 100 } },
    wanLinks: { 'fra1/wan': { mbps: 50 } },
  });

  test.each<readonly [string, readonly Claim[], string]>([
    ['nothing where all is within its limits', [drawing('r1/n01', 1000), drawing('r1/n02', 1000)], ''],
    [
      'a letter that carries all when the other is lost',
      [drawing('r1/n01', 2001)],
      'r1 feed B without A W: 2001 of 2000',
    ],
    [
      'a letter with the node that has only that',
      [drawing('r1/n01', 1000), drawing('r1/n02', 1001)],
      'r1 feed B without A W: 2001 of 2000',
    ],
    ['what a rack cools', [drawing('r1/n01', 1400), drawing('r1/n02', 1001)], 'r1 cooling W: 2401 of 2400'],
    ['a feed of the building', [drawing('r2/n01', 2601)], 'fra1/fa W: 2601 of 2600'],
    [
      'a loop of several racks',
      [drawing('r1/n01', 1000), drawing('r2/n01', 1501)],
      'fra1/cdu W: 2501 of 2500',
    ],
  ])('sees %s', (_, claims, text) => {
    const found = [...sweep(fed.state, claims)].filter((line) => line.includes(' W: '));
    expect([found.length, found.join()]).toEqual([
      text === '' ? 0 : found.length,
      expect.stringContaining(text),
    ]);
  });

  const use: Use = { holder: 'C-101', edge: 'rdma fra1/leaf-r1', startMs: 10, endMs: 20, mbps: 60 };
  test.each([
    ['one after the other', [use, { ...use, startMs: 20, endMs: 30 }], 0],
    ['too much at one time', [use, { ...use, startMs: 19, mbps: 41 }], 1],
    ['more than a link carries', [{ ...use, edge: 'wan fra1/wan' }], 1],
    ['an edge of which nothing is recorded', [{ ...use, edge: 'storage fra1/nvme' }], 1],
  ])('%s', (_, uses, count) => {
    expect([...beyondEdges(fed.state, uses)]).toHaveLength(count);
  });

  test('uses are read from contracts and end with them', () => {
    expect(usesOf(fleet.state, t0, t0)).toEqual([]);
  });
});

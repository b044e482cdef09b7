import { describe, expect, test } from 'vitest';

import { contractOf } from '../../../src/core/state.ts';
import { ContractId } from '../../../src/model/id.ts';
import { ask, commit, planned, release, take } from '../acts.ts';
import { demand, flexible } from '../demand.ts';
import { fact } from '../fleet-text.ts';
import { type Details, hourMs, observe, t0, world } from '../fleet.ts';
import { heldBy, nodesOf, outcome, withRdma } from './ask.ts';

const rack = (name: string, nodes = 2) => `fra1/h1/${name} ${nodes}×4 H100 nvlink rdma leaf cpu64`;

/** Leafs of racks with their uplink in Gbit/s and their spine: `r1 800 s1`. */
function leafs(...lines: readonly string[]): Details {
  const sets = lines.map((line) => {
    const [name = '', gbps = '', spine] = line.split(' ');
    const uplink = gbps === '?' ? {} : { uplinkMbps: Number(gbps) * 1000 };
    return [
      `fra1/leaf-${name}`,
      { ...uplink, ...(spine === undefined ? {} : { spine: `fra1/${spine}` }) },
    ] as const;
  });
  return { leafs: Object.fromEntries(sets) };
}

const spines = (gbps: Readonly<Record<string, number>>): Details => ({
  spines: Object.fromEntries(
    Object.entries(gbps).map(([name, of]) => [`fra1/${name}`, { uplinkMbps: of * 1000 }]),
  ),
});

const budget = (text: string, gbps: number, more: object = {}) =>
  withRdma(text, { uplinkMbps: gbps * 1000 }, more);

const countedNode = (leaf: string) => ({
  gpuModel: 'H100',
  gpuCount: 4,
  rdmaNicCount: 4,
  leaf: `fra1/leaf-${leaf}`,
});

describe('uplink budgets', () => {
  test('under one leaf nothing is held', () => {
    const fleet = world(rack('r1'), rack('r2'), leafs('r1 100', 'r2 100'));
    expect(outcome(ask(fleet, budget('2×4 H100 rdma', 400)))).toEqual([]);
  });

  test('over two leafs each holds the whole budget', () => {
    const fleet = world(rack('r1'), rack('r2'), leafs('r1 800', 'r2 900'));
    expect(outcome(ask(fleet, budget('3×4 H100 rdma', 400)))).toEqual([
      'rdma fra1/leaf-r1 400000',
      'rdma fra1/leaf-r2 400000',
    ]);
  });

  test('one leaf comes before everything close: a rack that spans two leafs is passed over', () => {
    const split: Details = { nodes: { 'fra1/h1/r1/n02': { leaf: 'fra1/leaf-odd' } } };
    const fleet = world(rack('r1'), rack('r2'), split, leafs('r1 800', 'odd 800', 'r2 800'));
    expect(nodesOf(planned(fleet, budget('2×4 H100 rdma', 1)))).toEqual(['r2/n01', 'r2/n02']);
    expect(nodesOf(planned(fleet, demand('2×4 H100 rdma')))).toEqual(['r1/n01', 'r1/n02']);
  });

  test('leafs without the budget are avoided, also where another would be tighter', () => {
    const fleet = world(rack('r1'), rack('r2'), rack('r3'), leafs('r1 800', 'r2 100', 'r3 800'));
    expect(nodesOf(planned(fleet, budget('4×4 H100 rdma', 400)))).toEqual([
      'r1/n01',
      'r1/n02',
      'r3/n01',
      'r3/n02',
    ]);
  });

  test('the fewest leafs: two large ones, not three small ones', () => {
    const fleet = world(
      rack('r1', 1),
      rack('r2', 1),
      rack('r3', 2),
      rack('r4', 2),
      leafs('r1 9', 'r2 9', 'r3 9', 'r4 9'),
    );
    expect(nodesOf(planned(fleet, budget('4×4 H100 rdma', 1)))).toEqual([
      'r3/n01',
      'r3/n02',
      'r4/n01',
      'r4/n02',
    ]);
  });

  test('the last leaf is the one with least room that will do', () => {
    const fleet = world(rack('r1', 3), rack('r2', 2), rack('r3', 1), leafs('r1 9', 'r2 9', 'r3 9'));
    expect(new Set(nodesOf(planned(fleet, budget('4×4 H100 rdma', 1))))).toEqual(
      new Set(['r1/n01', 'r1/n02', 'r1/n03', 'r3/n01']),
    );
  });

  test('budgets of two parts add up on a leaf', () => {
    const fleet = world(rack('r1'), rack('r2'), leafs('r1 800', 'r2 800'));
    const twice = withRdma('a: 2×3 H100 rdma apart:leaf + b: 2×1 H100 rdma apart:leaf', {
      uplinkMbps: 300_000,
    });
    expect(outcome(ask(fleet, twice))).toEqual(['rdma fra1/leaf-r1 600000', 'rdma fra1/leaf-r2 600000']);
    const more = withRdma('a: 2×3 H100 rdma apart:leaf + b: 2×1 H100 rdma apart:leaf', {
      uplinkMbps: 500_000,
    });
    expect(outcome(ask(fleet, more))).toBe('uplink');
  });

  test('exactly what is left is enough, one more is not', () => {
    const fleet = world(rack('r1'), rack('r2'), leafs('r1 800', 'r2 800'));
    const first = take(fleet, budget('2×2 H100 rdma apart:leaf', 500));
    expect(outcome(ask(first, budget('2×2 H100 rdma apart:leaf', 300)))).toHaveLength(2);
    expect(outcome(ask(first, budget('2×2 H100 rdma apart:leaf', 301)))).toBe('uplink');
  });

  test('parts without a budget hold nothing and leave everything to others', () => {
    const fleet = take(
      world(rack('r1'), rack('r2'), leafs('r1 800', 'r2 800')),
      demand('2×2 H100 rdma apart:leaf'),
    );
    expect(outcome(ask(fleet, budget('2×2 H100 rdma apart:leaf', 800)))).toHaveLength(2);
  });

  test('CPU parts with RDMA have budgets too', () => {
    const fleet = world(rack('r1'), rack('r2'), leafs('r1 800', 'r2 800'));
    expect(outcome(ask(fleet, budget('2×cpu4 rdma apart:leaf', 5)))).toEqual([
      'rdma fra1/leaf-r1 5000',
      'rdma fra1/leaf-r2 5000',
    ]);
  });

  test('GPUs without RDMA NICs that are listed hang on the leaf of their node', () => {
    const counted: Details = {
      racks: { 'fra1/r1': {} },
      nodes: { 'fra1/r1/n1': countedNode('a'), 'fra1/r1/n2': countedNode('b') },
    };
    expect(outcome(ask(world(counted, leafs('a 10', 'b 10')), budget('2×4 H100 rdma', 7)))).toEqual([
      'rdma fra1/leaf-a 7000',
      'rdma fra1/leaf-b 7000',
    ]);
  });
});

describe('spines', () => {
  const four = [rack('r1', 1), rack('r2', 1), rack('r3', 1), rack('r4', 1)];
  const two = leafs('r1 800 s1', 'r2 800 s2', 'r3 800 s2', 'r4 800 s1');

  test('under one spine only leafs hold', () => {
    expect(outcome(ask(world(...four, two), budget('2×4 H100 rdma', 400)))).toEqual([
      'rdma fra1/leaf-r1 400000',
      'rdma fra1/leaf-r4 400000',
    ]);
  });

  test('over two spines each of them holds it too', () => {
    const fleet = world(...four, two, spines({ s1: 400, s2: 900 }));
    expect(outcome(ask(fleet, budget('3×4 H100 rdma', 400)))).toContain('rdma fra1/s1 400000');
    expect(outcome(ask(fleet, budget('3×4 H100 rdma', 401)))).toBe('uplink');
  });

  test('an unknown spine uplink is a missing fact', () => {
    expect(outcome(ask(world(...four, two), budget('3×4 H100 rdma', 1)))).toEqual(['missing uplinkMbps']);
  });

  test('leafs of which only some name a spine cannot be joined', () => {
    const some = leafs('r1 800 s1', 'r2 800', 'r3 800', 'r4 800');
    const fleet = world(...four, some, spines({ s1: 9 }));
    expect(nodesOf(planned(fleet, budget('3×4 H100 rdma', 1)))).toEqual(['r2/n01', 'r3/n01', 'r4/n01']);
    expect(outcome(ask(fleet, budget('4×4 H100 rdma', 1)))).toEqual(['missing spine']);
  });
});

const railed = (group: string, nodes: readonly string[]): Details => ({
  nics: Object.fromEntries(
    nodes.flatMap((node) =>
      [0, 1, 2, 3].map((rail) => [`${node}/nic${rail}`, { leaf: `fra1/${group}-rail${rail}` }] as const),
    ),
  ),
});

const nodes = (name: string) => [`fra1/h1/${name}/n01`, `fra1/h1/${name}/n02`];

const bare = (name: string) => `fra1/h1/${name} 2×4 H100 nvlink rdma`;

const uplinks = (mbps: number): Details => ({
  leafs: Object.fromEntries(
    ['a', 'b'].flatMap((group) =>
      [0, 1, 2, 3].map((rail) => [`fra1/${group}-rail${rail}`, { uplinkMbps: mbps }]),
    ),
  ),
});

/** Every rail of a group of nodes has a leaf of its own. */
const railFleet = (mbps: number) =>
  world(bare('r1'), bare('r2'), railed('a', nodes('r1')), railed('b', nodes('r2')), uplinks(mbps));

describe('rail-optimised fabrics', () => {
  test('nodes whose rails share their leafs use no uplink', () => {
    expect(outcome(ask(railFleet(0), budget('2×4 H100 rdma', 400)))).toEqual([]);
  });

  test('over two groups every rail carries its share, rounded up', () => {
    const held = outcome(ask(railFleet(101), withRdma('3×4 H100 rdma', { uplinkMbps: 401 })));
    expect(held).toHaveLength(8);
    expect(held).toContain('rdma fra1/a-rail3 101');
    expect(outcome(ask(railFleet(100), withRdma('3×4 H100 rdma', { uplinkMbps: 401 })))).toBe('uplink');
  });

  test('one rail alone has one leaf in each group', () => {
    const held = outcome(ask(railFleet(400), withRdma('2×1 H100 rdma apart:rack', { uplinkMbps: 400 })));
    expect(held).toEqual(['rdma fra1/a-rail0 400', 'rdma fra1/b-rail0 400']);
  });

  test('different rails on two nodes count as one, on all leafs they use', () => {
    const busy = take(railFleet(400), demand('1×1 H100 rdma', { where: ['fra1/h1/r1/n01'] }));
    const lame = observe(busy, [fact('gpu', 'fra1/h1/r1/n02/gpu1', { health: 'down' })]);
    const held = outcome(
      ask(lame, withRdma('2×3 H100 rdma within:rack', { uplinkMbps: 400 }, { where: ['fra1/h1/r1'] })),
    );
    expect(held).toEqual([0, 1, 2, 3].map((rail) => `rdma fra1/a-rail${rail} 400`));
  });
});

describe('what is not known', () => {
  test('leafs without a recorded uplink', () => {
    const fleet = world(rack('r1'), rack('r2'), leafs('r1 ?', 'r2 ?'));
    expect(outcome(ask(fleet, budget('3×4 H100 rdma', 1)))).toEqual(['missing uplinkMbps']);
    expect(outcome(ask(fleet, budget('2×4 H100 rdma', 1)))).toEqual([]);
  });

  test('nodes without a recorded leaf: fine while they are alone', () => {
    const fleet = world('fra1/h1/r1 2×4 H100 nvlink rdma');
    expect(outcome(ask(fleet, budget('2×4 H100 rdma', 1)))).toEqual(['missing leaf']);
    expect(outcome(ask(fleet, budget('2×2 H100 rdma', 1)))).toEqual([]);
  });

  test('a leaf that is known to have none is a plain no', () => {
    const fleet = world(rack('r1'), rack('r2'), leafs('r1 0', 'r2 0'));
    expect(outcome(ask(fleet, budget('3×4 H100 rdma', 1)))).toBe('uplink');
  });
});

const day = (gbps: number, more: object = {}) => budget('2×1 H100 rdma apart:leaf 4h', gbps, more);

describe('over time', () => {
  const fleet = world(rack('r1'), rack('r2'), leafs('r1 800', 'r2 800'));

  test('it is free again when the contract ends, and the search finds that instant', () => {
    const busy = take(fleet, day(800));
    const later = planned(busy, budget('2×1 H100 rdma apart:leaf', 100, flexible(2, 12)));
    expect(later.plan.placement.startMs).toBe(t0 + 4 * hourMs);
    expect(outcome(ask(busy, day(1)))).toBe('uplink');
  });

  test('release gives it back from then on', () => {
    const busy = take(fleet, day(800));
    const { world: freed } = release(busy, ContractId.parse('C-101'), { atMs: t0 + hourMs });
    const next = budget('2×1 H100 rdma apart:leaf 1h', 800, {
      window: { earliestStartMs: t0 + hourMs, durationS: 3600 },
    });
    expect(outcome(ask(freed, next, { atMs: t0 + hourMs }))).toHaveLength(2);
    expect(outcome(ask(busy, next, { atMs: t0 + hourMs }))).toBe('uplink');
    expect([...freed.state.bandwidth.values()].flat().map(({ endMs }) => endMs)).toEqual([
      t0 + hourMs,
      t0 + hourMs,
    ]);
  });

  test('what had not begun is gone altogether', () => {
    const soon = { window: { earliestStartMs: t0 + hourMs, durationS: 3600 } };
    const { world: freed } = release(take(fleet, day(800, soon)), ContractId.parse('C-101'));
    expect(freed.state.bandwidth.size).toBe(0);
  });

  test('another import keeps what is held', () => {
    const busy = take(fleet, day(800));
    const seen = observe(busy, [fact('leaf', 'fra1/leaf-r1', { uplinkMbps: 700_000 })]);
    expect(seen.state.bandwidth).toEqual(busy.state.bandwidth);
    const { world: freed } = release(busy, ContractId.parse('C-101'), { atMs: t0 + hourMs });
    const again = observe(freed, [fact('leaf', 'fra1/leaf-r1', { uplinkMbps: 700_000 })]);
    expect(again.state.bandwidth).toEqual(freed.state.bandwidth);
  });

  test('a plan whose budget was taken meanwhile is stale', () => {
    const answer = planned(fleet, day(500));
    const { decision } = commit(take(fleet, day(400)), answer);
    expect(decision).toMatchObject({ refusal: { kind: 'plan-stale' } });
    expect(JSON.stringify(decision)).toContain('bandwidth: rdma fra1/leaf-r1: Mbit/s held by others 400000');
  });

  test('the contract promises it, and the refusal says which wishes conflict', () => {
    const busy = take(fleet, day(800));
    const contract = contractOf(busy.state, ContractId.parse('C-101'));
    expect(heldBy(contract?.placement ?? {})).toHaveLength(2);
    expect(contract?.terms.find(({ kind }) => kind === 'bandwidth')).toMatchObject({
      promise: 'uplink of 800 Gbit/s on fra1/leaf-r1, 800 Gbit/s on fra1/leaf-r2',
      strength: 'guaranteed',
    });
    const refused = ask(busy, day(1));
    expect(refused).toMatchObject({ refusal: { conflict: ['apart', 'uplink', 'rdma', 'window'] } });
    const changes =
      refused.kind === 'refused' && refused.refusal.kind === 'no-capacity'
        ? refused.refusal.relaxations.map(({ change }) => change)
        : [];
    expect(changes).toEqual(expect.arrayContaining(['start later', 'without an uplink budget']));
  });
});

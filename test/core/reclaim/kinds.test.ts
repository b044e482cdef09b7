import { describe, expect, test } from 'vitest';

import { pairOf, type Problem, problemOf, type Wish } from '../../../src/core/reclaim/problem.ts';
import { Path } from '../../../src/model/id.ts';
import { demand } from '../demand.ts';
import { fact } from '../fleet-text.ts';
import { observe, t0, type World, world } from '../fleet.ts';
import { granted, placement } from '../placement.ts';
import { booked } from './bookings.ts';

const three = world('fra1/h1/r1 3×4 H100 cpu16 mem64');
const preemptible = { guarantee: 'preemptible' };

function problem({ state }: World, more: Partial<Wish> = {}): Problem {
  return problemOf(state, { atMs: t0, ...more });
}

/** What a cluster says about a node besides. */
function seen(now: World, node: string, set: object): World {
  return observe(now, [fact('node', `fra1/h1/r1/${node}`, set)], { source: 'kubernetes' });
}

/** The positions of the nodes that each kind may stand on. */
const targets = ({ kinds }: Problem) => kinds.map((kind) => [...kind.targets]);

const spread = (left: number) =>
  problem(
    booked(three, [
      'preemptible 24h r1/n01 gpu0, r1/n02 gpu0, r1/n03 gpu0',
      { survive: { loss: 'node', membersLeft: left } },
    ]),
  );

describe('who may move', () => {
  test('equal members are of one kind, wherever they stand and whosever they are', () => {
    const now = booked(
      three,
      'preemptible 24h r1/n01 gpu0',
      ['preemptible 24h r1/n02 gpu2', { tenant: 'acme' }],
      'preemptible 24h r1/n02 gpu3',
    );
    expect(problem(now).kinds).toMatchObject([{ standing: [1, 2, 0], gpus: 1, cost: 1, mostOnNode: 3 }]);
  });

  test.each<[string, string, string, object]>([
    ['GPUs', 'preemptible 24h r1/n01 gpu0', 'preemptible 24h r1/n02 gpu0-1', {}],
    ['times', 'preemptible 24h r1/n01 gpu0', 'preemptible 12-24h r1/n02 gpu0', {}],
    [
      'places to go',
      'preemptible 24h r1/n01 gpu0',
      'preemptible 24h r1/n02 gpu0',
      { where: ['fra1/h1/r1/n02'] },
    ],
  ])('of other %s, another kind', (_, first, second, more) => {
    // A third that ends early makes two periods.
    const now = booked(three, first, [second, more], 'reserved 6h r1/n03 gpu0');
    expect(problem(now).kinds).toHaveLength(2);
  });

  test('of other cores or memory, another kind', () => {
    const now = ['cpu2 mem4', 'cpu2 mem4', 'cpu3 mem4', 'cpu2 mem5'].reduce(
      (before, text, at) =>
        granted(
          before,
          demand(`1×1 H100 ${text} 24h`, preemptible),
          placement(24, `train 0 fra1/h1/r1/n01 gpu${at} ${text}`),
        ),
      three,
    );
    expect(
      problem(now).kinds.map(({ movers, cpuMilli, memoryMib }) => [movers.length, cpuMilli, memoryMib]),
    ).toEqual([
      [2, 2000, 4096],
      [1, 3000, 4096],
      [1, 2000, 5120],
    ]);
  });

  test('who keeps replicas apart is of a kind of its own, one to a node', () => {
    const apart = [
      'preemptible 24h r1/n01 gpu0, r1/n02 gpu0',
      { parts: demand('2×1 H100 apart:node').parts },
    ] as const;
    const found = problem(booked(three, apart, apart, 'preemptible 24h r1/n03 gpu0'));
    expect(found.kinds.map(({ movers, mostOnNode }) => [movers.length, mostOnNode])).toEqual([
      [2, 1],
      [2, 1],
      [1, 1],
    ]);
  });

  test('who survives the loss of a node has no more on one than it may lose', () => {
    expect([1, 2].map((left) => spread(left).kinds[0]?.mostOnNode)).toEqual([2, 1]);
  });

  test('with a spare it may lose one more', () => {
    const survive = { loss: 'node', membersLeft: 2 };
    const parts = demand('2×1 H100').parts;
    const now = booked(three, [
      'preemptible 24h r1/n01 gpu0, r1/n02 gpu0, + r1/n03 gpu0',
      { survive, parts },
    ]);
    expect(problem(now).kinds).toMatchObject([{ standing: [1, 1, 1], mostOnNode: 1 }]);
  });

  test('members without GPUs are not missed where others have some', () => {
    const wish = demand('2×1 H100 24h + load: 2×cpu1', {
      ...preemptible,
      survive: { loss: 'node', membersLeft: 1 },
    });
    const lines = [
      'train 0 fra1/h1/r1/n01 gpu0',
      'train 1 fra1/h1/r1/n02 gpu0',
      'load 0 fra1/h1/r1/n01 cpu1',
      'load 1 fra1/h1/r1/n02 cpu1',
    ];
    const found = problem(granted(three, wish, placement(24, ...lines)));
    expect(found.kinds.map(({ gpus: each, mostOnNode, cost }) => [each, mostOnNode, cost])).toEqual([
      [1, 1, 1],
      [0, 2, 1],
    ]);
  });

  test('seats at other sites are not of this problem', () => {
    const sites = world('fra1/h1/r1 1×4 H100', 'ams2/h1/a1 1×4 H100');
    const held = placement(24, 'train 0 fra1/h1/r1/n01 gpu0', '+ train 1 ams2/h1/a1/n01 gpu0');
    const now = granted(sites, demand('1×1 H100 24h', preemptible), held);
    const found = problem(now, { within: Path.parse('fra1') });
    expect(found.kinds.map(({ movers }) => movers.map(({ member }) => member.replica))).toEqual([[0]]);
  });
});

describe('where they may go', () => {
  test('to nodes of the same model and link, of their own site', () => {
    const fleet = world(
      'ams2/h1/a1 1×4 H100',
      'fra1/h1/r1 1×4 H100',
      'fra1/h1/r2 1×4 A100',
      'fra1/h1/r3 1×4 H100 nvlink',
      'fra1/h1/r4 1×2 H100',
    );
    const held = placement(24, 'train 0 fra1/h1/r1/n01 gpu0-3');
    const now = granted(fleet, demand('1×4 H100|A100 24h', preemptible), held);
    expect(targets(problem(now))).toEqual([[1, 3]]);
  });

  test('never out of a domain that their gang keeps to', () => {
    const racks = world('fra1/h1/r1 2×4 H100', 'fra1/h1/r2 1×4 H100', 'fra1/h2/r3 1×4 H100');
    const of = (more: object) => targets(problem(booked(racks, ['preemptible 24h r1/n01 gpu0', more])));
    expect([of({}), of({ together: 'hall' }), of({ together: 'rack' })]).toEqual([
      [[0, 1, 2, 3]],
      [[0, 1, 2]],
      [[0, 1]],
    ]);
    expect(of({ parts: demand('1×1 H100 within:rack').parts })).toEqual([[0, 1]]);
  });

  test('not to nodes that are closed, too small or refused before; each may stay where it is', () => {
    const now = booked(three, 'preemptible 24h r1/n01 gpu0-3');
    const mover = problem(now).kinds[0]?.movers[0];
    if (mover === undefined) throw new Error('a mover');
    const refused = new Set([
      pairOf(mover, Path.parse('fra1/h1/r1/n02')),
      pairOf(mover, Path.parse('fra1/h1/r1/n01')),
    ]);
    expect(pairOf(mover, Path.parse('fra1/h1/r1/n02'))).toBe('C-101 train 0 fra1/h1/r1/n02');
    expect(targets(problem(now, { refused }))).toEqual([[0, 2]]);
    const closed = seen(now, 'n03', { schedulable: false });
    expect(targets(problem(closed))).toEqual([[0, 1]]);
    const down = seen(now, 'n01', { health: 'down' });
    expect(targets(problem(down))).toEqual([[0, 1, 2]]);
  });

  test('not beside who is alone and stays, nor alone beside others who stay; those who move keep nobody out', () => {
    const alone = { isolation: 'node', tenant: 'acme' };
    const stays = booked(three, 'preemptible 24h r1/n01 gpu0', ['reserved 24h r1/n02 gpu0', alone]);
    expect(targets(problem(stays))).toEqual([[0, 2]]);
    const comes = booked(three, ['preemptible 24h r1/n01 gpu0', alone], 'reserved 24h r1/n02 gpu0');
    expect(targets(problem(comes))).toEqual([[0, 2]]);
    const both = booked(three, ['preemptible 24h r1/n01 gpu0', alone], 'preemptible 24h r1/n02 gpu0-1');
    expect(targets(problem(both))).toEqual([
      [0, 1, 2],
      [0, 1, 2],
    ]);
  });

  test('what keeps out earlier is in nobody’s way later', () => {
    const alone = { isolation: 'node', tenant: 'acme' };
    const now = booked(three, 'preemptible 5-9h r1/n01 gpu0', ['reserved 5h r1/n02 gpu0', alone]);
    expect(targets(problem(now))).toEqual([[0, 1, 2]]);
  });
});

describe('seats that fall together', () => {
  const racks = world('fra1/h1/r1 2×4 H100', 'fra1/h1/r2 2×4 H100');
  const survive = { loss: 'rack', membersLeft: 2 };

  test('are counted by rack: no more of them in one than may be missed', () => {
    const now = booked(racks, [
      'preemptible 24h r1/n01 gpu0, r1/n02 gpu0, r2/n01 gpu0, r2/n02 gpu0',
      { survive },
    ]);
    expect(problem(now).groups).toEqual([
      { kinds: [0], nodes: [0, 1], most: 2 },
      { kinds: [0], nodes: [2, 3], most: 2 },
    ]);
  });

  test('or as many as stand there now, where those are more already', () => {
    const now = booked(racks, [
      'preemptible 24h r1/n01 gpu0, r1/n02 gpu0, r1/n01 gpu1, r2/n02 gpu0',
      { survive },
    ]);
    expect(problem(now).groups.map(({ most }) => most)).toEqual([3, 2]);
  });

  test('each contract has its own', () => {
    const line = [
      'preemptible 24h r1/n01 gpu0, r2/n01 gpu0',
      { survive: { ...survive, membersLeft: 1 } },
    ] as const;
    const other = [
      'preemptible 24h r1/n01 gpu1, r2/n01 gpu1',
      { survive: { ...survive, membersLeft: 1 } },
    ] as const;
    expect(
      problem(booked(racks, line, other, 'preemptible 24h r1/n01 gpu2')).groups.map(({ kinds }) => kinds),
    ).toEqual([[0], [0], [1], [1]]);
  });

  test('there are none, where the loss of a node is survived, or none', () => {
    const now = booked(
      racks,
      ['preemptible 24h r1/n01 gpu0, r2/n01 gpu0', { survive: { loss: 'node', membersLeft: 1 } }],
      'preemptible 24h r1/n01 gpu1',
    );
    expect(problem(now).groups).toEqual([]);
  });
});

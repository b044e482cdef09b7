import { describe, expect, test } from 'vitest';

import { type Problem, problemOf, stuckOn, type Wish } from '../../../src/core/reclaim/problem.ts';
import { ContractId, Path } from '../../../src/model/id.ts';
import { change } from '../acts.ts';
import { demand } from '../demand.ts';
import { fact } from '../fleet-text.ts';
import { hourMs, observe, t0, type World, world } from '../fleet.ts';
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

/** GPUs by node and period. */
const gpus = ({ nodes }: Problem) => nodes.map(({ room }) => room.map((period) => period.gpus));

/** Nodes that may be emptied, by their last names. */
const freeable = ({ nodes }: Problem) =>
  nodes.flatMap(({ node, mayBeFreed }) => (mayBeFreed ? [node.id.slice(-6)] : []));

describe('room for those who may move', () => {
  test('is all that a node has but for what has to stay', () => {
    const now = booked(three, 'reserved 24h r1/n01 gpu0-2', 'preemptible 24h r1/n02 gpu0-2');
    expect(gpus(problem(now))).toEqual([[1], [4], [4]]);
  });

  test('in cores and memory too', () => {
    const now = granted(
      three,
      demand('1×1 H100 cpu5 mem20 24h'),
      placement(24, 'train 0 fra1/h1/r1/n02 gpu0 cpu5 mem20'),
    );
    expect(problem(now).nodes.map(({ room }) => room)).toEqual([
      [{ gpus: 4, cpuMilli: 16_000, memoryMib: 64 * 1024 }],
      [{ gpus: 3, cpuMilli: 11_000, memoryMib: 44 * 1024 }],
      [{ gpus: 4, cpuMilli: 16_000, memoryMib: 64 * 1024 }],
    ]);
  });

  test('not on GPUs that are down, which are taken off once', () => {
    const now = booked(three, 'reserved 24h r1/n01 gpu0-1');
    const down = (gpu: number) => observe(now, [fact('gpu', `fra1/h1/r1/n01/gpu${gpu}`, { health: 'down' })]);
    expect(gpus(problem(down(1)))[0]).toEqual([2]);
    expect(gpus(problem(down(2)))[0]).toEqual([1]);
  });

  test('in thousandths as soon as slices of GPUs are held somewhere, and until then in whole ones', () => {
    const mig = world('fra1/h1/r1 2×2 H100 gpumem80 mig');
    const wish = demand('1×1 H100 mig:3g.40gb cpu0 mem0 24h');
    const now = granted(mig, wish, placement(24, 'train 0 fra1/h1/r1/n01 0:3g.40gb@0'));
    // An instance of 40 of 80 GiB is half of its GPU's memory slices.
    expect(gpus(problem(now))).toEqual([[1500], [2000]]);
    expect(gpus(problemOf(now.state, { atMs: t0 + 24 * hourMs }))).toEqual([[], []]);
    const shared = granted(
      now,
      demand('1×1 H100 share:250 cpu0 mem0 24h'),
      placement(24, 'train 0 fra1/h1/r1/n02 1:250'),
    );
    expect(gpus(problem(shared))).toEqual([[1500], [1750]]);
    const whole = booked(shared, 'reserved 24h r1/n02 gpu0');
    expect(gpus(problem(whole))).toEqual([[1500], [750]]);
  });

  test('slices on a GPU that is down take nothing more', () => {
    const now = granted(
      world('fra1/h1/r1 1×2 H100'),
      demand('1×1 H100 share:250 cpu0 mem0 24h'),
      placement(24, 'train 0 fra1/h1/r1/n01 1:250'),
    );
    expect(gpus(problem(observe(now, [fact('gpu', 'fra1/h1/r1/n01/gpu1', { health: 'down' })])))).toEqual([
      [1000],
    ]);
  });
});

/** A contract that no problem moves, so that it stays even before it begins. */
const staying = (words: string) => [words, { parts: demand('1×1 H100 apart:rack').parts }] as const;

describe('periods', () => {
  test.each<[string, readonly string[], readonly (readonly number[])[]]>([
    ['there are none, where nothing is held', [], [[], [], []]],
    ['one, where all begins at once', ['24h r1/n01 gpu0', '9h r1/n02 gpu0'], [[3], [3], [4]]],
    // Until something ends every later start only adds: what is held at two is the most there is.
    ['one, where a later start only adds', ['24h r1/n01 gpu0', '2-24h r1/n01 gpu1'], [[2], [4], [4]]],
    [
      'two, where one follows another',
      ['5h r1/n01 gpu0-2', '5-9h r1/n01 gpu0'],
      [
        [1, 3],
        [4, 4],
        [4, 4],
      ],
    ],
    [
      'two, where a gap lies between, on another node too',
      ['5h r1/n01 gpu0-2', '6-9h r1/n02 gpu0'],
      [
        [1, 4],
        [4, 3],
        [4, 4],
      ],
    ],
    [
      'two, where they overlap for a while',
      ['5h r1/n01 gpu0', '2-9h r1/n01 gpu1', '7-9h r1/n01 gpu2'],
      [
        [2, 2],
        [4, 4],
        [4, 4],
      ],
    ],
  ])('%s', (_, lines, expected) => {
    const now = booked(three, ...lines.map((line) => staying(`reserved ${line}`)));
    expect(gpus(problem(now))).toEqual(expected);
    // Seen while the first of them runs, they are the same.
    expect(gpus(problem(now, { atMs: t0 + hourMs }))).toEqual(expected);
  });

  test('there is none of what is over', () => {
    const now = booked(three, 'reserved 5h r1/n01 gpu0', 'reserved 9h r1/n02 gpu0');
    expect(gpus(problem(now, { atMs: t0 + 5 * hourMs - 1 }))).toEqual([[3], [3], [4]]);
    expect(gpus(problem(now, { atMs: t0 + 5 * hourMs }))).toEqual([[4], [3], [4]]);
  });

  test('what begins later is active from then on only', () => {
    const now = booked(
      three,
      'preemptible 5h r1/n01 gpu0',
      'preemptible 5-9h r1/n01 gpu0-1',
      'preemptible 9h r1/n02 gpu0',
    );
    expect(problem(now).kinds.map((kind) => [kind.gpus, kind.movers.length, [...kind.periods]])).toEqual([
      [1, 1, [0]],
      [2, 1, [1]],
      [1, 1, [0, 1]],
    ]);
  });
});

describe('nodes that may be emptied', () => {
  test('are those on which nothing has to stay', () => {
    const now = booked(three, 'reserved 24h r1/n01 gpu0', 'preemptible 24h r1/n02 gpu0');
    expect(freeable(problem(now))).toEqual(['r1/n02', 'r1/n03']);
  });

  test('what was over stays nowhere, what begins later does once it has begun', () => {
    const now = booked(three, 'reserved 5h r1/n01 gpu0', 'reserved 9-12h r1/n02 gpu0');
    const at = (hours: number) => freeable(problemOf(now.state, { atMs: t0 + hours * hourMs }));
    expect([at(4), at(5), at(9)]).toEqual([
      ['r1/n02', 'r1/n03'],
      ['r1/n01', 'r1/n02', 'r1/n03'],
      ['r1/n01', 'r1/n03'],
    ]);
  });

  test.each<[string, World, readonly string[]]>([
    ['not one that is down', seen(three, 'n02', { health: 'down' }), ['r1/n01', 'r1/n03']],
    ['not one that takes no work', seen(three, 'n02', { schedulable: false }), ['r1/n01', 'r1/n03']],
    ['one that is impaired', seen(three, 'n02', { health: 'degraded' }), ['r1/n01', 'r1/n02', 'r1/n03']],
    ['not one without GPUs', world('fra1/h1/r1 1×4 H100', 'fra1/h1/r2 2 cpu32'), ['r1/n01']],
  ])('%s', (_, now, expected) => {
    expect(freeable(problem(now))).toEqual(expected);
    expect(problem(now).wanted).toBe(expected.length);
  });

  test('are those of the place that is named; others of its site may take what stands there', () => {
    const racks = world('fra1/h1/r1 2×4 H100', 'fra1/h1/r2 1×4 H100', 'ams2/h1/a1 1×4 H100');
    const within = Path.parse('fra1/h1/r1');
    const found = problem(racks, { within });
    expect(found.nodes.map(({ node }) => node.id)).toEqual([
      'fra1/h1/r1/n01',
      'fra1/h1/r1/n02',
      'fra1/h1/r2/n01',
    ]);
    expect(freeable(found)).toEqual(['r1/n01', 'r1/n02']);
    expect([found.wanted, problem(racks, { within, free: 1 }).wanted, problem(racks).wanted]).toEqual([
      2, 1, 4,
    ]);
    expect(problem(racks).nodes).toHaveLength(4);
  });
});

const why = ({ state }: World, more: Partial<Wish> = {}) =>
  stuckOn(state, { atMs: t0, ...more }).map(({ contract, why: reason }) => `${contract.id} ${reason}`);

describe('who stays, and why', () => {
  test.each<[string, World, readonly string[]]>([
    [
      'nobody, where all may move',
      booked(three, 'preemptible 24h r1/n01 gpu0', 'reserved 1-9h r1/n02 gpu0'),
      [],
    ],
    [
      'who runs and is guaranteed',
      booked(three, 'preemptible 9h r1/n01 gpu1', 'reserved 24h r1/n01 gpu0', 'elastic 24h r1/n02 gpu0'),
      ['C-102 runs and is reserved', 'C-103 runs and is elastic'],
    ],
    [
      'who keeps replicas apart by racks',
      booked(three, ['preemptible 24h r1/n01 gpu0', { parts: demand('1×1 H100 apart:rack').parts }]),
      ['C-101 keeps its replicas apart by rack'],
    ],
    [
      'who is on a node that is gone',
      granted(
        three,
        demand('2×1 H100 24h', preemptible),
        placement(24, 'train 0 fra1/h1/r1/n01 gpu0', 'train 1 fra1/h1/r1/n09 gpu0'),
      ),
      ['C-101 stands on a node that the inventory no longer has'],
    ],
  ])('%s', (_, now, expected) => {
    expect(why(now)).toEqual(expected);
    const moving = new Set(
      problem(now).kinds.flatMap(({ movers }) => movers.map(({ rest }) => rest.contract.id)),
    );
    for (const line of expected) expect(moving.has(ContractId.parse(line.split(' ')[0]))).toBe(false);
  });

  test('who is over within a second', () => {
    const now = booked(three, 'preemptible 24h r1/n01 gpu0');
    const near = (ms: number) => why(now, { atMs: t0 + 24 * hourMs - ms });
    expect([near(1000), near(999), near(0)]).toEqual([[], ['C-101 is over within a second'], []]);
  });

  test('only those in the place that is named', () => {
    const now = booked(three, 'reserved 24h r1/n01 gpu0', 'reserved 24h r1/n02 gpu0');
    expect(why(now, { within: Path.parse('fra1/h1/r1/n02') })).toEqual(['C-102 runs and is reserved']);
  });

  test('a preemptible contract that a change is still to take over moves as what comes after it stands', () => {
    const now = booked(three, 'preemptible 24h r1/n01 gpu0');
    const changed = change(now, ContractId.parse('C-101'), { end: { kind: 'at', atMs: t0 + 48 * hourMs } });
    expect(why(changed)).toEqual([]);
    expect(problem(changed).kinds).toMatchObject([{ standing: [1, 0, 0], cost: 1 }]);
  });
});

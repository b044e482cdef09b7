import { describe, expect, test } from 'vitest';

import type { Fleet } from '../../../src/core/inventory/fleet.ts';
import type { Target } from '../../../src/core/packing/target.ts';
import { expectedOf } from '../../../src/core/place/expected.ts';
import { Shelf } from '../../../src/core/shelf.ts';
import type { Contract } from '../../../src/model/contract.ts';
import { release } from '../acts.ts';
import { demand } from '../demand.ts';
import { type Details, hourMs, t0, type World, world } from '../fleet.ts';
import { granted, placement } from '../placement.ts';

const gib = 1024;

/** `2 cpu16 mem128 T4: 16` is two GPUs of a T4 with 16 cores and 128 GiB, expected 16 times; `0.5` half a GPU. */
function words({ asked }: Target): string[] {
  return asked
    .map(({ gpuCount, gpuMilli, cpuMilli, memoryMib, models, count }) => {
      const names = models.length === 0 ? '' : ` ${models.join('|')}`;
      return `${(gpuCount * gpuMilli) / 1000} cpu${cpuMilli / 1000} mem${memoryMib / gib}${names}: ${count}`;
    })
    .toSorted();
}

function expectedIn({ state }: World): Target {
  return expectedOf(state.fleet, state.contracts);
}

function idle(...lines: readonly (string | Details)[]): string[] {
  return words(expectedIn(world(...lines)));
}

describe('what is expected of a fleet that nobody has used yet', () => {
  test('requests for all of a node, half of it and so on, each as often as the others', () => {
    expect(idle('r/r1 2×8 H100 cpu64 mem512')).toEqual([
      '1 cpu8 mem64: 16',
      '2 cpu16 mem128: 16',
      '4 cpu32 mem256: 16',
      '8 cpu64 mem512: 16',
    ]);
  });

  test('halves are rounded down, and one GPU is the least', () => {
    // Six, three and one: a third of 64 each, of which rounding gives one of them 22.
    expect(idle('r/r1 1×6 H100 cpu60 mem60')).toEqual([
      '1 cpu10 mem10: 21',
      '3 cpu30 mem30: 21',
      '6 cpu60 mem60: 22',
    ]);
    expect(idle('r/r1 1×1 H100 cpu9 mem9')).toEqual(['1 cpu9 mem9: 64']);
  });

  test('halves and quarters of GPUs where they are set up for shares', () => {
    expect(idle('r/r1 1×4 L40S cpu32 mem64 shared')).toEqual(['0.25 cpu2 mem4: 32', '0.5 cpu4 mem8: 32']);
  });

  test('nothing where GPUs are cut by MIG, or there are none', () => {
    const cut: Details = { nodes: { 'r/r1/n01': { sharing: 'mig-mixed' } } };
    expect(idle('r/r1 1×4 H100 cpu32 mem64', cut)).toEqual([]);
    expect(idle('r/r1 3 cpu32 mem64')).toEqual([]);
    expect(idle()).toEqual([]);
  });

  test('of every kind of node in the proportion of its GPUs', () => {
    // Twelve GPUs in fours, and four that are shared: 48 and 16 of 64.
    expect(idle('r/r1 3×4 H100 cpu32 mem64', 'r/r2 1×4 L40S cpu16 mem16 shared')).toEqual([
      '0.25 cpu1 mem1: 8',
      '0.5 cpu2 mem2: 8',
      '1 cpu8 mem16: 16',
      '2 cpu16 mem32: 16',
      '4 cpu32 mem64: 16',
    ]);
  });

  test('kinds that ask for the same add up', () => {
    expect(idle('r/r1 1×2 H100 cpu8 mem8', 'r/r2 1×2 L40S cpu8 mem8')).toEqual([
      '1 cpu4 mem4: 32',
      '2 cpu8 mem8: 32',
    ]);
  });

  test('cores and memory that nobody has recorded are none', () => {
    expect(idle('r/r1 1×1 H100')).toEqual(['1 cpu0 mem0: 64']);
  });
});

const two = ['r/r1 2×2 H100 cpu8 mem8', 'r/r2 1×2 L40S cpu8 mem8'] as const;
const prior = ['1 cpu4 mem4', '2 cpu8 mem8'] as const;

/** The fleet with one contract that holds these lines. */
function holding(text: string, ...lines: readonly string[]): World {
  return granted(world(...two), demand(text), placement(1, ...lines));
}

describe('what contracts hold is expected again', () => {
  test('each replica is a request, beside what fills up to 64', () => {
    const target = expectedIn(
      holding('2×1', 'train 0 r/r1/n01 gpu0 cpu3 mem2', 'train 1 r/r1/n02 gpu1 cpu3 mem2'),
    );
    expect(words(target)).toEqual(['1 cpu3 mem2: 2', `${prior[0]}: 31`, `${prior[1]}: 31`]);
  });

  test('parts without GPUs too', () => {
    expect(words(expectedIn(holding('1×cpu3', 'train 0 r/r1/n01 cpu3 mem2')))).toContain('0 cpu3 mem2: 1');
  });

  test('a replica that asks for no model may have any, one that names all of them too', () => {
    const line = 'train 0 r/r1/n01 gpu0 cpu3 mem2';
    expect(words(expectedIn(holding('1×1', line)))).toContain('1 cpu3 mem2: 1');
    expect(words(expectedIn(holding('1×1 H100|L40S', line)))).toContain('1 cpu3 mem2: 1');
    expect(words(expectedIn(holding('1×1 H100', line)))).toContain('1 cpu3 mem2 H100: 1');
  });

  test('a share is a request for its part of a GPU', () => {
    expect(words(expectedIn(holding('1×1 share:300', 'train 0 r/r1/n01 0:300 cpu2 mem2')))).toContain(
      '0.3 cpu2 mem2: 1',
    );
  });

  test('several slices of a replica are requests of their own, and share its cores and memory', () => {
    const held = expectedIn(holding('1×3 share:200', 'train 0 r/r1/n01 0:200 1:200 0:200 cpu5 mem3'));
    expect(held.asked).toContainEqual({
      cpuMilli: 1666,
      memoryMib: gib,
      gpuCount: 1,
      gpuMilli: 200,
      models: [],
      count: 3,
    });
  });

  test('an instance is a request for its part of the memory of its GPU', () => {
    const fleet = world('r/r1 1×1 H100-SXM-80GB mig gpumem80 cpu8 mem8');
    const lines = ['train 0 r/r1/n01 0:3g.40gb@4 cpu2 mem2', 'train 1 r/r1/n01 0:1g.10gb@0 cpu2 mem2'];
    const held = granted(fleet, demand('2×1 mig:3g.40gb'), placement(1, ...lines));
    expect(words(expectedIn(held))).toEqual(
      expect.arrayContaining(['0.5 cpu2 mem2: 1', '0.125 cpu2 mem2: 1']),
    );
  });

  test('an instance of a node that is gone counts as a whole GPU', () => {
    const held = holding('1×1 mig:3g.40gb', 'train 0 r/r9/n01 0:3g.40gb@4 cpu2 mem2');
    expect(words(expectedIn(held))).toContain('1 cpu2 mem2: 1');
  });

  test('of one large gang only eight replicas count', () => {
    const lines = Array.from({ length: 20 }, (_, at) => `train ${at} r/r1/n01 gpu0 cpu3 mem2`);
    expect(words(expectedIn(holding('20×1', ...lines)))).toContain('1 cpu3 mem2: 8');
  });

  test('spares are not what anybody asks for', () => {
    const held = holding('1×1', 'train 0 r/r1/n01 gpu0 cpu3 mem2', '+ train 0 r/r1/n02 gpu0 cpu2 mem2');
    expect(words(expectedIn(held)).filter((line) => line.includes('cpu2'))).toEqual([]);
  });

  test('also once they have ended', () => {
    const before = holding('1×1', 'train 0 r/r1/n01 gpu0 cpu3 mem2');
    const [contract] = before.state.contracts;
    if (contract === undefined) throw new Error('a contract');
    const { world: after } = release(before, contract.id, { atMs: t0 + hourMs / 2 });
    expect(words(expectedIn(after))).toEqual(words(expectedIn(before)));
  });
});

const [sample] = holding('1×1', 'train 0 r/r1/n01 gpu0 cpu3 mem2').state.contracts;

/** A shelf of so many contracts of one GPU each, of which contract k holds k + 1 MiB. */
function shelf(count: number): Shelf<Contract> {
  let contracts = Shelf.empty<Contract>();
  if (sample === undefined) return contracts;
  for (let at = 0; at < count; at++) {
    const members = sample.placement.members.map((member) => ({ ...member, memoryMib: at + 1 }));
    contracts = contracts.with(at, { ...sample, placement: { ...sample.placement, members } });
  }
  return contracts;
}

/** Which contracts count: the first, the last and how many. */
function counted(fleet: Fleet, count: number): string {
  const known = expectedOf(fleet, shelf(count)).asked.filter(({ cpuMilli }) => cpuMilli === 3000);
  const sizes = known.map(({ memoryMib }) => memoryMib).toSorted((a, b) => a - b);
  return `${sizes.at(0)}-${sizes.at(-1)}, ${sizes.length}`;
}

describe('how far back it looks, and when it moves on', () => {
  const { fleet } = world(...two).state;

  test.each([
    [1, '1-1, 1'],
    [15, '1-15, 15'],
    [16, '1-16, 16'],
    // From sixteen on only every second one moves it on, from 32 on every fourth, and so on.
    [17, '1-16, 16'],
    [18, '1-18, 18'],
    [31, '1-30, 30'],
    [32, '1-32, 32'],
    [35, '1-32, 32'],
    [36, '1-36, 36'],
    [63, '1-60, 60'],
    [71, '1-64, 64'],
    [72, '1-72, 72'],
    [1024, '1-1024, 1024'],
    [1151, '1-1024, 1024'],
    [1152, '129-1152, 1024'],
  ])('of %d contracts count %s', (count, expected) => {
    expect(counted(fleet, count)).toBe(expected);
  });

  test.each([
    [10, 54],
    [60, 4],
    [64, 0],
    [100, 0],
  ])('%d requests that are known leave %d to those that nobody has made', (count, made) => {
    const { asked } = expectedOf(fleet, shelf(count));
    const rest = asked.filter(({ cpuMilli }) => cpuMilli !== 3000);
    expect(rest.reduce((sum, one) => sum + one.count, 0)).toBe(made);
  });

  test('is the very same while what counts is the same, so that what was found out about it serves on', () => {
    const all = shelf(18);
    const [at16, at17] = [16, 17].map((count) => {
      let some = Shelf.empty<Contract>();
      for (const contract of [...all].slice(0, count)) some = some.with(some.size, contract);
      return some;
    });
    if (at16 === undefined || at17 === undefined) throw new Error('two shelves');
    expect(expectedOf(fleet, at17)).toBe(expectedOf(fleet, at16));
    expect(expectedOf(fleet, all)).not.toBe(expectedOf(fleet, at16));
    expect(expectedOf(fleet, at16)).toBe(expectedOf(fleet, at17));
    // As many others are something else.
    expect(expectedOf(fleet, shelf(16))).not.toBe(expectedOf(fleet, at16));
    expect(words(expectedOf(fleet, shelf(16)))).toEqual(words(expectedOf(fleet, at16)));
  });
});

import { describe, expect, test } from 'vitest';

import type { Demand } from '../../../src/model/demand.ts';
import type { Placement } from '../../../src/model/placement.ts';
import { demand } from '../demand.ts';
import { world } from '../fleet.ts';
import { placement } from '../placement.ts';
import { lines, only, promised } from './promised.ts';

const fleet = world('fra1/h1/r1 3×8 H100 mig', 'fra1/h1/r2 1×8 H100');

const devices = (asked: Demand, held: Placement) => lines(promised(fleet, asked, held), 'devices');

const alone = (what: string) => `guaranteed: ${what}, for this contract alone`;

/** One replica of eight GPUs on each of the nodes `n01`, `n02`, …, spares after them. */
function replicas(count: number, ...more: readonly string[]): Placement {
  const members = Array.from({ length: count }, (_, at) => `train ${at} fra1/h1/r1/n0${at + 1} gpu0-7`);
  return placement(24, ...members, ...more);
}

describe('the devices that a contract promises', () => {
  test.each<[string, Placement, string]>([
    ['one whole node', replicas(1), '8 GPUs on 1 node'],
    ['two whole nodes', replicas(2), '16 GPUs on 2 nodes'],
    [
      'two replicas on one node, which is counted once',
      placement(24, 'train 0 fra1/h1/r1/n01 gpu0-3', 'train 1 fra1/h1/r1/n01 gpu4-7'),
      '8 GPUs on 1 node',
    ],
    [
      'spares, which have a term of their own',
      replicas(1, '+ train 1 fra1/h1/r1/n02 gpu0-7'),
      '8 GPUs on 1 node',
    ],
    ['a part without GPUs', placement(24, 'load 0 fra1/h1/r1/n01 cpu8'), '0 GPUs on 1 node'],
    [
      'MIG instances of two sizes, by their first',
      placement(24, 'a 0 fra1/h1/r1/n01 0:1g.10gb@0 0:1g.10gb@1 0:3g.40gb@4'),
      '2 MIG slices 1g.10gb and 1 MIG slice 3g.40gb on 1 node',
    ],
    [
      'whole GPUs and a share beside them',
      placement(24, 'a 0 fra1/h1/r1/n01 gpu0-1', 'b 0 fra1/h1/r2/n01 3:250'),
      '2 GPUs and 1 share of 250/1000 of a GPU on 2 nodes',
    ],
  ])('%s', (_, held, what) => {
    expect(devices(demand('1×1 24h'), held)).toEqual([alone(what)]);
  });

  test('of a preemptible contract are declared, for they may be taken back', () => {
    expect(devices(demand('2×8 24h', { guarantee: 'preemptible' }), replicas(2))).toEqual([
      'declared: 16 GPUs on 2 nodes, until a guaranteed contract needs them',
    ]);
  });
});

describe('how devices are held', () => {
  const whole = 'exclusive intervals on the devices named';
  const mig = 'memory slices at legal starts of GPUs in MIG mode, which do not move';
  const shares = 'thousandths of GPUs that are neither whole nor in MIG mode meanwhile';

  test.each([
    ['whole ones', 'gpu0', [whole]],
    ['MIG instances', '0:1g.10gb@0', [whole, mig]],
    ['shares', '0:250', [whole, shares]],
    ['both kinds of slices', '0:250 1:1g.10gb@0', [whole, mig, shares]],
  ])('%s', (_, words, parts) => {
    const held = placement(24, `a 0 fra1/h1/r1/n01 ${words}`);
    expect(only(promised(fleet, demand('1×1 24h'), held), 'devices').heldAs).toBe(parts.join('; '));
  });

  test.each([
    ['no engine limits a share, and the term says so', '0:500', 'no engine limits a share yet'],
    ['nobody can take a MIG instance', '0:1g.10gb@0', 'no later commit can take them'],
    ['nobody can take whole devices', 'gpu0-7', 'no later commit can take them'],
  ])('%s', (_, words, how) => {
    const held = placement(24, `a 0 fra1/h1/r1/n01 ${words}`, 'a 1 fra1/h1/r1/n02 gpu0');
    expect(only(promised(fleet, demand('1×1 24h'), held), 'devices').enforcedBy).toContain(how);
  });
});

const elastic = (text: string, ...minCounts: readonly (number | undefined)[]) => {
  const plain = demand(text);
  const parts = plain.parts.map((part, at) =>
    minCounts[at] === undefined ? part : { ...part, minCount: minCounts[at] },
  );
  return demand(text, { parts, guarantee: 'elastic' });
};

describe('an elastic contract', () => {
  test('guarantees the first replicas and declares the others', () => {
    expect(devices(elastic('3×8 24h', 2), replicas(3))).toEqual([
      alone('16 GPUs on 2 nodes'),
      'declared: 8 GPUs on 1 node more (train 2), until a guaranteed contract needs them',
    ]);
  });

  test('names extras from their lowest number to their highest', () => {
    expect(devices(elastic('3×8 24h', 1), replicas(3))).toEqual([
      alone('8 GPUs on 1 node'),
      'declared: 16 GPUs on 2 nodes more (train 1 to 2), until a guaranteed contract needs them',
    ]);
  });

  test('promises no extras where it got none', () => {
    expect(devices(elastic('3×8 24h', 2), replicas(2))).toEqual([alone('16 GPUs on 2 nodes')]);
  });

  test('guarantees all of a part that says no smaller number', () => {
    expect(devices(elastic('3×8 24h', undefined), replicas(3))).toEqual([alone('24 GPUs on 3 nodes')]);
  });

  test('counts the extras of each part by its own number, and leaves out parts without any', () => {
    const held = placement(
      24,
      'train 0 fra1/h1/r1/n01 gpu0-1',
      'train 1 fra1/h1/r1/n01 gpu2-3',
      'eval 0 fra1/h1/r1/n02 gpu0',
      'load 0 fra1/h1/r1/n02 cpu1',
      'load 1 fra1/h1/r1/n03 cpu1',
      'load 2 fra1/h1/r1/n03 cpu1',
    );
    const asked = elastic('train: 2×2 + eval: 1×1 + load: 3×cpu1 24h', 1, 1, 1);
    expect(devices(asked, held)).toEqual([
      alone('3 GPUs on 2 nodes'),
      'declared: 2 GPUs on 2 nodes more (train 1, load 1 to 2), until a guaranteed contract needs them',
    ]);
  });

  test('goes by the number of a replica, not by where it stands in the list', () => {
    const held = replicas(3);
    const turned = { ...held, members: held.members.toReversed() };
    expect(devices(elastic('3×8 24h', 1), turned)).toEqual(devices(elastic('3×8 24h', 1), held));
  });

  test('says who holds shares by those it guarantees', () => {
    const held = placement(24, 'a 0 fra1/h1/r1/n01 gpu0', 'a 1 fra1/h1/r1/n02 0:250');
    const [firm, extras] = promised(fleet, elastic('a: 2×1 24h', 1), held).filter(
      ({ kind }) => kind === 'devices',
    );
    expect(firm?.enforcedBy).toContain('no later commit can take them');
    expect(firm?.heldAs).not.toContain('thousandths');
    expect(extras?.promise).toContain('1 share of 250/1000 of a GPU on 1 node more (a 1)');
    expect(extras?.heldAs).toContain('may be taken back');
  });
});

import { array, assert, constantFrom, integer, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { onUplinks } from '../../../src/core/check/uplinks.ts';
import type { Demand } from '../../../src/model/demand.ts';
import type { Placement } from '../../../src/model/placement.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { withRdma } from '../fabric/ask.ts';
import { type Details, type World, world } from '../fleet.ts';
import { placement } from '../placement.ts';
import { auditFor } from './findings.ts';

/** What is owed, in lines: `fra1/a 51`, or why it cannot be said. */
function owed(on: World, wish: Demand, held: Placement): readonly string[] {
  return [...onUplinks(auditFor(on, wish, held))].map((due) =>
    due.kind === 'due' ? `${due.edge.replace('rdma ', '')} ${due.mbps}` : due.violation.note,
  );
}

/** `ab ac` is two nodes, the first with its NICs on the leafs `fra1/a` and `fra1/b`; a `-` is a leaf nobody recorded. */
function wired(nodes: string, spines: Readonly<Record<string, string>> = {}): World {
  const rows = nodes.split(' ');
  const [first = ''] = rows;
  const nics = Object.fromEntries(
    rows.flatMap((leafs, at) =>
      leafs
        .split('')
        .map((leaf, nic) => [
          `fra1/h1/r1/n0${at + 1}/nic${nic}`,
          leaf === '-' ? {} : { leaf: `fra1/${leaf}` },
        ]),
    ),
  );
  const leafs = Object.fromEntries(
    ['a', 'b', 'c', 'd'].map((leaf) => [
      `fra1/${leaf}`,
      spines[leaf] === undefined ? {} : { spine: `fra1/${spines[leaf]}` },
    ]),
  );
  return world(`fra1/h1/r1 ${rows.length}×${first.length} H100 rdma`, { nics, leafs });
}

/** A whole node each. */
function whole(nodes: string): Placement {
  const rows = nodes.split(' ');
  const all = `0-${(rows[0] ?? '').length - 1}`;
  return placement(1, ...rows.map((_, at) => `train ${at} fra1/h1/r1/n0${at + 1} gpu${all} nic${all}`));
}

const train = (uplinkMbps: number) => withRdma('4×1 H100 rdma 1h', { uplinkMbps });

describe('what a part owes on the uplinks of its leafs', () => {
  test.each([
    ['rails that each stay on one leaf owe nothing', 'ab ab', 100, []],
    ['one rail that leaves its leaf owes its half of the budget on both', 'ab ac', 100, ['b 50', 'c 50']],
    ['half of an odd budget is rounded up', 'ab ac', 101, ['b 51', 'c 51']],
    ['two rails over the same leafs owe all of it', 'ab ba', 101, ['a 101', 'b 101']],
    ['two rails that meet in one leaf add up there', 'ab ca', 100, ['a 100', 'b 50', 'c 50']],
    ['a third of the budget is rounded up', 'abc abd', 100, ['c 34', 'd 34']],
    ['two thirds are rounded up once, not twice', 'aac bbc', 100, ['a 67', 'b 67']],
    ['a rail over three leafs owes on each', 'a b c', 7, ['a 7', 'b 7', 'c 7']],
    ['a leaf that two of three nodes share owes no more', 'a a b', 7, ['a 7', 'b 7']],
    ['the least budget is owed in full by every rail', 'ab ba', 1, ['a 1', 'b 1']],
    ['no budget owes nothing', 'ab ba', 0, []],
  ] as const)('%s', (_, nodes, mbps, expected) => {
    expect(owed(wired(nodes), train(mbps), whole(nodes)).toSorted()).toEqual(
      expected.map((line) => `fra1/${line}`),
    );
  });

  test('one node owes nothing, however its rails are wired', () => {
    const twice = placement(1, 'train 0 fra1/h1/r1/n01 gpu0 nic0', 'train 1 fra1/h1/r1/n01 gpu1 nic1');
    expect(owed(wired('ab ab'), train(9), twice)).toEqual([]);
  });

  test('nodes that use other rails than each other count as one rail', () => {
    const crossed = placement(1, 'train 0 fra1/h1/r1/n01 gpu0 nic0', 'train 1 fra1/h1/r1/n02 gpu1 nic1');
    expect(owed(wired('ab ab'), train(100), crossed).toSorted()).toEqual(['fra1/a 100', 'fra1/b 100']);
  });

  test('so they do where one node uses a rail more than another', () => {
    const more = placement(1, 'train 0 fra1/h1/r1/n01 gpu0-1 nic0-1', 'train 1 fra1/h1/r1/n02 gpu0 nic0');
    expect(owed(wired('ab ab'), train(100), more).toSorted()).toEqual(['fra1/a 100', 'fra1/b 100']);
  });

  test('and where NICs have no rail of their own, though all nodes are alike', () => {
    const bare: Details = {
      nics: Object.fromEntries(
        ['n01/nic0', 'n02/nic0'].flatMap((nic) => [
          [`fra1/h1/r1/${nic}`, { rdma: true, leaf: 'fra1/a' }],
          [`fra1/h1/r1/${nic.replace('nic0', 'nic1')}`, { rdma: true, leaf: 'fra1/b' }],
        ]),
      ),
    };
    const held = placement(1, 'load 0 fra1/h1/r1/n01 nic0-1', 'load 1 fra1/h1/r1/n02 nic0-1');
    const wish = withRdma('load: 2×cpu0 rdma 1h', { uplinkMbps: 100 });
    expect(owed(world('fra1/h1/r1 2 cpu4', bare), wish, held).toSorted()).toEqual([
      'fra1/a 100',
      'fra1/b 100',
    ]);
  });

  test('a replica that holds no NIC is where its node is', () => {
    const on = world('fra1/h1/r1 1×1 H100 leaf', 'fra1/h1/r2 1×1 H100 leaf');
    const held = placement(1, 'train 0 fra1/h1/r1/n01 gpu0', 'train 1 fra1/h1/r2/n01 gpu0');
    expect(owed(on, train(8), held).toSorted()).toEqual(['fra1/leaf-r1 8', 'fra1/leaf-r2 8']);
  });

  test('a NIC of which no leaf is known is where its node is', () => {
    const on = world('fra1/h1/r1 1×1 H100 rdma leaf', 'fra1/h1/r2 1×1 H100 rdma leaf', {
      nics: { 'fra1/h1/r2/n01/nic0': { leaf: 'fra1/leaf-r1' } },
    });
    const held = placement(1, 'train 0 fra1/h1/r1/n01 gpu0 nic0', 'train 1 fra1/h1/r2/n01 gpu0 nic0');
    expect(owed(on, train(8), held)).toEqual([]);
  });
});

describe('several parts', () => {
  const on = wired('ab ac ad');
  const held = placement(
    1,
    'eval 0 fra1/h1/r1/n02 gpu1 nic1',
    'eval 1 fra1/h1/r1/n03 gpu1 nic1',
    'load 0 fra1/h1/r1/n01 gpu1 nic1',
    'train 0 fra1/h1/r1/n01 gpu0 nic0',
    'train 1 fra1/h1/r1/n02 gpu0 nic0',
  );
  const wish = withRdma('load: 1×1 + train: 2×1 rdma + eval: 2×1 rdma 1h', { uplinkMbps: 40 });

  test('owe each for itself: what another one holds is no crossing of its own', () => {
    expect(owed(on, wish, held).toSorted()).toEqual(['fra1/c 40', 'fra1/d 40']);
  });

  test('one on a single node, or without a budget, does not keep the next from owing', () => {
    const [load, ...others] = wish.parts;
    const parts = [load, ...others.toReversed()].flatMap((part) => part ?? []);
    expect(owed(on, { ...wish, parts }, held)).toHaveLength(2);
  });

  test('none of which has a budget owes anything', () => {
    expect(owed(on, demand('load: 1×1 + train: 2×1 rdma + eval: 2×1 rdma 1h'), held)).toEqual([]);
  });
});

describe('spines', () => {
  const acrossAB = ['fra1/a 10', 'fra1/b 10'];
  test.each([
    ['under one spine nothing goes up further', { a: 's', b: 's' }, acrossAB],
    ['over two, both owe as well', { a: 's', b: 't' }, [...acrossAB, 'fra1/s 10', 'fra1/t 10']],
    [
      'one of them unknown is said, and nothing is guessed',
      { a: 's' },
      ['`train`: the spine of some of its leaf switches is not recorded', ...acrossAB],
    ],
    ['where nobody recorded any, there is none', {}, acrossAB],
  ] as const)('%s', (_, spines, expected) => {
    expect(owed(wired('a b', spines), train(10), whole('a b')).toSorted()).toEqual(expected.toSorted());
  });

  test('are owed by rails as leafs are', () => {
    const on = wired('ab ac', { a: 's', b: 's', c: 't' });
    expect(owed(on, train(100), whole('ab ac')).toSorted()).toEqual([
      'fra1/b 50',
      'fra1/c 50',
      'fra1/s 50',
      'fra1/t 50',
    ]);
  });
});

describe('leafs that nobody recorded', () => {
  const note = '`train`: the leaf switch of some members is not recorded';
  test.each([
    ['-- --', [note]],
    ['a- a-', [note]],
    ['a- ab', [note]],
    ['a- bc', [note, 'fra1/a 50', 'fra1/b 50']],
  ])('%s is said once, beside what is known', (nodes, expected) => {
    expect(owed(wired(nodes), train(100), whole(nodes)).toSorted()).toEqual(expected.toSorted());
  });
});

/** One letter a NIC, as many for each node. */
const wirings = record({ rails: integer({ min: 1, max: 3 }), nodes: integer({ min: 2, max: 4 }) }).chain(
  ({ rails, nodes }) =>
    array(array(constantFrom('a', 'b', 'c', 'd'), { minLength: rails, maxLength: rails }), {
      minLength: nodes,
      maxLength: nodes,
    }),
);

test('for any wiring: as many equal parts as rails, each owed wherever its rail is on several leafs', () => {
  assert(
    property(wirings, integer({ min: 1, max: 1000 }), (letters, mbps) => {
      const nodes = letters.map((row) => row.join('')).join(' ');
      const rails =
        letters[0]?.map((_, rail) => new Set<string | undefined>(letters.map((row) => row[rail]))) ?? [];
      const expected = ['a', 'b', 'c', 'd'].flatMap((leaf) => {
        const parts = rails.filter((leafs) => leafs.size > 1 && leafs.has(leaf)).length;
        return parts === 0 ? [] : [`fra1/${leaf} ${Math.ceil((mbps * parts) / rails.length)}`];
      });
      expect(owed(wired(nodes), train(mbps), whole(nodes)).toSorted()).toEqual(expected);
    }),
    { seed, numRuns: 60 },
  );
});

test('whatever the order of members, the same is owed', () => {
  assert(
    property(wirings, (letters) => {
      const nodes = letters.map((row) => row.join('')).join(' ');
      const held = whole(nodes);
      const turned = { ...held, members: held.members.toReversed() };
      expect(owed(wired(nodes), train(7), turned).toSorted()).toEqual(
        owed(wired(nodes), train(7), held).toSorted(),
      );
    }),
    { seed, numRuns: 20 },
  );
});

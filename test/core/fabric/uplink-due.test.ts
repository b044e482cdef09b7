import { array, assert, constantFrom, integer, property, record, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  hangsWhole,
  leafOfNic,
  namesLeafs,
  railsUsed,
  uplinkDue,
  uplinkMbpsOf,
} from '../../../src/core/place/fabric/uplink.ts';
import type { Member } from '../../../src/model/placement.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { fact } from '../fleet-text.ts';
import { type Details, observe, type World, world } from '../fleet.ts';
import { placement } from '../placement.ts';
import { nodeIn, withRdma } from './ask.ts';

/** Racks a to d of two nodes with a leaf each: a and b under spine 1, c under spine 2, d under none. */
const racks = ['a', 'b', 'c', 'd'].map((name) => `fra1/${name} 2×4 H100 rdma leaf`);
const spines: Details = {
  leafs: {
    'fra1/leaf-a': { spine: 'fra1/s1' },
    'fra1/leaf-b': { spine: 'fra1/s1' },
    'fra1/leaf-c': { spine: 'fra1/s2' },
    'fra1/leaf-d': {},
  },
};
const fleet = world(...racks, 'fra1/e 2×4 H100 rdma', spines);

const hung = (...lines: readonly string[]): readonly Member[] =>
  placement(24, ...lines.map((line, at) => `train ${at} fra1/${line}`)).members;

/** What is held, in the order of the edges, and on how many leafs a rail stands; or what is unknown. */
function due(on: World, mbps: number, members: readonly Member[]): readonly string[] | string {
  const found = uplinkDue(on.state.fleet, mbps, members);
  if (found.kind === 'unknown') return `unknown ${found.attribute}`;
  const edges = [...found.held].map(([edge, held]) => `${edge.replace('fra1/', '')} ${held}`);
  return [...edges.toSorted(), `${found.leafs} leafs`];
}

describe('what a part holds of uplinks', () => {
  test.each<[string, number, readonly string[], readonly string[] | string]>([
    ['nothing on one node', 100, ['a/n01 gpu0 nic0', 'a/n01 gpu1 nic1'], ['1 leafs']],
    ['nothing on a node whose leaf nobody knows, while it is alone', 100, ['e/n01 gpu0 nic0'], ['1 leafs']],
    ['nothing under one leaf', 100, ['a/n01 gpu0 nic0', 'a/n02 gpu0 nic0'], ['1 leafs']],
    [
      'all of it on each of two leafs',
      100,
      ['a/n01 gpu0 nic0', 'b/n01 gpu0 nic0'],
      ['leaf-a 100', 'leaf-b 100', '2 leafs'],
    ],
    [
      'once, however many nodes of a leaf',
      100,
      ['a/n01 gpu0 nic0', 'a/n02 gpu0 nic0', 'b/n01 gpu0 nic0'],
      ['leaf-a 100', 'leaf-b 100', '2 leafs'],
    ],
    [
      'all of it where a leaf serves all four rails',
      100,
      ['a/n01 gpu0-3 nic0-3', 'b/n01 gpu0-3 nic0-3'],
      ['leaf-a 100', 'leaf-b 100', '2 leafs'],
    ],
    [
      'on spines, too, where leafs of two are used',
      100,
      ['a/n01 gpu0 nic0', 'c/n01 gpu0 nic0'],
      ['leaf-a 100', 'leaf-c 100', 's1 100', 's2 100', '2 leafs'],
    ],
    [
      'on three leafs under two spines',
      7,
      ['a/n01 gpu0 nic0', 'b/n01 gpu0 nic0', 'c/n01 gpu0 nic0'],
      ['leaf-a 7', 'leaf-b 7', 'leaf-c 7', 's1 7', 's2 7', '3 leafs'],
    ],
    [
      'unknown where one leaf has a spine and the other none',
      100,
      ['a/n01 gpu0 nic0', 'd/n01 gpu0 nic0'],
      'unknown spine',
    ],
    [
      'known where a leaf has no spine and is the only one',
      100,
      ['d/n01 gpu0 nic0', 'd/n02 gpu0 nic0'],
      ['1 leafs'],
    ],
    ['unknown where a node has no leaf', 100, ['a/n01 gpu0 nic0', 'e/n01 gpu0 nic0'], 'unknown leaf'],
    ['unknown where neither has one', 100, ['e/n01 gpu0 nic0', 'e/n02 gpu0 nic0'], 'unknown leaf'],
    ['unknown where a node is gone', 100, ['a/n01 gpu0 nic0', 'a/n09 gpu0 nic0'], 'unknown leaf'],
    [
      'the leaf of the node where no NIC is named',
      100,
      ['a/n01 gpu0', 'b/n01 gpu0'],
      ['leaf-a 100', 'leaf-b 100', '2 leafs'],
    ],
    [
      'a budget of nothing is held as nothing',
      0,
      ['a/n01 gpu0 nic0', 'b/n01 gpu0 nic0'],
      ['leaf-a 0', 'leaf-b 0', '2 leafs'],
    ],
  ])('%s', (_, mbps, lines, expected) => {
    expect(due(fleet, mbps, hung(...lines))).toEqual(expected);
  });
});

/** Three nodes of four rails: rails 0 and 1 share their leafs over all nodes, 2 and 3 have one for each node. */
const railed = world('fra1/a 3×4 H100 rdma', {
  nics: Object.fromEntries(
    ['n01', 'n02', 'n03'].flatMap((node) =>
      [0, 1, 2, 3].map((rail) => [
        `fra1/a/${node}/nic${rail}`,
        { leaf: rail < 2 ? `fra1/shared-${rail}` : `fra1/own-${rail}-${node}` },
      ]),
    ),
  ),
});

describe('rails with leafs of their own', () => {
  test.each<[string, number, readonly string[], readonly string[]]>([
    [
      'stay under their leafs: nothing is held',
      100,
      ['a/n01 gpu0-1 nic0-1', 'a/n02 gpu0-1 nic0-1'],
      ['1 leafs'],
    ],
    [
      'that leave them hold their share of all rails',
      100,
      ['a/n01 gpu0-3 nic0-3', 'a/n02 gpu0-3 nic0-3'],
      ['own-2-n01 25', 'own-2-n02 25', 'own-3-n01 25', 'own-3-n02 25', '2 leafs'],
    ],
    [
      'that leave them hold it rounded up',
      101,
      ['a/n01 gpu1-2 nic1-2', 'a/n02 gpu1-2 nic1-2'],
      ['own-2-n01 51', 'own-2-n02 51', '2 leafs'],
    ],
    [
      'shared out by single members of a node are looked at together',
      100,
      ['a/n01 gpu0 nic0', 'a/n01 gpu2 nic2', 'a/n02 gpu0 nic0', 'a/n02 gpu2 nic2'],
      ['own-2-n01 50', 'own-2-n02 50', '2 leafs'],
    ],
    [
      'that differ from node to node count as one, on all leafs they use',
      100,
      ['a/n01 gpu0 nic0', 'a/n02 gpu1 nic1'],
      ['shared-0 100', 'shared-1 100', '2 leafs'],
    ],
    [
      'that differ on the third node alone count as one, too',
      100,
      ['a/n01 gpu2 nic2', 'a/n02 gpu2 nic2', 'a/n03 gpu3 nic3'],
      ['own-2-n01 100', 'own-2-n02 100', 'own-3-n03 100', '3 leafs'],
    ],
    [
      'on three nodes stand on three leafs',
      100,
      ['a/n01 gpu2 nic2', 'a/n02 gpu2 nic2', 'a/n03 gpu2 nic2'],
      ['own-2-n01 100', 'own-2-n02 100', 'own-2-n03 100', '3 leafs'],
    ],
  ])('%s', (_, mbps, lines, expected) => {
    expect(due(railed, mbps, hung(...lines))).toEqual(expected);
  });

  test('a leaf that serves two of three rails holds two thirds', () => {
    const on = world('fra1/a 2×3 H100 rdma', {
      nics: Object.fromEntries(
        ['n01', 'n02'].flatMap((node) =>
          [0, 1, 2].map((rail) => [
            `fra1/a/${node}/nic${rail}`,
            { leaf: `fra1/${rail < 2 ? 'x' : 'y'}-${node}` },
          ]),
        ),
      ),
    });
    expect(due(on, 100, hung('a/n01 gpu0-2 nic0-2', 'a/n02 gpu0-2 nic0-2'))).toEqual([
      'x-n01 67',
      'x-n02 67',
      'y-n01 34',
      'y-n02 34',
      '2 leafs',
    ]);
  });

  test('NICs whose rails nobody recorded count as one rail', () => {
    const on = world('fra1/a 2×2 H100', {
      nics: Object.fromEntries(
        ['n01', 'n02'].flatMap((node) =>
          [0, 1].map((nic) => [`fra1/a/${node}/nic${nic}`, { rdma: true, leaf: `fra1/l${nic}` }]),
        ),
      ),
    });
    expect(due(on, 100, hung('a/n01 gpu0-1 nic0-1', 'a/n02 gpu0-1 nic0-1'))).toEqual([
      'l0 100',
      'l1 100',
      '2 leafs',
    ]);
  });
});

describe('where a node hangs', () => {
  const mixed = world('fra1/a 2×2 H100 rdma leaf', 'fra1/e 1×2 H100 rdma', {
    nics: { 'fra1/a/n02/nic1': { leaf: 'fra1/odd' } },
  });
  const [plain, odd, bare] = ['fra1/a/n01', 'fra1/a/n02', 'fra1/e/n01'].map((id) => nodeIn(mixed, id));

  test('whole on its leaf, where no NIC says anything else', () => {
    expect([plain, odd, bare].map((node) => node && hangsWhole(node))).toEqual([true, false, false]);
    expect([plain, odd, bare].map((node) => node && namesLeafs(node.shape))).toEqual([false, true, false]);
    expect(plain && hangsWhole(plain)).toBe(true);
  });

  test('a NIC on the leaf that it names, else on that of its node', () => {
    const leafs = (node: typeof plain) => node && [0, 1, 7].map((nic) => leafOfNic(node, nic));
    expect(leafs(plain)).toEqual(['fra1/leaf-a', 'fra1/leaf-a', 'fra1/leaf-a']);
    expect(leafs(odd)).toEqual(['fra1/leaf-a', 'fra1/odd', 'fra1/leaf-a']);
    expect(leafs(bare)).toEqual([undefined, undefined, undefined]);
  });
});

describe('the rails of NICs', () => {
  const on = world('fra1/a 1×2 H100', {
    nics: Object.fromEntries(
      [3, 1, 3, undefined, 10].map((rail, nic) => [
        `fra1/a/n01/nic${nic}`,
        rail === undefined ? {} : { rail },
      ]),
    ),
  });
  const node = nodeIn(on, 'fra1/a/n01');

  test.each<[string, readonly number[], string | undefined]>([
    ['one', [1], '1'],
    ['in order, not by text', [4, 0, 1], '1 3 10'],
    ['each once', [0, 2], '3'],
    ['whatever the order of the NICs', [1, 0], '1 3'],
    ['one is not recorded', [0, 3], undefined],
    ['no such NIC', [0, 9], undefined],
    ['no such NIC, beyond those of a mask', [0, 40], undefined],
    ['no NICs', [], undefined],
  ])('%s', (_, nics, rails) => {
    expect(railsUsed(node, nics)).toBe(rails);
    expect(railsUsed(node, nics)).toBe(rails);
  });

  test('of a node that is gone are not known', () => {
    expect(railsUsed(undefined, [0])).toBeUndefined();
  });

  test('beyond the 32nd NIC are told apart', () => {
    const nics = Array.from({ length: 33 }, (_, nic) => ({ rail: nic }));
    const wide = observe(world('fra1/a 1×2 H100'), [fact('shape', 'fra1-a-1', { gpus: [{}, {}], nics })]);
    const far = nodeIn(wide, 'fra1/a/n01');
    expect([railsUsed(far, [0]), railsUsed(far, [32]), railsUsed(far, [0, 32])]).toEqual(['0', '32', '0 32']);
  });
});

describe('the budget of a part', () => {
  const asked = withRdma('a: 1×1 rdma + b: 1×1', { uplinkMbps: 7 });

  test.each([
    ['asked for', asked, 'a', 7],
    ['a part without RDMA', asked, 'b', 0],
    ['no such part', asked, 'c', 0],
    ['RDMA without a budget', demand('a: 1×1 rdma'), 'a', 0],
  ])('%s', (_, wish, name, mbps) => {
    expect(uplinkMbpsOf(wish, name)).toBe(mbps);
  });
});

/** Two rails on every node; each rail of each node hangs on one of three leafs. */
const drawn = record({
  leafs: array(tuple(constantFrom('x', 'y', 'z'), constantFrom('x', 'y', 'z')), {
    minLength: 3,
    maxLength: 3,
  }),
  spines: record({ x: constantFrom('s', 't'), y: constantFrom('s', 't'), z: constantFrom('s', 't') }),
  mbps: integer({ min: 1, max: 99 }),
  used: array(constantFrom(0, 1, 2), { minLength: 1, maxLength: 3 }),
});

const railsOn = (place: string, sets: readonly ReadonlySet<string>[]) =>
  sets.filter((set) => set.size > 1 && set.has(place)).length;

test('whatever hangs where, a rail holds its half of the budget on each leaf and spine it stands on, where there are several', () => {
  let crossing = 0;
  assert(
    property(drawn, ({ leafs, spines: above, mbps, used }) => {
      const nodes = [...new Set(used)];
      const on = world('fra1/a 3×2 H100 rdma', {
        nics: Object.fromEntries(
          leafs.flatMap((rails, node) =>
            rails.map((leaf, rail) => [`fra1/a/n0${node + 1}/nic${rail}`, { leaf: `fra1/${leaf}` }]),
          ),
        ),
        leafs: Object.fromEntries(
          Object.entries(above).map(([leaf, spine]) => [`fra1/${leaf}`, { spine: `fra1/${spine}` }]),
        ),
      });
      const rails = [0, 1].map((rail) => new Set(nodes.map((node) => leafs[node]?.[rail] ?? 'x')));
      const spinesOf = rails.map((own) => new Set([...own].map((leaf) => above[leaf])));
      const expected = [
        ...(['x', 'y', 'z'] as const).map((leaf) => [leaf, railsOn(leaf, rails)] as const),
        ...(['s', 't'] as const).map((spine) => [spine, railsOn(spine, spinesOf)] as const),
      ].flatMap(([place, count]) =>
        count === 0 ? [] : [`${place} ${count === 2 ? mbps : Math.ceil(mbps / 2)}`],
      );
      const members = hung(...nodes.map((node) => `a/n0${node + 1} gpu0-1 nic0-1`));
      const most = nodes.length === 1 ? 1 : Math.max(...rails.map(({ size }) => size));
      crossing += Number(expected.length > 0);
      expect(due(on, mbps, members)).toEqual([...expected.toSorted(), `${most} leafs`]);
    }),
    { seed, numRuns: 150 },
  );
  expect(crossing).toBeGreaterThan(40);
});

test('neither the order of members nor how they share out a node changes what is due', () => {
  const lines = ['a/n01 gpu0 nic0', 'a/n01 gpu1 nic1', 'b/n01 gpu0-1 nic0-1', 'c/n02 gpu0-1 nic0-1'];
  const { fleet: known } = fleet.state;
  const first = uplinkDue(known, 30, hung(...lines));
  const turned = uplinkDue(known, 30, hung(...lines).toReversed());
  const merged = uplinkDue(known, 30, hung('a/n01 gpu0-1 nic0-1', ...lines.slice(2)));
  const sorted = (found: typeof first) =>
    found.kind === 'known' && [...found.held].map((held) => held.join(' ')).toSorted();
  expect(sorted(turned)).toEqual(sorted(first));
  expect(sorted(merged)).toEqual(sorted(first));
});

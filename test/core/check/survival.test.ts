import { array, assert, constantFrom, integer, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { survival } from '../../../src/core/check/survival.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { type Details, type World, world } from '../fleet.ts';
import { placement } from '../placement.ts';
import { saidBy } from './findings.ts';

/** Two racks of two nodes at one site, two nodes at another. */
const nodes = [
  'fra1/h1/r1/n01',
  'fra1/h1/r1/n02',
  'fra1/h1/r2/n01',
  'fra1/h1/r2/n02',
  'ams2/h1/a1/n01',
  'ams2/h1/a1/n02',
] as const;
const fleet = world('fra1/h1/r1 2×8 H100', 'fra1/h1/r2 2×8 H100', 'ams2/h1/a1 2×8 H100');

const surviving = (text: string, loss: string, membersLeft: number, more: object = {}): Demand =>
  demand(text, { survive: { loss, membersLeft }, ...more });

function said(on: World, wish: Demand, ...lines: readonly string[]): readonly string[] {
  return saidBy(survival, on, wish, placement(4, ...lines)).map((line) => line.replace('survive: ', ''));
}

/** Replicas and then spares of one part, each by the number of its node. */
function seated(replicas: readonly number[], spares: readonly number[] = []): string[] {
  return [
    ...replicas.map((at, replica) => `train ${replica} ${nodes[at]} gpu${replica}`),
    ...spares.map((at, spare) => `+ train ${replicas.length + spare} ${nodes[at]} gpu${4 + spare}`),
  ];
}

function leavesOne(node: string | undefined): string {
  return `the loss of node ${node} leaves 1 replicas, asked for 2`;
}

describe('what is left after a loss', () => {
  test.each<
    readonly [
      string,
      'node' | 'rack' | 'site',
      number,
      readonly number[],
      readonly number[],
      readonly string[],
    ]
  >([
    ['a replica on each of two nodes', 'node', 1, [0, 1], [], []],
    [
      'and no more than that',
      'node',
      2,
      [0, 1],
      [],
      [
        'the loss of node fra1/h1/r1/n01 leaves 1 replicas, asked for 2',
        'the loss of node fra1/h1/r1/n02 leaves 1 replicas, asked for 2',
      ],
    ],
    ['with a spare beside them, both', 'node', 2, [0, 1], [2], []],
    [
      'a spare on the node that is lost is lost as well',
      'node',
      2,
      [0, 1],
      [1],
      ['the loss of node fra1/h1/r1/n02 leaves 1 replicas, asked for 2'],
    ],
    ['two replicas lost at once need two spares', 'node', 2, [0, 0], [1, 2], []],
    [
      'one spare is one replica',
      'node',
      2,
      [0, 0],
      [1],
      ['the loss of node fra1/h1/r1/n01 leaves 1 replicas, asked for 2'],
    ],
    [
      'a rack is lost whole',
      'rack',
      1,
      [0, 1],
      [],
      ['the loss of rack fra1/h1/r1 leaves 0 replicas, asked for 1'],
    ],
    ['a spare in another rack', 'rack', 1, [0, 1], [2], []],
    [
      'a spare at another site stands in for no node or rack here',
      'rack',
      1,
      [0, 1],
      [4],
      ['the loss of rack fra1/h1/r1 leaves 0 replicas, asked for 1'],
    ],
    ['where a site is lost it does', 'site', 2, [0, 2], [4, 5], []],
    ['replicas at another site are left', 'rack', 1, [0, 4], [], []],
  ])('%s', (_, loss, membersLeft, replicas, spares, expected) => {
    const wish = surviving(`${replicas.length}×1 H100`, loss, membersLeft);
    expect(said(fleet, wish, ...seated(replicas, spares))).toEqual(expected);
  });

  const drawn = record({
    loss: constantFrom('node', 'rack', 'site'),
    membersLeft: integer({ min: 1, max: 4 }),
    replicas: array(integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 4 }),
    spares: array(integer({ min: 0, max: 5 }), { maxLength: 3 }),
  });

  test('is counted anew for every place, with every spare that is there, and none is there for nothing', () => {
    const seen = { short: 0, needless: 0, fine: 0 };
    assert(
      property(drawn, ({ loss, membersLeft, replicas, spares }) => {
        const depth = { site: 1, rack: 3, node: 4 }[loss];
        const placeOf = (at: number, levels = depth) =>
          (nodes[at] ?? '').split('/').slice(0, levels).join('/');
        const leftAfter = (place: string, there: readonly number[]) => {
          const lost = replicas.filter((at) => placeOf(at) === place).length;
          const site = place.split('/', 1).join();
          const able = there.filter(
            (at) => placeOf(at) !== place && (loss === 'site' || placeOf(at, 1) === site),
          );
          return replicas.length - lost + Math.min(lost, able.length);
        };
        const shortAt = (there: readonly number[]) =>
          [...new Set([...replicas, ...there].map((at) => placeOf(at)))].filter(
            (place) => leftAfter(place, there) < membersLeft,
          );
        const short = shortAt(spares).map(
          (place) =>
            `the loss of ${loss} ${place} leaves ${leftAfter(place, spares)} replicas, asked for ${membersLeft}`,
        );
        const needless = spares.flatMap((at, spare) =>
          shortAt(spares.toSpliced(spare, 1)).length > 0
            ? []
            : [`\`train\` ${replicas.length + spare} on ${nodes[at]} is a spare that is not needed`],
        );
        const tooFew =
          replicas.length < membersLeft ? [`${replicas.length} replicas cannot leave ${membersLeft}`] : [];
        const wish = surviving(`${replicas.length}×1 H100`, loss, membersLeft);
        const found = said(fleet, wish, ...seated(replicas, spares));
        expect(found.toSorted()).toEqual([...short, ...needless, ...tooFew].toSorted());
        seen.short += short.length;
        seen.needless += needless.length;
        if (found.length === 0) seen.fine++;
      }),
      { seed, numRuns: 200 },
    );
    expect(Math.min(seen.short, seen.needless, seen.fine)).toBeGreaterThan(10);
  });
});

/** One rack of two nodes, with what is said about its feeds and those behind them. */
function fed(rack: object, more: Details = {}): World {
  return world('fra1/h1/r1 2×8 H100', { racks: { 'fra1/h1/r1': rack } }, more);
}

/** Of both replicas. */
function unrecorded(missing: string): readonly string[] {
  return [0, 1].map((at) => `\`train\` ${at} on ${nodes[at]}: ${missing} is not recorded`);
}

function leavesNone(feed: string): readonly string[] {
  return [`the loss of feed ${feed} leaves 0 replicas, asked for 1`];
}

describe('the loss of a feed', () => {
  const [a, b] = ['fra1/fa', 'fra1/fb'];
  const own = { feedLimitW: { A: 9000, B: 9000 } };
  const limited: Details = { feeds: { [a]: { limitW: 9000 }, [b]: { limitW: 9000 } } };

  test.each<readonly [string, World, readonly string[]]>([
    ['takes none with it that hangs on two of known strength', fed(own), []],
    [
      'takes both that hang on the one there is',
      fed({ feedLimitW: { A: 9000 } }),
      leavesNone('fra1/h1/r1 feed A'),
    ],
    [
      'takes what hangs on two letters of one feed of the building',
      fed({ ...own, feeds: { A: a, B: a } }, limited),
      leavesNone(a),
    ],
    [
      'takes none where two of the building are behind them',
      fed({ ...own, feeds: { A: a, B: b } }, limited),
      [],
    ],
    ['takes none where one of the building is', fed({ ...own, feeds: { A: a } }, limited), []],
    [
      'is not known to take none where nobody knows what another carries',
      fed({ feedLimitW: { A: 9000 }, feeds: { B: b } }, limited),
      unrecorded('what feed B can carry'),
    ],
    [
      'nor where nobody knows what the building carries',
      fed({ ...own, feeds: { A: a, B: b } }, { feeds: { [a]: { limitW: 1 } } }),
      unrecorded('what feed B can carry'),
    ],
    ['nor where nobody knows what feeds it', fed({}), unrecorded('what feeds it')],
  ])('%s', (_, on, expected) => {
    expect(said(on, surviving('2×1 H100', 'feed', 1), ...seated([0, 1]))).toEqual(expected);
  });

  test('takes only what hangs on it', () => {
    const apart = fed(own, { nodes: { [nodes[0]]: { feeds: ['A'] }, [nodes[1]]: { feeds: ['B'] } } });
    const wish = surviving('2×1 H100', 'feed', 1);
    expect(said(apart, wish, ...seated([0, 1]))).toEqual([]);
    expect(said(apart, wish, ...seated([0, 0]))).toEqual(leavesNone('fra1/h1/r1 feed A'));
  });

  test('of a letter in one rack is another than of that letter in the next', () => {
    const two = world('fra1/h1/r1 1×8 H100', 'fra1/h1/r2 1×8 H100', {
      racks: { 'fra1/h1/r1': { feedLimitW: { A: 1 } }, 'fra1/h1/r2': { feedLimitW: { A: 1 } } },
    });
    expect(said(two, surviving('2×1 H100', 'feed', 1), ...seated([0, 2]))).toEqual([]);
  });
});

test('a rack that nobody recorded may be any', () => {
  const loose = world({ nodes: { 'edge/n01': { gpuModel: 'H100', gpuCount: 8 } } });
  expect(said(loose, surviving('1×1 H100', 'rack', 1), 'train 0 edge/n01 gpu0')).toEqual([
    '`train` 0 on edge/n01: its rack is not recorded',
  ]);
});

describe('who is counted', () => {
  const gang = [
    'load 0 fra1/h1/r1/n01',
    'load 1 fra1/h1/r1/n02',
    'train 0 fra1/h1/r1/n01 gpu0',
    'train 1 fra1/h1/r2/n01 gpu0',
  ];

  test('are replicas with GPUs, where some have any', () => {
    const wish = surviving('load: 2×cpu0 + train: 2×1 H100', 'node', 2);
    expect(said(fleet, wish, ...gang)).toEqual([leavesOne(nodes[0]), leavesOne(nodes[2])]);
  });

  test('are all, where none has', () => {
    const [one = '', two = ''] = gang;
    expect(said(fleet, surviving('load: 2×cpu0', 'node', 2), one, two)).toEqual([
      leavesOne(nodes[0]),
      leavesOne(nodes[1]),
    ]);
  });

  test('are those that are guaranteed, and no extras', () => {
    const parts = demand('3×1 H100').parts.map((part) => ({ ...part, minCount: 2 }));
    const elastic = (left: number) => surviving('3×1 H100', 'node', left, { parts, guarantee: 'elastic' });
    expect(said(fleet, elastic(1), ...seated([0, 1, 2]))).toEqual([]);
    expect(said(fleet, elastic(2), ...seated([0, 1, 2]))).toEqual([leavesOne(nodes[0]), leavesOne(nodes[1])]);
    expect(said(fleet, elastic(3), ...seated([0, 1, 2]))[0]).toBe('2 replicas cannot leave 3');
  });
});

/** A replica at each of two sites, of which one has larger GPUs. */
function oneEach(loss: string): Demand {
  return surviving('train: 1×1 H100 gpumem80 at:fra1 + eval: 1×1 H100 at:ams2', loss, 2);
}

describe('spares', () => {
  const wish = surviving('2×1 H100', 'node', 2);
  const two = seated([0, 1]);

  test('are there for a loss, and only for that', () => {
    expect(said(fleet, demand('2×1 H100'), ...seated([0, 1], [2]))).toEqual([
      'holds 1 spares, asked for none',
    ]);
    expect(said(fleet, demand('2×1 H100'), ...two)).toEqual([]);
  });

  test.each<readonly [string, readonly string[], readonly string[]]>([
    ['go on with the numbers of their part', ['+ train 2 fra1/h1/r2/n01 gpu0'], []],
    [
      'do not leave one out',
      ['+ train 3 fra1/h1/r2/n01 gpu0'],
      ['spares of `train` are numbered 3, due from 2'],
    ],
    [
      'have none of a replica',
      ['+ train 1 fra1/h1/r2/n01 gpu0'],
      ['spares of `train` are numbered 1, due from 2'],
    ],
    [
      'are of a part that there is',
      ['+ other 2 fra1/h1/r2/n01 gpu0'],
      ['`other` 2 on fra1/h1/r2/n01: no such spare', leavesOne(nodes[0]), leavesOne(nodes[1])],
    ],
  ])('%s', (_, spares, expected) => {
    expect(said(fleet, wish, ...two, ...spares).toSorted()).toEqual([...expected].toSorted());
  });

  test('may come in any order of their numbers', () => {
    const held = ['+ train 3 fra1/h1/r1/n02 gpu4', '+ train 2 fra1/h1/r2/n01 gpu4'];
    expect(said(fleet, surviving('2×1 H100', 'node', 2), ...seated([0, 0]), ...held)).toEqual([]);
  });

  test('are of the model of whom they stand in for', () => {
    const mixed = world('fra1/h1/r1 2×8 H100', 'fra1/h1/r2 2×8 A100');
    expect(said(mixed, surviving('2×1', 'node', 2), ...two, '+ train 2 fra1/h1/r2/n01 gpu0')).toEqual([
      'spares stand in across 2 GPU models',
    ]);
  });

  test('are on nodes that there are', () => {
    expect(said(fleet, wish, ...two, '+ train 2 fra1/h1/r2/n09 gpu0')).toContain(
      'node-known: `train` 2 on fra1/h1/r2/n09: the inventory has no such node',
    );
  });

  test('can do what every part whose replicas count was promised', () => {
    const both = surviving('train: 1×1 H100 gpumem80 + eval: 1×1 H100', 'node', 1);
    const gang = ['eval 0 fra1/h1/r1/n01 gpu1', 'train 0 fra1/h1/r1/n01 gpu0'];
    expect(said(fleet, both, ...gang, '+ train 1 fra1/h1/r2/n01 gpu0')).toEqual([]);
    expect(said(fleet, both, ...gang, '+ eval 1 fra1/h1/r2/n01 gpu0')).toEqual([
      '`eval` 1 on fra1/h1/r2/n01 cannot stand in for `train`',
    ]);
  });

  test('of one site need not do what another was promised, where no whole site is to be survived', () => {
    const gang = ['eval 0 ams2/h1/a1/n01 gpu0', 'train 0 fra1/h1/r1/n01 gpu0'];
    const spares = ['+ eval 1 ams2/h1/a1/n02 gpu0', '+ train 1 fra1/h1/r1/n02 gpu0'];
    expect(said(fleet, oneEach('node'), ...gang, ...spares)).toEqual([]);
    expect(said(fleet, oneEach('site'), ...gang, ...spares)).toContain(
      '`eval` 1 on ams2/h1/a1/n02 cannot stand in for `train`',
    );
  });
});

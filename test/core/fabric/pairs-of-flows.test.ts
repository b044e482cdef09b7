import { array, assert, constantFrom, integer, property, record, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  datasetMbps,
  flowsOnNodes,
  knownEnds,
  leastBeside,
  mostOfReplica,
  unknownEnds,
} from '../../../src/core/place/fabric/flows.ts';
import type { Demand } from '../../../src/model/demand.ts';
import type { Member } from '../../../src/model/placement.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { placement } from '../placement.ts';

type Arrow = readonly [from: string, to: string, mbps: number];

const flowing = (text: string, arrows: readonly Arrow[], more: object = {}): Demand =>
  demand(text, { flows: arrows.map(([from, to, mbps]) => ({ from, to, mbps })), ...more });

describe('the ends of flows', () => {
  const corpus = { dataset: 'corpus' };

  test.each<[string, Demand, readonly string[]]>([
    ['nothing flows', demand('a: 1×1'), []],
    ['from part to part', flowing('a: 1×1 + b: 1×1', [['a', 'b', 1]]), []],
    ['to nobody', flowing('a: 1×1', [['a', 'c', 1]]), ['c']],
    ['from nobody', flowing('a: 1×1', [['c', 'a', 1]]), ['c']],
    [
      'several, in the order of the demand, each once',
      flowing('a: 1×1', [
        ['z', 'a', 1],
        ['a', 'c', 1],
        ['c', 'z', 1],
      ]),
      ['z', 'c'],
    ],
    ['the dataset, where there is one', flowing('a: 1×1', [['dataset', 'a', 1]], corpus), []],
    ['the dataset, where there is none', flowing('a: 1×1', [['dataset', 'a', 1]]), ['dataset']],
    [
      'a part called dataset is not the dataset',
      flowing('dataset: 1×1', [['dataset', 'dataset', 1]]),
      ['dataset'],
    ],
  ])('unknown: %s', (_, asked, ends) => {
    expect(unknownEnds(asked)).toEqual(ends);
  });

  test('known are the parts, and the dataset last', () => {
    expect(knownEnds(demand('a: 1×1 + b: 1×1'))).toEqual(['a', 'b']);
    expect(knownEnds(demand('a: 1×1 + dataset: 1×1'))).toEqual(['a']);
    expect(knownEnds(demand('a: 1×1 + b: 1×1', corpus))).toEqual(['a', 'b', 'dataset']);
  });

  test('only what comes from or goes to the dataset is drawn from its pool', () => {
    const asked = flowing('a: 1×1 + b: 1×1', [
      ['dataset', 'a', 7],
      ['b', 'dataset', 20],
      ['a', 'b', 400],
    ]);
    expect(datasetMbps(asked)).toBe(27);
    expect(datasetMbps(demand('a: 1×1'))).toBe(0);
  });
});

/** `a a b`: what stands on each of the nodes n1, n2, … of a rack. */
function standing(...nodes: readonly string[]): readonly Member[] {
  const numbers = new Map<string, number>();
  const lines = nodes.flatMap((words, at) =>
    words.split(' ').flatMap((part) => {
      if (part === '') return [];
      const replica = numbers.get(part) ?? 0;
      numbers.set(part, replica + 1);
      return [`${part} ${replica} fra1/r1/n${at + 1} cpu1`];
    }),
  );
  return placement(24, ...lines).members;
}

const onNics = (asked: Demand, members: readonly Member[]) =>
  [...flowsOnNodes(asked, members)].map(([node, mbps]) => `${node.slice('fra1/r1/'.length)} ${mbps}`);

const many = (part: string, count: number) => Array.from({ length: count }, () => part).join(' ');

describe('what flows put on the data NICs of nodes', () => {
  const both = 'a: 2×cpu1 + b: 3×cpu1';

  test.each<[string, string, readonly Arrow[], readonly string[], readonly string[]]>([
    ['all on one node: nothing crosses', both, [['a', 'b', 600]], ['a a b b b'], []],
    [
      'senders here, receivers there: all of it crosses both',
      both,
      [['a', 'b', 600]],
      ['a a', 'b b b'],
      ['n1 600', 'n2 600'],
    ],
    [
      'of six pairs n1 has a–b1 inside: two leave it for n2, one comes from there',
      both,
      [['a', 'b', 600]],
      ['a b', 'a b b'],
      ['n1 300', 'n2 300'],
    ],
    [
      'over three nodes each has its own pairs',
      both,
      [['a', 'b', 600]],
      ['a', 'a b', 'b b'],
      ['n1 300', 'n2 300', 'n3 400'],
    ],
    ['a third is rounded up', both, [['a', 'b', 1]], ['a a', 'b', 'b b'], ['n1 1', 'n2 1', 'n3 1']],
    ['nothing of nothing is rounded up to nothing', both, [['a', 'b', 0]], ['a a', 'b b b'], []],
    [
      'there and back are rounded up one by one',
      both,
      [
        ['a', 'b', 1],
        ['b', 'a', 1],
      ],
      ['a a', 'b b', 'b'],
      ['n1 2', 'n2 2', 'n3 2'],
    ],
    [
      'the dataset sends each replica its share',
      both,
      [['dataset', 'b', 100]],
      ['a b', 'b b a'],
      ['n1 34', 'n2 67'],
    ],
    [
      'to the dataset goes each replica’s share',
      both,
      [['a', 'dataset', 101]],
      ['a b b b', 'a'],
      ['n1 51', 'n2 51'],
    ],
    ['from the dataset to itself nothing flows', both, [['dataset', 'dataset', 100]], ['a a b b b'], []],
    ['a part that got no replica sends nothing', both, [['a', 'b', 600]], ['b', 'b b'], []],
    [
      'of an elastic part those that it got share all of it',
      both,
      [['dataset', 'b', 100]],
      ['b', 'b'],
      ['n1 50', 'n2 50'],
    ],
  ])('%s', (_, text, arrows, nodes, found) => {
    expect(onNics(flowing(text, arrows), standing(...nodes))).toEqual(found);
  });

  test('products beyond 2^53 are not rounded on the way', () => {
    const asked = flowing('a: 99×cpu1 + b: 99×cpu1', [['a', 'b', 999_999_999_999]]);
    // 97 × 99 of the 99 × 99 pairs cross: 97 times a 99th of it, which is 10,101,010,101.
    const crossing = 97 * 10_101_010_101;
    expect(onNics(asked, standing(many('a', 97), `a a ${many('b', 99)}`))).toEqual([
      `n1 ${crossing}`,
      `n2 ${crossing}`,
    ]);
  });
});

const where = integer({ min: 0, max: 2 });
const drawn = record({
  a: array(where, { minLength: 1, maxLength: 4 }),
  b: array(where, { minLength: 1, maxLength: 4 }),
  arrows: array(
    tuple(constantFrom('a', 'b', 'dataset'), constantFrom('a', 'b', 'dataset'), integer({ min: 0, max: 50 })),
    { minLength: 1, maxLength: 3 },
  ),
});

type Drawn = {
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly arrows: readonly Arrow[];
};

function gang({ a, b, arrows }: Drawn): { readonly asked: Demand; readonly members: readonly Member[] } {
  const words = ['', '', ''].map((_, node) =>
    [...a.filter((at) => at === node).map(() => 'a'), ...b.filter((at) => at === node).map(() => 'b')].join(
      ' ',
    ),
  );
  return {
    asked: flowing(`a: ${a.length}×cpu1 + b: ${b.length}×cpu1`, arrows),
    members: standing(...words),
  };
}

/** The same by counting pair after pair: what of a flow has one end on the node and the other elsewhere. */
function counted({ a, b, arrows }: Drawn, node: number): number {
  const ends: Readonly<Record<string, readonly number[]>> = { a, b, dataset: [-1] };
  let sum = 0;
  for (const [from, to, mbps] of arrows) {
    const [senders = [], receivers = []] = [ends[from], ends[to]];
    let crossing = 0;
    for (const sender of senders)
      for (const receiver of receivers)
        if (sender !== receiver && (sender === node || receiver === node)) crossing++;
    sum += Math.ceil((mbps * crossing) / (senders.length * receivers.length));
  }
  return sum;
}

describe('whatever flows between whomever', () => {
  test('each node carries the pairs that cross its NICs, counted one by one', () => {
    assert(
      property(drawn, (world) => {
        const { asked, members } = gang(world);
        const held = flowsOnNodes(asked, members);
        for (const node of [0, 1, 2]) {
          const [, mbps = 0] = [...held].find(([id]) => id.endsWith(`n${node + 1}`)) ?? [];
          expect(mbps).toBe(counted(world, node));
        }
      }),
      { seed, numRuns: 300 },
    );
  });

  test('no node carries more than the most of each replica on it', () => {
    assert(
      property(drawn, (world) => {
        const { asked, members } = gang(world);
        for (const [id, mbps] of flowsOnNodes(asked, members)) {
          const own = members.filter(({ node }) => node === id);
          expect(mbps).toBeLessThanOrEqual(
            own.reduce((sum, { part }) => sum + mostOfReplica(asked, part), 0),
          );
        }
      }),
      { seed, numRuns: 300 },
    );
  });

  test('a node with some replicas of a part, but not all, carries at least the least beside', () => {
    let seen = 0;
    assert(
      property(drawn, (world) => {
        const { asked, members } = gang(world);
        const held = flowsOnNodes(asked, members);
        for (const [id, own] of Map.groupBy(members, ({ node }) => node))
          for (const part of ['a', 'b'] as const) {
            const count = own.filter((member) => member.part === part).length;
            if (count === 0 || count === world[part].length) continue;
            seen++;
            expect(held.get(id) ?? 0).toBeGreaterThanOrEqual(leastBeside(asked, part));
          }
      }),
      { seed, numRuns: 300 },
    );
    expect(seen).toBeGreaterThan(300);
  });
});

describe('bounds before anybody stands anywhere', () => {
  const asked = flowing('a: 4×cpu1 + b: 2×cpu1', [
    ['a', 'b', 100],
    ['dataset', 'a', 7],
    ['a', 'a', 10],
    ['b', 'dataset', 30],
  ]);

  test('the most of a replica: every end that it is, each rounded up', () => {
    // a: 25 to b, ⌈7/4⌉ = 2 from the dataset, and both ends of ⌈10/4⌉ = 3.
    expect(mostOfReplica(asked, 'a')).toBe(25 + 2 + 3 + 3);
    expect(mostOfReplica(asked, 'b')).toBe(50 + 15);
  });

  test('the least beside: without what flows inside the part', () => {
    expect(leastBeside(asked, 'a')).toBe(25 + 2);
    expect(leastBeside(asked, 'b')).toBe(50 + 15);
  });

  test('nothing for a part that no flow names, nor where nothing flows', () => {
    const beside = flowing('a: 4×cpu1 + b: 2×cpu1 + c: 1×1', [['a', 'b', 100]]);
    expect([mostOfReplica(beside, 'c'), leastBeside(beside, 'c')]).toEqual([0, 0]);
    expect([mostOfReplica(demand('a: 1×1'), 'a'), leastBeside(demand('a: 1×1'), 'a')]).toEqual([0, 0]);
  });
});

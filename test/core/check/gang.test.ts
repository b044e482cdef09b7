import { assert, integer, property, uniqueArray } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { gangWhole } from '../../../src/core/check/gang.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { world } from '../fleet.ts';
import { placement } from '../placement.ts';
import { node, saidBy } from './findings.ts';

const fleet = world('fra1/h1/r1 1×4 H100');

/** So many replicas, of which so many are guaranteed. */
function wishFor(count: number, minCount = count): Demand {
  const plain = demand(`${count}×cpu0`);
  if (minCount === count) return plain;
  return { ...plain, guarantee: 'elastic', parts: plain.parts.map((part) => ({ ...part, minCount })) };
}

function said(wish: Demand, replicas: readonly number[]): readonly string[] {
  const held = placement(4, ...replicas.map((replica) => `train ${replica} ${node} cpu0`));
  return saidBy(gangWhole, fleet, wish, held).map((line) => line.replace('gang: ', ''));
}

describe('replicas', () => {
  test.each<readonly [string, Demand, readonly number[], readonly string[]]>([
    ['are all there', wishFor(3), [0, 1, 2], []],
    ['in whatever order', wishFor(3), [2, 0, 1], []],
    ['without the first', wishFor(3), [1, 2], ['`train` lacks 1 of 3 replicas, the first is 0']],
    ['without the last', wishFor(3), [0, 1], ['`train` lacks 1 of 3 replicas, the first is 2']],
    ['with one twice', wishFor(2), [0, 1, 1], ['`train` 1 is there twice']],
    ['with one too many', wishFor(2), [0, 1, 2], ['`train` 2 is beyond the 2 replicas asked for']],
    [
      'with another in place of one',
      wishFor(2),
      [0, 2],
      ['`train` 2 is beyond the 2 replicas asked for', '`train` lacks 1 of 2 replicas, the first is 1'],
    ],
    ['elastic, with all extras', wishFor(4, 2), [0, 1, 2, 3], []],
    ['elastic, with some', wishFor(4, 2), [0, 1, 2], []],
    ['elastic, with none', wishFor(4, 2), [0, 1], []],
    [
      'elastic, without one that is guaranteed',
      wishFor(4, 2),
      [0],
      ['`train` lacks 1 of 2 replicas, the first is 1'],
    ],
    [
      'elastic, with an extra before the last is left out',
      wishFor(4, 2),
      [0, 1, 3],
      ['`train` lacks 1 of 3 replicas, the first is 2'],
    ],
  ])('%s', (_, wish, replicas, expected) => {
    expect(said(wish, replicas)).toEqual(expected);
  });

  test('are whole exactly where they are counted from 0 on, down to the number that is guaranteed', () => {
    const counts = integer({ min: 1, max: 5 }).chain((count) =>
      integer({ min: 1, max: count }).map((least) => ({ count, least })),
    );
    const numbers = uniqueArray(integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 5 });
    assert(
      property(counts, numbers, ({ count, least }, replicas) => {
        const isCounted = replicas.toSorted((a, b) => a - b).every((replica, at) => replica === at);
        const isWhole = isCounted && replicas.length >= least && replicas.length <= count;
        expect(said(wishFor(count, least), replicas).length === 0).toBe(isWhole);
      }),
      { seed, numRuns: 200 },
    );
  });
});

test('a part is not made up for by another', () => {
  const wish = demand('train: 1×cpu0 + load: 1×cpu0');
  const held = placement(4, `train 0 ${node}`, `train 1 ${node}`);
  expect(saidBy(gangWhole, fleet, wish, held)).toEqual([
    'gang: `train` 1 is beyond the 1 replicas asked for',
    'gang: `load` lacks 1 of 1 replicas, the first is 0',
  ]);
});

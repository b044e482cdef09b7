import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { type Difference, differenceOf, differenceWords } from '../../../src/core/life/moves.ts';
import type { Member } from '../../../src/model/placement.ts';
import { placement } from '../placement.ts';

const members = (...lines: readonly string[]): readonly Member[] =>
  lines.length === 0 ? [] : placement(1, ...lines).members;

const nameOf = ({ part, replica }: Member) => `${part} ${replica}`;

/** Who stays, moves, comes and goes: names, in the order told. */
function told({ stay, move, added, dropped }: Difference): Record<string, string[]> {
  return {
    stay: stay.map(nameOf),
    move: move.map(({ from, to }) => `${nameOf(from)}: ${from.node} → ${to.node}`),
    added: added.map(nameOf),
    dropped: dropped.map(nameOf),
  };
}

const home = 'train 0 fra1/h1/r1/n01 gpu0-3 nic0-1 cpu8 mem64 2000W';
const still = { stay: ['train 0'], move: [], added: [], dropped: [] };
const moved = { ...still, stay: [], move: ['train 0: fra1/h1/r1/n01 → fra1/h1/r1/n01'] };

const sliced = (slices: string) => members(`train 0 fra1/h1/r1/n01 ${slices}`.trim());

describe('a replica', () => {
  test.each([
    ['stays where nothing of it is different', home, still],
    ['stays when it is given other cores and memory there', home.replace('cpu8 mem64', 'cpu16 mem32'), still],
    ['stays when it draws more power there', home.replace('2000W', '3000W'), still],
    [
      'moves to another node, also onto the same numbers',
      home.replace('n01', 'n02'),
      { ...still, stay: [], move: ['train 0: fra1/h1/r1/n01 → fra1/h1/r1/n02'] },
    ],
    ['moves to other GPUs of its node', home.replace('gpu0-3', 'gpu4-7'), moved],
    ['moves when it gets one GPU more', home.replace('gpu0-3', 'gpu0-4'), moved],
    ['moves to other NICs of its node', home.replace('nic0-1', 'nic2-3'), moved],
    ['moves when it loses its NICs', home.replace(' nic0-1', ''), moved],
    ['moves when it comes to hold a slice besides', `${home} 4:250`, moved],
  ] as const)('%s', (_, line, expected) => {
    expect(told(differenceOf(members(home), members(line)))).toEqual(expected);
  });

  test.each([
    ['the same share of the same GPU', '0:250', '0:250', true],
    ['another share of it', '0:250', '0:500', false],
    ['the same share of another GPU', '0:250', '1:250', false],
    ['a MIG instance at the same start', '3:1g.10gb@2', '3:1g.10gb@2', true],
    ['one at another start', '3:1g.10gb@2', '3:1g.10gb@3', false],
    ['one of another profile', '3:1g.10gb@2', '3:2g.20gb@2', false],
    ['one more of them', '3:1g.10gb@2', '3:1g.10gb@2 3:1g.10gb@3', false],
    ['none of them any more', '3:1g.10gb@2', '', false],
  ] as const)('with slices stays on %s: %s, then %s', (_, before, after, stays) => {
    expect(differenceOf(sliced(before), sliced(after)).stay).toHaveLength(stays ? 1 : 0);
  });

  test('is known by its part and its number, whatever the order they are told in', () => {
    const before = members('train 0 a/b/c/n1 gpu0', 'train 1 a/b/c/n1 gpu1', 'eval 0 a/b/c/n1 gpu2');
    const after = members('eval 0 a/b/c/n1 gpu2', 'train 1 a/b/c/n1 gpu1', 'train 0 a/b/c/n1 gpu0');
    expect(told(differenceOf(before, after))).toEqual({
      stay: ['eval 0', 'train 1', 'train 0'],
      move: [],
      added: [],
      dropped: [],
    });
  });

  test('that changes places with another one has moved, and so has the other', () => {
    const before = members('train 0 a/b/c/n1 gpu0', 'train 1 a/b/c/n2 gpu0');
    const after = members('train 0 a/b/c/n2 gpu0', 'train 1 a/b/c/n1 gpu0');
    expect(told(differenceOf(before, after))['move']).toEqual([
      'train 0: a/b/c/n1 → a/b/c/n2',
      'train 1: a/b/c/n2 → a/b/c/n1',
    ]);
  });

  test('of a part with another name is another one', () => {
    const before = members('train 0 a/b/c/n1 gpu0');
    const after = members('eval 0 a/b/c/n1 gpu0');
    expect(told(differenceOf(before, after))).toEqual({
      stay: [],
      move: [],
      added: ['eval 0'],
      dropped: ['train 0'],
    });
  });
});

const drawn = fc
  .uniqueArray(fc.integer({ min: 0, max: 5 }), { maxLength: 5 })
  .chain((replicas) =>
    fc.tuple(...replicas.map((replica) => fc.tuple(fc.constant(replica), fc.integer({ min: 0, max: 2 })))),
  )
  .map((places) => members(...places.map(([replica, gpu]) => `train ${replica} a/b/c/n1 gpu${gpu}`)));

const sorted = (all: readonly Member[]) => all.map(nameOf).toSorted();

describe('whatever two placements', () => {
  test('everybody is told of once on either side', () => {
    fc.assert(
      fc.property(drawn, drawn, (before, after) => {
        const { stay, move, added, dropped } = differenceOf(before, after);
        expect(sorted([...stay, ...move.map(({ to }) => to), ...added])).toEqual(sorted(after));
        expect(sorted([...stay, ...move.map(({ from }) => from), ...dropped])).toEqual(sorted(before));
        for (const { from, to } of move) expect([nameOf(from), from.gpus]).not.toEqual([nameOf(to), to.gpus]);
      }),
      { numRuns: 300, seed: 21 },
    );
  });

  test('the way back drops what was added and moves what was moved', () => {
    fc.assert(
      fc.property(drawn, drawn, (before, after) => {
        const [there, back] = [differenceOf(before, after), differenceOf(after, before)];
        expect(sorted(back.stay)).toEqual(sorted(there.stay));
        expect(sorted(back.dropped)).toEqual(sorted(there.added));
        expect(sorted(back.added)).toEqual(sorted(there.dropped));
        expect(sorted(back.move.map(({ from }) => from))).toEqual(sorted(there.move.map(({ to }) => to)));
      }),
      { numRuns: 300, seed: 22 },
    );
  });

  test('nothing is different from itself', () => {
    fc.assert(
      fc.property(drawn, (all) => {
        expect(differenceOf(all, all)).toEqual({ stay: all, move: [], added: [], dropped: [] });
      }),
      { numRuns: 50, seed: 23 },
    );
  });
});

describe('a difference in words', () => {
  const [one, two] = members('train 0 a/b/c/n1 gpu0', 'train 1 a/b/c/n1 gpu1');
  const some = (count: number): Member[] => [one, two].flatMap((member) => member ?? []).slice(0, count);
  const words = (stay: number, move: number, added: number, dropped: number) =>
    differenceWords({
      stay: some(stay),
      move: some(move).map((member) => ({ from: member, to: member })),
      added: some(added),
      dropped: some(dropped),
    });

  test.each([
    [[1, 0, 0, 0], '1 stays'],
    [[2, 0, 0, 0], '2 stay'],
    [[0, 1, 0, 0], '1 moves'],
    [[0, 2, 0, 0], '2 move'],
    [[0, 0, 1, 0], '1 is added'],
    [[0, 0, 2, 0], '2 are added'],
    [[0, 0, 0, 1], '1 is given up'],
    [[0, 0, 0, 2], '2 are given up'],
    [[2, 1, 2, 1], '2 stay, 1 moves, 2 are added, 1 is given up'],
    [[1, 0, 0, 2], '1 stays, 2 are given up'],
    [[0, 0, 0, 0], ''],
  ] as const)('%j: %s', ([stay, move, added, dropped], expected) => {
    expect(words(stay, move, added, dropped)).toBe(expected);
  });
});

import { assert, constantFrom, property, subarray } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { Bench } from '../../../src/core/place/bench.ts';
import type { Candidates } from '../../../src/core/place/fill.ts';
import { fitnessOf } from '../../../src/core/place/fitness.ts';
import { NodeSet } from '../../../src/core/place/node-set.ts';
import { Rooms } from '../../../src/core/place/rooms.ts';
import { Scales } from '../../../src/core/place/scales.ts';
import { ask } from '../acts.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, type World, world } from '../fleet.ts';
import { granted, placement } from '../placement.ts';
import { wantsOf } from './wanted.ts';

const fleet = world('r/r1 3×4 H100 cpu16 mem64', 'r/r2 1×4 A100 cpu16 mem64', 'r/r3 1 cpu16 mem64');

/** Scales for a gang as it was found, on the fleet with what others hold; `foundOn` where it fits for certain. */
function scalesFor(on: World, text: string, more: object = {}, foundOn = on) {
  const asked = demand(text, { ...more, window: { earliestStartMs: t0, durationS: 3600 } });
  const answer = ask(foundOn, asked);
  if (answer.kind === 'refused') throw new Error(`no room for ${text}`);
  const { members, spares = [] } = answer.plan.placement;
  const wants = wantsOf(text, 'H100', more);
  const { nodes } = on.state.fleet;
  const candidates: Candidates = new Map(
    wants.map((want) => [
      want,
      new NodeSet(nodes.filter((node) => fitnessOf(node, want, asked).kind === 'fits')),
    ]),
  );
  const rooms = new Rooms(on.state, { startMs: t0, endMs: t0 + hourMs });
  const ground = { level: 'site', wants, candidates, leafs: 0 } as const;
  const scales = new Scales(rooms, { demand: asked, ground, seats: [...members, ...spares] });
  const at = (...numbers: readonly number[]) => numbers.flatMap((number) => nodes[number - 1] ?? []);
  return { scales, at, wants, rooms, asked };
}

function held(...lines: readonly string[]): World {
  return granted(fleet, demand('1×1', { tenant: 'globex' }), placement(1, ...lines));
}

describe('how much of a gang places have room for', () => {
  test.each([
    ['all of it on a node that is free', '2×2 H100', [], [1], 2, true],
    ['as many replicas as fit', '3×2 H100', [], [1], 2, false],
    ['together on several', '3×2 H100', [], [1, 2], 3, true],
    ['no more than were asked for', '1×1 H100', [], [1, 2, 3], 1, true],
    ['what others leave', '2×2 H100', ['a 0 r/r1/n01 gpu0'], [1], 1, false],
    [
      'free GPUs of two nodes do not add up',
      '1×4 H100',
      ['a 0 r/r1/n01 gpu0', 'a 1 r/r1/n02 gpu0'],
      [1, 2],
      0,
      false,
    ],
    ['nothing on another model', '1×1 H100', [], [4], 0, false],
    ['one replica a node, where they are apart', '2×1 H100 apart:node', [], [1], 1, false],
    ['and all on as many nodes', '2×1 H100 apart:node', [], [1, 2], 2, true],
    ['nodes without GPUs hold cores', '1×cpu16', [], [5], 1, true],
    ['as many as they have cores for', '3×cpu6', [], [5], 2, false],
    [
      'parts that need GPUs, and parts that do not',
      '1×4 H100 + 1×cpu4',
      ['a 0 r/r1/n03 gpu0'],
      [3, 5],
      1,
      false,
    ],
    ['slices by what is left of GPUs', '5×1 H100 share:600', ['a 0 r/r1/n01 0:500'], [1], 3, false],
    ['nothing on no nodes', '1×1 H100', [], [], 0, false],
  ] as const)('%s', (_, text, lines, numbers, replicas, holds) => {
    const { scales, at } = scalesFor(lines.length === 0 ? fleet : held(...lines), text);
    expect([scales.replicasOn(at(...numbers)), scales.holds(at(...numbers))]).toEqual([replicas, holds]);
  });

  test('nodes that keep the tenant out hold nothing', () => {
    const closed = granted(
      fleet,
      demand('1×1', { tenant: 'globex', isolation: 'node' }),
      placement(1, 'a 0 r/r1/n01 gpu0'),
    );
    const { scales, at } = scalesFor(closed, '1×1 H100');
    expect([scales.replicasOn(at(1)), scales.replicasOn(at(2))]).toEqual([0, 1]);
    expect([scales.leftOn(at(1)), scales.leftOn(at(2))]).toEqual([-1, 3]);
  });

  test('spares are weighed with the rest', () => {
    const { scales, at } = scalesFor(fleet, '1×4 H100', { survive: { loss: 'node', membersLeft: 1 } });
    expect(scales.replicas).toBe(2);
    expect([scales.holds(at(1)), scales.holds(at(1, 2))]).toEqual([false, true]);
  });
});

describe('what would stay free', () => {
  test.each([
    ['all but the gang', '1×3 H100', [], [1, 2], 5],
    ['less what others hold', '1×3 H100', ['a 0 r/r1/n02 gpu0-1'], [1, 2], 3],
    ['nothing where it fills them', '2×4 H100', [], [1, 2], 0],
    ['GPUs of another model do not count', '1×3 H100', [], [1, 4], 1],
    ['nothing is said of cores', '1×cpu4', [], [5], undefined],
    ['nor of slices', '1×1 H100 share:300', [], [1], undefined],
  ] as const)('%s', (_, text, lines, numbers, left) => {
    const { scales, at } = scalesFor(lines.length === 0 ? fleet : held(...lines), text);
    expect(scales.leftOn(at(...numbers))).toBe(left);
  });
});

test('one part fits as often as it can be put down, on any nodes', () => {
  const texts = constantFrom('4×1 H100', '3×2 H100', '2×3 H100', '4×cpu5', '6×1 H100 share:400');
  const lines = subarray([
    'a 0 r/r1/n01 gpu0',
    'a 1 r/r1/n02 gpu1-2 cpu8',
    'a 2 r/r1/n03 3:700',
    'a 3 r/r3/n01 cpu3',
  ]);
  assert(
    property(texts, lines, subarray([1, 2, 3, 4, 5]), (text, taken, numbers) => {
      const { scales, at, wants, rooms, asked } = scalesFor(
        taken.length === 0 ? fleet : held(...taken),
        text,
        {},
        fleet,
      );
      const [want] = wants;
      if (want === undefined) throw new Error('a want');
      const bench = new Bench(rooms, asked);
      let put = 0;
      for (const node of at(...numbers)) {
        if (fitnessOf(node, want, asked).kind !== 'fits') continue;
        while (put < want.part.count && bench.put(node, want, put) !== undefined) put++;
      }
      expect(scales.replicasOn(at(...numbers))).toBe(put);
    }),
    { seed, numRuns: 80 },
  );
});

import { assert, integer, property } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { solveElastic } from '../../../src/core/place/elastic.ts';
import type { Candidate, Question, Solved, Unsolved } from '../../../src/core/place/solve.ts';
import { type Demand, guaranteedCount } from '../../../src/model/demand.ts';
import { seed } from '../arbitrary.ts';
import { demand, flexible } from '../demand.ts';
import { hourMs, t0, world } from '../fleet.ts';
import { there } from './known.ts';

const { state } = world('fra1/r1 1×8 H100');
const site = there(state.fleet.sites[0], 'a site');

/** Parts of so many replicas, of which so many are guaranteed. */
function elastic(parts: readonly (readonly [most: number, least: number])[], more: object = {}): Demand {
  const asked = demand(parts.map(([most]) => `${most}×1 H100`).join(' + '), more);
  const sized = asked.parts.map((part, at) => ({ ...part, minCount: there(parts[at], 'a part')[1] }));
  return { ...asked, parts: sized, guarantee: 'elastic' };
}

/** A search in which so many replicas fit of all parts together, from an hour on; and what it was asked for. */
function searching(room: number, fromH = 0) {
  const asked: string[] = [];
  const search = (
    _state: unknown,
    { demand: wish, starts, isTrial = false }: Question,
  ): Solved | Unsolved => {
    const counts = wish.parts.map(({ count }) => count);
    asked.push(
      `${counts.join('+')}${isTrial ? '?' : ''} ${(starts.earliestMs - t0) / hourMs}-${(starts.latestMs - t0) / hourMs}`,
    );
    expect(wish.parts.some((part) => 'minCount' in part)).toBe(false);
    const startMs = Math.max(starts.earliestMs, t0 + fromH * hourMs);
    const fits = counts.reduce((sum, count) => sum + count, 0) <= room && startMs <= starts.latestMs;
    if (!fits) return { kind: 'unsolved', sites: [], open: [], closed: [], misses: [], beyondBudget: [] };
    const members = wish.parts.flatMap(({ name, count }) =>
      Array.from({ length: count }, (_, replica) => ({
        part: name,
        replica,
        node: there(site.nodes[0], 'a node').id,
        gpus: [],
        nics: [],
        cpuMilli: 0,
        memoryMib: 0,
        powerW: 0,
      })),
    );
    const best: Candidate = {
      kind: 'fits',
      site,
      startMs,
      members,
      spares: [],
      closeness: 0,
      spare: 0,
      bandwidth: [],
      price: { priceBook: 'test', lines: [] },
    };
    return { kind: 'solved', best, sites: [] };
  };
  return { asked, search };
}

function got(
  asked: Demand,
  room: number,
  fromH = 0,
): { readonly counts: string; readonly asked: readonly string[] } {
  const { asked: questions, search } = searching(room, fromH);
  const { earliestStartMs: earliestMs, latestStartMs: latestMs = earliestMs } = asked.window;
  const found = solveElastic(state, { demand: asked, starts: { earliestMs, latestMs } }, search);
  const counts = (solved: Solved) =>
    asked.parts.map(({ name }) => solved.best.members.filter(({ part }) => part === name).length).join('+');
  return {
    counts: found.kind === 'solved' ? `${counts(found)} at ${(found.best.startMs - t0) / hourMs}` : 'none',
    asked: questions,
  };
}

describe('an elastic demand', () => {
  test.each([
    ['gets all of it where there is room', [[8, 2]], 8, '8 at 0'],
    ['gets what there is room for', [[8, 2]], 5, '5 at 0'],
    ['gets what is guaranteed where there is no more', [[8, 2]], 2, '2 at 0'],
    ['gets nothing where there is less', [[8, 2]], 1, 'none'],
    [
      'gives its first part its extras first',
      [
        [4, 1],
        [4, 1],
      ],
      6,
      '4+2 at 0',
    ],
    [
      'keeps what is guaranteed of the second meanwhile',
      [
        [4, 1],
        [4, 3],
      ],
      6,
      '3+3 at 0',
    ],
    [
      'gets all of both',
      [
        [4, 1],
        [4, 1],
      ],
      8,
      '4+4 at 0',
    ],
    [
      'has no extras where all of it is guaranteed',
      [
        [3, 3],
        [2, 2],
      ],
      8,
      '3+2 at 0',
    ],
  ] as const)('%s', (_, parts, room, expected) => {
    expect(got(elastic(parts), room).counts).toBe(expected);
  });

  test('asks for what is guaranteed first, then whether all fits, then by halving, and for the whole at last', () => {
    expect(got(elastic([[9, 1]]), 6).asked).toEqual([
      '1 0-0',
      '9? 0-0',
      '5? 0-0',
      '7? 0-0',
      '6? 0-0',
      '6 0-0',
    ]);
    expect(got(elastic([[9, 1]]), 9).asked).toEqual(['1 0-0', '9? 0-0', '9 0-0']);
  });

  test('asks once where there is nothing to add, and once where not even the least fits', () => {
    expect(got(elastic([[3, 3]]), 8).asked).toEqual(['3 0-0']);
    expect(got(elastic([[9, 4]]), 3).asked).toEqual(['4 0-0']);
  });

  test('starts when what is guaranteed fits, and gets its extras at that start', () => {
    const found = got(elastic([[4, 1]], flexible(1, 9)), 3, 5);
    expect(found.counts).toBe('3 at 5');
    expect(found.asked).toEqual(['1 0-9', '4? 5-5', '2? 5-5', '3? 5-5', '3 5-5']);
  });

  test('whatever fits, gets the most of its first part, and then the most of its second', () => {
    const size = integer({ min: 1, max: 9 });
    assert(
      property(size, size, size, size, integer({ min: 0, max: 20 }), (a, b, c, d, room) => {
        const asked = elastic([
          [Math.max(a, b), Math.min(a, b)],
          [Math.max(c, d), Math.min(c, d)],
        ]);
        const [first = 0, second = 0] = asked.parts.map(guaranteedCount);
        const one = Math.min(Math.max(a, b), room - second);
        const two = Math.min(Math.max(c, d), room - one);
        expect(got(asked, room).counts).toBe(first + second > room ? 'none' : `${one}+${two} at 0`);
      }),
      { seed, numRuns: 200 },
    );
  });
});

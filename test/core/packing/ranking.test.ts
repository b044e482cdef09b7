import { array, assert, integer, nat, property, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { noFit, Ranking } from '../../../src/core/packing/ranking.ts';
import { seed } from './given.ts';

describe('a ranking', () => {
  test('knows the first of the best after any changes', () => {
    const scores = array(integer({ min: noFit, max: 3 }), { minLength: 1, maxLength: 20 });
    const changes = array(tuple(nat(19), integer({ min: noFit, max: 3 })), { maxLength: 40 });
    assert(
      property(scores, changes, (start, todo) => {
        const now = [...start];
        const ranking = new Ranking(Int32Array.from(start));
        for (const [place, score] of todo) {
          now[place % now.length] = score;
          ranking.set(place % now.length, score);
          expect(ranking.score).toBe(Math.max(...now));
          expect(ranking.winner).toBe(now.indexOf(Math.max(...now)));
        }
      }),
      { seed, numRuns: 300 },
    );
  });

  test('of nothing fits nothing', () => {
    expect(new Ranking(new Int32Array()).score).toBe(noFit);
  });
});

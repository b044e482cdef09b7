import { array, assert, property, tuple } from 'fast-check';
import { expect, test } from 'vitest';

import { canSolve, couldSolve } from '../../../src/core/place/solve.ts';
import { startRange } from '../../../src/core/place/start-range.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { seed } from '../arbitrary.ts';
import { t0, verdictAll, world } from '../fleet.ts';
import { demands } from './demands.ts';
import { fleets } from './fleets.ts';
import { live, lives } from './life.ts';

const runs = { seed, numRuns: 40 };

const scenes = tuple(fleets, lives).map(([fleet, todo]) => live(world(...fleet), todo, () => {}));

function lasting(demand: Demand, durationS: number): Demand {
  return { ...demand, window: { ...demand.window, durationS } };
}

/** The same with so many times as many replicas: mostly more than there is room for. */
function larger({ parts, ...rest }: Demand, times: number): Demand {
  return { ...rest, parts: parts.map((part) => ({ ...part, count: part.count * times })) };
}

test(
  'what counts rule out, the search does not find, however much longer it is to last',
  { timeout: 240_000 },
  () => {
    const seen = { ruledOut: 0, hopeful: 0 };
    assert(
      property(scenes, array(demands, { minLength: 2, maxLength: 5 }), ({ world: { state } }, wishes) => {
        const verdict = verdictAll(state, 'allowed');
        for (const wish of wishes.flatMap((one) => [one, larger(one, 4)])) {
          const range = startRange(wish, t0);
          if (range.kind === 'refused') continue;
          const { starts } = range;
          const short = lasting(wish, 600);
          if (couldSolve(state, verdict, { demand: short, starts })) {
            seen.hopeful++;
            continue;
          }
          seen.ruledOut++;
          for (const demand of [short, lasting(wish, 7200), lasting(wish, 864_000)])
            expect(canSolve(state, verdict, { demand, starts, isPlain: true })).toBe(false);
        }
      }),
      runs,
    );
    expect(seen.ruledOut).toBeGreaterThan(10);
    expect(seen.hopeful).toBeGreaterThan(10);
  },
);

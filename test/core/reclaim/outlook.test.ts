import { array, assert, constantFrom, integer, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { domainsOn } from '../../../src/core/place/domain.ts';
import { endOf } from '../../../src/core/place/site.ts';
import { Openings, Standing } from '../../../src/core/reclaim/openings.ts';
import { Outlook } from '../../../src/core/reclaim/outlook.ts';
import type { State } from '../../../src/core/state.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { ask, take } from '../acts.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, type World, world } from '../fleet.ts';

const empty = world(
  'fra1/h1/r1 2×4 H100 cpu64 mem256',
  'fra1/h1/r2 1×4 A100 cpu64 mem256',
  'ams1/h1/r1 2×2 H100 cpu64 mem256',
);

function outlookFor({ state }: World, wish: Demand): Outlook {
  const startMs = wish.window.earliestStartMs;
  return new Outlook(state, state.fleet.sites, {
    demand: wish,
    span: { startMs, endMs: endOf(startMs, wish) },
  });
}

describe('a quick no to moving others aside', () => {
  const full = take(empty, demand('2×4 H100 9h', { where: ['fra1'], tenant: 'globex' }));
  const movers = [...full.state.contracts];

  test.each([
    ['more than any place has', '3×4 H100 1h', false, false],
    ['more than a rack has, together', '5×2 H100 1h together:rack', false, false],
    ['no such GPU for so many', '2×4 A100 1h', false, false],
    ['what the one contract holds', '2×4 H100 1h', true, true],
    ['in one rack', '4×2 H100 1h together:rack', true, true],
    ['nothing but cores, of which it knows nothing', '9×cpu64 mem1', true, true],
  ] as const)('%s', (_, text, isLargeEnough, couldOpen) => {
    const outlook = outlookFor(full, demand(text));
    expect([outlook.isLargeEnough, outlook.couldOpen(movers)]).toEqual([isLargeEnough, couldOpen]);
  });

  test('nothing is opened by nobody', () => {
    expect(outlookFor(full, demand('2×4 H100 1h')).couldOpen([])).toBe(false);
    expect(outlookFor(empty, demand('2×4 H100 1h')).couldOpen([])).toBe(true);
  });
});

const wishes = record({
  text: constantFrom(
    '1×1',
    '1×2 H100',
    '2×2',
    '1×4',
    '2×4',
    '3×4 H100',
    '1×1 H100 together:node',
    '4×2 together:rack',
  ),
  hours: constantFrom(1, 2, 5),
  fromH: integer({ min: 0, max: 4 }),
});

type Wish = { readonly text: string; readonly hours: number; readonly fromH: number };

function wishOf({ text, hours, fromH }: Wish): Demand {
  return demand(text, { window: { earliestStartMs: t0 + fromH * hourMs, durationS: hours * 3600 } });
}

/** Whether openings, laid out place by place and hold by hold, see a chance once some contracts are gone. */
function hasChance(state: State, wish: Demand, standing: Standing): boolean {
  const startMs = wish.window.earliestStartMs;
  const starts = { earliestMs: startMs, latestMs: startMs };
  return domainsOn(wish.together ?? 'site', state.fleet.nodes).some((place) =>
    new Openings(state, place.nodes, { demand: wish, starts, standing }).couldFit(() => true),
  );
}

test('it never says no where laying out every place sees a chance', { timeout: 60_000 }, () => {
  const said = { yes: 0, no: 0 };
  assert(
    property(
      array(wishes, { maxLength: 12 }),
      array(integer({ min: 0, max: 11 })),
      wishes,
      (taken, gone, asked) => {
        const now = taken
          .map(wishOf)
          .reduce((on, wish) => (ask(on, wish).kind === 'planned' ? take(on, wish) : on), empty);
        const movers = [...now.state.contracts].filter((_, at) => gone.includes(at));
        const wish = wishOf(asked);
        const outlook = outlookFor(now, wish);
        const isHopeful = outlook.isLargeEnough && outlook.couldOpen(movers);
        expect(
          isHopeful || !hasChance(now.state, wish, new Standing(movers.map((contract) => ({ contract })))),
        ).toBe(true);
        if (isHopeful) said.yes++;
        else said.no++;
      },
    ),
    { seed: 59, numRuns: 70 },
  );
  expect(Math.min(said.yes, said.no)).toBeGreaterThan(10);
});

import { assert, property, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { check } from '../../src/core/check.ts';
import { digestState } from '../../src/core/digest.ts';
import { lose } from '../../src/core/simulate.ts';
import type { Contract } from '../../src/model/contract.ts';
import { Path } from '../../src/model/id.ts';
import { take } from './acts.ts';
import { fleets, seed, steps } from './arbitrary.ts';
import { demand } from './demand.ts';
import { t0, verdictAll, type World, world } from './fleet.ts';
import { walk } from './walk.ts';

function lost({ state }: World, places: readonly string[], atMs = t0) {
  const paths = places.map((place) => Path.parse(place));
  return lose(state, { places: paths, atMs }, () => verdictAll(state, 'allowed'));
}

describe('losing a place', { timeout: 60_000 }, () => {
  const fleet = world('fra1/h1/r1 2×8 H100 cpu128 mem1024', 'fra1/h1/r2 1×8 H100 cpu128 mem1024');
  const held = take(fleet, demand('1×8 H100 24h', { guarantee: 'preemptible', where: ['fra1/h1/r1/n01'] }));
  const both = take(held, demand('1×8 H100 24h', { where: ['fra1/h1/r1/n02'] }));

  test('counts what is lost, and moves nobody who was not there', () => {
    expect(lost(held, ['fra1/h1/r2'])).toMatchObject({ lostNodes: 1, lostGpus: 8, moves: [] });
  });

  test('moves a guaranteed contract before a preemptible one that came first', () => {
    const { moves } = lost(both, ['fra1/h1/r1']);
    expect(moves.map(({ contract, outcome }) => [contract.id, outcome])).toEqual([
      ['C-102', 're-placed'],
      ['C-101', 'cannot-be-re-placed'],
    ]);
    expect(moves[0]?.members.map(({ node }) => node)).toEqual(['fra1/h1/r2/n01']);
  });

  test('says when a contract fits only outside the places it asked for', () => {
    expect(lost(held, ['fra1/h1/r1/n01']).moves).toMatchObject([
      { outcome: 're-placed', why: 'fits only outside the places it asked for' },
    ]);
  });

  test('whatever is lost, the state itself stays as it is and every move would pass the auditor', () => {
    assert(
      property(tuple(fleets, steps), ([drawn, todo]) => {
        const { world: now, atMs } = walk(world(...drawn), todo);
        const before = digestState(now.state);
        const { state: after, moves } = lost(now, ['fra1/h1', 'edge'], atMs);
        expect(digestState(now.state)).toBe(before);
        for (const { contract, outcome, members, spares } of moves) {
          const others = after.calendar.map((holds) => holds.filter((hold) => hold.holder !== contract.id));
          const rest = remainder(contract, atMs);
          const found = check({ ...after, calendar: others }, rest.demand, verdictAll(now.state, 'allowed'), {
            ...rest.times,
            members: [...members],
            ...(spares.length === 0 ? {} : { spares: [...spares] }),
          });
          const gone = outcome === 're-placed' ? [] : contract.demand.parts.map(() => 'gang');
          expect(found.map(({ constraint }) => constraint)).toEqual(gone);
        }
      }),
      { seed, numRuns: 60 },
    );
  });
});

/** What is left of a contract at an instant, wherever it may run. */
function remainder({ demand: wish, placement: { startMs, endMs } }: Contract, atMs: number) {
  const { where: _where, budget: _budget, ...anywhere } = wish;
  const earliestStartMs = Math.max(atMs, startMs);
  const window = endMs === undefined ? {} : { durationS: (endMs - earliestStartMs) / 1000 };
  return {
    demand: { ...anywhere, window: { ...window, earliestStartMs } },
    times: { startMs: earliestStartMs, ...(endMs === undefined ? {} : { endMs }) },
  };
}

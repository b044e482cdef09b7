import { assert, property } from 'fast-check';
import { expect, test } from 'vitest';

import { Answers } from '../../../src/core/explain/answers.ts';
import { conflictOf } from '../../../src/core/explain/conflict.ts';
import { furtherRelaxations } from '../../../src/core/explain/further.ts';
import { relaxations } from '../../../src/core/explain/relax.ts';
import type { StartRange } from '../../../src/core/place/site.ts';
import { canSolve, solve } from '../../../src/core/place/solve.ts';
import { startRange } from '../../../src/core/place/start-range.ts';
import { unsupported } from '../../../src/core/place/supported.ts';
import { demands, fleets, seed, steps } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, verdictAll, world } from '../fleet.ts';
import { granted, placement } from '../placement.ts';
import { shifted, walk } from '../walk.ts';

test('a refusal says the same whether or not it remembers what it found out', { timeout: 60_000 }, () => {
  let refused = 0;
  let offered = 0;
  assert(
    property(fleets, steps, demands, (lines, todo, drawn) => {
      const { world: now, atMs } = walk(world(...lines), todo);
      const wish = shifted(drawn, atMs - t0);
      const range = startRange(wish, atMs);
      if (range.kind === 'refused' || unsupported(wish) !== undefined) return;
      const verdict = verdictAll(now.state, 'allowed');
      const asked = { demand: wish, starts: range.starts };
      if (solve(now.state, verdict, asked).kind === 'solved') return;
      refused++;
      const explained = (answers: Answers | undefined, isPlain = false) => {
        const how = { ...asked, isPlain, ...(answers === undefined ? {} : { answers }) };
        const offers = relaxations(now.state, verdict, how);
        const conflict = conflictOf(now.state, verdict, how);
        return {
          offers,
          conflict,
          further: furtherRelaxations(now.state, verdict, how, { offers, conflict }),
        };
      };
      const forgetful = explained(undefined);
      expect(explained(new Answers())).toEqual(forgetful);
      expect(explained(new Answers(), true)).toEqual(forgetful);
      if (forgetful.offers.length > 0 && forgetful.conflict.length > 1) offered++;
    }),
    { seed, numRuns: 50 },
  );
  expect(refused).toBeGreaterThan(12);
  expect(offered).toBeGreaterThan(1);
});

const racks = world('fra1/h1/r1 2×4 H100', 'ams2/h1/a1 2×4 H100');

/** Both nodes in Frankfurt are held for a day, one of those in Amsterdam for two. */
const busy = granted(
  granted(
    racks,
    demand('2×4 24h', { tenant: 'globex' }),
    placement(24, 'train 0 fra1/h1/r1/n01 gpu0-3', 'train 1 fra1/h1/r1/n02 gpu0-3'),
  ),
  demand('1×4 48h', { tenant: 'globex' }),
  placement(48, 'train 0 ams2/h1/a1/n01 gpu0-3'),
);

function until(hours: number): StartRange {
  return { earliestMs: t0, latestMs: t0 + hours * hourMs };
}

test('where something like it was found decides where is looked first, never whether there is room', () => {
  const verdict = verdictAll(busy.state, 'allowed');
  const two = demand('2×4 2h');
  const found = solve(busy.state, verdict, { demand: two, starts: until(24), isTrial: true });
  if (found.kind !== 'solved') throw new Error('both nodes in Frankfurt are free after a day');
  const near = found.best;
  expect(near.startMs).toBe(t0 + 24 * hourMs);
  for (const hours of [0, 23, 24, 48])
    for (const wish of [two, demand('3×4 2h'), demand('1×4 2h')])
      for (const isPlain of [false, true]) {
        const asked = { demand: wish, starts: until(hours), isPlain };
        expect(canSolve(busy.state, verdict, { ...asked, near })).toBe(canSolve(busy.state, verdict, asked));
      }
});

test('what was found not to fit is not offered, and what was offered fits, without another search', () => {
  const verdict = verdictAll(busy.state, 'allowed');
  const starts = { earliestMs: t0, latestMs: t0 };
  const [wish, less] = [
    { demand: demand('2×4 2h'), starts },
    { demand: demand('1×4 2h'), starts },
  ];
  const answers = new Answers();
  expect(answers.fits(busy.state, verdict, wish)).toBe(false);
  expect(answers.best(busy.state, verdict, less)?.startMs).toBe(t0);
  expect(answers.known(wish)).toBeUndefined();
  // On a fleet where it is the other way round nothing is asked: an answer is remembered, not found again.
  expect(answers.best(racks.state, verdict, wish)).toBeUndefined();
  expect(answers.fits(world('fra1/h1/r1 1×2 H100').state, verdict, less)).toBe(true);
  expect(answers.known(less)?.startMs).toBe(t0);
});

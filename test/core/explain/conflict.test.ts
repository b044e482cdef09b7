import { assert, constantFrom, property, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { requirements } from '../../../src/core/explain/requirements.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { ask, take } from '../acts.ts';
import { seed, steps } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, type World, world } from '../fleet.ts';
import { walk } from '../walk.ts';

const fleet = world(
  'fra1/h1/r1 2×8 H100 nvlink rdma leaf cpu64 mem256 gpumem80 numa2 gpuw700 basew1600',
  'fra1/h1/r2 2×8 A100 nolink nordma cpu64 mem256 gpumem40 numa2 gpuw400 basew800',
  'ams2/h1/a1 2×8 A100 nolink nordma cpu64 mem256 gpumem40 numa2 gpuw400 basew800',
  { sites: { fra1: { latencyMsByRegion: { paris: 9 } }, ams2: { latencyMsByRegion: { paris: 30 } } } },
);
const busy = take(fleet, demand('2×8 H100 24h', { tenant: 'globex' }));

/** The set that a refusal names; nothing where the answer is another one. */
function conflict(on: World, wish: Demand): readonly string[] | undefined {
  const answer = ask(on, wish, { atMs: t0 });
  return answer.kind === 'refused' && answer.refusal.kind === 'no-capacity'
    ? answer.refusal.conflict
    : undefined;
}

describe('a refusal names the fewest requirements that cannot be met together', () => {
  test.each([
    ['1×8 H100 1h', {}, busy, ['gpu-model', 'window']],
    ['1×8 H100 nvlink rdma cpu4 mem4 1h', {}, busy, ['accelerator-link', 'window']],
    ['1×8 A100 nvlink', {}, fleet, ['gpu-model', 'accelerator-link']],
    ['3×8 H100', {}, fleet, []],
    ['1×8 H100 nvlink', { where: ['fra1/h1/r2'] }, fleet, ['where', 'accelerator-link']],
    ['1×8 A100 gpumem80', {}, fleet, ['gpu-model', 'gpu-memory']],
    ['2×8 + eval: 2×8 together:rack', {}, fleet, ['together']],
    ['3×4 within:node', {}, fleet, ['within']],
    ['3×4 apart:rack', {}, fleet, ['apart']],
    ['1×8 H100', { where: ['ams2'] }, fleet, ['gpu-model', 'where']],
    ['1×8 H100', { avoid: ['fra1'] }, fleet, ['gpu-model', 'avoid']],
    ['1×8 H100 align:numa', {}, fleet, ['align']],
    ['1×1 A100 mem300', {}, fleet, ['memory']],
    ['1×1 A100 cpu65', {}, fleet, ['cpu']],
    [
      '2×2 + eval: 2×2 together:rack',
      { survive: { loss: 'rack', membersLeft: 1 } },
      fleet,
      ['together', 'survive'],
    ],
    ['1×8 H100', { powerCapW: 5000 }, fleet, ['gpu-model', 'power-cap']],
    ['1×8 H100', { isolation: 'rack', where: ['fra1/h1/r1'] }, busy, ['where', 'window']],
    ['1×8 H100', { where: ['ams2'], latencyMsByRegion: { paris: 10 } }, fleet, ['where', 'latency']],
    ['5×16', {}, fleet, []],
  ] as const)('%s %o', (text, more, on, expected) => {
    expect(conflict(on, demand(text, more))).toEqual(expected);
  });

  test('what another tenant closes is in conflict with the window, and with wanting to be alone', () => {
    const shared = take(fleet, demand('1×1 H100 24h', { tenant: 'globex' }));
    const alone = { isolation: 'site', where: ['fra1'] } as const;
    expect(conflict(shared, demand('1×8 1h', alone))).toEqual(['where', 'isolation', 'window']);
  });
});

/** What each word asks for stands in the way of something on such small fleets. */
const wishes = tuple(
  constantFrom('2×2', '3×2', '1×4', '4×1'),
  constantFrom('', 'H100', 'A100'),
  constantFrom('', 'nvlink'),
  constantFrom('', 'rdma'),
  constantFrom('', 'align:numa'),
  constantFrom('', 'within:rack', 'apart:rack', 'apart:node'),
  constantFrom('', 'together:rack', 'together:node'),
  constantFrom('', 'cpu6 mem16'),
).map((words) => words.filter((word) => word !== '').join(' '));
const extras = constantFrom(
  {},
  { isolation: 'rack' },
  { powerCapW: 1500 },
  { survive: { loss: 'node', membersLeft: 1 } },
  { where: ['fra1/h1/r1'] },
);

/** The demand with nothing but these requirements, and the whole time to start in if the window is not one. */
function only(wish: Demand, names: readonly string[], endMs: number): Demand {
  const freed = requirements.reduce(
    (left, { name, without }) => (names.includes(name) ? left : (without(left) ?? left)),
    wish,
  );
  if (names.includes('window')) return freed;
  return { ...freed, window: { ...freed.window, latestStartMs: endMs } };
}

test('without any one of the set there is room, with all of it there is none', { timeout: 60_000 }, () => {
  let named = 0;
  assert(
    property(
      constantFrom('nvlink', 'nolink'),
      constantFrom('rdma', 'nordma'),
      steps,
      wishes,
      extras,
      (link, nics, todo, text, more) => {
        const small = world(
          `fra1/h1/r1 2×2 H100 ${link} ${nics} cpu8 mem32 numa2 gpuw300 basew100`,
          `fra1/h1/r2 1×4 A100 ${link} nordma cpu8 mem32 numa2 gpuw200 basew100`,
        );
        const early = todo.slice(0, 3).map((step) => ({ ...step, waitH: 0 }));
        const { world: now } = walk(small, early);
        const wish = demand(`${text} 2h`, more);
        const set = conflict(now, wish);
        if (set === undefined) return;
        const endMs = t0 + 90 * 24 * hourMs;
        const fits = (names: readonly string[]) => ask(now, only(wish, names, endMs)).kind === 'planned';
        expect(set.length > 0).toBe(fits([]));
        if (set.length === 0) return;
        named++;
        expect(fits(set)).toBe(false);
        for (const name of set) expect(fits(set.filter((other) => other !== name))).toBe(true);
      },
    ),
    { seed, numRuns: 150 },
  );
  expect(named).toBeGreaterThan(50);
});

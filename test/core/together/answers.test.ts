import { array, assert, boolean, constantFrom, integer, property, shuffledSubarray, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { check } from '../../../src/core/check.ts';
import { digestState } from '../../../src/core/digest.ts';
import { drain } from '../../../src/core/drain/drain.ts';
import { wavesOf } from '../../../src/core/drain/waves.ts';
import { later } from '../../../src/core/explain/relax.ts';
import { requirements } from '../../../src/core/explain/requirements.ts';
import { canSolve } from '../../../src/core/place/solve.ts';
import { startRange } from '../../../src/core/place/start-range.ts';
import { plan } from '../../../src/core/plan.ts';
import { simulate } from '../../../src/core/simulate/simulate.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { Refusal } from '../../../src/model/refusal.ts';
import { ask, commit } from '../acts.ts';
import { seed } from '../arbitrary.ts';
import { fact } from '../fleet-text.ts';
import { hourMs, observe, t0, verdictAll, world, type World } from '../fleet.ts';
import { anywhere, lose } from '../simulate/edits.ts';
import { demands } from './demands.ts';
import { fleets } from './fleets.ts';
import { lives, live } from './life.ts';

const runs = { seed, numRuns: 40 };

const scenes = tuple(fleets, lives).map(([fleet, todo]) => live(world(...fleet), todo, () => {}));

type Asked = Parameters<typeof later>[0];

function asked(demand: Demand): Asked | undefined {
  const range = startRange(demand, t0);
  return range.kind === 'refused' ? undefined : { demand, starts: range.starts };
}

/** What is asked without some of the requirements that it has. */
function without(wish: Asked, names: readonly string[]): Asked {
  return names.reduce((left, name) => {
    if (name === 'window') return later(left);
    const demand = requirements.find((one) => one.name === name)?.without(left.demand);
    return demand === undefined ? left : { ...left, demand };
  }, wish);
}

describe('an answer about a fleet on which people live', { timeout: 240_000 }, () => {
  test('offers only what is planned when it is asked for', () => {
    let [offers, refusals] = [0, 0];
    assert(
      property(scenes, array(demands, { minLength: 2, maxLength: 5 }), ({ world: now }, wishes) => {
        for (const wish of wishes) {
          const answer = ask(now, wish);
          if (answer.kind === 'planned') continue;
          refusals++;
          expect(Refusal.parse(answer.refusal)).toEqual(answer.refusal);
          if (!('relaxations' in answer.refusal)) continue;
          for (const { demand, change, moves = [], startMs } of answer.refusal.relaxations) {
            if (moves.length > 0) continue;
            const again = ask(now, demand);
            const found = again.kind === 'planned' ? again.plan.placement.startMs : again.refusal;
            expect([change, found]).toEqual([change, startMs]);
            offers++;
          }
        }
      }),
      runs,
    );
    expect(refusals).toBeGreaterThan(runs.numRuns / 3);
    expect(offers).toBeGreaterThan(runs.numRuns / 3);
  });

  test('names a conflict that is one, and none of which can stay out', () => {
    let conflicts = 0;
    assert(
      property(scenes, array(demands, { minLength: 2, maxLength: 5 }), ({ world: { state } }, wishes) => {
        const verdict = verdictAll(state, 'allowed');
        for (const wish of wishes) {
          const answer = plan(state, { atMs: t0, verdict }, wish);
          const whole = asked(wish);
          if (whole === undefined || answer.kind === 'planned' || answer.refusal.kind !== 'no-capacity')
            continue;
          const { conflict } = answer.refusal;
          const present = requirements.flatMap(({ name, without: free }) =>
            free(wish) === undefined ? [] : [name],
          );
          const rest = [...present, 'window'].filter((name) => !conflict.includes(name));
          if (conflict.length === 0 || present.length > 12) continue;
          const alone = canSolve(state, verdict, without(whole, rest));
          expect([conflict, alone]).toEqual([conflict, false]);
          const freed = conflict.map((name) => canSolve(state, verdict, without(whole, [...rest, name])));
          expect([conflict, freed]).toEqual([conflict, conflict.map(() => true)]);
          conflicts++;
        }
      }),
      runs,
    );
    expect(conflicts).toBeGreaterThan(runs.numRuns / 4);
  });

  test('is the same with and without the index', () => {
    let plans = 0;
    assert(
      property(scenes, array(demands, { minLength: 2, maxLength: 5 }), ({ world: { state } }, wishes) => {
        const given = { atMs: t0, verdict: verdictAll(state, 'allowed') };
        for (const wish of wishes) {
          const found = plan(state, given, wish);
          expect(found).toEqual(plan(state, { ...given, isPlain: true }, wish));
          plans += found.kind === 'planned' ? 1 : 0;
        }
      }),
      runs,
    );
    expect(plans).toBeGreaterThan(runs.numRuns / 4);
  });

  test('does not hang on the order in which facts were told', () => {
    assert(
      property(fleets, integer(), array(demands, { minLength: 1, maxLength: 4 }), (fleet, by, wishes) => {
        const one = world(...fleet);
        const entry = one.entries.at(-1)?.events[0];
        if (entry?.kind !== 'observation-recorded') throw new Error('no observation');
        const { facts } = one.archive.observation(entry.observation);
        const start = world('fra1/h9/r9 0');
        const told = facts.toSorted(
          (a, b) => keyOf(a.subject, by) - keyOf(b.subject, by) || facts.indexOf(a) - facts.indexOf(b),
        );
        const [here, there] = [facts, told].map((some) => observe(start, some, { observedAtMs: t0 + 1 }));
        for (const wish of wishes) {
          const [first, second] = [here, there].map((at) => (at === undefined ? undefined : bare(at, wish)));
          expect(first).toEqual(second);
        }
      }),
      runs,
    );
  });

  test('stands when another site changes', () => {
    let kept = 0;
    assert(
      property(fleets, demands, constantFrom('down', 'degraded'), (fleet, wish, health) => {
        const before = world(...fleet);
        const answer = ask(before, wish);
        if (answer.kind === 'refused' || answer.plan.placement.transfers !== undefined) return;
        const { members, spares = [] } = answer.plan.placement;
        const used = new Set([...members, ...spares].map(({ node }) => node.split('/', 1).join()));
        const other = before.state.fleet.nodes.filter(({ site }) => !used.has(site));
        const facts = other.map(({ id }) => fact('node', id, { health }));
        const after = observe(before, facts, { source: 'kubernetes' });
        expect(commit(after, answer).decision).toMatchObject({ kind: 'contract-granted' });
        kept += other.length > 0 ? 1 : 0;
      }),
      { ...runs, numRuns: runs.numRuns * 3 },
    );
    expect(kept).toBeGreaterThan(runs.numRuns / 6);
  });

  test('can be given about what is lost, drained and maintained, and changes nothing', () => {
    let moves = 0;
    const lost = shuffledSubarray(
      [
        'fra1',
        'fra1/h1',
        'fra1/h1/r1',
        'ams2',
        'feed fra1/fa',
        'loop fra1/cdu',
        'leaf fra1/leaf-r1',
        'spine fra1/s1',
        'wan-link fra1/wan',
        'storage-pool fra1/nvme',
      ],
      { minLength: 1, maxLength: 2 },
    );
    assert(
      property(
        scenes,
        lost,
        boolean(),
        integer({ min: 0, max: 5 }),
        ({ world: { state }, atMs }, places, ends, hours) => {
          const digest = digestState(state);
          const fromMs = atMs + hours * hourMs;
          simulate(state, [lose(places, fromMs, ...(ends ? [fromMs + 3 * hourMs] : []))], atMs, anywhere);
          const nodes = state.fleet.nodes.slice(0, 2).map(({ id }) => id);
          const found = drain(
            state,
            { nodes, fromMs, untilMs: fromMs + 2 * hourMs, allowPrice: ends, offers: true },
            anywhere,
            atMs,
          );
          moves += found.moves.length;
          expect(
            found.moves.filter(({ offer }) => offer !== undefined && offer.changes === undefined),
          ).toEqual([]);
          wavesOf(
            state,
            { nodes, lengthMs: hourMs, fromMs, untilMs: fromMs + 9 * hourMs, atMost: 2, allowPrice: ends },
            anywhere,
            atMs,
          );
          expect(digestState(state)).toBe(digest);
        },
      ),
      runs,
    );
    expect(moves).toBeGreaterThan(3);
  });
});

/** The same number for the same subject, another order for another key. */
function keyOf(subject: string, by: number): number {
  let hash = by;
  for (const character of subject) hash = Math.imul(hash ^ character.charCodeAt(0), 16_777_619);
  return hash;
}

/** An answer without the digest of what was told, which is in every plan. */
function bare(now: World, wish: Demand): unknown {
  const answer = ask(now, wish);
  if (answer.kind === 'refused') return { refusal: answer.refusal, report: answer.report };
  const { inputs: _inputs, ...rest } = answer.plan;
  const verdict = verdictAll(now.state, 'allowed');
  return { rest, faults: check(now.state, wish, verdict, rest.placement) };
}

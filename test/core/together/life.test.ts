import { assert, property } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { claimsOf } from '../../../src/bench/walk/claims.ts';
import { sweep } from '../../../src/bench/walk/sweep.ts';
import { beyondEdges, usesOf } from '../../../src/bench/walk/uses.ts';
import { check } from '../../../src/core/check.ts';
import { digestState } from '../../../src/core/digest.ts';
import { lapse } from '../../../src/core/life/lapse.ts';
import { replan } from '../../../src/core/life/replan.ts';
import { applyAll, emptyState, type State } from '../../../src/core/state.ts';
import { canonicalJson } from '../../../src/model/canonical.ts';
import { Plan } from '../../../src/model/plan.ts';
import { seed } from '../arbitrary.ts';
import { t0, verdictAll, world, type World } from '../fleet.ts';
import { fleets } from './fleets.ts';
import { lives, live } from './life.ts';

/** Everything that is promised, summed up by code that shares nothing with search, auditor and calendar. */
function faults(state: State): string[] {
  return [...sweep(state, claimsOf(state, 0, 0)), ...beyondEdges(state, usesOf(state, 0, 0))];
}

function folded({ entries, archive }: World): State {
  return entries.reduce((state, { events, stamp }) => applyAll(state, events, stamp, archive), emptyState);
}

function sorted(list: readonly object[]): string[] {
  return list.map((entry) => JSON.stringify(entry)).toSorted();
}

/** What is held, whatever order it came in. */
function held(state: State, atMs: number) {
  const { calendar, bandwidth } = lapse(state, atMs);
  return {
    nodes: calendar.map(sorted),
    edges: sorted([...bandwidth].map(([edge, holds]) => [edge, sorted(holds)])),
  };
}

const runs = { seed, numRuns: 200 };

describe(
  'whatever is taken, changed, preempted, leased, closed and lost, in every dimension',
  { timeout: 240_000 },
  () => {
    test('each plan passes the auditor, is granted, and leaves nothing promised twice', () => {
      const seen = { plans: 0, changes: 0, preempts: 0, spares: 0, slices: 0, bandwidth: 0, transfers: 0 };
      assert(
        property(fleets, lives, (fleet, todo) => {
          live(world(...fleet), todo, (before, after) => {
            expect(faults(after.world.state)).toEqual([]);
            if (after.last === undefined) return;
            const {
              planned: { plan },
              trial,
              isGranted,
            } = after.last;
            const { placement, demand } = plan;
            expect(check(trial, demand, verdictAll(before.world.state, 'allowed'), placement)).toEqual([]);
            expect(isGranted).toBe(true);
            expect(Plan.parse(plan)).toEqual(plan);
            seen.plans++;
            seen.changes += plan.changes === undefined ? 0 : 1;
            seen.preempts += plan.preempts?.length ?? 0;
            seen.spares += placement.spares?.length ?? 0;
            seen.slices += placement.members.some(({ slices }) => slices !== undefined) ? 1 : 0;
            seen.bandwidth += placement.bandwidth?.length ?? 0;
            seen.transfers += placement.transfers?.length ?? 0;
          });
        }),
        runs,
      );
      for (const [what, count] of Object.entries(seen)) expect(`${what} ${count > 0}`).toBe(`${what} true`);
    });

    test('folding the entries again gives the same state, and every plan is made again on it', () => {
      assert(
        property(fleets, lives, (fleet, todo) => {
          const states: State[] = [];
          const end = live(world(...fleet), todo, ({ world: { state } }) => states.push(state));
          const again = folded(end.world);
          expect(digestState(again)).toBe(digestState(end.world.state));
          for (const { plan, digest } of end.plans) {
            const state = states.findLast(({ seq }) => seq === plan.inputs.seq);
            if (state === undefined) throw new Error('a plan of no state');
            const answer = replan(
              state,
              { atMs: plan.plannedAtMs, verdict: verdictAll(state, 'allowed') },
              plan,
            );
            expect(answer.kind === 'planned' ? canonicalJson(answer.plan) : answer.refusal.kind).toBe(
              canonicalJson(plan),
            );
            expect(answer).toMatchObject({ digest });
          }
        }),
        runs,
      );
    });

    test('an observation that says nothing new leaves everything held as it is', () => {
      assert(
        property(fleets, lives, (fleet, todo) => {
          const { world: end, atMs } = live(world(...fleet), todo, () => {});
          const before = held(end.state, t0);
          const digest = end.archive.keepObservation({
            schema: 'berth/observation/1',
            source: 'hwloc',
            observedAtMs: atMs,
            evidence: [],
            assumptions: [],
            facts: [],
            unknown: [],
          });
          const stamp = end.entries[0]?.stamp;
          if (stamp === undefined) throw new Error('nothing was entered');
          const seen = applyAll(
            end.state,
            [{ kind: 'observation-recorded', observation: digest }],
            { ...stamp, atMs: t0 },
            end.archive,
          );
          expect(held(seen, t0)).toEqual(before);
        }),
        runs,
      );
    });
  },
);

import { assert, property } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { check } from '../../src/core/check.ts';
import { decide } from '../../src/core/decide.ts';
import { digestState } from '../../src/core/digest.ts';
import { applyAll, emptyState } from '../../src/core/state.ts';
import { canonicalJson } from '../../src/model/canonical.ts';
import type { Contract } from '../../src/model/contract.ts';
import { Decision } from '../../src/model/decision.ts';
import { seatsOf } from '../../src/model/placement.ts';
import { Plan } from '../../src/model/plan.ts';
import { Refusal } from '../../src/model/refusal.ts';
import { ask } from './acts.ts';
import { fleets, seed, steps } from './arbitrary.ts';
import { verdictAll, world } from './fleet.ts';
import { walk } from './walk.ts';

/** Every device of a contract, with the time for which it is promised. */
function promises({ id, placement, releasedAtMs }: Contract) {
  const endMs = Math.min(placement.endMs ?? Infinity, releasedAtMs ?? Infinity);
  return seatsOf(placement).flatMap(({ node, gpus, nics }) =>
    [...gpus.map((gpu) => `${node}/gpu${gpu}`), ...nics.map((nic) => `${node}/nic${nic}`)].map((device) => ({
      id,
      device,
      startMs: placement.startMs,
      endMs,
    })),
  );
}

function doublePromises(contracts: Iterable<Contract>): string[] {
  const byDevice = Map.groupBy([...contracts].flatMap(promises), ({ device }) => device);
  return [...byDevice].flatMap(([device, held]) =>
    held.flatMap((a, index) =>
      held
        .slice(index + 1)
        .filter((b) => Math.max(a.startMs, b.startMs) < Math.min(a.endMs, b.endMs))
        .map((b) => `${device}: ${a.id} and ${b.id}`),
    ),
  );
}

const walks = (numRuns: number) => ({ seed, numRuns });

describe(
  'whatever people plan, commit and release, and whatever breaks meanwhile',
  { timeout: 60_000 },
  () => {
    test('no device is promised twice at any time', () => {
      let grants = 0;
      assert(
        property(fleets, steps, (fleet, todo) => {
          const { world: end } = walk(world(...fleet), todo);
          grants += end.state.contracts.size;
          expect(doublePromises(end.state.contracts)).toEqual([]);
        }),
        walks(150),
      );
      expect(grants).toBeGreaterThan(150);
    });

    test('every granted placement passes the auditor at the state it was granted on, so the gang is whole', () => {
      assert(
        property(fleets, steps, (fleet, todo) => {
          walk(world(...fleet), todo, (before, after) => {
            const contract = after.world.state.contracts.at(before.world.state.contracts.size);
            if (contract === undefined) return;
            const { state } = before.world;
            const rules = verdictAll(state, 'allowed');
            expect(check(state, contract.demand, rules, contract.placement)).toEqual([]);
            const wanted = contract.demand.parts.reduce((sum, part) => sum + part.count, 0);
            expect(contract.placement.members).toHaveLength(wanted);
          });
        }),
        walks(100),
      );
    });

    test('replaying the entries from nothing gives the same state', () => {
      assert(
        property(fleets, steps, (fleet, todo) => {
          const { state, archive, entries } = walk(world(...fleet), todo).world;
          const replayed = entries.reduce(
            (before, { events, stamp }) => applyAll(before, events, stamp, archive),
            emptyState,
          );
          expect(digestState(replayed)).toBe(digestState(state));
          expect(replayed.calendar).toEqual(state.calendar);
        }),
        walks(60),
      );
    });

    test('asking or deciding the same again gives the same bytes, and they are what the schemas say', () => {
      assert(
        property(fleets, steps, (fleet, todo) => {
          const { world: end, plans, atMs } = walk(world(...fleet), todo);
          const given = { atMs, verdict: verdictAll(end.state, 'allowed'), archive: end.archive };
          for (const { id, digest, plan } of plans) {
            expect(Plan.parse(plan)).toEqual(plan);
            end.archive.keepPlan(plan);
            const command = { kind: 'commit-plan', plan: id, planDigest: digest } as const;
            const outcome = decide(end.state, given, command);
            expect(Decision.parse(outcome.decision)).toEqual(outcome.decision);
            expect(canonicalJson(decide(end.state, given, command))).toBe(canonicalJson(outcome));
          }
          for (const step of todo) {
            if (step.kind !== 'take' && step.kind !== 'plan') continue;
            const once = ask(end, step.demand, { atMs });
            expect(canonicalJson(ask(end, step.demand, { atMs }))).toBe(canonicalJson(once));
            const refusals = once.kind === 'refused' ? [once.refusal] : [];
            expect(refusals.map((refusal) => Refusal.parse(refusal))).toEqual(refusals);
          }
        }),
        walks(60),
      );
    });
  },
);

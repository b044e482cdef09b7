import { assert, boolean, constantFrom, integer, property, tuple, uniqueArray } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { check } from '../../../src/core/check.ts';
import { digestState } from '../../../src/core/digest.ts';
import type { Edit } from '../../../src/core/simulate/edit.ts';
import { brokenBy, lifted, remainderOf } from '../../../src/core/simulate/remainder.ts';
import { fleets, seed, type Step, steps } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { type Details, hourMs, t0, verdictAll, type World, world } from '../fleet.ts';
import { walk } from '../walk.ts';
import { anywhere, crowds, lose, run } from './edits.ts';

const runs = { seed, numRuns: 60 };

const places = [
  'fra1',
  'fra1/h1',
  'fra1/h1/r1',
  'fra1/h1/r1/n01',
  'fra1/h2/r3',
  'ams2',
  'edge',
  'loop fra1/cdu',
  'rack-feed fra1/h1/r1/A',
  'rack-feed fra1/h1/r1/B',
  'leaf fra1/leaf-r1',
  'gpu fra1/h1/r1/n01/1',
];

const lost = tuple(
  uniqueArray(constantFrom(...places), { minLength: 1, maxLength: 3 }),
  integer({ min: 0, max: 6 }),
  boolean(),
);

/** A fleet on which contracts were taken and released. Looked at from `t0`, most of them are still to run. */
function begun(fleet: readonly (string | Details)[], todo: readonly Step[]) {
  return { world: walk(world(...fleet), todo).world, atMs: t0 };
}

function edit([names, hours, ends]: readonly [readonly string[], number, boolean], atMs: number): Edit {
  const fromMs = atMs + hours * hourMs;
  return ends ? lose(names, fromMs, fromMs + 3 * hourMs) : lose(names, fromMs);
}

/** Everything of an answer that a person sees. */
function shown({ affected, unaffected, lostNodes, lostGpus, growth, bottleneck }: ReturnType<typeof run>) {
  return {
    affected: affected.map(({ contract, ...rest }) => ({ id: contract.id, ...rest })),
    unaffected,
    lostNodes,
    lostGpus,
    growth: growth.map(({ state: _state, ...rest }) => rest),
    bottleneck,
  };
}

function heldBy(state: World['state'], holder: string) {
  return state.calendar.map((holds) => holds.filter((hold) => hold.holder === holder));
}

describe('whatever a scenario says', { timeout: 120_000 }, () => {
  test('the state given stays as it is, and every move passes the check on the copy', () => {
    let moved = 0;
    assert(
      property(tuple(crowds, lost), ([now, what]) => {
        const atMs = t0;
        const before = digestState(now.state);
        const done = run(now, [edit(what, atMs)], { atMs });
        expect(digestState(now.state)).toBe(before);
        for (const { contract, move } of done.affected) {
          if (move.kind === 'stuck') continue;
          moved++;
          const { placement } = move;
          const { where: _where, budget: _budget, ...wish } = remainderOf(contract, atMs).demand;
          const durationS =
            placement.endMs === undefined ? {} : { durationS: (placement.endMs - placement.startMs) / 1000 };
          const calendar = done.state.calendar.map((holds) =>
            holds.filter(({ holder }) => holder !== contract.id),
          );
          const asked = { ...wish, window: { earliestStartMs: placement.startMs, ...durationS } };
          const verdict = verdictAll(done.state, 'allowed');
          expect(check({ ...done.state, calendar }, asked, verdict, placement)).toEqual([]);
        }
      }),
      runs,
    );
    expect(moved).toBeGreaterThan(25);
  });

  test('who is not affected keeps every promise on the copy that it kept before', () => {
    assert(
      property(tuple(fleets, steps, lost), ([drawn, todo, what]) => {
        const { world: now, atMs } = begun(drawn, todo);
        const { state, affected } = run(now, [edit(what, atMs)], { atMs });
        const hit = new Set(affected.map(({ contract }) => contract.id));
        for (const contract of now.state.contracts) {
          if (hit.has(contract.id) || contract.state !== 'granted') continue;
          if ((contract.placement.endMs ?? Infinity) <= atMs) continue;
          expect(heldBy(state, contract.id)).toEqual(heldBy(now.state, contract.id));
          const rest = remainderOf(contract, atMs);
          const notes = (on: World['state']) =>
            brokenBy(lifted(on, rest), rest, rest.placement, anywhere).map(({ constraint }) => constraint);
          expect(notes(now.state)).toEqual(expect.arrayContaining(notes(state)));
        }
      }),
      runs,
    );
  });

  test('losing nothing changes nothing, and what nobody uses breaks nothing', () => {
    assert(
      property(tuple(fleets, steps), ([drawn, todo]) => {
        const { world: now, atMs } = begun(drawn, todo);
        const done = run(now, [], { atMs });
        expect(done.affected).toEqual([]);
        expect(digestState(done.state)).toBe(digestState(now.state));
        expect(run(now, [lose(['nowhere'])], { atMs }).affected).toEqual([]);
      }),
      runs,
    );
  });

  test('losing A and then B is losing both, in either order', () => {
    assert(
      property(tuple(fleets, steps, lost, lost), ([drawn, todo, a, b]) => {
        const { world: now, atMs } = begun(drawn, todo);
        const [one, two] = [edit(a, atMs), edit(b, atMs)];
        expect(shown(run(now, [one, two], { atMs }))).toEqual(shown(run(now, [two, one], { atMs })));
        const joint = edit([[...a[0], ...b[0]], a[1], a[2]], atMs);
        const apart = [edit(a, atMs), edit([b[0], a[1], a[2]], atMs)];
        expect(shown(run(now, apart, { atMs }))).toEqual(shown(run(now, [joint], { atMs })));
      }),
      runs,
    );
  });

  test('new nodes break no contract and leave nobody worse off', () => {
    assert(
      property(tuple(fleets, steps, integer({ min: 1, max: 4 })), ([drawn, todo, count]) => {
        const { world: now, atMs } = begun(drawn, todo);
        const [like] = now.state.fleet.nodes;
        if (like === undefined) return;
        const add: Edit = {
          kind: 'add',
          nodes: { site: like.site, count, like, shape: like.shape, fromMs: atMs },
        };
        expect(run(now, [add], { atMs }).affected).toEqual([]);
        const growth: Edit = {
          kind: 'grow',
          demand: demand('1×2 H100 3h', { window: { earliestStartMs: t0 + 48 * hourMs, durationS: 3600 } }),
          times: 8,
          everyMs: 0,
        };
        const fit = (edits: readonly Edit[]) => run(now, edits, { atMs }).growth[0]?.fit ?? 0;
        expect(fit([add, growth])).toBeGreaterThanOrEqual(fit([growth]));
      }),
      runs,
    );
  });
});

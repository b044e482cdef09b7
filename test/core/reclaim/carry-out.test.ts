import { array, assert, constantFrom, integer, property, record, uniqueArray } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { givenUp } from '../../../src/core/calendar/holding.ts';
import { check } from '../../../src/core/check.ts';
import { carryOut, gpuCountOn, type Step } from '../../../src/core/reclaim/carry-out.ts';
import { greedyLayout } from '../../../src/core/reclaim/greedy.ts';
import { emptiedBy, errandsOf, isSound } from '../../../src/core/reclaim/layout.ts';
import { movesAsPlans } from '../../../src/core/reclaim/offers.ts';
import { problemOf } from '../../../src/core/reclaim/problem.ts';
import { placedAs, standing } from '../../../src/core/reclaim/relocate.ts';
import type { State } from '../../../src/core/state.ts';
import { identify } from '../../../src/model/plan.ts';
import { applyChange, ask, commit } from '../acts.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { t0, verdictAll, type World, world } from '../fleet.ts';
import { granted, placement } from '../placement.ts';

/** Steps that empty so many nodes, found the greedy way; nothing where it finds none, or no order for them. */
function steps(now: State, free: number): readonly Step[] | undefined {
  const problem = problemOf(now, { free, atMs: t0 });
  const layout = greedyLayout(problem);
  if (layout === undefined) return undefined;
  expect([isSound(problem, layout), emptiedBy(problem, layout).length >= free]).toEqual([true, true]);
  const carried = carryOut(now, problem, errandsOf(problem, layout));
  return carried.kind === 'done' ? carried.steps : undefined;
}

/** Takes one step after the other; each has to pass the auditor where it stands. */
function walked(now: State, todo: readonly Step[]): State {
  return todo.reduce((state, { rest, seats }) => {
    const without = givenUp(state, [rest.contract], rest.placement.startMs);
    expect(check(without, rest.demand, rest.verdict, placedAs(without, rest, seats))).toEqual([]);
    return standing(state, rest, seats);
  }, now);
}

function emptyCount({ fleet, calendar }: State): number {
  return fleet.nodes.filter(({ index }) => (calendar[index] ?? []).every(({ endMs }) => endMs <= t0)).length;
}

const wishes = array(
  record({
    text: constantFrom(
      '1×1 H100',
      '1×2 H100',
      '2×1 H100 apart:node',
      '1×1 mig:3g.40gb',
      '2×1 mig:1g.10gb',
      '1×1 share:400',
      '1×2 share:300 align:numa',
      '1×1 H100 + load: 1×cpu2',
      '1×1 H100 flowing + load: 1×cpu2',
    ),
    node: integer({ min: 1, max: 4 }),
    tenant: constantFrom('acme', 'globex'),
    isolation: constantFrom('shared', 'shared', 'shared', 'shared', 'node'),
    guarantee: constantFrom(
      'preemptible',
      'preemptible',
      'preemptible',
      'preemptible',
      'preemptible',
      'reserved',
    ),
    survives: constantFrom(false, false, true),
  }),
  { minLength: 3, maxLength: 7 },
);
type Wish = {
  readonly text: string;
  readonly node: number;
  readonly survives: boolean;
  readonly tenant: string;
  readonly isolation: string;
  readonly guarantee: string;
};

/** Contracts that were put onto nodes of their own choice, so that the fleet is not packed. */
function scattered(drawn: readonly Wish[]): World {
  const rack = 'fra1/h1/r1';
  return drawn.reduce<World>(
    (now, { text, node, survives, ...more }) => {
      const isGang = text.startsWith('2×1 H100');
      const isFlowing = text.includes('flowing');
      const apart = [`${rack}/n0${node}`, `${rack}/n0${1 + (node % 4)}`];
      const where = isGang ? [rack] : isFlowing ? apart : [`${rack}/n0${node}`];
      const wish = demand(`${text.replace(' flowing', '')} 24h`, {
        ...more,
        where,
        ...(isFlowing ? { flows: [{ from: 'train', to: 'load', mbps: 6000 }] } : {}),
        ...(isGang && survives ? { survive: { loss: 'node', membersLeft: 1 } } : {}),
      });
      const { where: _where, ...anywhere } = wish;
      const answer = ask(now, wish);
      if (answer.kind === 'refused') return now;
      const plan = { ...answer.plan, demand: anywhere };
      return commit(now, { kind: 'planned', ...identify(plan), plan }).world;
    },
    world(`${rack} 4×2 H100 gpumem80 mig nvlink nordma numa2 cpu16 mem64`),
  );
}

const spared = record({
  loss: constantFrom('node', 'rack'),
  size: constantFrom(1, 2),
  nodes: uniqueArray(integer({ min: 0, max: 7 }), { minLength: 4, maxLength: 4 }),
});

/** Two replicas with the spares that they need to be two after a loss, each on a node of its own. */
function placedAt(now: World, { loss, size, nodes }: { loss: string; size: number; nodes: number[] }): World {
  const apart = loss === 'rack' ? nodes.toSorted((a, b) => Number(a > 3) - Number(b > 3)) : nodes;
  const used = loss === 'rack' ? [...apart.slice(0, 2), ...apart.slice(2)] : apart.slice(0, 3);
  const gpus = size === 1 ? 'gpu0' : 'gpu2-3';
  const lines = used.map(
    (node, at) => `${at < 2 ? '' : '+ '}train ${at} fra1/h1/r${node > 3 ? 2 : 1}/n0${1 + (node % 4)} ${gpus}`,
  );
  const survive = { loss, membersLeft: 2 };
  const wish = demand(`2×${size} H100 24h`, { tenant: 'globex', guarantee: 'preemptible', survive });
  const held = placement(24, ...lines);
  return check(now.state, wish, verdictAll(now.state, 'allowed'), held).length > 0
    ? now
    : granted(now, wish, held);
}

describe('nodes emptied the greedy way', { timeout: 240_000 }, () => {
  test('every step passes the auditor where it stands, and so many nodes are empty in the end', () => {
    let [done, moved, sliced, wired] = [0, 0, 0, 0];
    assert(
      property(wishes, integer({ min: 2, max: 3 }), (drawn, free) => {
        const now = scattered(drawn);
        const todo = steps(now.state, free);
        if (todo === undefined) return;
        done++;
        moved += todo.length;
        sliced += todo.filter(({ to }) => to.slices !== undefined && gpuCountOn(to) > 0).length;
        wired += todo.filter(({ rest }) => rest.demand.flows !== undefined).length;
        expect(emptyCount(walked(now.state, todo))).toBeGreaterThanOrEqual(free);
      }),
      { seed, numRuns: 160 },
    );
    expect([done, moved, sliced].map((count) => count > 10)).toEqual([true, true, true]);
    expect(wired).toBeGreaterThan(3);
  });

  test('spares move too, and stand in wherever they are', () => {
    let [moved, spares] = [0, 0];
    assert(
      property(array(spared, { minLength: 2, maxLength: 4 }), integer({ min: 3, max: 5 }), (drawn, free) => {
        const now = drawn.reduce(placedAt, world('fra1/h1/r1 4×4 H100', 'fra1/h1/r2 4×4 H100'));
        const todo = steps(now.state, free) ?? [];
        moved += todo.length;
        spares += todo.filter(({ to, rest }) => to.replica >= (rest.demand.parts[0]?.count ?? 0)).length;
        expect(emptyCount(walked(now.state, todo))).toBeGreaterThanOrEqual(todo.length === 0 ? 0 : free);
      }),
      { seed, numRuns: 120 },
    );
    expect([moved > 40, spares > 10]).toEqual([true, true]);
  });

  test('what is offered as plans can be committed in its order', () => {
    let plans = 0;
    assert(
      property(wishes, integer({ min: 2, max: 3 }), (drawn, free) => {
        const now = scattered(drawn);
        const byContract = Map.groupBy(steps(now.state, free) ?? [], ({ contract }) => contract);
        const wanted = [...byContract].map(([contract, own]) => ({
          contract,
          seats: own.at(-1)?.seats ?? [],
        }));
        let then = now;
        for (const { plan } of movesAsPlans(now.state, wanted, { atMs: t0, judge: allowAll })) {
          if (plan === undefined) continue;
          const { world: after, decision } = applyChange(then, { kind: 'planned', ...identify(plan), plan });
          expect(decision.kind).toBe('contract-changed');
          then = after;
          plans++;
        }
      }),
      { seed, numRuns: 80 },
    );
    expect(plans).toBeGreaterThan(10);
  });
});

function allowAll(state: State) {
  return verdictAll(state, 'allowed');
}
